//! Taking the tenant's records out, putting them in, and beginning anew.

use core::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::CONTENT_LENGTH;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::OperateError;
use super::state_file::{DOCUMENTS_MAX, KINDS, STATE_BYTES_MAX, Written, kind, names, parse};
use crate::backend::{Backend, BackendError, Document, DocumentKind, DocumentPage};
use crate::http::body::BodyError;
use crate::http::call::{Call, Reply};
use crate::http::context::read;
use crate::http::errors::ApiError;
use crate::http::router::Api;
use crate::http::unread::Unread;
use crate::resources::audit_entry::{self, AuditKind, Audited, Author, Deed, IMPORT, RESET};

/// Documents that are read, or removed one by one, at once.
const AT_ONCE: usize = 1000;

/// How long a client may take to send a state.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// How long the store may take to write one.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

/// All records of the tenant, or those of the kinds asked for.
///
/// # Errors
/// [`ApiError`] if they cannot be read or are too long for one answer.
pub(super) async fn export<B: Backend>(
    api: &Api<B>,
    call: &Call,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let kinds = asked_kinds(uri)?;
    let mut written = Written::begin(&kinds, call.begun);
    for kind in &kinds {
        let mut last = None;
        loop {
            let page = DocumentPage::After(last);
            let found = read(api.backend.documents(*kind, page, AT_ONCE)).await?;
            let Some(end) = found.last() else { break };
            last = Some(end.id.clone());
            for document in &found {
                written.add(document).ok_or_else(|| too_large(&kinds))?;
            }
        }
    }
    Ok(Reply::Json(written.end()))
}

/// What `?kinds=` names; everything if it is not there.
fn asked_kinds(uri: &Uri) -> Result<Vec<DocumentKind>, ApiError> {
    let Some(query) = uri.query().filter(|query| !query.is_empty()) else {
        return Ok(KINDS.to_vec());
    };
    let Some(value) = query.strip_prefix("kinds=") else {
        return Err(OperateError::Kinds("it is the only option".to_owned()).into());
    };
    let value = percent_decode_str(value).decode_utf8_lossy();
    Ok(value.split(',').map(kind).collect::<Result<_, _>>()?)
}

fn too_large(kinds: &[DocumentKind]) -> OperateError {
    let fewer: Vec<&str> =
        names(kinds).into_iter().filter(|name| *name != DocumentKind::AuditEvent.name()).collect();
    OperateError::TooLarge { bytes_max: STATE_BYTES_MAX, kinds: fewer.join(",") }
}

/// Puts records in the place of those there are of the same kinds: all of them or none. The audit
/// log only grows: entries that are there stay as they are.
///
/// # Errors
/// [`ApiError`]: nothing was written, unless it says that nobody knows.
pub(super) async fn import<B: Backend>(
    api: &Api<B>,
    author: Author<'_>,
    request: Request,
) -> Result<Reply, ApiError> {
    let state = parse(&body(request).await?)?;
    let mut memory = api.alone().await?;
    let mut documents = Vec::new();
    for kind in state.kinds.iter().filter(|kind| **kind != DocumentKind::AuditEvent) {
        let gone = ids(&api.backend, *kind).await?.into_iter();
        let gone = gone.filter(|id| !state.documents.contains_key(&(*kind, id.clone())));
        documents.extend(gone.map(|id| Document { kind: *kind, id, body: None }));
    }
    if documents.len() > DOCUMENTS_MAX {
        return Err(OperateError::TooMany(DOCUMENTS_MAX).into());
    }
    for ((kind, id), body) in state.documents {
        let log = kind == DocumentKind::AuditEvent;
        if !log || read(api.backend.document(kind, &id)).await?.is_none() {
            documents.push(Document { kind, id, body: Some(body) });
        }
    }
    documents.push(entry(api, author, IMPORT)?);
    // From here on the copies in memory may be of another time than the records.
    api.forget(&mut memory);
    let kept = timeout(WRITTEN_WITHIN, api.backend.keep(documents)).await;
    kept.map_err(|_elapsed| OperateError::Unclear)??;
    Ok(Reply::Done)
}

async fn body(request: Request) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let fits =
        announced.and_then(|length| length.parse().ok()).map(|n: usize| n <= STATE_BYTES_MAX);
    let body = Unread::give_back(request).into_body();
    let read = timeout(BODY_WITHIN, to_bytes(body, STATE_BYTES_MAX)).await;
    let read = read.map_err(|_elapsed| BodyError::Deadline)?;
    read.map_err(|_cause| match fits {
        Some(true) => BodyError::Broken.into(),
        Some(false) | None => too_large(&KINDS).into(),
    })
}

async fn ids<B: Backend>(backend: &B, kind: DocumentKind) -> Result<Vec<String>, ApiError> {
    let mut ids: Vec<String> = Vec::new();
    while ids.len() <= DOCUMENTS_MAX {
        let page = DocumentPage::After(ids.last().cloned());
        let found = read(backend.documents(kind, page, AT_ONCE)).await?;
        if found.is_empty() {
            break;
        }
        ids.extend(found.into_iter().map(|document| document.id));
    }
    Ok(ids)
}

/// Takes the tenant back to its seed, with everything the server remembers of its clients. Devices
/// and their commands stay, and so do signing key and tokens, and the audit log, which tells of it.
///
/// # Errors
/// [`ApiError`] if not everything could be removed; asking again removes the rest.
pub(super) async fn reset<B: Backend>(api: &Api<B>, author: Author<'_>) -> Result<Reply, ApiError> {
    // First, so that no request under way is held up by a fault.
    api.faults.clear();
    let mut memory = api.alone().await?;
    api.forget(&mut memory);
    api.forget_clients();
    // Before anything goes: there is no deed without its entry.
    read(api.backend.keep(vec![entry(api, author, RESET)?])).await?;
    for kind in KINDS.into_iter().filter(|kind| *kind != DocumentKind::AuditEvent) {
        loop {
            let page = DocumentPage::After(None);
            let found = read(api.backend.documents(kind, page, AT_ONCE)).await?;
            if found.is_empty() {
                break;
            }
            let gone = found.into_iter().map(|document| Document { body: None, ..document });
            read(api.backend.keep(gone.collect())).await?;
        }
    }
    Ok(Reply::Done)
}

/// The entry of the audit log for something that is done to the tenant as a whole.
fn entry<B: Backend>(
    api: &Api<B>,
    author: Author<'_>,
    deed: &'static str,
) -> Result<Document, BackendError> {
    let tenant = api.tenant();
    let audited = Audited {
        deed: Deed::Action(deed),
        kind: AuditKind::Tenant,
        id: &tenant.id.to_string(),
        name: tenant.name,
        changes: Vec::new(),
    };
    audit_entry::entry(&api.backend, author, &audited)
}
