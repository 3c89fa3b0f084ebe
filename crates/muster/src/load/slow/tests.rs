use std::sync::Arc;

use muster_device::recording::{Entry, FORMAT, Happened, RecordedInput, Start};
use muster_protocol::{Attempt, CommandHead, Platform, Seed, Timestamp};
use muster_report::{
    CommandIndex, Journey, Label, Legend, PhaseIndex, PhaseLegend, PhaseRole, Who,
};

use super::*;

const LABEL: Label =
    Label { phase: PhaseIndex(0), command: CommandIndex(0), platform: Platform::Apple };

fn ms(ms: u64) -> Timestamp {
    Timestamp::from_micros(ms * 1_000)
}

fn id(number: u8) -> CommandId {
    CommandId::from_bytes([number; 16])
}

fn recorder() -> Recorder {
    Recorder::new(Arc::new(Legend {
        phases: vec![PhaseLegend {
            name: "all".to_owned(),
            role: PhaseRole::Measured,
            begins: Timestamp::ZERO,
            ends: ms(60_000),
        }],
        commands: vec!["sync".to_owned()],
        events: Vec::new(),
    }))
}

/// A command of this device ends after so many milliseconds.
fn ended(recorder: &mut Recorder, device: u32, command: CommandId, took: u64) {
    let who = Who { device, command: Some(command) };
    let mut journey = Journey::planned(Timestamp::ZERO);
    journey.queued = Some(ms(1));
    journey.delivered = Some(ms(1));
    journey.acknowledged = Some(ms(took));
    journey.stored = Some(ms(took));
    recorder.ended(ms(took), LABEL, who, &journey);
}

/// A recording of a device that was given these commands.
fn recording(commands: &[u8]) -> Recording {
    let spec = muster_agent::population(1, Seed::root(1)).remove(0);
    let entry = |number: &u8| Entry {
        at: Timestamp::ZERO,
        happened: Happened::Input(RecordedInput {
            event: RecordedEvent::Command {
                head: CommandHead {
                    id: id(*number),
                    attempt: Attempt::new(1),
                    expires_at: Timestamp::ZERO,
                },
                request: None,
            },
            secrets: Vec::new(),
        }),
        said: Vec::new(),
    };
    Recording {
        format: FORMAT,
        serial: spec.facts.serial.clone(),
        start: Start::Fresh { spec: Box::new(spec), seed: Seed::root(1) },
        left_out: 0,
        entries: commands.iter().map(entry).collect(),
    }
}

fn device(number: u32) -> SlowDevice {
    let file = DeviceRecording::of(recording(&[]), None, "a test");
    SlowDevice { number, file, lacks: None }
}

#[test]
fn a_device_is_asked_once_for_each_command_that_makes_it_slow() {
    let (mut shelf, mut recorder) = (Shelf::default(), recorder());
    let next = |shelf: &mut Shelf, recorder: &Recorder| {
        shelf.next(recorder).map(|slow| (slow.who.device, slow.who.command))
    };
    ended(&mut recorder, 1, id(1), 10);
    ended(&mut recorder, 2, id(2), 20);
    assert_eq!(next(&mut shelf, &recorder), Some((2, Some(id(2)))), "the slowest first");
    assert_eq!(next(&mut shelf, &recorder), Some((1, Some(id(1)))));
    assert_eq!(next(&mut shelf, &recorder), None);
    ended(&mut recorder, 1, id(3), 5);
    assert_eq!(next(&mut shelf, &recorder), None, "it was slower before");
    ended(&mut recorder, 1, id(4), 30);
    assert_eq!(next(&mut shelf, &recorder), Some((1, Some(id(4)))));
}

#[test]
fn what_a_device_told_is_kept_for_the_command_it_was_asked_about() {
    let (mut shelf, mut recorder) = (Shelf::default(), recorder());
    ended(&mut recorder, 1, id(1), 10);
    let first = shelf.next(&recorder).unwrap().who;
    ended(&mut recorder, 1, id(2), 20);
    let second = shelf.next(&recorder).unwrap().who;
    shelf.put(first, Some(device(1)));
    assert!(shelf.take(second).is_none(), "an answer about another command");
    assert!(shelf.take(first).is_none());
}

#[test]
fn no_more_devices_are_kept_than_a_report_names() {
    let (mut shelf, mut recorder) = (Shelf::default(), recorder());
    for number in 0..200_u32 {
        ended(&mut recorder, number, id(1), u64::from(number) + 2);
        let who = shelf.next(&recorder).unwrap().who;
        shelf.put(who, Some(device(number)));
    }
    let named: Vec<Who> = recorder.slowest().map(|slow| slow.who).collect();
    assert_eq!((named.len(), shelf.len()), (20, 20));
    for who in named {
        assert_eq!(shelf.take(who).map(|device| device.number), Some(who.device));
    }
}

#[test]
fn a_box_that_does_not_hold_the_command_says_so() {
    let mut recorder = recorder();
    ended(&mut recorder, 1, id(1), 10);
    let slow = *recorder.slowest().next().unwrap();
    assert_eq!(lacks(&slow, &recording(&[7, 1, 9])), None);
    let gone = lacks(&slow, &recording(&[7, 9]));
    assert_eq!(gone, Some("the command is no longer in the black box"));
    let mut waiting = slow;
    waiting.journey.delivered = None;
    let never = lacks(&waiting, &recording(&[7]));
    assert_eq!(never, Some("the command had not reached the device"));
    waiting.who.command = None;
    assert_eq!(lacks(&waiting, &recording(&[7])), Some("the command was never sent"));
}
