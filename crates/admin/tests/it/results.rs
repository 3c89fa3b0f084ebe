//! What became of actions.

use std::time::Duration;

use muster_control::{
    Action, COMMAND_LIFETIME, CancelReason, CommandRecord, CommandState, DeviceRecord,
    PASSCODE_SHOWN_FOR, TemporaryPasscode,
};
use muster_protocol::secret::Passcode;
use muster_protocol::{CommandId, ErrorItem, Mode, Timestamp};
use serde_json::Value;

use crate::fake::{Fake, HOUR, command, id, record};

const WIPE: Action = Action::Wipe { persist_esim_data_plan: false };

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
    ]))
    .await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&results["deviceActionResults"]).unwrap());
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
    device.submit(now, CommandId::from_bytes([1; 16]), WIPE, COMMAND_LIFETIME).unwrap();
    device.idle(now);
    device.next(now).expect("the wipe");
    let device = shown(&Fake::new([device])).await;
    assert_eq!(device["managementState"], "wipeIssued");
    assert_eq!(device["deviceActionResults"][0]["actionState"], "active");
}
