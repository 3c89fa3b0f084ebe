//! What a recording promises to whoever is handed one.

use std::io::{Cursor, Read as _, Write as _};
use std::sync::LazyLock;

use muster_device::recording::Recorder;
use muster_protocol::{Seed, Timestamp};
use muster_server::{FACTS_FORMAT, Fact, ServerFacts, What};
use muster_sim::{Invariant, Keep, Swarm, SwarmSize, Violation, World};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;

/// A world in which devices hand over secrets of every kind.
const SEED: u64 = 17;

static RECORDING: LazyLock<SimulatedRecording> = LazyLock::new(made);

fn recording() -> SimulatedRecording {
    RECORDING.clone()
}

/// A recording without a failure, as if one had been seen at its end.
fn made() -> SimulatedRecording {
    let plan = Swarm::new(SwarmSize::default()).plan(SEED);
    let outcome = World::run(plan.clone(), Keep::Last(50));
    let at = Timestamp::from_micros(7);
    let violation = Violation::new(Invariant::S1, at, 0, "seen twice".to_owned());
    let redaction = Redaction::of(&outcome.secrets);
    let digest = digest(&plan_text(&plan).unwrap());
    let manifest = SimulatedManifest::new(&plan, digest, violation, transcribed(&outcome));
    SimulatedRecording { manifest, plan, transcript: transcript(&outcome), redaction }
}

/// The file with one part in another wording.
fn reworded(part: &str, word: impl Fn(String) -> String) -> Vec<u8> {
    let bytes = archive::packed(&recording()).unwrap();
    let mut before = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut after = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..before.len() {
        let mut entry = before.by_index(index).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let name = entry.name().unwrap().into_owned();
        let text = if name == part { word(text) } else { text };
        after.start_file(name, SimpleFileOptions::default()).unwrap();
        after.write_all(text.as_bytes()).unwrap();
    }
    after.finish().unwrap().into_inner()
}

#[test]
fn what_is_written_is_read_again() {
    let recording = recording();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder/recording.muster");
    recording.write(&path).unwrap();
    assert_eq!(SimulatedRecording::read(&path).unwrap(), recording);
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    assert_eq!(archive::packed(&recording()).unwrap(), archive::packed(&recording()).unwrap());
}

#[test]
fn a_replay_of_an_unchanged_world_differs_nowhere() {
    let replay = recording().replay();
    assert_eq!(replay.difference, None);
    assert_eq!(replay.signature, Signature::Gone);
}

#[test]
fn a_replay_stops_at_the_first_line_that_differs() {
    let mut recording = recording();
    let line = recording.transcript.lines().nth(9).unwrap().to_owned();
    recording.transcript = recording.transcript.replacen(&line, "0:00:00 something else", 1);
    let difference = recording.replay().difference.unwrap();
    assert_eq!(difference.line, recording.manifest.log.left_out + 10);
    assert_eq!(difference.expected.as_deref(), Some("0:00:00 something else"));
    assert_eq!(difference.actual, Some(line));
}

#[test]
fn no_secret_of_the_run_is_in_the_file() {
    let bytes = archive::packed(&recording()).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut all = String::new();
    for index in 0..archive.len() {
        archive.by_index(index).unwrap().read_to_string(&mut all).unwrap();
    }
    let secrets = World::run(recording().plan, Keep::Nothing).secrets;
    assert!(!secrets.unlock_tokens.is_empty(), "another seed has them");
    assert!(!secrets.bypass_codes.is_empty(), "another seed has them");
    assert!(!secrets.passcodes.is_empty(), "another seed has them");
    let mut redaction = Redaction::of(&secrets);
    redaction.refuse(&secrets, &all).unwrap();
    assert_eq!(redaction.scrub(&secrets, all.clone()), all);
}

#[test]
fn a_file_of_a_later_format_is_refused_by_its_number() {
    let later = reworded("manifest.json", |text| {
        text.replace("\"format\": 1", "\"format\": 2, \"new\": []")
    });
    let error = archive::parse(later).unwrap_err();
    assert!(matches!(error, RecordingError::Format { found: 2, known: 1 }), "{error}");
}

#[test]
fn a_field_nobody_knows_yet_is_passed_over() {
    let wider = reworded("manifest.json", |text| text.replacen('{', "{\"later\": true,", 1));
    assert_eq!(archive::parse(wider).unwrap(), recording());
}

#[test]
fn a_plan_that_was_changed_is_noticed() {
    let changed = reworded("plan.json", |text| text.replacen("\"seed\": 17", "\"seed\": 18", 1));
    let error = archive::parse(changed).unwrap_err();
    assert!(matches!(error, RecordingError::Digest { .. }), "{error}");
}

#[test]
fn a_part_that_unpacks_without_end_is_refused() {
    let bomb = reworded("manifest.json", |_text| " ".repeat(2_000_000));
    assert!(bomb.len() < 1_000_000, "it is small while packed");
    let error = archive::parse(bomb).unwrap_err();
    assert!(matches!(error, RecordingError::TooLarge { part: "manifest.json", .. }), "{error}");
}

/// A device that was switched on, and what a server knew of it.
fn of_device() -> DeviceRecording {
    let spec = muster_agent::population(1, Seed::root(1)).remove(0);
    let serial = spec.facts.serial.clone();
    let mut recorder = Recorder::fresh(spec, Seed::root(1), 8);
    recorder.input(Timestamp::ZERO, &muster_device::Input::Deadline);
    let facts = ServerFacts {
        format: FACTS_FORMAT,
        device: muster_protocol::DeviceId::from_bytes([1; 16]),
        serial,
        at: Timestamp::from_micros(9),
        connected: false,
        record: None,
        left_out: 3,
        facts: vec![Fact { at: Timestamp::from_micros(8), what: What::Stored { revision: 4 } }],
    };
    DeviceRecording::of(recorder.recording(), Some(facts), "a test").because("it fails".to_owned())
}

#[test]
fn a_recording_of_a_device_is_read_again_with_what_the_server_knew_or_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.muster");
    let with = of_device();
    // As every file was before servers told anything.
    let without = DeviceRecording { server: None, ..of_device() };
    for file in [with, without] {
        file.write(&path).unwrap();
        assert_eq!(DeviceRecording::read(&path).unwrap(), Some(file));
    }
    recording().write(&path).unwrap();
    assert_eq!(DeviceRecording::read(&path).unwrap(), None);
}

#[test]
fn what_a_later_server_told_is_refused_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.muster");
    let mut file = of_device();
    file.server.as_mut().unwrap().format = FACTS_FORMAT + 1;
    file.write(&path).unwrap();
    let refused = DeviceRecording::read(&path).unwrap_err();
    assert!(matches!(refused, RecordingError::Json { part: "server.json", .. }), "{refused}");
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.starts_with("facts of format 2, this build reads 1"), "{why}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(archive::parse(bytes).is_err());
    }

    #[test]
    fn a_damaged_file_is_read_as_it_was_or_refused(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = archive::packed(&recording()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(read) = archive::parse(bytes) {
            prop_assert_eq!(read.plan, recording().plan);
        }
    }
}
