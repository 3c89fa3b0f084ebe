//! What administrators may write on a device: its name, notes and owner.
//!
//! Source: Microsoft Graph, "Update managedDevice".

use core::str::FromStr;

use axum::extract::Request;
use axum::http::Uri;
use muster_control::DeviceRecord;
use muster_protocol::DeviceId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tracing::warn;
use uuid::Uuid;

use crate::backend::{Backend, Document, DocumentKind, DocumentPage};
use crate::devices::act::Counting;
use crate::devices::labels::{DeviceLabels, Labels, OwnerType, Snapshot};
use crate::devices::properties::schema;
use crate::devices::read::shown;
use crate::http::body::{BodyError, object, read as read_body};
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::query::no_options;
use crate::operation::path::Version;
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};

/// Longest name of a device, in characters.
const NAME_CHARS_MAX: usize = 256;

/// Longest notes on a device, in characters.
const NOTES_CHARS_MAX: usize = 8192;

/// How some clients name the category of a device; the service wants a request of its own for it.
const CATEGORY: &str = "deviceCategory@odata.bind";
const BY_REFERENCE: &str = "set by PUT managedDevices/{id}/deviceCategory/$ref";

/// Documents that are read at once.
const RECALLED: usize = 1000;

/// Writes on the device of the path and shows it as it is then.
///
/// # Errors
/// [`ApiError`]: nothing was written.
pub(crate) async fn update<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let device = context.route.device()?;
    let record = context.managed(device).await?;
    no_options(request.uri())?;
    let members = object(&read_body(request).await?)?;
    let (version, members) = (context.version, &members);
    relabel(context, &record, |labels| Ok(write(members, version, labels)?)).await?;
    shown(context, &record, &Uri::from_static("/"))
}

/// Changes what is written on a device, and makes it durable with an entry in the audit log.
///
/// # Errors
/// [`ApiError`] if the change is refused or cannot be written.
pub(crate) async fn relabel<B: Backend>(
    context: &Context<'_, B>,
    record: &DeviceRecord,
    change: impl FnOnce(&mut Labels) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let writing = Writing { record, deed: Deed::Patch, counting: Counting::EachDevice };
    write_down(context, &writing, change).await
}

/// On which device something is written, and what that is called.
pub(crate) struct Writing<'a> {
    pub(crate) record: &'a DeviceRecord,
    pub(crate) deed: Deed,
    pub(crate) counting: Counting,
}

/// Changes what is written on a device, under any name.
///
/// # Errors
/// As [`relabel`].
pub(crate) async fn write_down<B: Backend>(
    context: &Context<'_, B>,
    writing: &Writing<'_>,
    change: impl FnOnce(&mut Labels) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let record = writing.record;
    let _writing = read(async { Ok(context.books.labels.writing(record.id).await) }).await?;
    let before = present(context, record.id).await?;
    let mut after = before.clone();
    change(&mut after)?;
    match writing.counting {
        Counting::EachDevice => context.throttled()?,
        Counting::Counted => {}
    }
    if after == before {
        return Ok(());
    }
    let entry = context.audit(&Audited {
        deed: writing.deed,
        kind: AuditKind::ManagedDevice,
        id: &record.id.to_string(),
        name: record.facts.serial.as_str(),
        changes: changes(&before, &after, &context.books.labels.snapshot()),
    })?;
    keep(context, record.id, &after, entry).await
}

/// Reads what was written on devices before this server began.
///
/// # Errors
/// [`ApiError`] if it cannot be read.
pub(crate) async fn recall<B: Backend>(backend: &B, labels: &DeviceLabels) -> Result<(), ApiError> {
    each(backend, DocumentKind::DeviceCategory, |id: Uuid, category| {
        labels.sort_into(id, Some(category));
    })
    .await?;
    each(backend, DocumentKind::DeviceLabels, |device, written| labels.put(device, written)).await
}

/// Reads all documents of a kind, each with its id.
async fn each<B: Backend, I: FromStr, T: DeserializeOwned>(
    backend: &B,
    kind: DocumentKind,
    take: impl Fn(I, T),
) -> Result<(), ApiError> {
    let mut last = None;
    loop {
        let page = DocumentPage::After(last);
        let found = read(backend.documents(kind, page, RECALLED)).await?;
        let Some(end) = found.last() else { return Ok(()) };
        last = Some(end.id.clone());
        for Document { id, body, .. } in found {
            let written = body.and_then(|body| serde_json::from_str(&body).ok());
            match (id.parse(), written) {
                (Ok(id), Some(written)) => take(id, written),
                (Err(_), _) | (_, None) => warn!(id, ?kind, "a document cannot be read"),
            }
        }
    }
}

