//! The category of a device.

use axum::extract::Request;
use axum::http::Uri;
use uuid::Uuid;

use crate::backend::Backend;
use crate::devices::update::relabel;
use crate::http::body::{BodyError, object, read, text};
use crate::http::call::Reply;
use crate::http::context::Context;
use crate::http::errors::ApiError;
use crate::http::reference::referred;
use crate::odata::query::no_options;
use crate::resources::categories::resource;

/// The member that names what is referred to.
const REFERENCE: &str = "@odata.id";

/// The category of the device of the path; 204 if it is in none.
///
/// # Errors
/// [`ApiError`] if there is no such device, or the query is no good.
///
/// Source: OData 4.01 part 1, section 11.2.7: a single value that is null is no content.
pub(super) async fn show<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let record = context.record(context.route.device()?).await?;
    let labels = context.books.labels.snapshot();
    match labels.category_of(record.id) {
        Some(category) => resource::show(context, category, uri),
        None => {
            no_options(uri)?;
            context.throttled()?;
            Ok(Reply::Done)
        }
    }
}

/// Puts the device of the path into a category.
///
/// # Errors
/// [`ApiError`] if there is no such device or category.
///
/// Source: Microsoft Graph, "Use $ref": the body names the address of the category.
pub(super) async fn set<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let record = context.managed(context.route.device()?).await?;
    no_options(request.uri())?;
    let members = object(&read(request).await?)?;
    let wanted = "the address of a device category";
    let named = text(&members, REFERENCE)?
        .and_then(|address| referred(address, "deviceCategories")?.parse::<Uuid>().ok());
    let id = named.ok_or(BodyError::Member { member: REFERENCE, wanted })?;
    let known = context.books.labels.snapshot().category(id).is_some();
    if !known {
        return Err(ApiError::Unknown("device category"));
    }
    relabel(context, &record, |labels| {
        labels.device_category = Some(id);
        Ok(())
    })
    .await?;
    Ok(Reply::Done)
}

/// Takes the device of the path out of its category.
///
/// # Errors
/// [`ApiError`] if there is no such device.
pub(super) async fn remove<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let record = context.managed(context.route.device()?).await?;
    no_options(uri)?;
    relabel(context, &record, |labels| {
        labels.device_category = None;
        Ok(())
    })
    .await?;
    Ok(Reply::Done)
}
