//! The operations on access policies and approval requests.

use axum::extract::Request;
use axum::http::Uri;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::book::{document, request, requests};
use super::policy::ApprovalPolicy;
use super::request::Step;
use super::schema::{POLICIES, REQUESTS};
use super::sight::seen;
use crate::backend::{Backend, Document, DocumentKind};
use crate::http::body::{self, BodyError, short_text};
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::property::Schema;
use crate::odata::query::{Query, no_options, read_one};
use crate::odata::rows::{Listing, page, selected};
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};

/// Longest justification of a decision, in characters.
///
/// Source: Microsoft Graph beta, action `approve` of `operationApprovalRequest`.
const DECISION_CHARS_MAX: usize = 1024;

const ONE_OF_A_TYPE: &str = "there is an access policy of this type already";

const POLICY: ApiError = ApiError::Unknown("access policy");
const REQUEST: ApiError = ApiError::Unknown("approval request");

/// What can be done with policies and requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApprovalOperation {
    ListPolicies,
    CreatePolicy,
    ShowPolicy,
    UpdatePolicy,
    DeletePolicy,
    ListRequests,
    ShowRequest,
    Approve,
    Reject,
    CancelApproval,
    CancelMine,
}

/// Carries out an operation. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: ApprovalOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    match operation {
        ApprovalOperation::ListPolicies => list_policies(context, request.uri()).await,
        ApprovalOperation::CreatePolicy => create_policy(context, request).await,
        ApprovalOperation::ShowPolicy => show_policy(context, request.uri()).await,
        ApprovalOperation::UpdatePolicy => update_policy(context, request).await,
        ApprovalOperation::DeletePolicy => delete_policy(context, request.uri()).await,
        ApprovalOperation::ListRequests => list_requests(context, request.uri()).await,
        ApprovalOperation::ShowRequest => show_request(context, request.uri()).await,
        ApprovalOperation::Approve => decide(context, Step::Approve, request).await,
        ApprovalOperation::Reject => decide(context, Step::Reject, request).await,
        ApprovalOperation::CancelApproval => decide(context, Step::CancelApproval, request).await,
        ApprovalOperation::CancelMine => cancel_mine(context, request).await,
    }
}

async fn list_policies<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let query = Query::read(uri, &POLICIES, context.rules)?;
    context.throttled()?;
    let policies = read(context.books.approvals.policies(context.backend)).await?;
    let rows: Vec<Value> = policies.iter().map(ApprovalPolicy::shown).collect();
    Ok(listed(context, &query, (&POLICIES, POLICIES_NAME), &rows))
}

async fn list_requests<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let query = Query::read(uri, &REQUESTS, context.rules)?;
    context.throttled()?;
    let now = context.wall_now();
    let known = read(requests(context.backend)).await?;
    let mut rows: Vec<Value> = Vec::new();
    for request in known.into_iter().rev().filter(|request| !request.is_stale(now)) {
        let request = read(seen(context, Some(request))).await?;
        rows.extend(request.map(|request| request.shown(now)));
    }
    Ok(listed(context, &query, (&REQUESTS, REQUESTS_NAME), &rows))
}

const POLICIES_NAME: &str = "operationApprovalPolicies";
const REQUESTS_NAME: &str = "operationApprovalRequests";

fn listed<B>(
    context: &Context<'_, B>,
    query: &Query,
    (schema, name): (&Schema, &str),
    rows: &[Value],
) -> Reply {
    let listing = Listing {
        schema,
        rules: context.rules,
        context: &metadata(context, name),
        address: &format!("{}/{}/deviceManagement/{name}", context.origin, context.version),
    };
    Reply::Found(page(rows, query, listing))
}

fn metadata<B>(context: &Context<'_, B>, name: &str) -> String {
    format!("{}/{}/$metadata#deviceManagement/{name}", context.origin, context.version)
}

fn entity<B>(context: &Context<'_, B>, name: &str, mut shown: Value) -> Value {
    shown["@odata.context"] = format!("{}/$entity", metadata(context, name)).into();
    shown
}

/// The key of the path, if it can be one.
fn key<B>(context: &Context<'_, B>) -> Option<Uuid> {
    context.route.keys.first()?.parse().ok()
}

async fn show_policy<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let policies = read(context.books.approvals.policies(context.backend)).await?;
    let shown = named(context, &policies)?.shown();
    let select = read_one(uri, &POLICIES)?;
    context.throttled()?;
    let shown = selected(&shown, &select, &POLICIES);
    Ok(Reply::Found(entity(context, POLICIES_NAME, shown)))
}

/// The policy of the path.
fn named<'p, B>(
    context: &Context<'_, B>,
    policies: &'p [ApprovalPolicy],
) -> Result<&'p ApprovalPolicy, ApiError> {
    let id = key(context).ok_or(POLICY)?;
    policies.iter().find(|policy| policy.id == id).ok_or(POLICY)
}

async fn create_policy<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let now = context.wall_now();
    let made = ApprovalPolicy::made(Uuid::new_v4(), &members, context.tenant, now)?;
    context.throttled()?;
    let changing = context.books.approvals.changing.lock().await;
    let policies = present(context).await?;
    only_one(&policies, &made)?;
    keep_policy(context, Deed::Create, &made).await?;
    drop(changing);
    Ok(Reply::Created(entity(context, POLICIES_NAME, made.shown())))
}

