//! How long entries may be read, and what removes them afterwards.

use jiff::SignedDuration;

use super::walk::{is_since, parsed};
use crate::backend::{Backend, BackendError, Document, DocumentKind, DocumentPage};
use crate::devices::managed_device::date_time;

/// How long entries may be read.
///
/// Source: Microsoft Intune, audit logs: one year.
const READABLE_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Entries that are removed at once, at most.
const PURGED_AT_ONCE: usize = 1000;

/// How far a purge got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// Every entry that is left may be read.
    Everything,
    /// There may be more to remove: ask again.
    Some,
}

/// Removes up to 1,000 entries of the audit log that may not be read any more, the oldest first.
/// One that finds nothing to remove reads a single entry, however long the log is.
///
/// # Errors
/// [`BackendError`] if entries cannot be read or removed.
///
/// Cancel safe: yes; entries are removed all or none.
pub async fn purge_audit_log<B: Backend>(backend: &B) -> Result<Purged, BackendError> {
    let since = &readable_since(backend);
    let oldest =
        |limit| backend.documents(DocumentKind::AuditEvent, DocumentPage::After(None), limit);
    let stale = |document: &Document| parsed(document).is_none_or(|entry| !is_since(&entry, since));
    if !oldest(1).await?.iter().any(stale) {
        return Ok(Purged::Everything);
    }
    let gone = oldest(PURGED_AT_ONCE).await?.into_iter().take_while(|one| stale(one));
    let gone: Vec<Document> = gone.map(|one| Document { body: None, ..one }).collect();
    let purged = if gone.len() < PURGED_AT_ONCE { Purged::Everything } else { Purged::Some };
    backend.keep(gone).await?;
    Ok(purged)
}

/// The time from which on entries may be read, as entries write it.
pub(super) fn readable_since<B: Backend>(backend: &B) -> String {
    let now = backend.wall(backend.now());
    date_time(now.checked_sub(READABLE_FOR).unwrap_or(jiff::Timestamp::MIN))
}
