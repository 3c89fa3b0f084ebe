//! What became of actions.

use std::time::Duration;

use muster_control::{
    Action, COMMAND_LIFETIME, CancelReason, CommandRecord, CommandState, DeviceRecord,
    LOCATION_SHOWN_FOR, Located, NewCommand, PASSCODE_SHOWN_FOR, Readings, TemporaryPasscode,
};
use muster_protocol::secret::Passcode;
use muster_protocol::{CommandId, ErrorItem, Location, Mode, Timestamp};
use serde_json::{Value, json};

use crate::fake::{Fake, HOUR, command, id, record};

const KEEPING_WIPE: Action =
    Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: true };
const WIPE: Action = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };

fn fleet(commands: Vec<CommandRecord>) -> Fake {
    let device = record(1, Mode::AndroidFullyManaged);
    Fake::new([DeviceRecord::restore(device, commands)])
}

async fn shown(fake: &Fake) -> Value {
    fake.get(&format!("/v1.0/deviceManagement/managedDevices/{}", id(1))).await.json()
}

fn done() -> CommandState {
    CommandState::Done { passcode: None }
}

fn errors(code: i32) -> Vec<ErrorItem> {
    let domain = "CommandErrorCode".to_owned();
    vec![ErrorItem { domain, code, description: "token not active".to_owned() }]
}

/// When the passcode of [`with_passcode`] is hidden.
fn end() -> Timestamp {
    Timestamp::ZERO.after(2 * HOUR).after(PASSCODE_SHOWN_FOR)
}

fn with_passcode() -> CommandRecord {
    let passcode =
        TemporaryPasscode { value: Passcode::new("271828".to_owned()), shown_until: end() };
    command(1, Action::ResetPasscode, CommandState::Done { passcode: Some(passcode) })
}

#[tokio::test]
async fn results_of_every_kind() {
    let results = shown(&fleet(vec![
        with_passcode(),
        command(2, Action::RemoteLock, CommandState::Failed { errors: errors(4) }),
        command(3, Action::SyncDevice, CommandState::NotNow),
        command(4, Action::BypassActivationLock, CommandState::NotSupported { errors: errors(0) }),
        command(5, Action::Retire, CommandState::Canceled { reason: CancelReason::Superseded }),
        command(6, WIPE, CommandState::Queued),
        command(7, Action::LocateDevice, CommandState::InFlight),
        command(8, Action::RebootNow, done()),
    ]))
    .await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&results["deviceActionResults"]).unwrap());
}

#[tokio::test]
async fn every_action_has_its_name_in_results() {
    let lost = Action::EnableLostMode { message: None, phone_number: None, footer: None };
    for (action, name) in [
        (WIPE, "factoryReset"),
        (KEEPING_WIPE, "factoryResetKeepEnrollmentData"),
        (Action::Retire, "removeCompanyData"),
        (Action::RemoteLock, "remoteLock"),
        (Action::RebootNow, "rebootNow"),
        (Action::ShutDown, "shutDown"),
        (lost, "enableLostMode"),
        (Action::DisableLostMode, "disableLostMode"),
        (Action::LocateDevice, "locateDevice"),
        (Action::PlayLostModeSound { duration_minutes: 1 }, "playLostModeSound"),
        (Action::DeviceConfigured, "deviceConfigured"),
        (Action::SetDeviceName { device_name: "kiosk".to_owned() }, "setDeviceName"),
        (Action::LogoutSharedAppleDeviceActiveUser, "logoutSharedAppleDeviceActiveUser"),
    ] {
        let device = shown(&fleet(vec![command(1, action, CommandState::Queued)])).await;
        assert_eq!(device["deviceActionResults"][0]["actionName"], name);
    }
}

#[tokio::test]
async fn a_passcode_is_shown_for_seven_days() {
    let fake = fleet(vec![with_passcode()]);
    let last_moment = Timestamp::from_micros(end().as_micros() - 1);
    for (now, passcode) in [(last_moment, Value::from("271828")), (end(), Value::Null)] {
        let device = shown(&fake.clone().at(now)).await;
        let result = &device["deviceActionResults"][0];
        assert_eq!((&result["passcode"], &result["actionState"]), (&passcode, &"done".into()));
    }
}

#[tokio::test]
async fn a_passcode_is_in_lists_too_and_nowhere_once_hidden() {
    let fake = fleet(vec![with_passcode()]).at(end().after(Duration::from_secs(1)));
    for rest in ["", "?$select=deviceActionResults"] {
        let answer = fake.get(&format!("/beta/deviceManagement/managedDevices{rest}")).await;
        assert!(!answer.text.contains("271828"));
    }
}

/// A fleet whose device was located once, and when that is hidden.
fn located() -> (Fake, Timestamp) {
    let asked = command(1, Action::LocateDevice, done());
    let mut device = record(1, Mode::AndroidFullyManaged);
    let at = asked.updated_at;
    let location = Location {
        latitude_microdegrees: 47_376_900,
        longitude_microdegrees: -8_541_700,
        horizontal_accuracy_metres: 20,
    };
    device.located = Some(Box::new(Located { command: asked.id, location, at }));
    (Fake::new([DeviceRecord::restore(device, vec![asked])]), at.after(LOCATION_SHOWN_FOR))
}