async fn update_policy<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let changing = context.books.approvals.changing.lock().await;
    let policies = present(context).await?;
    let found = named(context, &policies)?.clone();
    let changed = found.changed(&members, context.tenant, context.wall_now())?;
    context.throttled()?;
    only_one(&policies, &changed)?;
    keep_policy(context, Deed::Patch, &changed).await?;
    drop(changing);
    Ok(Reply::Found(entity(context, POLICIES_NAME, changed.shown())))
}

async fn delete_policy<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    no_options(uri)?;
    let changing = context.books.approvals.changing.lock().await;
    let policies = present(context).await?;
    let found = named(context, &policies)?;
    context.throttled()?;
    keep_policy(context, Deed::Delete, found).await?;
    drop(changing);
    Ok(Reply::Done)
}

/// The policies as they are written, whatever was believed.
async fn present<B: Backend>(context: &Context<'_, B>) -> Result<Vec<ApprovalPolicy>, ApiError> {
    context.books.approvals.forget();
    Ok(read(context.books.approvals.policies(context.backend)).await?.to_vec())
}

fn only_one(policies: &[ApprovalPolicy], wanted: &ApprovalPolicy) -> Result<(), ApiError> {
    let same =
        |known: &ApprovalPolicy| known.id != wanted.id && known.policy_type == wanted.policy_type;
    if policies.iter().any(same) { Err(ApiError::RuledOut(ONE_OF_A_TYPE)) } else { Ok(()) }
}

async fn keep_policy<B: Backend>(
    context: &Context<'_, B>,
    deed: Deed,
    policy: &ApprovalPolicy,
) -> Result<(), ApiError> {
    let entry = context.audit(&Audited {
        deed,
        kind: AuditKind::OperationApprovalPolicy,
        id: &policy.id.to_string(),
        name: &policy.display_name,
        changes: vec![Change::new("PolicyType", None, Some(policy.policy_type.name().into()))],
    })?;
    let kind = DocumentKind::OperationApprovalPolicy;
    let written = match deed {
        Deed::Delete => Document { kind, id: policy.id.to_string(), body: None },
        Deed::Create | Deed::Patch | Deed::Assign | Deed::Action(_) => {
            document(kind, policy.id, policy)?
        }
    };
    let kept = read(context.backend.keep(vec![written, entry])).await;
    context.books.approvals.forget();
    kept
}

async fn show_request<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let now = context.wall_now();
    let found = read(request(context.backend, key(context).ok_or(REQUEST)?)).await?;
    let found = read(seen(context, found)).await?;
    let shown = found.filter(|found| !found.is_stale(now)).ok_or(REQUEST)?.shown(now);
    let select = read_one(uri, &REQUESTS)?;
    context.throttled()?;
    Ok(Reply::Found(entity(context, REQUESTS_NAME, selected(&shown, &select, &REQUESTS))))
}

/// Approves or rejects the request of the path, or takes its approval back.
async fn decide<B: Backend>(
    context: &Context<'_, B>,
    step: Step,
    request: Request,
) -> Result<Reply, ApiError> {
    let id = key(context).ok_or(REQUEST)?;
    let members = members(request).await?;
    body::text(&members, "approvalSource")?;
    let why = short_text(&members, "justification", DECISION_CHARS_MAX)?;
    let status = take(context, id, step, why).await?;
    Ok(Reply::Found(json!({
        "@odata.context": format!("{}/{}/$metadata#Edm.String", context.origin, context.version),
        "value": status,
    })))
}

/// Takes back the request that the body names.
async fn cancel_mine<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let wanted = BodyError::Member { member: "id", wanted: "the id of an approval request" };
    let id = body::text(&members, "id")?.and_then(|id| id.parse().ok()).ok_or(wanted)?;
    take(context, id, Step::CancelMine, None).await?;
    Ok(Reply::Done)
}

/// Takes a step; durable when it returns. What comes of it is told.
async fn take<B: Backend>(
    context: &Context<'_, B>,
    id: Uuid,
    step: Step,
    why: Option<String>,
) -> Result<&'static str, ApiError> {
    let _one_at_a_time = context.books.approvals.changing.lock().await;
    // Nobody decides on what is just being carried out.
    let using = context.books.approvals.hold(context.backend.now(), id)?;
    let taken = taken(context, id, step, why).await;
    using.release();
    taken
}

async fn taken<B: Backend>(
    context: &Context<'_, B>,
    id: Uuid,
    step: Step,
    why: Option<String>,
) -> Result<&'static str, ApiError> {
    let now = context.wall_now();
    let found = read(request(context.backend, id)).await?;
    let found = read(seen(context, found)).await?.ok_or(REQUEST)?;
    let next = found.step(step, now, (context.principal, context.tenant), why)?;
    context.throttled()?;
    let kept = context.written(&next, Deed::Action(step.name()))?;
    read(context.backend.keep(kept)).await?;
    Ok(next.status(now).name())
}

async fn members(request: Request) -> Result<Map<String, Value>, ApiError> {
    no_options(request.uri())?;
    Ok(body::object(&body::read(request).await?)?)
}
