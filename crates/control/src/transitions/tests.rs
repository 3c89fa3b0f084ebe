//! Drives every cell of the table through the public interface.

use super::*;
use crate::testing::*;
use crate::{Action, ActionKind, CancelReason, DeviceRecord, VendorOutcome};
use alloc::{format, string::String, vec::Vec};
use muster_protocol::management::CommandResult;
use muster_protocol::{Attempt, Outcome};

/// The command that is watched.
const WATCHED: u8 = 1;

/// Whether an event is of the activation service, which has to do with one action only.
fn is_of_the_service(event: Event) -> bool {
    use Event::{Called, ServiceAgain, ServiceRefused, ServiceUnknown, ServiceUnlocked};
    [Called, ServiceUnlocked, ServiceRefused, ServiceUnknown, ServiceAgain].contains(&event)
}

/// What is watched while `event` happens to it in `stage`.
fn watched(event: Event, stage: Stage) -> Action {
    if is_of_the_service(event) || stage == Stage::AtService {
        Action::BypassActivationLock
    } else {
        Action::ResetPasscode
    }
}

/// A device whose command 1 is in `stage`.
fn arrange(action: Action, stage: Stage) -> DeviceRecord {
    let mut device = iphone();
    submit(&mut device, at(1), WATCHED, action);
    let outcome = match stage {
        Stage::AtService => {
            device.vendor_call(at(2), &by_service()).unwrap();
            return device;
        }
        Stage::Queued => return device,
        Stage::Canceled => {
            device.cancel(at(2), id(WATCHED));
            return device;
        }
        Stage::InFlight => None,
        Stage::NotNow => Some(Outcome::NotNow),
        Stage::Done => Some(DONE),
        Stage::Failed => Some(Outcome::Error(error_items())),
        Stage::NotSupported => Some(Outcome::NotSupported(error_items())),
    };
    let command = lease(&mut device, at(2), WATCHED);
    if let Some(outcome) = outcome {
        device.settle(at(3), &reply(&command, outcome));
    }
    device
}

fn answer(device: &mut DeviceRecord, attempt: Attempt, outcome: Outcome) {
    device.settle(at(9), &CommandResult { id: id(WATCHED), attempt, outcome });
}

fn service_says(device: &mut DeviceRecord, outcome: VendorOutcome) {
    device.settle_vendor(at(9), id(WATCHED), outcome);
}

/// Lets `event` happen to a device.
fn happen(device: &mut DeviceRecord, event: Event) {
    let attempt = device.command(id(WATCHED)).unwrap().attempt;
    match event {
        Event::FinalSubmitted => submit(device, at(9), 7, WIPE),
        Event::Leased => {
            device.idle(at(9));
            let _ = device.next(at(9), &plain());
        }
        Event::Unsendable => {
            device.idle(at(9));
            device.escrow = crate::Escrow::default();
            let _ = device.next(at(9), &plain());
        }
        Event::Acknowledged => answer(device, attempt, DONE),
        Event::Error => answer(device, attempt, Outcome::Error(error_items())),
        Event::NotSupported => answer(device, attempt, Outcome::NotSupported(error_items())),
        Event::FormatError => answer(device, attempt, Outcome::CommandFormatError),
        Event::NotNow => answer(device, attempt, Outcome::NotNow),
        Event::StaleAnswer => answer(device, attempt.next(), DONE),
        Event::DuplicateAnswer => {
            // The answer has to have been taken before: in flight there is none yet.
            if device.command(id(WATCHED)).unwrap().state.stage() != Stage::InFlight {
                answer(device, attempt, DONE);
            }
        }
        Event::CancelRequested => {
            device.cancel(at(9), id(WATCHED));
        }
        Event::Expired => device.expire(at(1).after(HOUR)),
        Event::Disconnected => device.disconnected(at(9)),
        Event::Hello => device.hello(at(9), &hello()),
        Event::Restored => {
            let rows = device.commands().cloned().collect();
            *device = DeviceRecord::restore(device.clone(), rows);
        }
        Event::Withdrawn => {
            // A wait ends by the cancel alone, which has a row of its own.
            let stage = device.command(id(WATCHED)).unwrap().state.stage();
            if stage == Stage::InFlight {
                device.cancel(at(9), id(WATCHED));
                device.disconnected(at(9));
            } else if stage == Stage::AtService {
                device.cancel(at(9), id(WATCHED));
                device.settle_vendor(at(9), id(WATCHED), VendorOutcome::Unreachable);
            }
        }
        Event::Idle => device.idle(at(9)),
        Event::DeviceLeft => device.enrolled_again(at(9)),
        Event::Called => {
            let _ = device.vendor_call(at(9), &by_service());
        }
        Event::ServiceUnlocked => service_says(device, VendorOutcome::Unlocked),
        Event::ServiceRefused => service_says(device, VendorOutcome::KeyMismatch),
        Event::ServiceUnknown => service_says(device, VendorOutcome::UnknownDevice),
        Event::ServiceAgain => service_says(device, VendorOutcome::Unreachable),
    }
}

#[test]
fn the_queue_makes_the_moves_of_the_table_and_no_others() {
    for (event, _) in TRANSITIONS {
        for stage in Stage::ALL {
            let mut device = arrange(watched(*event, stage), stage);
            assert_eq!(device.command(id(WATCHED)).unwrap().state.stage(), stage);
            happen(&mut device, *event);
            let reached = device.command(id(WATCHED)).unwrap().state.stage();
            let expected = successor(*event, stage).unwrap_or(stage);
            assert_eq!(reached, expected, "{event:?} at {stage:?}");
        }
    }
}

#[test]
fn no_event_takes_a_command_out_of_a_terminal_state() {
    for (event, moves) in TRANSITIONS {
        for (from, _) in *moves {
            assert!(from.is_live(), "{event:?} at {from:?}");
        }
    }
}

#[test]
fn every_event_has_one_row_and_every_stage_one_successor() {
    for (index, (event, moves)) in TRANSITIONS.iter().enumerate() {
        let earlier = TRANSITIONS[..index].iter().any(|(named, _)| named == event);
        assert!(!earlier, "{event:?} stands twice");
        for (from, _) in *moves {
            assert_eq!(moves.iter().filter(|(named, _)| named == from).count(), 1, "{event:?}");
        }
    }
}

#[test]
fn the_table_of_moves_is_the_one_that_was_agreed() {
    let mut lines = Vec::new();
    let head: Vec<String> = Stage::ALL.iter().map(|stage| cell(&format!("{stage:?}"))).collect();
    lines.push(format!("{:<16}{}", "event", head.concat()));
    for (event, _) in TRANSITIONS {
        let cells = Stage::ALL.iter().map(|stage| match successor(*event, *stage) {
            Some(to) => cell(&format!("{to:?}")),
            None => cell("."),
        });
        lines.push(format!("{:<16}{}", format!("{event:?}"), cells.collect::<String>()));
    }
    let trimmed: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    insta::assert_snapshot!(trimmed.join("\n"));
}

fn cell(text: &str) -> String {
    format!("{text:<14}")
}

#[test]
fn superseded_in_flight_withdraws_like_taken_back_in_flight() {
    let mut device = arrange(Action::ResetPasscode, Stage::InFlight);
    submit(&mut device, at(5), 7, WIPE);
    device.disconnected(at(6));
    let reason = CancelReason::Superseded;
    assert_eq!(device.command(id(WATCHED)).unwrap().state, CommandState::Canceled { reason });
    assert_eq!(device.command(id(7)).unwrap().action.kind(), ActionKind::Wipe);
}
