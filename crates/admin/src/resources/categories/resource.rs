//! The requests about categories.

use axum::extract::Request;
use axum::http::Uri;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::backend::{Backend, BackendError, Document, DocumentKind};
use crate::http::body;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::query::{Query, no_options, read_one};
use crate::odata::rows::{Listing, page, selected};
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};
use crate::resources::categories::category::{CATEGORIES, Category};
use crate::resources::categories::of_device;

/// What can be done with categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CategoryOperation {
    List,
    Create,
    Show,
    Update,
    Delete,
    /// That of a device.
    ShowOfDevice,
    SetOfDevice,
    RemoveOfDevice,
}

/// Most categories a tenant may have.
const CATEGORIES_MAX: usize = 500;

const FULL: &str = "the tenant has as many device categories as it may";

/// Carries out an operation on categories. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: CategoryOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    let uri = request.uri().clone();
    match operation {
        CategoryOperation::List => list(context, &uri),
        CategoryOperation::Show => show(context, &one(context)?, &uri),
        CategoryOperation::Create => create(context, request).await,
        CategoryOperation::Update => update(context, request).await,
        CategoryOperation::Delete => delete(context, &uri).await,
        CategoryOperation::ShowOfDevice => of_device::show(context, &uri).await,
        CategoryOperation::SetOfDevice => of_device::set(context, request).await,
        CategoryOperation::RemoveOfDevice => of_device::remove(context, &uri).await,
    }
}

fn list<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let query = Query::read(uri, &CATEGORIES, context.rules)?;
    context.throttled()?;
    let labels = context.books.labels.snapshot();
    let rows: Vec<Value> = labels.categories().map(|one| one.shown(context.version)).collect();
    let (origin, version) = (context.origin, context.version);
    let listing = Listing {
        schema: &CATEGORIES,
        rules: context.rules,
        context: &metadata(context),
        address: &format!("{origin}/{version}/deviceManagement/deviceCategories"),
    };
    Ok(Reply::Found(page(&rows, &query, listing)))
}

/// One category as an answer.
///
/// # Errors
/// [`ApiError`] if the query is no good.
pub(super) fn show<B: Backend>(
    context: &Context<'_, B>,
    category: &Category,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let select = read_one(uri, &CATEGORIES)?;
    context.throttled()?;
    Ok(Reply::Found(selected(&entity(context, category), &select, &CATEGORIES)))
}

async fn create<B: Backend>(context: &Context<'_, B>, request: Request) -> Result<Reply, ApiError> {
    let made = Category::made(Uuid::new_v4(), &members(request).await?)?;
    context.throttled()?;
    let _one_at_a_time = context.books.labels.sorting().await;
    if context.books.labels.snapshot().categories().count() >= CATEGORIES_MAX {
        return Err(ApiError::RuledOut(FULL));
    }
    keep(context, Deed::Create, (None, Some(&made))).await?;
    Ok(Reply::Created(entity(context, &made)))
}

async fn update<B: Backend>(context: &Context<'_, B>, request: Request) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let _one_at_a_time = context.books.labels.sorting().await;
    let before = one(context)?;
    let after = before.clone().changed(&members)?;
    context.throttled()?;
    keep(context, Deed::Patch, (Some(&before), Some(&after))).await?;
    Ok(Reply::Found(entity(context, &after)))
}

/// Devices of a category that goes are in none.
async fn delete<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    no_options(uri)?;
    let _one_at_a_time = context.books.labels.sorting().await;
    let gone = one(context)?;
    context.throttled()?;
    keep(context, Deed::Delete, (Some(&gone), None)).await?;
    Ok(Reply::Done)
}

/// Makes a change durable, with its entry in the audit log.
async fn keep<B: Backend>(
    context: &Context<'_, B>,
    deed: Deed,
    (before, after): (Option<&Category>, Option<&Category>),
) -> Result<(), ApiError> {
    let Some(named) = after.or(before) else { return Ok(()) };
    let name = |category: Option<&Category>| category.map(|it| it.display_name.clone());
    let renamed = before.is_some() && after.is_some() && name(before) != name(after);
    let change = || Change::new("DisplayName", name(before), name(after));
    let id = named.id.to_string();
    let entry = context.audit(&Audited {
        deed,
        kind: AuditKind::DeviceCategory,
        id: &id,
        name: &named.display_name,
        changes: renamed.then(change).into_iter().collect(),
    })?;
    let body = after.map(serde_json::to_string).transpose();
    let body = body.map_err(|cause| BackendError(Box::new(cause)))?;
    let document = Document { kind: DocumentKind::DeviceCategory, id, body };
    read(context.backend.keep(vec![document, entry])).await?;
    context.books.labels.sort_into(named.id, after.cloned());
    Ok(())
}

/// The category the path names.
fn one<B>(context: &Context<'_, B>) -> Result<Category, ApiError> {
    let id = context.route.keys.first().and_then(|key| key.parse().ok());
    let found = id.and_then(|id| context.books.labels.snapshot().category(id).cloned());
    found.ok_or(ApiError::Unknown("device category"))
}

fn entity<B>(context: &Context<'_, B>, category: &Category) -> Value {
    let mut shown = category.shown(context.version);
    shown["@odata.context"] = format!("{}/$entity", metadata(context)).into();
    shown
}

fn metadata<B>(context: &Context<'_, B>) -> String {
    let (origin, version) = (context.origin, context.version);
    format!("{origin}/{version}/$metadata#deviceManagement/deviceCategories")
}

async fn members(request: Request) -> Result<Map<String, Value>, ApiError> {
    no_options(request.uri())?;
    Ok(body::object(&body::read(request).await?)?)
}