/// What is written on a device now. The document is asked, because a request whose client went
/// away may have changed it without this server's noticing.
async fn present<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
) -> Result<Labels, ApiError> {
    let id = device.to_string();
    let kept = read(context.backend.document(DocumentKind::DeviceLabels, &id)).await?;
    let labels = kept.and_then(|document| document.body);
    Ok(labels.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default())
}

async fn keep<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    labels: &Labels,
    entry: Document,
) -> Result<(), ApiError> {
    let body = serde_json::to_string(labels).ok();
    let document = Document { kind: DocumentKind::DeviceLabels, id: device.to_string(), body };
    read(context.backend.keep(vec![document, entry])).await?;
    context.books.labels.put(device, labels.clone());
    Ok(())
}

/// Writes what the body says.
fn write(
    members: &Map<String, Value>,
    version: Version,
    labels: &mut Labels,
) -> Result<(), BodyError> {
    for (name, value) in members {
        match name.as_str() {
            "managedDeviceName" => {
                labels.managed_device_name = text(value, "managedDeviceName", NAME_CHARS_MAX)?;
            }
            "notes" => labels.notes = text(value, "notes", NOTES_CHARS_MAX)?,
            "managedDeviceOwnerType" => {
                labels.owner_type = Some(owner(value, "managedDeviceOwnerType")?);
            }
            "ownerType" if version == Version::Beta => {
                labels.owner_type = Some(owner(value, "ownerType")?);
            }
            CATEGORY => return Err(BodyError::Member { member: CATEGORY, wanted: BY_REFERENCE }),
            other => refuse(other, version)?,
        }
    }
    Ok(())
}

/// Refuses what cannot be written; annotations mean nothing.
fn refuse(name: &str, version: Version) -> Result<(), BodyError> {
    if name.starts_with('@') || name.contains("@odata.") {
        return Ok(());
    }
    let known = schema(version).properties.iter().find(|property| property.name == name);
    Err(match known {
        Some(property) => BodyError::ReadOnly(property.name),
        None => BodyError::NoSuchMember,
    })
}

/// A text, or nothing to take back what was written.
fn text(value: &Value, member: &'static str, max: usize) -> Result<Option<String>, BodyError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.chars().count() <= max => Ok(Some(text.clone())),
        Value::String(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => {
            Err(BodyError::Member { member, wanted: "a text of moderate length" })
        }
    }
}

fn owner(value: &Value, member: &'static str) -> Result<OwnerType, BodyError> {
    let all = [OwnerType::Unknown, OwnerType::Company, OwnerType::Personal];
    let named = value.as_str().and_then(|name| all.into_iter().find(|one| one.name() == name));
    named.ok_or(BodyError::Member { member, wanted: "company, personal or unknown" })
}

/// What differs, for the audit log. Notes are not repeated there: people write anything.
fn changes(before: &Labels, after: &Labels, now: &Snapshot) -> Vec<Change> {
    let owner = |labels: &Labels| labels.owner_type.map(|owner| owner.name().to_owned());
    let name = |labels: &Labels| labels.managed_device_name.clone();
    let category = |labels: &Labels| {
        let category = now.category(labels.device_category?)?;
        Some(category.display_name.clone())
    };
    let mut changes = Vec::new();
    if before.device_category != after.device_category {
        changes.push(Change::new("DeviceCategory", category(before), category(after)));
    }
    if name(before) != name(after) {
        changes.push(Change::new("ManagedDeviceName", name(before), name(after)));
    }
    if owner(before) != owner(after) {
        changes.push(Change::new("OwnerType", owner(before), owner(after)));
    }
    if before.compliance != after.compliance {
        let source = |labels: &Labels| Some(labels.compliance.name().to_owned());
        changes.push(Change::new("ComplianceState", source(before), source(after)));
    }
    if before.notes != after.notes {
        changes.push(Change::new("Notes", None, None));
    }
    changes
}
