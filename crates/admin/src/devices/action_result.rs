//! What became of the actions on a device: `deviceActionResults`.

use std::collections::BTreeMap;

use muster_control::{Action, ActionKind, CommandRecord, CommandState, DeviceRecord};
use muster_protocol::{CommandId, ErrorItem, Timestamp};
use serde::Serialize;

use crate::devices::managed_device::{Around, date_time};
use crate::devices::service_act::Settled;
use crate::http::options::Strictness;

/// The `errorCode` of a failure whose own code is not a positive number.
const UNSPECIFIC_ERROR_CODE: i32 = 1;

/// The `actionName` of an action in `deviceActionResults`.
///
/// It differs from the last segment of the action's URL for wipe and retire.
///
/// Source: Microsoft Graph beta, enumeration `remoteAction`; an action that does not occur there
/// is named as in its URL.
#[must_use]
pub const fn action_name(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Wipe => "factoryReset",
        ActionKind::Retire => "removeCompanyData",
        ActionKind::ResetPasscode
        | ActionKind::RemoteLock
        | ActionKind::SyncDevice
        | ActionKind::BypassActivationLock
        | ActionKind::RebootNow
        | ActionKind::ShutDown
        | ActionKind::EnableLostMode
        | ActionKind::DisableLostMode
        | ActionKind::LocateDevice
        | ActionKind::PlayLostModeSound
        | ActionKind::Delete
        | ActionKind::DeviceConfigured
        | ActionKind::SetDeviceName
        | ActionKind::LogoutSharedAppleDeviceActiveUser
        | ActionKind::DeleteUserFromSharedAppleDevice => kind.graph_name(),
    }
}

/// The `actionName` of what was asked: a wipe that keeps the enrolment has a name of its own.
fn result_name(action: &Action) -> &'static str {
    match action {
        Action::Wipe { keep_enrollment_data: true, .. } => "factoryResetKeepEnrollmentData",
        Action::Wipe { keep_enrollment_data: false, .. }
        | Action::Retire
        | Action::ResetPasscode
        | Action::RemoteLock
        | Action::SyncDevice
        | Action::BypassActivationLock
        | Action::RebootNow
        | Action::ShutDown
        | Action::EnableLostMode { .. }
        | Action::DisableLostMode
        | Action::LocateDevice
        | Action::PlayLostModeSound { .. }
        | Action::Delete
        | Action::DeviceConfigured
        | Action::SetDeviceName { .. }
        | Action::LogoutSharedAppleDeviceActiveUser
        | Action::DeleteUserFromSharedAppleDevice { .. } => action_name(action.kind()),
    }
}

/// One entry of `deviceActionResults`. No `Debug`: it may hold a passcode.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionResult<'a> {
    /// Without the right type the SDKs drop the passcode.
    #[serde(rename = "@odata.type")]
    odata_type: &'static str,
    action_name: &'static str,
    action_state: &'static str,
    start_date_time: String,
    last_updated_date_time: String,
    #[serde(flatten)]
    detail: Detail<'a>,
    #[serde(rename = "x-muster-command-id", skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// The device's own error chain; Graph has no place for it.
    #[serde(rename = "x-muster-errors", skip_serializing_if = "<[ErrorItem]>::is_empty")]
    errors: &'a [ErrorItem],
}

/// What only one type of result has.
#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    #[serde(rename_all = "camelCase")]
    ResetPasscode {
        passcode: Option<&'a str>,
        error_code: i32,
    },
    /// The PIN is for macOS.
    #[serde(rename_all = "camelCase")]
    RemoteLock {
        unlock_pin: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    Locate {
        device_location: Option<DeviceLocation>,
    },
    #[serde(rename_all = "camelCase")]
    DeleteUser {
        user_principal_name: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Licences {
        total_licenses_count: u32,
        failed_licenses_count: u32,
    },
    Nothing {},
}

/// `deviceGeoLocation`: where a device was. The devices tell no height and no movement.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceLocation {
    last_collected_date_time: String,
    latitude: f64,
    longitude: f64,
    altitude: Option<f64>,
    horizontal_accuracy: f64,
    vertical_accuracy: Option<f64>,
    heading: Option<f64>,
    speed: Option<f64>,
}

