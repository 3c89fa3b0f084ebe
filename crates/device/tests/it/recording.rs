//! A recorded life comes out the same when it is played again, and tells no secret.

use muster_device::UserAction;
use muster_device::recording::{
    FORMAT, Happened, RecordedEvent, Recorder, Recording, Reference, Signature, Start, replay,
    shrink,
};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::{Mode, Policy, encode_at_rest};
use proptest::prelude::*;

use crate::properties::{Player, Step, run};
use crate::rig::{PERSONA, current_os, spec};

/// Fewer than most lives have, so that the beginning is left out.
const FEW: usize = 5;

const TYPED: &str = "31415926";

fn managed(inputs_max: usize) -> Player {
    let mode = Mode::AppleDeviceSupervised;
    let mut player = Player::recorded(spec(mode, current_os(mode), PERSONA), inputs_max);
    for step in [Step::Start, Step::Enrolled, Step::Connected, Step::Welcome(Policy::FULL)] {
        player.play(&step);
    }
    player.play(&Step::User(UserAction::StartFindMy));
    player
}

fn secrets(player: &Player) -> (UnlockToken, BypassCode) {
    let names = &player.names;
    (names.unlock_token.clone().expect("it enrolled"), names.bypass_code.clone().expect("it locks"))
}

/// Every form in which a secret could stand in a file.
fn assert_tells_nothing(recording: &Recording, token: &UnlockToken, code: &BypassCode) {
    let json = serde_json::to_string(recording).expect("plain data");
    let bytes = encode_at_rest(recording).expect("small");
    let numbers = serde_json::to_string(token.expose()).expect("bytes");
    assert!(!json.contains(numbers.trim_matches(['[', ']'])));
    assert!(!json.contains(code.expose().as_str()));
    assert!(!json.contains(TYPED));
    for secret in [token.expose().as_slice(), code.expose().as_bytes(), TYPED.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_recorded_life_replays_to_the_same_device((spec, steps) in run()) {
        let mut player = Player::new(spec);
        for step in &steps {
            player.play(step);
        }
        let recording = player.recorder.recording();
        let replayed = replay(&recording).unwrap();
        prop_assert_eq!(replayed.device, player.device);
        let written = serde_json::to_string(&recording).unwrap();
        prop_assert_eq!(serde_json::from_str::<Recording>(&written).unwrap(), recording);
    }

    #[test]
    fn the_last_inputs_of_a_life_replay_without_its_beginning((spec, steps) in run()) {
        let mut player = Player::recorded(spec, FEW);
        for step in &steps {
            player.play(step);
        }
        let recording = player.recorder.recording();
        prop_assert!(recording.entries.len() <= FEW);
        let replayed = replay(&recording).unwrap();
        prop_assert_eq!(replayed.device.status(), player.device.status());
        prop_assert_eq!(replayed.device.phase(), player.device.phase());
        if let (Some(token), Some(code)) = (&player.names.unlock_token, &player.names.bypass_code) {
            assert_tells_nothing(&recording, token, code);
        }
    }

    #[test]
    fn a_crash_anywhere_replays_to_what_was_durable(
        (spec, steps) in run(),
        last in 0..8_usize,
        outputs in 0..6_usize,
    ) {
        let mut player = Player::new(spec);
        for step in &steps {
            player.play(step);
        }
        if let Some(step) = steps.get(last) {
            player.crash(step, outputs);
        }
        player.play(&Step::Start);
        let replayed = replay(&player.recorder.recording()).unwrap();
        prop_assert_eq!(replayed.device, player.device);
    }

    #[test]
    fn a_crash_that_is_left_out_has_left_what_was_durable(
        (spec, steps) in run(),
        last in 0..8_usize,
        outputs in 0..6_usize,
    ) {
        let mut player = Player::recorded(spec, FEW);
        for step in &steps {
            player.play(step);
            if let Some(step) = steps.get(last) {
                player.crash(step, outputs);
            }
            player.play(&Step::Start);
        }
        let replayed = replay(&player.recorder.recording()).unwrap();
        prop_assert_eq!(replayed.device.status(), player.device.status());
        prop_assert_eq!(replayed.device.phase(), player.device.phase());
    }
}

#[test]
fn own_secrets_are_numbered_and_others_only_measured() {
    let mut player = managed(100);
    let (token, code) = secrets(&player);
    player.play(&Step::User(UserAction::EnterPasscode(Passcode::new(TYPED.to_owned()))));
    let clear_passcode = (0..42).find_map(|request| {
        player.play(&Step::Command(1, request));
        let entries = player.recorder.recording().entries;
        let input = entries.last()?.happened.input()?.clone();
        matches!(input.secrets[..], [Reference::Own(_)]).then_some(input)
    });
    let input = clear_passcode.expect("some request has a secret of the device");
    assert!(matches!(input.event, RecordedEvent::Command { .. }));
    let recording = player.recorder.recording();
    let typed = recording
        .entries
        .iter()
        .filter_map(|entry| entry.happened.input())
        .find(|input| matches!(input.event, RecordedEvent::User(UserAction::EnterPasscode(_))));
    assert_eq!(typed.unwrap().secrets, [Reference::Other { bytes: TYPED.len() }]);
    assert!(matches!(recording.start, Start::Fresh { .. }));
    assert_eq!(recording.redactions(), 2);
    assert_tells_nothing(&recording, &token, &code);
    replay(&recording).unwrap();
}

#[test]
fn a_snapshot_has_pseudonyms_where_the_secrets_were() {
    let mut player = managed(2);
    let (token, code) = secrets(&player);
    player.play(&Step::Connected);
    let recording = player.recorder.recording();
    assert!(matches!(recording.start, Start::Kept { .. }));
    assert!(recording.left_out > 0);
    assert_tells_nothing(&recording, &token, &code);
    replay(&recording).unwrap();
}

#[test]
fn a_device_with_an_unknown_past_is_recorded_from_where_it_stands() {
    let mut player = managed(100);
    let (token, code) = secrets(&player);
    player.recorder = Recorder::resumed(player.device.clone(), 100);
    for request in 0..20 {
        player.play(&Step::Command(2, request));
    }
    let recording = player.recorder.recording();
    assert_tells_nothing(&recording, &token, &code);
    let replayed = replay(&recording).unwrap();
    assert_eq!(replayed.device.status(), player.device.status());
}

#[test]
fn the_replay_stops_at_the_first_output_that_differs() {
    let player = managed(100);
    let mut recording = player.recorder.recording();
    let (index, entry) =
        recording.entries.iter_mut().enumerate().find(|(_, entry)| entry.said.len() > 1).unwrap();
    entry.said[1].digest ^= 1;
    let expected = entry.said[1].what.clone();
    let divergence = replay(&recording).unwrap_err();
    assert_eq!((divergence.entry, divergence.output), (index, 1));
    assert_eq!(divergence.expected.as_ref(), Some(&expected));
    assert_eq!(divergence.actual, Some(expected));
    recording.entries[index].said.truncate(1);
    let more = replay(&recording).unwrap_err();
    assert_eq!((more.output, more.expected), (1, None));
    assert!(more.actual.is_some());
}

#[test]
fn an_input_that_was_never_given_is_a_divergence_and_no_panic() {
    let mut recording = managed(100).recorder.recording();
    recording.entries.retain(|entry| {
        let input = entry.happened.input();
        !input.is_some_and(|input| matches!(input.event, RecordedEvent::Enrolled { .. }))
    });
    assert!(replay(&recording).is_err());
}

#[test]
fn a_recording_of_another_format_is_refused() {
    let recording = managed(100).recorder.recording();
    let mut json = serde_json::to_value(&recording).unwrap();
    assert!(matches!(recording.entries[0].happened, Happened::Input(_)));
    json["format"] = (FORMAT + 1).into();
    let refused = serde_json::from_value::<Recording>(json).unwrap_err().to_string();
    assert_eq!(refused, "recording of format 2, this build reads 1");
}

/// Erased by its user a device forgets what it did, so that the same command takes effect again.
fn effect_twice() -> Recording {
    let mode = Mode::AndroidFullyManaged;
    let mut player = Player::new(spec(mode, current_os(mode), PERSONA));
    let enrol = [Step::Enrolled, Step::Connected, Step::Welcome(Policy::FULL)];
    let noise = [Step::Deadline, Step::Ack(1), Step::Empty, Step::Command(9, 3)];
    let erase = [Step::Command(1, 0), Step::User(UserAction::EraseAllContent), Step::Start];
    player.play(&Step::Start);
    for step in enrol.iter().chain(&noise).chain(&erase).chain(&enrol).chain(&noise) {
        player.play(step);
    }
    player.crash(&Step::Command(1, 0), 2);
    player.recorder.recording()
}

#[test]
fn a_recording_shrinks_to_what_makes_a_command_take_effect_twice() {
    let recording = effect_twice();
    let shrunk = shrink(&recording, &mut || true).unwrap();
    assert!(matches!(shrunk.signature, Signature::TookEffectTwice { .. }), "{}", shrunk.signature);
    assert!(shrunk.recording.entries.len() < recording.entries.len() - 5);
    assert!(shrunk.signature.occurs(&shrunk.recording));
    for index in 0..shrunk.recording.entries.len() {
        let mut less = shrunk.recording.clone();
        less.entries.remove(index);
        let happened = &shrunk.recording.entries[index].happened;
        assert!(
            !shrunk.signature.occurs(&less) || *happened == Happened::Restarted,
            "{happened:?} is not needed"
        );
    }
}

#[test]
fn a_recording_shrinks_to_what_leads_to_an_output_that_was_not_recorded() {
    let mut recording = effect_twice();
    let answered = recording.entries.iter().position(|entry| {
        let input = entry.happened.input().unwrap();
        matches!(input.event, RecordedEvent::Command { .. })
    });
    let answered = answered.unwrap();
    recording.entries.truncate(answered + 3);
    let said = recording.entries[answered].said.last_mut().unwrap();
    (said.what, said.digest) = ("something else".to_owned(), 0);
    let shrunk = shrink(&recording, &mut || true).unwrap();
    assert!(matches!(shrunk.signature, Signature::OtherOutput { .. }), "{}", shrunk.signature);
    assert!(shrunk.recording.entries.len() <= 5, "{:?}", shrunk.recording.entries);
    assert!(shrunk.signature.occurs(&shrunk.recording));
}

#[test]
fn without_time_a_recording_stays_as_it_is_and_without_a_failure_there_is_nothing_to_shrink() {
    let recording = effect_twice();
    let shrunk = shrink(&recording, &mut || false).unwrap();
    assert_eq!((shrunk.recording, shrunk.runs), (recording, 1));
    assert_eq!(shrink(&managed(100).recorder.recording(), &mut || true), None);
}
