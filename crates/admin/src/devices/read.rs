//! Requests that read devices.

use axum::http::Uri;
use muster_control::DeviceRecord;

use crate::backend::Backend;
use crate::devices::inventory::Inventory;
use crate::devices::scan::Within;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::query::QueryError;

/// A page of devices: of all, or of those of one user.
///
/// # Errors
/// [`ApiError`] if the query is no good or the devices cannot be read.
pub(crate) async fn list<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let inventory = inventory(context);
    let within = within(context)?;
    let query = inventory.query(uri)?;
    context.throttled()?;
    Ok(Reply::Found(read(inventory.list(&query, within)).await?))
}

/// Whose devices the path is about. A user is named by id or by user principal name.
fn within<B: Backend>(context: &Context<'_, B>) -> Result<Within, ApiError> {
    let Some(key) = context.route.keys.first() else {
        return Ok(Within::Everything);
    };
    let by_id = key.parse().ok().and_then(|id| context.tenant.user(id));
    let user = by_id.or_else(|| context.tenant.user_named(key));
    user.map(|user| Within::OwnedBy(user.id)).ok_or(ApiError::Unknown("user"))
}

/// How many devices there are, or how many of them fit a filter.
///
/// # Errors
/// As [`list`].
pub(crate) async fn count<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let inventory = inventory(context);
    let query = inventory.query(uri)?;
    context.throttled()?;
    Ok(Reply::Number(read(inventory.count(&query)).await?))
}

/// One device.
///
/// # Errors
/// [`ApiError`] if there is no such device, the query is no good or it cannot be read.
pub(crate) async fn show<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    // The service has no such function on devices, and no device has this id.
    if context.route.keys.first().is_some_and(|key| key.eq_ignore_ascii_case("delta")) {
        return Err(QueryError::Delta.into());
    }
    let record = context.record(context.route.device()?).await?;
    let reply = shown(context, &record, uri)?;
    context.throttled()?;
    Ok(reply)
}

/// One device as it is.
///
/// # Errors
/// [`ApiError::Query`] if the query is no good.
pub(crate) fn shown<B: Backend>(
    context: &Context<'_, B>,
    record: &DeviceRecord,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    Ok(Reply::Found(inventory(context).show(record, uri)?))
}

fn inventory<'a, B: Backend>(context: &Context<'a, B>) -> Inventory<'a, B> {
    Inventory {
        backend: context.backend,
        origin: context.origin,
        version: context.version,
        tenant: context.tenant,
        rules: context.rules,
        labels: context.labels.snapshot(),
    }
}
