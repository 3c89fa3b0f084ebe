//! The requests about export jobs.

use axum::extract::Request;
use axum::http::Uri;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Backend, BackendError};
use crate::http::body;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::{Count, Query, no_options, read_one};
use crate::odata::rows::{Listing, page, selected};
use crate::resources::audit_entry::{AuditKind, Audited, Deed};
use crate::resources::exports::asked::Asked;
use crate::resources::exports::job::{Job, Owner, Secret, Status};
use crate::resources::exports::write::Commission;

/// What can be done with export jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportOperation {
    List,
    Create,
    Show,
}

const JOBS: Schema = Schema {
    entity: "microsoft.graph.deviceManagementExportJob",
    properties: &[
        Property::new("id", Kind::Text),
        Property::new("reportName", Kind::Text),
        Property::new("filter", Kind::Text),
        Property::new("select", Kind::Structure),
        Property::new("format", Kind::Words(&["csv", "json"])),
        Property::new("snapshotId", Kind::Text),
        Property::new("localizationType", Kind::Text),
        Property::new("status", Kind::Words(&["notStarted", "inProgress", "completed", "failed"])),
        Property::new("url", Kind::Text).unfiltered(),
        Property::new("requestDateTime", Kind::Moment),
        Property::new("expirationDateTime", Kind::Moment),
    ],
    options: &[],
    expands: &[],
    page_max: 1000,
    count: Count::Untold,
};

/// Carries out an operation on export jobs. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: ExportOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    match operation {
        ExportOperation::List => list(context, request.uri()),
        ExportOperation::Show => show(context, request.uri()),
        ExportOperation::Create => create(context, request).await,
    }
}

fn list<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let query = Query::read(uri, &JOBS, context.rules)?;
    context.throttled()?;
    let (origin, version) = (context.origin, context.version);
    let listing = Listing {
        schema: &JOBS,
        rules: context.rules,
        context: &metadata(context),
        address: &format!("{origin}/{version}/deviceManagement/reports/exportJobs"),
    };
    Ok(Reply::Found(page(&own(context), &query, listing)))
}

fn show<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let wanted = context.route.keys.first().map_or("", String::as_str);
    let is_it = |job: &Value| job["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(wanted));
    let found = own(context).into_iter().find(is_it).ok_or(ApiError::Unknown("export job"))?;
    let select = read_one(uri, &JOBS)?;
    context.throttled()?;
    Ok(Reply::Found(selected(&entity(context, found), &select, &JOBS)))
}

async fn create<B: Backend>(context: &Context<'_, B>, request: Request) -> Result<Reply, ApiError> {
    no_options(request.uri())?;
    let members = body::object(&body::read(request).await?)?;
    let asked = Asked::read(&members)?;
    context.throttled()?;
    let job = Job {
        id: format!("{}_{}", asked.report.name, Uuid::new_v4()),
        owner: Owner::of(context.principal),
        asked: asked.clone(),
        requested_at: context.call.begun,
        status: Status::NotStarted,
        secret: Secret::new().map_err(|cause| BackendError(Box::new(cause)))?,
        task: None,
    };
    let entry = context.audit(&Audited {
        deed: Deed::Create,
        kind: AuditKind::ExportJob,
        id: &job.id,
        name: asked.report.name,
        changes: Vec::new(),
    })?;
    read(context.backend.keep(vec![entry])).await?;
    let shown = entity(context, job.shown(context.origin));
    context.books.exports.begin(job, commission(context, asked));
    Ok(Reply::Created(shown))
}

fn commission<B: Backend>(context: &Context<'_, B>, asked: Asked) -> Commission<B> {
    Commission {
        backend: context.backend.clone(),
        tenant: context.tenant.clone(),
        labels: context.books.labels.snapshot(),
        version: context.version,
        strictness: context.call.strictness,
        asked,
    }
}

/// The jobs of the client.
fn own<B: Backend>(context: &Context<'_, B>) -> Vec<Value> {
    let owner = Owner::of(context.principal);
    context.books.exports.told(owner, context.call.begun, |job| job.shown(context.origin))
}

fn entity<B>(context: &Context<'_, B>, mut shown: Value) -> Value {
    shown["@odata.context"] = format!("{}/$entity", metadata(context)).into();
    shown
}

fn metadata<B>(context: &Context<'_, B>) -> String {
    let (origin, version) = (context.origin, context.version);
    format!("{origin}/{version}/$metadata#deviceManagement/reports/exportJobs")
}
