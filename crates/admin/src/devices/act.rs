//! Remote actions: from a request to a durable command.

use axum::extract::Request;
use muster_control::{Action, ActionKind};
use muster_protocol::{CommandId, DeviceId};
use tokio::time::timeout;
use tracing::info;

use crate::backend::{Backend, Submission, SubmitError};
use crate::devices::actions::read_action;
use crate::http::context::{BACKEND_WITHIN, Context};
use crate::http::errors::ApiError;
use crate::http::repeat::{Asked, RequestKey};
use crate::odata::query::no_options;
use crate::resources::audit_entry::of_action;

/// Takes an action on the device of the path.
///
/// The same request again is answered with the same command.
///
/// # Errors
/// [`ApiError`]: nothing was taken, but after [`ApiError::SubmitDeadline`] nobody knows.
pub(crate) async fn act<B: Backend>(
    context: &Context<'_, B>,
    kind: ActionKind,
    request: Request,
) -> Result<CommandId, ApiError> {
    let device = context.route.device()?;
    context.managed(device).await?;
    no_options(request.uri())?;
    let action = read_action(kind, request).await?;
    take(context, device, action, Counting::EachDevice).await
}

/// Whether an action counts against the limits by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    EachDevice,
    /// The request it is part of has been counted.
    Counted,
}

/// Takes an action on a device, unless the same request has done so before.
///
/// # Errors
/// As [`act`].
pub(crate) async fn take<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    action: Action,
    counting: Counting,
) -> Result<CommandId, ApiError> {
    let asked = noted(context, device, action.kind())?;
    let taking = take_once(context, device, &asked, (action, counting));
    asked.taken.get_or_try_init(|| taking).await?;
    Ok(asked.command)
}

/// Finds out whether the same was asked before, and under which command.
fn noted<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    action: ActionKind,
) -> Result<Asked, ApiError> {
    let command = context.backend.new_command_id()?;
    let Some(client_request_id) = context.call.sent_id() else {
        return Ok(Asked::new(command));
    };
    let key = RequestKey {
        application: context.principal.application.id,
        device,
        action,
        client_request_id: client_request_id.to_owned(),
    };
    Ok(context.repeats.note(context.backend.now(), key, command))
}

/// Takes a command unless it was taken when nobody could hear of it.
async fn take_once<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    asked: &Asked,
    (action, counting): (Action, Counting),
) -> Result<(), ApiError> {
    let record = context.managed(device).await?;
    if record.commands().any(|command| command.id == asked.command) {
        return Ok(());
    }
    match counting {
        Counting::EachDevice => context.throttled()?,
        Counting::Counted => {}
    }
    let kind = action.kind();
    let entry = of_action(context, &record, asked.command, kind);
    let submission = Submission { kept: vec![entry], ..Submission::new(asked.command, action) };
    submit(context, device, submission).await?;
    info!(
        action = kind.graph_name(),
        device_id = %device,
        command_id = %asked.command,
        request_id = %context.call.request_id,
        "admin action accepted"
    );
    Ok(())
}

async fn submit<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    submission: Submission,
) -> Result<(), ApiError> {
    let submitting = context.backend.submit(device, submission);
    let submitted: Result<(), SubmitError> =
        timeout(BACKEND_WITHIN, submitting).await.map_err(|_elapsed| ApiError::SubmitDeadline)?;
    Ok(submitted?)
}
