use super::*;
use crate::testing::*;
use crate::{Action, CancelOutcome, CommandRecord, DeviceRecord, SubmitRefusal};
use muster_protocol::{Attempt, CommandId, SettingResult};

fn state(device: &DeviceRecord, number: u8) -> CommandState {
    device.command(id(number)).unwrap().state.clone()
}

fn canceled(reason: CancelReason) -> CommandState {
    CommandState::Canceled { reason }
}

/// Submits, leases and answers one command.
fn run(device: &mut DeviceRecord, number: u8, action: Action, outcome: Outcome) -> Settled {
    submit(device, at(10), number, action);
    let command = lease(device, at(11), number);
    device.settle(at(12), &reply(&command, outcome))
}

#[test]
fn an_acknowledged_wipe_ends_the_enrolment_and_empties_escrow_and_queue() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, WIPE);
    submit(&mut device, at(1), 2, Action::RemoteLock);
    let wipe = lease(&mut device, at(2), 1);
    assert_eq!(device.settle(at(3), &reply(&wipe, DONE)), Settled::Closed);
    let gone = Lifecycle::Unenrolled { reason: UnenrolReason::Wiped, at: at(3) };
    assert_eq!(device.lifecycle, gone);
    assert_eq!(device.escrow, Escrow::default());
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
    assert_eq!(state(&device, 2), canceled(CancelReason::Unenrolled));
    assert_eq!(device.next(at(4), &plain()), None);
    let refused = device.submit(at(4), command(id(3), Action::SyncDevice), &plain());
    assert_eq!(refused, Err(SubmitRefusal::NotEnrolled));
}

#[test]
fn an_acknowledged_retire_ends_the_enrolment() {
    let mut device = iphone();
    run(&mut device, 1, Action::Retire, DONE);
    let gone = Lifecycle::Unenrolled { reason: UnenrolReason::Retired, at: at(12) };
    assert_eq!(device.lifecycle, gone);
    assert_eq!(device.escrow, Escrow::default());
}

#[test]
fn a_refused_wipe_leaves_the_device_enrolled_and_frees_what_was_held_back() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, WIPE);
    submit(&mut device, at(1), 2, Action::RemoteLock);
    let wipe = lease(&mut device, at(2), 1);
    device.settle(at(3), &reply(&wipe, Outcome::Error(error_items())));
    assert_eq!(device.lifecycle, Lifecycle::Enrolled);
    assert!(device.escrow.unlock_token.is_some());
    assert_eq!(state(&device, 1), CommandState::Failed { errors: error_items() });
    lease(&mut device, at(4), 2);
}

#[test]
fn a_used_bypass_code_is_dropped_and_the_unlock_token_stays() {
    let mut device = iphone();
    run(&mut device, 1, Action::BypassActivationLock, DONE);
    assert_eq!(device.escrow.bypass_code, None);
    assert!(device.escrow.unlock_token.is_some());
    assert!(device.take_writes().device_changed);
}

#[test]
fn a_refused_bypass_keeps_the_code() {
    let mut device = iphone();
    run(&mut device, 1, Action::BypassActivationLock, Outcome::Error(error_items()));
    assert!(device.escrow.bypass_code.is_some());
}

#[test]
fn a_temporary_passcode_is_shown_for_seven_days_and_purged_then() {
    let mut device = android();
    run(&mut device, 1, Action::ResetPasscode, passcode("271828"));
    let shown_until = at(12).after(PASSCODE_SHOWN_FOR);
    let value = Passcode::new("271828".into());
    let shown = CommandState::Done { passcode: Some(TemporaryPasscode { value, shown_until }) };
    assert_eq!(state(&device, 1), shown);
    let _ = device.take_writes();
    assert_eq!(device.next_deadline(), Some(shown_until));
    device.expire(Timestamp::from_micros(shown_until.as_micros() - 1));
    assert_eq!(state(&device, 1), shown);
    device.expire(shown_until);
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
    assert_eq!(device.take_writes().commands.len(), 1);
    assert_eq!(device.next_deadline(), Some(device.ends_at()));
}

#[test]
fn a_newer_temporary_passcode_purges_the_one_before() {
    let mut device = android();
    run(&mut device, 1, Action::ResetPasscode, passcode("271828"));
    run(&mut device, 2, Action::ResetPasscode, passcode("314159"));
    let writes = device.take_writes();
    let held = |row: &&CommandRecord| !matches!(row.state, CommandState::Done { passcode: None });
    assert_eq!(writes.commands.iter().filter(held).count(), 1);
    assert_eq!(writes.commands.len(), 2);
}

#[test]
fn a_passcode_still_shown_stays_in_memory_behind_a_newer_reset_that_failed() {
    let mut device = android();
    run(&mut device, 1, Action::ResetPasscode, passcode("271828"));
    run(&mut device, 2, Action::ResetPasscode, Outcome::Error(error_items()));
    let _ = device.take_writes();
    assert!(device.command(id(1)).is_some());
    device.expire(at(12).after(PASSCODE_SHOWN_FOR));
    assert_eq!(device.take_writes().commands.len(), 1);
    assert!(device.command(id(1)).is_none(), "purged and written: no reason to keep it");
}

