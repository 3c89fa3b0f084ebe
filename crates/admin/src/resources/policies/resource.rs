//! The requests about policies.

use axum::extract::Request;
use axum::http::Uri;
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::http::body;
use crate::http::call::Reply;
use crate::http::context::Context;
use crate::http::errors::ApiError;
use crate::odata::query::{Query, no_options, read_one, read_one_expanded};
use crate::odata::rows::{Listing, page, selected};
use crate::resources::audit_entry::Deed;
use crate::resources::policies::book::{Decision, all, one, present};
use crate::resources::policies::family::Family;
use crate::resources::policies::record::PolicyRecord;
use crate::resources::policies::standing;
use crate::resources::policies::target::Target;

/// What can be done with policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyOperation {
    List,
    Create,
    Show,
    Update,
    Delete,
    Assign,
    ListAssignments,
    /// What becomes of devices that do not comply.
    ListActions,
    ScheduleActions,
    /// How each device of a policy stands.
    ListStatuses,
    /// The same in numbers.
    Overview,
    /// How a device stands to each of its policies.
    ListStatesOfDevice,
}

/// Carries out an operation on policies. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    (family, operation): (Family, PolicyOperation),
    request: Request,
) -> Result<Reply, ApiError> {
    let uri = request.uri().clone();
    match operation {
        PolicyOperation::List => list(context, family, &uri).await,
        PolicyOperation::Show => show(context, family, &uri).await,
        PolicyOperation::Create => create(context, family, request).await,
        PolicyOperation::Update => update(context, family, request).await,
        PolicyOperation::Delete => delete(context, family, &uri).await,
        PolicyOperation::Assign => assign(context, family, request).await,
        PolicyOperation::ListAssignments => {
            listed(context, family, &uri, PolicyRecord::shown_assignments).await
        }
        PolicyOperation::ListActions => {
            listed(context, family, &uri, PolicyRecord::shown_actions).await
        }
        PolicyOperation::ScheduleActions => schedule(context, family, request).await,
        PolicyOperation::ListStatuses => standing::statuses(context, family, &uri).await,
        PolicyOperation::Overview => standing::overview(context, family, &uri).await,
        PolicyOperation::ListStatesOfDevice => standing::of_device(context, family, &uri).await,
    }
}

async fn list<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let query = Query::read(uri, family.schema(), context.rules)?;
    context.throttled()?;
    let policies = all(context, family).await?;
    let shown = |policy: &PolicyRecord| policy.shown(context.version, &query.expand);
    let rows: Vec<Value> = policies.iter().map(shown).collect();
    let listing = Listing {
        schema: family.schema(),
        rules: context.rules,
        context: &metadata(context, family),
        address: &address(context, family),
    };
    Ok(Reply::Found(page(&rows, &query, listing)))
}

async fn show<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let policy = one(context, family).await?;
    let expand = read_one_expanded(uri, family.schema())?;
    let select = read_one(uri, family.schema())?;
    context.throttled()?;
    let shown = entity(context, &policy, &expand);
    Ok(Reply::Found(selected(&shown, &select, family.schema())))
}

async fn create<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let made = PolicyRecord::made(family, context.version, &members, present(context))?;
    context.throttled()?;
    let kept = context.books.policies.add(context, family, made).await?;
    Ok(kept.map_or(Reply::Done, |policy| Reply::Created(entity(context, &policy, &[]))))
}

async fn update<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let decide = |before: PolicyRecord, now| {
        let after = before.clone().changed(context.version, &members, now)?;
        context.throttled()?;
        Ok(Decision { deed: Deed::Patch, before: Some(before), after: Some(after) })
    };
    let kept = context.books.policies.change(context, family, decide).await?;
    Ok(kept.map_or(Reply::Done, |policy| Reply::Found(entity(context, &policy, &[]))))
}

async fn delete<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    no_options(uri)?;
    let decide = |before, _now| {
        context.throttled()?;
        Ok(Decision { deed: Deed::Delete, before: Some(before), after: None })
    };
    context.books.policies.change(context, family, decide).await?;
    Ok(Reply::Done)
}

/// Source: Microsoft Graph, action `assign`: the assignments given take the place of all others.
async fn assign<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let decide = |before: PolicyRecord, now| {
        let targets = Target::read_all(&members, context.tenant)?;
        context.throttled()?;
        let after = before.clone().assigned(targets, now);
        Ok(Decision { deed: Deed::Assign, before: Some(before), after: Some(after) })
    };
    let kept = context.books.policies.change(context, family, decide).await?;
    let shown = kept.map(|policy| policy.shown_assignments()).unwrap_or_default();
    let metadata = format!("Collection(microsoft.graph.{}Assignment)", family.entity());
    let (origin, version) = (context.origin, context.version);
    Ok(Reply::Found(json!({
        "@odata.context": format!("{origin}/{version}/$metadata#{metadata}"),
        "value": shown,
    })))
}

/// Source: Microsoft Graph, action `scheduleActionsForRules`.
async fn schedule<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let actions = members.get("deviceComplianceScheduledActionForRules").unwrap_or(&Value::Null);
    let decide = |before: PolicyRecord, now| {
        let after = before.clone().scheduled(actions, now)?;
        context.throttled()?;
        Ok(Decision { deed: Deed::Patch, before: Some(before), after: Some(after) })
    };
    context.books.policies.change(context, family, decide).await?;
    Ok(Reply::Done)
}

/// A short list that belongs to one policy.
async fn listed<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
    rows: fn(&PolicyRecord) -> Vec<Value>,
) -> Result<Reply, ApiError> {
    let policy = one(context, family).await?;
    no_options(uri)?;
    context.throttled()?;
    let last = context.route.operation.path.rsplit('/').next().unwrap_or_default();
    Ok(Reply::Found(json!({
        "@odata.context": format!("{}('{}')/{last}", metadata(context, family), policy.id),
        "value": rows(&policy),
    })))
}

fn entity<B>(context: &Context<'_, B>, policy: &PolicyRecord, expand: &[&str]) -> Value {
    let mut shown = policy.shown(context.version, expand);
    let metadata = metadata(context, policy.kind.family);
    shown["@odata.context"] = format!("{metadata}/$entity").into();
    shown
}

/// `@odata.context` of a list.
pub(super) fn metadata<B>(context: &Context<'_, B>, family: Family) -> String {
    let (origin, version) = (context.origin, context.version);
    format!("{origin}/{version}/$metadata#deviceManagement/{}", family.collection())
}

/// The absolute address of a list.
pub(super) fn address<B>(context: &Context<'_, B>, family: Family) -> String {
    format!("{}/{}/deviceManagement/{}", context.origin, context.version, family.collection())
}

async fn members(request: Request) -> Result<Map<String, Value>, ApiError> {
    no_options(request.uri())?;
    Ok(body::object(&body::read(request).await?)?)
}
