//! Records at rest.

use std::time::Duration;

use muster_control::{
    Action, ActionKind, CommandRecord, CommandState, DeviceRecord, NewCommand, Readings,
};
use muster_protocol::CommandId;
use serde_json::{Value, json};

use crate::start::{action, at, hello, id, iphone, secrets};

const HOUR: Duration = Duration::from_secs(3_600);

fn new(id: CommandId, action: Action) -> NewCommand {
    NewCommand { id, action, lifetime: HOUR }
}

fn busy() -> DeviceRecord {
    let mut device = iphone();
    device.token_update(at(1), secrets());
    device.hello(at(1), &hello());
    for (number, kind) in [(1, ActionKind::RemoteLock), (2, ActionKind::ResetPasscode)] {
        device
            .submit(at(2), new(id(number), action(kind)), &Readings::default())
            .expect("room in the queue");
    }
    device
}

fn rows(device: &DeviceRecord) -> Vec<CommandRecord> {
    device.commands().cloned().collect()
}

#[test]
fn a_record_put_together_from_its_rows_is_the_one_that_was_written() {
    let mut device = busy();
    let _ = device.take_writes();
    let text = serde_json::to_string(&device).unwrap();
    let read: DeviceRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(DeviceRecord::restore(read, rows(&device)), device);
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let mut device = busy();
    let _ = device.take_writes();
    let mut reversed = rows(&device);
    reversed.reverse();
    assert_eq!(DeviceRecord::restore(device.clone(), reversed), device);
}

#[test]
fn the_commands_are_not_part_of_the_device_row() {
    let row = serde_json::to_value(busy()).unwrap();
    for field in ["commands", "deferred", "changed", "recent"] {
        assert!(row.get(field).is_none(), "{field}");
    }
}

#[test]
fn the_device_row_is_not_written_again_for_a_command() {
    let mut device = busy();
    assert!(device.take_writes().device_changed);
    device.submit(at(3), new(id(3), action(ActionKind::SyncDevice)), &Readings::default()).unwrap();
    let _ = device.next(at(4), &Readings::default());
    let writes = device.take_writes();
    assert!(!writes.device_changed);
    assert_eq!(writes.commands.len(), 2, "one accepted, one in flight");
}

#[test]
fn rows_without_the_fields_that_came_later_are_read() {
    let mut device = busy();
    let _ = device.take_writes();
    let mut row = serde_json::to_value(&device).unwrap();
    for field in ["status", "escrow", "next_sequence", "recalled", "lost_mode", "located", "vendor"]
    {
        row.as_object_mut().unwrap().remove(field).unwrap();
    }
    let read: DeviceRecord = serde_json::from_value(row).unwrap();
    let mut device = DeviceRecord::restore(read, rows(&device));
    device.submit(at(3), new(id(3), action(ActionKind::SyncDevice)), &Readings::default()).unwrap();
    assert_eq!(device.command(id(3)).unwrap().sequence, 3, "counts on behind the last row");
}

#[test]
fn fields_of_a_later_version_do_not_stop_this_one() {
    let mut row = serde_json::to_value(busy()).unwrap();
    row["field_of_tomorrow"] = json!(7);
    assert!(serde_json::from_value::<DeviceRecord>(row).is_ok());
}

#[test]
fn a_done_command_of_before_passcodes_were_kept_is_read() {
    let state: CommandState =
        serde_json::from_value::<CommandState>(json!({ "Done": {} })).unwrap();
    assert_eq!(state, CommandState::Done { passcode: None });
    assert_eq!(serde_json::to_value(CommandState::Queued).unwrap(), Value::from("Queued"));
}

#[test]
fn a_wipe_of_before_keep_enrollment_data_is_read_as_one_that_keeps_nothing() {
    let old = json!({ "Wipe": { "persist_esim_data_plan": true } });
    let read: Action = serde_json::from_value(old).unwrap();
    let wanted = Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: false };
    assert_eq!(read, wanted);
}

#[test]
fn an_escrow_of_before_codes_had_a_date_is_read() {
    let mut row = serde_json::to_value(busy()).unwrap();
    for field in ["bypass_issued_at", "earlier_bypass_code"] {
        row["escrow"].as_object_mut().unwrap().remove(field).unwrap();
    }
    let read: DeviceRecord = serde_json::from_value(row).unwrap();
    assert!(read.escrow.bypass_code.is_some());
    assert!(read.next_deadline().is_some(), "its time is counted all the same");
}