#[test]
fn a_passcode_nobody_asked_for_is_not_kept() {
    let mut device = android();
    run(&mut device, 1, Action::RemoteLock, passcode("271828"));
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
}

#[test]
fn an_unreadable_request_ends_as_not_supported_with_a_reason() {
    let mut device = iphone();
    run(&mut device, 1, Action::SyncDevice, Outcome::CommandFormatError);
    let CommandState::NotSupported { errors } = state(&device, 1) else { panic!() };
    assert_eq!(errors, [format_error()]);
}

#[test]
fn a_status_in_an_answer_is_taken_over() {
    let mut device = iphone();
    let mut reported = status();
    reported.os_version = muster_protocol::OsVersion::new(17, 4);
    let outcome = Outcome::Acknowledged(Answer::Status(reported));
    run(&mut device, 1, Action::SyncDevice, outcome);
    assert_eq!(device.status, Some(reported));
    assert!(device.take_writes().device_changed);
}

#[test]
fn an_answer_to_an_earlier_attempt_cannot_close_a_later_one() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    let first = lease(&mut device, at(2), 1);
    device.disconnected(at(3));
    assert_eq!(device.settle(at(4), &reply(&first, DONE)), Settled::StaleAttempt);
    let second = lease(&mut device, at(5), 1);
    assert_eq!(second.head.attempt, first.head.attempt.next());
    assert_eq!(device.settle(at(6), &reply(&first, DONE)), Settled::StaleAttempt);
    assert_eq!(state(&device, 1), CommandState::InFlight);
    assert_eq!(device.settle(at(7), &reply(&second, DONE)), Settled::Closed);
}

#[test]
fn a_second_answer_changes_nothing_even_after_the_command_left_memory() {
    let mut device = iphone();
    run(&mut device, 1, Action::RemoteLock, DONE);
    run(&mut device, 2, Action::RemoteLock, DONE);
    let _ = device.take_writes();
    assert!(device.command(id(1)).is_none());
    for number in [1, 2] {
        let outcome = Outcome::Error(error_items());
        let again = CommandResult { id: id(number), attempt: Attempt::new(1), outcome };
        assert_eq!(device.settle(at(20), &again), Settled::Duplicate);
    }
    assert_eq!(device.cancel(at(20), id(1)), CancelOutcome::TooLate);
    assert!(device.take_writes().is_empty());
}

#[test]
fn an_answer_to_an_unknown_command_changes_nothing_but_when_it_was_seen() {
    let mut device = iphone();
    let before = device.clone();
    let stray = CommandId::from_bytes([99; 16]);
    let result = CommandResult { id: stray, attempt: Attempt::new(1), outcome: DONE };
    assert_eq!(device.settle(at(20), &result), Settled::Unknown);
    device.last_seen = before.last_seen;
    assert_eq!(device, before);
}

#[test]
fn an_answer_in_time_counts_even_if_the_sweep_for_overdue_ones_is_late() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    let command = lease(&mut device, at(2), 1);
    let late = at(2).after(HOUR);
    assert_eq!(device.settle(late, &reply(&command, DONE)), Settled::Closed);
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
}

#[test]
fn enrolling_again_closes_the_old_queue_and_voids_its_secrets() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    submit(&mut device, at(1), 2, Action::ResetPasscode);
    lease(&mut device, at(2), 1);
    device.enrolled_again(at(3));
    assert_eq!(state(&device, 1), canceled(CancelReason::Unenrolled));
    assert_eq!(state(&device, 2), canceled(CancelReason::Unenrolled));
    assert_eq!(device.escrow, Escrow::default());
    device.token_update(at(4), secrets());
    assert_eq!(device.escrow, Escrow::default(), "an ended life takes no secrets");
}

#[test]
fn enrolling_again_after_a_wipe_keeps_why_and_when_the_device_left() {
    let mut device = iphone();
    run(&mut device, 1, WIPE, DONE);
    let before = device.clone();
    device.enrolled_again(at(30));
    assert_eq!(device, before);
}

/// A renaming whose answer has these errors for its one item.
fn renamed(errors: Vec<ErrorItem>) -> DeviceRecord {
    let mut device = iphone();
    let item = SettingResult { item: "DeviceName".into(), errors };
    let answer = Outcome::Acknowledged(Answer::Settings(vec![item]));
    run(&mut device, 1, Action::SetDeviceName { device_name: "kiosk 3".into() }, answer);
    device
}

#[test]
fn a_device_goes_by_the_name_it_acknowledged() {
    let device = renamed(Vec::new());
    assert_eq!(device.name.as_deref(), Some("kiosk 3"));
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
}

#[test]
fn an_item_that_was_not_applied_is_a_failure() {
    let device = renamed(error_items());
    assert_eq!(device.name, None);
    assert_eq!(state(&device, 1), CommandState::Failed { errors: error_items() });
}
