//! One export job and how far it is.

use core::time::Duration;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::devices::managed_device::date_time;
use crate::http::origin::Origin;
use crate::identity::principal::Principal;
use crate::odata::moment::Moment;
use crate::resources::exports::asked::Asked;

/// How long an archive can be fetched, and its job be seen.
///
/// A decision: the service's own links end after hours, of which no page says how many.
pub(super) const KEPT_FOR: Duration = Duration::from_hours(6);

/// Bytes of the secret in a link.
const SECRET_BYTES: usize = 16;

/// Whose a job is: what one client exports, no other one sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    application: Uuid,
    user: Option<Uuid>,
}

impl Owner {
    pub(super) fn of(principal: &Principal) -> Self {
        let user = principal.user.as_ref().map(|user| user.id);
        Self { application: principal.application.id, user }
    }
}

/// How far a job is.
///
/// Source: Microsoft Graph, enumeration `deviceManagementReportStatus`.
#[derive(Clone, Debug)]
pub(super) enum Status {
    NotStarted,
    InProgress,
    Completed(Arc<Vec<u8>>),
    Failed,
}

impl Status {
    const fn name(&self) -> &'static str {
        match self {
            Self::NotStarted => "notStarted",
            Self::InProgress => "inProgress",
            Self::Completed(_) => "completed",
            Self::Failed => "failed",
        }
    }
}

/// Opens the link of one archive.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(Uuid::from_bytes(bytes).simple().to_string()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// An export job.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) owner: Owner,
    pub(super) asked: Asked,
    pub(super) requested_at: Timestamp,
    pub(super) status: Status,
    pub(super) secret: Secret,
    /// Ends its writing, once that has begun.
    pub(super) task: Option<AbortHandle>,
}

impl Job {
    pub(super) fn expires_at(&self) -> Timestamp {
        self.requested_at.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX)
    }

    /// The job as Graph shows it; a link only once there is something behind it.
    pub(super) fn shown(&self, origin: &Origin) -> Value {
        let (url, expiration) = match self.status {
            Status::Completed(_) => {
                let (id, secret) = (&self.id, self.secret.expose());
                let url = format!("{origin}/_muster/exports/{id}/{secret}");
                (Some(url), date_time(self.expires_at()))
            }
            Status::NotStarted | Status::InProgress | Status::Failed => {
                (None, Moment::NEVER.to_string())
            }
        };
        json!({
            "id": self.id,
            "reportName": self.asked.report.name,
            "filter": self.asked.filter,
            "select": self.asked.names().collect::<Vec<_>>(),
            "format": self.asked.format.name(),
            "snapshotId": null,
            "localizationType": self.asked.localization.map(|one| one.name()),
            "status": self.status.name(),
            "url": url,
            "requestDateTime": date_time(self.requested_at),
            "expirationDateTime": expiration,
        })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
