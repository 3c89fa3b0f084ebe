//! What administrators may write on a device: its name, notes and owner.
//!
//! Source: Microsoft Graph, "Update managedDevice".

use axum::extract::Request;
use axum::http::Uri;
use muster_protocol::DeviceId;
use serde_json::{Map, Value};
use tracing::warn;

use crate::backend::{Backend, Document, DocumentKind, DocumentPage};
use crate::devices::labels::{DeviceLabels, Labels, OwnerType};
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
    let _writing = read(async { Ok(context.labels.writing(device).await) }).await?;
    let before = present(context, device).await?;
    let after = written(&members, context.version, before.clone())?;
    context.throttled()?;
    if after != before {
        let entry = context.audit(&Audited {
            deed: Deed::Patch,
            kind: AuditKind::ManagedDevice,
            id: &device.to_string(),
            name: record.facts.serial.as_str(),
            changes: changes(&before, &after),
        })?;
        keep(context, device, &after, entry).await?;
    }
    shown(context, &record, &Uri::from_static("/"))
}

/// Reads what was written on devices before this server began.
///
/// # Errors
/// [`ApiError`] if it cannot be read.
pub(crate) async fn recall<B: Backend>(backend: &B, labels: &DeviceLabels) -> Result<(), ApiError> {
    let mut last = None;
    loop {
        let page = DocumentPage::After(last);
        let found = read(backend.documents(DocumentKind::DeviceLabels, page, RECALLED)).await?;
        let Some(end) = found.last() else { return Ok(()) };
        last = Some(end.id.clone());
        for Document { id, body, .. } in found {
            let written = body.and_then(|body| serde_json::from_str::<Labels>(&body).ok());
            match (id.parse::<DeviceId>(), written) {
                (Ok(device), Some(written)) => labels.put(device, written),
                (Err(_), _) | (_, None) => warn!(id, "labels of a device cannot be read"),
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
    context.labels.put(device, labels.clone());
    Ok(())
}

/// The labels with what the body says.
fn written(
    members: &Map<String, Value>,
    version: Version,
    mut labels: Labels,
) -> Result<Labels, BodyError> {
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
            other => refuse(other, version)?,
        }
    }
    Ok(labels)
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
fn changes(before: &Labels, after: &Labels) -> Vec<Change> {
    let owner = |labels: &Labels| labels.owner_type.map(|owner| owner.name().to_owned());
    let name = |labels: &Labels| labels.managed_device_name.clone();
    let mut changes = Vec::new();
    if name(before) != name(after) {
        changes.push(Change::new("ManagedDeviceName", name(before), name(after)));
    }
    if owner(before) != owner(after) {
        changes.push(Change::new("OwnerType", owner(before), owner(after)));
    }
    if before.notes != after.notes {
        changes.push(Change::new("Notes", None, None));
    }
    changes
}
