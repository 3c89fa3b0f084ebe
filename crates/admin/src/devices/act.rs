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
use crate::resources::approvals::Approved;

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
    if let Some(command) = taken_before(context, device, kind) {
        return Ok(command);
    }
    context.managed(device).await?;
    no_options(request.uri())?;
    let action = read_action(kind, request).await?;
    take(context, device, action, Counting::EachDevice).await
}

/// Whether an action counts against the limits by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    EachDevice,
    /// The request it is part of has been counted, and approved.
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
    let key = request_key(context, device, action);
    Ok(context.books.repeats.note(context.backend.now(), key, command))
}

/// The command that answers a request which comes again, if it was taken. What has become of the
/// device since does not matter: a lost 204 of a wipe must not turn into a 404.
fn taken_before<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    action: ActionKind,
) -> Option<CommandId> {
    let asked =
        context.books.repeats.find(context.backend.now(), &request_key(context, device, action));
    asked.filter(|asked| asked.taken.initialized()).map(|asked| asked.command)
}

fn request_key<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    action: ActionKind,
) -> RequestKey {
    let application = context.principal.application.id;
    let user = context.principal.user.as_ref().map(|user| user.id);
    RequestKey { application, user, device, action, name: context.call.name() }
}

/// Takes a command unless it was taken when nobody could hear of it.
async fn take_once<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    asked: &Asked,
    (action, counting): (Action, Counting),
) -> Result<(), ApiError> {
    let record = context.managed(device).await?;
    if record.knows(asked.command) {
        return Ok(());
    }
    // Before it is counted: what can never be done there costs nobody a request.
    record.admits(&action, &context.backend.readings()).map_err(ApiError::Capability)?;
    let approved = match counting {
        Counting::EachDevice => {
            let name = record.facts.serial.as_str();
            let approved = context.approved_action(&[device], name, &action).await?;
            context.throttled()?;
            approved
        }
        Counting::Counted => Approved::freely(),
    };
    let kind = action.kind();
    let entry = context.audit_action(&record, asked.command, kind);
    let kept = [approved.kept.clone(), vec![entry]].concat();
    let submission = Submission { kept, ..Submission::new(asked.command, action) };
    let submitted = submit(context, device, submission).await;
    approved.settle(&submitted);
    submitted?;
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
