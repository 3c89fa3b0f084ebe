//! Requests that read devices.

use axum::http::Uri;
use muster_control::DeviceRecord;

use crate::backend::Backend;
use crate::devices::inventory::Inventory;
use crate::devices::people::{me, named};
use crate::devices::scan::Within;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;

/// A page of devices: of all, or of those of one user.
///
/// # Errors
/// [`ApiError`] if the query is no good or the devices cannot be read.
pub(crate) async fn list<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let within = match context.route.keys.first() {
        None => Within::Everything,
        Some(_) => Within::OwnedBy(named(context)?.id),
    };
    listed(context, within, uri).await
}

/// A page of the devices of whoever is signed in.
///
/// # Errors
/// As [`list`], and [`ApiError::NobodySignedIn`].
pub(crate) async fn list_mine<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    listed(context, Within::OwnedBy(me(context)?.id), uri).await
}

async fn listed<B: Backend>(
    context: &Context<'_, B>,
    within: Within,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let inventory = inventory(context);
    let query = inventory.query(uri)?;
    context.throttled()?;
    Ok(Reply::Found(read(inventory.list(&query, within)).await?))
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
        labels: context.sight.labels(context.books.labels.snapshot()),
        strictness: context.call.strictness,
    }
}