#[tokio::test]
async fn a_location_is_shown_for_a_day_with_what_the_device_knows_of_it() {
    let (fake, end) = located();
    let last_moment = Timestamp::from_micros(end.as_micros() - 1);
    let place = json!({
        "lastCollectedDateTime": "2026-01-01T02:00:10.000000Z",
        "latitude": 47.3769,
        "longitude": -8.5417,
        "altitude": null,
        "horizontalAccuracy": 20.0,
        "verticalAccuracy": null,
        "heading": null,
        "speed": null,
    });
    for (now, shown_place) in [(last_moment, place), (end, Value::Null)] {
        let device = shown(&fake.clone().at(now)).await;
        let result = &device["deviceActionResults"][0];
        assert_eq!(result["@odata.type"], "#microsoft.graph.locateDeviceActionResult");
        assert_eq!(
            (&result["deviceLocation"], &result["actionState"]),
            (&shown_place, &"done".into())
        );
    }
}

#[tokio::test]
async fn a_location_belongs_to_the_command_that_asked_for_it() {
    let asked_again = command(2, Action::LocateDevice, CommandState::Queued);
    let (fake, _end) = located();
    let fake = Fake::new([DeviceRecord::restore(fake.kept(1), vec![asked_again])]);
    let result = shown(&fake).await["deviceActionResults"][0].take();
    assert_eq!(
        (&result["actionState"], &result["deviceLocation"]),
        (&"pending".into(), &Value::Null)
    );
}

#[tokio::test]
async fn a_bypass_at_the_activation_service_is_pending_until_it_is_done() {
    for (state, word) in [(CommandState::AtService, "pending"), (done(), "done")] {
        let device = shown(&fleet(vec![command(1, Action::BypassActivationLock, state)])).await;
        assert_eq!(device["deviceActionResults"][0]["actionState"], word);
    }
}

#[tokio::test]
async fn only_the_latest_result_of_each_action_is_shown() {
    let failed = CommandState::Failed { errors: errors(1) };
    let device = shown(&fleet(vec![
        command(1, Action::RemoteLock, failed),
        command(2, Action::SyncDevice, done()),
        command(3, Action::RemoteLock, done()),
    ]))
    .await;
    let results = device["deviceActionResults"].as_array().unwrap();
    let words: Vec<&str> =
        results.iter().filter_map(|result| result["actionName"].as_str()).collect();
    assert_eq!(words, ["syncDevice", "remoteLock"]);
    assert_eq!(results[1]["actionState"], "done");
}

#[tokio::test]
async fn a_failure_without_a_positive_code_still_has_one() {
    for (code, shown_code) in [(5, 5), (0, 1), (-3, 1)] {
        let state = CommandState::Failed { errors: errors(code) };
        let device = shown(&fleet(vec![command(1, Action::ResetPasscode, state)])).await;
        assert_eq!(device["deviceActionResults"][0]["errorCode"], shown_code);
    }
}

#[tokio::test]
async fn management_state_follows_the_latest_wipe_or_retire() {
    let canceled = || CommandState::Canceled { reason: CancelReason::Administrator };
    let failed = || CommandState::Failed { errors: errors(1) };
    let unsupported = || CommandState::NotSupported { errors: errors(1) };
    for (commands, word) in [
        (vec![], "managed"),
        (vec![command(1, Action::RemoteLock, failed())], "managed"),
        (vec![command(1, WIPE, CommandState::Queued)], "wipePending"),
        (vec![command(1, WIPE, CommandState::NotNow)], "wipePending"),
        (vec![command(1, WIPE, failed())], "wipeFailed"),
        (vec![command(1, WIPE, canceled())], "wipeCanceled"),
        (vec![command(1, WIPE, unsupported())], "managed"),
        (vec![command(1, Action::Retire, CommandState::Queued)], "retirePending"),
        (vec![command(1, WIPE, failed()), command(2, Action::Retire, failed())], "retireFailed"),
        (vec![command(1, Action::Retire, canceled())], "retireCanceled"),
    ] {
        assert_eq!(shown(&fleet(commands)).await["managementState"], word);
    }
}

#[tokio::test]
async fn an_accepted_action_is_pending_at_once_under_the_id_that_was_told() {
    let fake = fleet(vec![]);
    let path = format!("/v1.0/deviceManagement/managedDevices/{}/remoteLock", id(1));
    let accepted = fake.send("POST", &path, "").await;
    let result = shown(&fake).await["deviceActionResults"][0].take();
    assert_eq!(result["actionState"], "pending");
    assert_eq!(result["x-muster-command-id"], accepted.header("x-muster-command-id"));
}

#[tokio::test]
async fn a_wipe_the_device_has_taken_is_active_and_issued() {
    let mut device = record(1, Mode::AppleDevice);
    let now = Timestamp::ZERO.after(2 * HOUR);
    let id = CommandId::from_bytes([1; 16]);
    let wipe = NewCommand { id, action: WIPE, lifetime: COMMAND_LIFETIME };
    device.submit(now, wipe, &Readings::default()).unwrap();
    device.idle(now);
    device.next(now, &Readings::default()).expect("the wipe");
    let device = shown(&Fake::new([device])).await;
    assert_eq!(device["managementState"], "wipeIssued");
    assert_eq!(device["deviceActionResults"][0]["actionState"], "active");
}
