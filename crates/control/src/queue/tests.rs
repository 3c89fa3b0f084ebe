use super::*;
use crate::testing::*;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{Mode, OsVersion, Outcome};

fn state(device: &DeviceRecord, number: u8) -> CommandState {
    device.command(id(number)).unwrap().state.clone()
}

fn canceled(reason: CancelReason) -> CommandState {
    CommandState::Canceled { reason }
}

fn say_not_now(device: &mut DeviceRecord, number: u8) {
    let command = lease(device, at(5), number);
    device.settle(at(5), &reply(&command, Outcome::NotNow));
}

fn restarted(mut device: DeviceRecord) -> DeviceRecord {
    let _ = device.take_writes();
    let rows = device.commands().cloned().collect();
    DeviceRecord::restore(device, rows)
}

#[test]
fn commands_go_out_one_at_a_time_in_order_of_acceptance() {
    let mut device = iphone();
    for number in 1..=3 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    for number in 1..=3 {
        let command = lease(&mut device, at(2), number);
        assert_eq!(device.next(at(2), &plain()), None, "one in flight");
        device.settle(at(3), &reply(&command, DONE));
    }
    assert_eq!(device.next(at(4), &plain()), None);
}

#[test]
fn a_wipe_supersedes_what_waits_and_leaves_what_is_in_flight_to_its_answer() {
    let mut device = iphone();
    for number in 1..=3 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    say_not_now(&mut device, 1);
    let second = lease(&mut device, at(5), 2);
    submit(&mut device, at(6), 4, WIPE);
    assert_eq!(state(&device, 1), canceled(CancelReason::Superseded));
    assert_eq!(state(&device, 2), CommandState::InFlight);
    assert_eq!(state(&device, 3), canceled(CancelReason::Superseded));
    device.settle(at(7), &reply(&second, DONE));
    assert_eq!(state(&device, 2), CommandState::Done { passcode: None });
    lease(&mut device, at(8), 4);
}

#[test]
fn a_command_in_flight_that_would_wait_again_is_superseded_by_the_wipe_behind_it() {
    for answered in [None, Some(Outcome::NotNow)] {
        let mut device = iphone();
        submit(&mut device, at(1), 1, Action::RemoteLock);
        let command = lease(&mut device, at(2), 1);
        submit(&mut device, at(3), 2, WIPE);
        match answered {
            None => device.disconnected(at(4)),
            Some(outcome) => {
                let settled = device.settle(at(4), &reply(&command, outcome));
                assert_eq!(settled, crate::Settled::Closed);
            }
        }
        assert_eq!(state(&device, 1), canceled(CancelReason::Superseded));
        lease(&mut device, at(5), 2);
    }
}

#[test]
fn nothing_slips_past_a_wipe_that_was_deferred() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, WIPE);
    say_not_now(&mut device, 1);
    submit(&mut device, at(6), 2, Action::RemoteLock);
    assert_eq!(device.next(at(7), &plain()), None);
    device.idle(at(8));
    lease(&mut device, at(9), 1);
}

#[test]
fn the_later_of_two_final_commands_wins() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, WIPE);
    submit(&mut device, at(2), 2, Action::Retire);
    assert_eq!(state(&device, 1), canceled(CancelReason::Superseded));
    lease(&mut device, at(3), 2);
}

#[test]
fn not_now_goes_behind_fresh_commands_and_is_offered_once_a_run() {
    let mut device = iphone();
    for number in 1..=2 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    say_not_now(&mut device, 1);
    say_not_now(&mut device, 2);
    assert_eq!(device.next(at(6), &plain()), None);
    device.idle(at(7));
    submit(&mut device, at(8), 3, Action::RemoteLock);
    say_not_now(&mut device, 3);
    say_not_now(&mut device, 1);
    say_not_now(&mut device, 2);
    assert_eq!(device.next(at(9), &plain()), None);
}

#[test]
fn a_new_connection_begins_a_run_and_puts_the_attempt_back_first_in_line() {
    let mut device = iphone();
    for number in 1..=3 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    say_not_now(&mut device, 1);
    lease(&mut device, at(5), 2);
    device.hello(at(6), &hello());
    let second = lease(&mut device, at(7), 2);
    assert_eq!(second.head.attempt.number(), 2);
}

#[test]
fn an_overdue_command_is_closed_and_never_delivered() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    submit(&mut device, at(60), 2, Action::RemoteLock);
    let overdue = at(1).after(HOUR);
    assert_eq!(device.next_deadline(), Some(overdue));
    lease(&mut device, overdue, 2);
    assert_eq!(state(&device, 1), canceled(CancelReason::Expired));
}

#[test]
fn a_device_that_never_answers_blocks_its_queue_until_the_command_expires() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    submit(&mut device, at(60), 2, Action::RemoteLock);
    lease(&mut device, at(61), 1);
    device.expire(at(1).after(HOUR));
    assert_eq!(state(&device, 1), canceled(CancelReason::Expired));
    lease(&mut device, at(1).after(HOUR), 2);
}