/// The result of each of [`latest_commands`], then of what the service did by itself.
pub(crate) fn action_results<'a>(
    around: &dyn Around,
    record: &'a DeviceRecord,
) -> Vec<ActionResult<'a>> {
    let latest = latest_commands(record).into_iter();
    let commands = latest.map(|command| action_result(around, record, command));
    let settled = around.labels(record.id).into_iter().flat_map(|labels| &labels.settled);
    commands.chain(settled.map(|(what, at)| settled_result(*what, *at))).collect()
}

/// The result of what the service did by itself: done when it was asked for.
fn settled_result(what: Settled, at: jiff::Timestamp) -> ActionResult<'static> {
    let (odata_type, action_name, detail) = match what {
        Settled::CustomTextNotification => {
            ("#microsoft.graph.deviceActionResult", "customTextNotification", Detail::Nothing {})
        }
        Settled::RevokeAppleVppLicenses => {
            let none = Detail::Licences { total_licenses_count: 0, failed_licenses_count: 0 };
            let odata_type = "#microsoft.graph.revokeAppleVppLicensesActionResult";
            (odata_type, "revokeAppleVppLicenses", none)
        }
    };
    ActionResult {
        odata_type,
        action_name,
        action_state: "done",
        start_date_time: date_time(at),
        last_updated_date_time: date_time(at),
        detail,
        command: None,
        errors: &[],
    }
}

/// The commands `deviceActionResults` tells of: the latest of each action, in order of acceptance.
#[must_use]
pub fn latest_commands(record: &DeviceRecord) -> Vec<&CommandRecord> {
    let latest: BTreeMap<ActionKind, &CommandRecord> =
        record.commands().map(|command| (command.action.kind(), command)).collect();
    let mut commands: Vec<&CommandRecord> = latest.into_values().collect();
    commands.sort_by_key(|command| command.sequence);
    commands
}

fn action_result<'a>(
    around: &dyn Around,
    record: &DeviceRecord,
    command: &'a CommandRecord,
) -> ActionResult<'a> {
    let kind = command.action.kind();
    let (id, errors) = match around.strictness() {
        Strictness::Explained => (Some(command.id.to_string()), errors(&command.state)),
        Strictness::Strict => (None, [].as_slice()),
    };
    ActionResult {
        odata_type: odata_type(kind),
        action_name: result_name(&command.action),
        action_state: action_state(&command.state),
        start_date_time: date_time(around.wall(command.accepted_at)),
        last_updated_date_time: date_time(around.wall(command.updated_at)),
        detail: detail(around, record, command),
        command: id,
        errors,
    }
}

const fn odata_type(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::ResetPasscode => "#microsoft.graph.resetPasscodeActionResult",
        ActionKind::RemoteLock => "#microsoft.graph.remoteLockActionResult",
        ActionKind::LocateDevice => "#microsoft.graph.locateDeviceActionResult",
        ActionKind::DeleteUserFromSharedAppleDevice => {
            "#microsoft.graph.deleteUserFromSharedAppleDeviceActionResult"
        }
        ActionKind::Wipe
        | ActionKind::Retire
        | ActionKind::SyncDevice
        | ActionKind::BypassActivationLock
        | ActionKind::RebootNow
        | ActionKind::ShutDown
        | ActionKind::EnableLostMode
        | ActionKind::DisableLostMode
        | ActionKind::PlayLostModeSound
        | ActionKind::Delete
        | ActionKind::DeviceConfigured
        | ActionKind::SetDeviceName
        | ActionKind::LogoutSharedAppleDeviceActiveUser => "#microsoft.graph.deviceActionResult",
    }
}

