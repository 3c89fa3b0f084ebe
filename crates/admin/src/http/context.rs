//! What an operation is carried out with.

use core::time::Duration;

use muster_control::{DeviceRecord, Lifecycle};
use muster_protocol::DeviceId;
use tokio::time::timeout;
use uuid::Uuid;

use crate::backend::{Backend, BackendError};
use crate::devices::listed::is_deleted;
use crate::http::books::Books;
use crate::http::call::Call;
use crate::http::errors::ApiError;
use crate::http::origin::Origin;
use crate::identity::principal::Principal;
use crate::identity::tenant::Tenant;
use crate::odata::token::QueryRules;
use crate::operate::lag::Sight;
use crate::operation::path::{Route, Version};
use crate::operation::table::OperationId;
use crate::rbac::reach::Reach;
use crate::rbac::role::RoleAction;
use crate::rbac::roles::{RoleRefusal, Roles};

/// How long the server behind the API may take for one question.
pub(crate) const BACKEND_WITHIN: Duration = Duration::from_secs(20);

/// Who asks for what, and of whom.
pub(crate) struct Context<'a, B> {
    /// The server, as far as the client may see it.
    pub(crate) backend: &'a B,
    /// The devices that are there for the client.
    pub(crate) reach: &'a Reach,
    /// What the client sees of what others write.
    pub(crate) sight: &'a Sight,
    pub(crate) origin: &'a Origin,
    pub(crate) tenant: &'a Tenant,
    pub(crate) principal: &'a Principal,
    pub(crate) call: &'a Call,
    pub(crate) route: &'a Route,
    pub(crate) version: Version,
    pub(crate) rules: &'a QueryRules,
    /// The roles of everybody when the request was let in.
    pub(crate) roles: &'a Roles,
    pub(crate) books: &'a Books,
}

impl<B: Backend> Context<'_, B> {
    /// A device that may be shown.
    ///
    /// # Errors
    /// [`ApiError::UnknownDevice`] if there is none with this id, it was deleted, or no role of the
    /// client reaches it.
    pub(crate) async fn record(&self, device: DeviceId) -> Result<DeviceRecord, ApiError> {
        let record = read(self.backend.device(device)).await?;
        record.filter(|record| !is_deleted(record)).ok_or(ApiError::UnknownDevice)
    }

    /// The record of a device that can be asked for something.
    ///
    /// # Errors
    /// As [`Self::record`], [`ApiError::Role`] if the client may see it but not do there what the
    /// operation asks for, and [`ApiError::NotEnrolled`].
    pub(crate) async fn managed(&self, device: DeviceId) -> Result<DeviceRecord, ApiError> {
        let record = self.record(device).await?;
        if let Some(action) = self.route.operation.role_action {
            self.may(action, &record)?;
        }
        match record.lifecycle {
            Lifecycle::Enrolled => Ok(record),
            Lifecycle::Unenrolled { .. } => Err(ApiError::NotEnrolled),
        }
    }

    /// Whether the client may do something to a device.
    ///
    /// # Errors
    /// [`RoleRefusal::NotThere`] if no role that allows it reaches the device.
    pub(crate) fn may(&self, action: RoleAction, record: &DeviceRecord) -> Result<(), RoleRefusal> {
        let reached = self.roles.reach(self.principal, action).has(record, self.tenant);
        if reached { Ok(()) } else { Err(RoleRefusal::NotThere(action)) }
    }

    /// What the request is called in the audit log, if it asks the same of several devices.
    pub(crate) fn bulk(&self) -> Option<Uuid> {
        (self.route.operation.id == OperationId::ActOnMany).then_some(self.call.request_id)
    }

    /// Counts the request, last of all checks and before anything happens.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] if it is one too many.
    pub(crate) fn throttled(&self) -> Result<(), ApiError> {
        let verb = self.route.operation.verb;
        let taken =
            self.books.throttle.take(self.backend.now(), self.principal.application.id, verb);
        taken.map_err(|retry_after| ApiError::Throttled { retry_after })
    }
}

/// Puts a question to the server behind the API.
///
/// # Errors
/// [`ApiError::Read`] if it cannot say, [`ApiError::ReadDeadline`] if it does not in time.
pub(crate) async fn read<T>(
    question: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, ApiError> {
    let answer = timeout(BACKEND_WITHIN, question).await;
    Ok(answer.map_err(|_elapsed| ApiError::ReadDeadline)??)
}
