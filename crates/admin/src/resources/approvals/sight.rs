//! Which requests are there for somebody whose roles do not reach every device.

use muster_protocol::DeviceId;
use uuid::Uuid;

use super::book::request;
use super::policy::PolicyType;
use super::request::{ApprovalRequest, Operation};
use crate::backend::{Backend, BackendError};
use crate::http::context::Context;
use crate::rbac::reach::Reach;

/// Whether there is such a request, and it is about nothing that is hidden from the client.
///
/// # Errors
/// [`BackendError`] if it, or what it is about, cannot be read.
pub(crate) async fn is_there<B: Backend>(
    context: &Context<'_, B>,
    id: Uuid,
) -> Result<bool, BackendError> {
    Ok(seen(context, request(context.backend, id).await?).await?.is_some())
}

/// A request, unless it is about a device that is hidden from the client.
///
/// # Errors
/// [`BackendError`] if what it is about cannot be read.
pub(super) async fn seen<B: Backend>(
    context: &Context<'_, B>,
    found: Option<ApprovalRequest>,
) -> Result<Option<ApprovalRequest>, BackendError> {
    let Some(found) = found else { return Ok(None) };
    Ok(is_seen(context, &found.operation).await?.then_some(found))
}

async fn is_seen<B: Backend>(
    context: &Context<'_, B>,
    operation: &Operation,
) -> Result<bool, BackendError> {
    let devices = match operation.policy_type {
        PolicyType::DeviceWipe | PolicyType::DeviceRetire | PolicyType::DeviceDelete => {
            &operation.objects
        }
        PolicyType::Role => return Ok(true),
    };
    if *context.reach == Reach::All {
        return Ok(true);
    }
    for device in devices {
        let Ok(device) = device.parse::<DeviceId>() else { return Ok(false) };
        if context.backend.device(device).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