/// The `actionState` of a command.
///
/// Source: Microsoft Graph, enumeration `actionState`.
#[must_use]
pub const fn action_state(state: &CommandState) -> &'static str {
    match state {
        // What the activation service carries out is not with the device.
        CommandState::Queued | CommandState::NotNow | CommandState::AtService => "pending",
        CommandState::InFlight => "active",
        CommandState::Done { .. } => "done",
        CommandState::Failed { .. } => "failed",
        CommandState::NotSupported { .. } => "notSupported",
        CommandState::Canceled { .. } => "canceled",
    }
}

fn detail<'a>(
    around: &dyn Around,
    record: &DeviceRecord,
    command: &'a CommandRecord,
) -> Detail<'a> {
    match &command.action {
        Action::ResetPasscode => Detail::ResetPasscode {
            passcode: shown_passcode(&command.state, around.now()),
            error_code: error_code(&command.state),
        },
        Action::RemoteLock => Detail::RemoteLock { unlock_pin: None },
        Action::LocateDevice => {
            Detail::Locate { device_location: device_location(around, record, command.id) }
        }
        Action::DeleteUserFromSharedAppleDevice { user_principal_name } => {
            Detail::DeleteUser { user_principal_name }
        }
        Action::Wipe { .. }
        | Action::Retire
        | Action::SyncDevice
        | Action::BypassActivationLock
        | Action::RebootNow
        | Action::ShutDown
        | Action::EnableLostMode { .. }
        | Action::DisableLostMode
        | Action::PlayLostModeSound { .. }
        | Action::Delete
        | Action::DeviceConfigured
        | Action::SetDeviceName { .. }
        | Action::LogoutSharedAppleDeviceActiveUser => Detail::Nothing {},
    }
}

/// The place that answered this command while it may be seen.
fn device_location(
    around: &dyn Around,
    record: &DeviceRecord,
    command: CommandId,
) -> Option<DeviceLocation> {
    let found = record.located_by(command, around.now())?;
    Some(DeviceLocation {
        last_collected_date_time: date_time(around.wall(found.at)),
        latitude: degrees(found.location.latitude_microdegrees),
        longitude: degrees(found.location.longitude_microdegrees),
        altitude: None,
        horizontal_accuracy: f64::from(found.location.horizontal_accuracy_metres),
        vertical_accuracy: None,
        heading: None,
        speed: None,
    })
}

fn degrees(microdegrees: i32) -> f64 {
    f64::from(microdegrees) / 1e6
}

/// The temporary passcode while it may be seen.
///
/// Source: sources/reset-passcode.md, "Reset Android work profile and Device Owner passcodes".
#[must_use]
pub fn shown_passcode(state: &CommandState, now: Timestamp) -> Option<&str> {
    match state {
        CommandState::Done { passcode } => passcode
            .as_ref()
            .filter(|passcode| now < passcode.shown_until)
            .map(|passcode| passcode.value.expose().as_str()),
        CommandState::Queued
        | CommandState::InFlight
        | CommandState::NotNow
        | CommandState::AtService
        | CommandState::Failed { .. }
        | CommandState::NotSupported { .. }
        | CommandState::Canceled { .. } => None,
    }
}

/// 0 unless it failed; then the code of the top error, which Graph wants positive.
fn error_code(state: &CommandState) -> i32 {
    match state {
        CommandState::Failed { errors } | CommandState::NotSupported { errors } => errors
            .first()
            .map(|error| error.code)
            .filter(|code| *code > 0)
            .unwrap_or(UNSPECIFIC_ERROR_CODE),
        CommandState::Queued
        | CommandState::InFlight
        | CommandState::NotNow
        | CommandState::AtService
        | CommandState::Done { .. }
        | CommandState::Canceled { .. } => 0,
    }
}

fn errors(state: &CommandState) -> &[ErrorItem] {
    match state {
        CommandState::Failed { errors } | CommandState::NotSupported { errors } => errors,
        CommandState::Queued
        | CommandState::InFlight
        | CommandState::NotNow
        | CommandState::AtService
        | CommandState::Done { .. }
        | CommandState::Canceled { .. } => &[],
    }
}
