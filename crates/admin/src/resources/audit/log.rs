//! The operations on the audit log.
//!
//! Source: Microsoft Graph, resource type `auditEvent`, functions `getAuditCategories` and
//! `getAuditActivityTypes`; beta, `remoteActionAudits`.

use axum::extract::Request;
use axum::http::Uri;
use muster_control::ActionKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::purge::readable_since;
use super::schema::EVENTS;
use super::sight::is_seen;
use super::walk::{Found, Rows, Walk, event, is_since, parsed};
use crate::backend::{Backend, DocumentKind};
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::query::{Query, no_options, read_one};
use crate::odata::rows::selected;
use crate::resources::audit_entry::{AuditCategory, AuditKind, Deed, IMPORT, RESET};

const NO_SUCH_CATEGORY: &str = "category has to be one that getAuditCategories() tells of";

/// What can be asked of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuditOperation {
    List,
    Show,
    Categories,
    ActivityTypes,
    /// `remoteActionAudits`
    ListActions,
}

/// Answers a question about the log. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`] if the query is no good or the log cannot be read.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: AuditOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    let uri = request.uri();
    match operation {
        AuditOperation::List => list(context, uri, Rows::Events).await,
        AuditOperation::ListActions => list(context, uri, Rows::RemoteActions).await,
        AuditOperation::Show => show(context, uri).await,
        AuditOperation::Categories => {
            words(context, uri, AuditCategory::ALL.map(|one| one.name().to_owned()).to_vec())
        }
        AuditOperation::ActivityTypes => {
            let asked = context.route.keys.first().map_or("", String::as_str);
            let mut known = AuditCategory::ALL.into_iter();
            let category = known.find(|known| known.name().eq_ignore_ascii_case(asked));
            let category = category.ok_or(ApiError::RuledOut(NO_SUCH_CATEGORY))?;
            words(context, uri, activity_types(category))
        }
    }
}

async fn list<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
    rows: Rows,
) -> Result<Reply, ApiError> {
    let query = Query::read(uri, rows.schema(), context.rules)?;
    context.throttled()?;
    let since = &readable_since(context.backend);
    let found = read(Walk { context, rows, query: &query, since }.page()).await?;
    Ok(Reply::Found(page(context, rows, &query, found)))
}

fn page<B>(context: &Context<'_, B>, rows: Rows, query: &Query, found: Found) -> Value {
    let name = match rows {
        Rows::Events => "auditEvents",
        Rows::RemoteActions => "remoteActionAudits",
    };
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), metadata(context, name).into());
    if let Some(total) = found.total {
        answer.insert("@odata.count".to_owned(), total.into());
    }
    if let Some(end) = found.end {
        let address = format!("{}/{}/deviceManagement/{name}", context.origin, context.version);
        let link = query.next_link(&address, rows.schema(), context.rules, &end);
        answer.insert("@odata.nextLink".to_owned(), link.into());
    }
    answer.insert("value".to_owned(), found.shown.into());
    answer.into()
}

fn metadata<B>(context: &Context<'_, B>, name: &str) -> String {
    format!("{}/{}/$metadata#deviceManagement/{name}", context.origin, context.version)
}

async fn show<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    const UNKNOWN: ApiError = ApiError::Unknown("audit event");
    let key = context.route.keys.first().and_then(|key| key.parse::<Uuid>().ok());
    let id = key.ok_or(UNKNOWN)?.to_string();
    let kept = read(context.backend.document(DocumentKind::AuditEvent, &id)).await?;
    let entry = kept
        .as_ref()
        .and_then(parsed)
        .filter(|entry| is_since(entry, &readable_since(context.backend)));
    let entry = entry.ok_or(UNKNOWN)?;
    if !read(is_seen(context, &entry)).await? {
        return Err(UNKNOWN);
    }
    let entry = event(entry);
    let select = read_one(uri, &EVENTS)?;
    context.throttled()?;
    let mut shown = selected(&entry, &select, &EVENTS);
    shown["@odata.context"] = format!("{}/$entity", metadata(context, "auditEvents")).into();
    Ok(Reply::Found(shown))
}

fn words<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
    words: Vec<String>,
) -> Result<Reply, ApiError> {
    no_options(uri)?;
    context.throttled()?;
    let (origin, version) = (context.origin, context.version);
    Ok(Reply::Found(json!({
        "@odata.context": format!("{origin}/{version}/$metadata#Collection(Edm.String)"),
        "value": words,
    })))
}

/// The activities that entries of a category may have.
fn activity_types(category: AuditCategory) -> Vec<String> {
    let kinds = AuditKind::ALL.into_iter().filter(|kind| kind.category() == category);
    kinds.flat_map(|kind| deeds(kind).into_iter().map(move |deed| kind.activity(deed))).collect()
}

/// What can be done to things of a kind.
fn deeds(kind: AuditKind) -> Vec<Deed> {
    let managed = vec![Deed::Create, Deed::Patch, Deed::Delete];
    match kind {
        AuditKind::ManagedDevice => {
            let actions = ActionKind::ALL.into_iter().map(|kind| Deed::Action(kind.graph_name()));
            [Deed::Patch].into_iter().chain(actions).collect()
        }
        AuditKind::RoleDefinition
        | AuditKind::RoleAssignment
        | AuditKind::OperationApprovalPolicy
        | AuditKind::DeviceCategory => managed,
        AuditKind::ExportJob => vec![Deed::Create],
        AuditKind::DeviceCompliancePolicy | AuditKind::DeviceConfiguration => {
            [managed, vec![Deed::Assign]].concat()
        }
        AuditKind::Tenant => vec![Deed::Action(RESET), Deed::Action(IMPORT)],
        AuditKind::OperationApprovalRequest => {
            let named = ["approve", "reject", "cancel", "complete"].map(Deed::Action);
            [vec![Deed::Create], named.to_vec()].concat()
        }
    }
}
