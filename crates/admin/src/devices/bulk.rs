//! One action on many devices: `executeAction`.
//!
//! Source: Microsoft Graph beta, action `executeAction` of `managedDevice`.

use axum::extract::Request;
use muster_control::{Action, ActionKind};
use muster_protocol::DeviceId;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::devices::act::{Counting, take};
use crate::devices::actions::parse_action;
use crate::devices::service_act::Notification;
use crate::http::body::{BodyError, object, read, text};
use crate::http::context::{Context, read as context_read};
use crate::http::errors::ApiError;
use crate::odata::query::no_options;
use crate::rbac::role::RoleAction;

/// Devices of one request, at most.
///
/// Source: Intune, "Use bulk device actions": up to 100 devices at a time.
pub(crate) const DEVICES_MAX: usize = 100;

/// Actions of the service that no device here can do.
///
/// Source: Microsoft Graph beta, enumeration `managedDeviceRemoteAction`.
const FOR_OTHERS: [&str; 11] = [
    "fullScan",
    "quickScan",
    "signatureUpdate",
    "deprovision",
    "disable",
    "reenable",
    "moveDeviceToOrganizationalUnit",
    "activateDeviceEsim",
    "collectDiagnostics",
    "initiateMobileDeviceManagementKeyRecovery",
    "initiateOnDemandProactiveRemediation",
];

/// What a request asks of its devices.
enum Wanted {
    Taken(ActionKind, RoleAction),
    /// Nothing of the device itself.
    Notified,
    /// None of them can do it.
    ForOthers,
}

/// `bulkManagedDeviceActionResult`
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    successful_device_ids: Vec<String>,
    failed_device_ids: Vec<String>,
    not_found_device_ids: Vec<String>,
    not_supported_device_ids: Vec<String>,
}

/// Takes an action on each of some devices and tells what became of each.
///
/// # Errors
/// [`ApiError`] if the request as a whole is no good: nothing was taken.
pub(crate) async fn act_on_many<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Value, ApiError> {
    no_options(request.uri())?;
    let body = read(request).await?;
    let members = object(&body)?;
    let (wanted, devices) = (wanted(&members)?, devices(&members)?);
    let mut outcome = Outcome::default();
    match wanted {
        Wanted::ForOthers => outcome.not_supported_device_ids = devices,
        Wanted::Notified => {
            context.roles.allow(context.principal, RoleAction::SendCustomNotifications)?;
            let notification = Notification::parse(&members)?;
            context.throttled()?;
            for device in devices {
                let notified = notify_one(context, &device, notification).await;
                outcome.file(device, notified);
            }
        }
        Wanted::Taken(kind, role) => {
            context.roles.allow(context.principal, role)?;
            let action = parse_action(kind, &body)?;
            approve(context, &devices, &action).await?;
            context.throttled()?;
            for device in devices {
                let taken = take_named(context, &device, (role, action.clone())).await;
                outcome.file(device, taken);
            }
        }
    }
    let mut answer = Map::new();
    let place = format!("{}/{}/$metadata", context.origin, context.version);
    let kind = "microsoft.graph.bulkManagedDeviceActionResult";
    answer.insert("@odata.context".to_owned(), format!("{place}#{kind}").into());
    if let Value::Object(lists) = json!(outcome) {
        answer.extend(lists);
    }
    Ok(answer.into())
}

/// Lets all of it pass, if nobody has to approve it or somebody has. An approval is used up
/// before anything is done: it is for one attempt.
async fn approve<B: Backend>(
    context: &Context<'_, B>,
    devices: &[String],
    action: &Action,
) -> Result<(), ApiError> {
    let ids: Vec<DeviceId> = devices.iter().filter_map(|id| id.parse().ok()).collect();
    let name = format!("{} devices", ids.len());
    let approved = context.approved_action(&ids, &name, action).await?;
    if approved.kept.is_empty() {
        return Ok(());
    }
    let kept = context_read(context.backend.keep(approved.kept.clone())).await;
    approved.settle(&kept);
    kept
}

async fn notify_one<B: Backend>(
    context: &Context<'_, B>,
    device: &str,
    notification: Notification,
) -> Result<(), ApiError> {
    let id = device.parse().map_err(|_not_an_id| ApiError::UnknownDevice)?;
    let record = context.managed(id).await?;
    context.may(RoleAction::SendCustomNotifications, &record)?;
    notification.send(context, &record).await
}

async fn take_named<B: Backend>(
    context: &Context<'_, B>,
    device: &str,
    wanted: (RoleAction, Action),
) -> Result<(), ApiError> {
    let id = device.parse().map_err(|_not_an_id| ApiError::UnknownDevice)?;
    take_one(context, id, wanted).await
}

async fn take_one<B: Backend>(
    context: &Context<'_, B>,
    device: DeviceId,
    (role, action): (RoleAction, Action),
) -> Result<(), ApiError> {
    match context.record(device).await {
        Ok(record) => context.may(role, &record)?,
        // A request that comes again may have ended the device; whose it is was looked at before.
        Err(ApiError::UnknownDevice) => {}
        Err(error) => return Err(error),
    }
    take(context, device, action, Counting::Counted).await.map(drop)
}

impl Outcome {
    /// Puts a device into the list of what became of it.
    fn file(&mut self, device: String, taken: Result<(), ApiError>) {
        let list = match taken {
            Ok(()) => &mut self.successful_device_ids,
            Err(ApiError::UnknownDevice | ApiError::NotEnrolled) => &mut self.not_found_device_ids,
            Err(ApiError::Capability(_)) => &mut self.not_supported_device_ids,
            Err(_) => &mut self.failed_device_ids,
        };
        list.push(device);
    }
}

fn wanted(members: &Map<String, Value>) -> Result<Wanted, BodyError> {
    let name = text(members, "actionName")?.unwrap_or_default();
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let taken = [
        (ActionKind::Wipe, RoleAction::Wipe),
        (ActionKind::Retire, RoleAction::Retire),
        (ActionKind::Delete, RoleAction::DeleteDevices),
        (ActionKind::RebootNow, RoleAction::RebootNow),
        (ActionKind::SyncDevice, RoleAction::SyncDevice),
        (ActionKind::SetDeviceName, RoleAction::SetDeviceName),
    ];
    if let Some((kind, role)) = taken.into_iter().find(|(kind, _)| is(kind.graph_name())) {
        return Ok(Wanted::Taken(kind, role));
    }
    if is("customTextNotification") {
        return Ok(Wanted::Notified);
    }
    if FOR_OTHERS.iter().any(|other| is(other)) {
        return Ok(Wanted::ForOthers);
    }
    let wanted = "an action for many devices, such as wipe, retire, delete, rebootNow, syncDevice";
    Err(BodyError::Member { member: "actionName", wanted })
}

/// The ids as they were sent, each once.
fn devices(members: &Map<String, Value>) -> Result<Vec<String>, BodyError> {
    let refused = BodyError::Member { member: "deviceIds", wanted: "a list of 1 to 100 ids" };
    let Some(ids) = members.get("deviceIds").and_then(Value::as_array) else {
        return Err(refused);
    };
    let mut devices: Vec<String> = Vec::new();
    for id in ids {
        match id.as_str() {
            Some(id) if devices.iter().any(|known| known.eq_ignore_ascii_case(id)) => {}
            Some(id) => devices.push(id.to_owned()),
            None => return Err(refused),
        }
    }
    if (1..=DEVICES_MAX).contains(&devices.len()) { Ok(devices) } else { Err(refused) }
}