#[test]
fn a_full_queue_refuses_loudly_and_a_wipe_finds_room() {
    let mut device = iphone();
    for number in 1..=64 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    let refused = device.submit(at(2), command(id(65), Action::SyncDevice), &plain());
    assert_eq!(refused, Err(SubmitRefusal::QueueFull));
    assert_eq!(device.live_commands(), QUEUE_PER_DEVICE_MAX);
    submit(&mut device, at(3), 66, WIPE);
    assert_eq!(device.live_commands(), 1);
}

#[test]
fn overdue_commands_take_no_room() {
    let mut device = iphone();
    for number in 1..=64 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    submit(&mut device, at(1).after(HOUR), 65, Action::SyncDevice);
    assert_eq!(device.live_commands(), 1);
}

#[test]
fn the_same_id_is_one_command() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    submit(&mut device, at(2), 1, Action::RemoteLock);
    assert_eq!(device.live_commands(), 1);
    assert!(device.knows(id(1)) && !device.knows(id(2)));
}

#[test]
fn the_same_id_is_one_command_even_when_the_device_has_left() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    device.lifecycle = Lifecycle::Unenrolled { reason: crate::UnenrolReason::Wiped, at: at(2) };
    let before = device.clone();
    assert_eq!(device.submit(at(3), command(id(1), Action::RemoteLock), &plain()), Ok(()));
    assert_eq!(device, before);
}

#[test]
fn a_refused_capability_leaves_the_record_untouched() {
    let mut device = android();
    let before = device.clone();
    let refused = device.submit(at(1), command(id(1), Action::Retire), &plain());
    assert!(matches!(refused, Err(SubmitRefusal::Capability(refusal)) if refusal.row == "T3"));
    assert_eq!(device, before);
}

#[test]
fn an_update_reported_by_the_device_decides_what_it_can_do() {
    let mut device = record(Mode::AndroidDeviceAdministrator, OsVersion::new(6, 0));
    assert_eq!(device.capability(ActionKind::ResetPasscode, &plain()), Ok(()));
    device.report(at(1), DeviceStatus { os_version: OsVersion::new(7, 1), ..status() });
    let refused = device.capability(ActionKind::ResetPasscode, &plain()).unwrap_err();
    assert_eq!(refused.row, "R2");
}

#[test]
fn a_missing_secret_fails_the_command_with_a_reason_and_the_next_one_goes() {
    let mut device = iphone();
    device.escrow = crate::Escrow::default();
    submit(&mut device, at(1), 1, Action::ResetPasscode);
    submit(&mut device, at(1), 2, Action::BypassActivationLock);
    submit(&mut device, at(1), 3, Action::RemoteLock);
    lease(&mut device, at(2), 3);
    for number in [1, 2] {
        let CommandState::Failed { errors } = state(&device, number) else { panic!() };
        assert!(errors[0].description.contains("is stored for this device"));
        assert_eq!(device.command(id(number)).unwrap().attempt.number(), 0, "never delivered");
    }
}

#[test]
fn cancel_before_delivery_is_final() {
    let mut device = iphone();
    for number in 1..=2 {
        submit(&mut device, at(1), number, Action::RemoteLock);
    }
    say_not_now(&mut device, 1);
    assert_eq!(device.cancel(at(6), id(1)), CancelOutcome::BeforeDelivery);
    assert_eq!(device.cancel(at(6), id(2)), CancelOutcome::BeforeDelivery);
    assert_eq!(device.cancel(at(6), id(2)), CancelOutcome::TooLate);
    assert_eq!(device.cancel(at(6), id(3)), CancelOutcome::Unknown);
    device.idle(at(7));
    assert_eq!(device.next(at(7), &plain()), None);
}

#[test]
fn a_raced_cancel_lets_the_answer_decide() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    let command = lease(&mut device, at(2), 1);
    assert_eq!(device.cancel(at(3), id(1)), CancelOutcome::Raced);
    device.settle(at(4), &reply(&command, DONE));
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
    submit(&mut device, at(5), 2, Action::RemoteLock);
    lease(&mut device, at(5), 2);
    device.disconnected(at(6));
    assert_eq!(state(&device, 2), CommandState::Queued, "the recall was for another command");
}

#[test]
fn a_raced_cancel_stops_the_next_delivery_even_across_a_restart() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    lease(&mut device, at(2), 1);
    let _ = device.take_writes();
    assert_eq!(device.cancel(at(3), id(1)), CancelOutcome::Raced);
    assert!(device.clone().take_writes().device_changed);
    let mut device = restarted(device);
    assert_eq!(state(&device, 1), canceled(CancelReason::Administrator));
    assert_eq!(device.take_writes().commands.len(), 1, "the change is written");
    assert_eq!(device.next(at(4), &plain()), None);
}

#[test]
fn a_restart_puts_the_attempt_back_and_counts_on() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::RemoteLock);
    lease(&mut device, at(2), 1);
    let mut device = restarted(device);
    assert_eq!(lease(&mut device, at(3), 1).head.attempt.number(), 2);
    submit(&mut device, at(4), 2, Action::RemoteLock);
    assert_eq!(device.command(id(2)).unwrap().sequence, 2);
}

/// Ten thousand records and more stand in memory; the texts and the unlock token come on top.
#[test]
fn an_idle_record_stays_small() {
    assert!(size_of::<DeviceRecord>() <= 512, "{}", size_of::<DeviceRecord>());
    assert!(size_of::<CommandRecord>() <= 176, "{}", size_of::<CommandRecord>());
}
