//! Golden bytes: the wire is what `fixtures/wire/v1/` says it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use muster_protocol::alpn::MINOR;
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{FrameError, FrameReader, Message, Peer, RawFrame};
use muster_protocol::management::{ToDevice, ToServer};

mod docs;
mod judged;
mod samples;
mod text;
mod variants;

/// What a change of bytes means to whoever made it.
const CHANGED: &str = "THE WIRE HAS CHANGED. Devices in the field speak these bytes. Either undo \
    the change, or append a variant, field or kind at the end (see docs/protocol/framing.md, \
    versions), or give the protocol a new major in both ALPN names and new fixtures \
    (fixtures/wire/v2). Only appended samples may be written with \
    `cargo run -p muster-protocol --example golden -- fixtures/wire/v1`.";

#[test]
fn the_code_writes_exactly_the_golden_bytes() {
    for sample in samples::all() {
        let golden = golden(&sample.name);
        assert_eq!(text::frame(&sample), golden, "{}: {CHANGED}", sample.name);
    }
}

#[test]
fn golden_bytes_decode_and_encode_to_themselves() {
    for sample in samples::all() {
        let golden = golden(&sample.name);
        let (message, again) = match &sample.message {
            samples::Sampled::EnrolRequest(message) => round::<EnrolRequest>(&golden, message),
            samples::Sampled::EnrolReply(message) => round::<EnrolReply>(&golden, message),
            samples::Sampled::ToServer(message) => round::<ToServer>(&golden, message),
            samples::Sampled::ToDevice(message) => round::<ToDevice>(&golden, message),
        };
        assert!(message, "{}: decodes to another value. {CHANGED}", sample.name);
        assert_eq!(again, golden, "{}: {CHANGED}", sample.name);
    }
}

#[test]
fn the_folder_holds_the_samples_and_nothing_else() {
    let samples = samples::all();
    let names: BTreeSet<String> = samples.iter().map(|sample| sample.name.clone()).collect();
    assert_eq!(names.len(), samples.len(), "two samples share a name");
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder of golden bytes")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".hex").map(String::from))
        .collect();
    assert_eq!(files, names, "a sample was taken away or not written. {CHANGED}");
    let index = fs::read_to_string(folder().join(text::INDEX)).expect("the index");
    assert_eq!(index, text::index(&samples), "the index is stale. {CHANGED}");
}

#[test]
fn the_comments_in_the_files_tell_the_values_of_the_samples() {
    for sample in samples::all() {
        let path = folder().join(format!("{}.hex", sample.name));
        let written = fs::read_to_string(path).expect("a golden file");
        assert_eq!(written, text::file(&sample), "{}: {CHANGED}", sample.name);
    }
}

#[test]
fn the_golden_bytes_are_of_this_minor_and_those_before_it() {
    // Minor 1 added `push-update-*` and `policy-update-*`; minor 2 `command-set-device-name*`,
    // `command-log-out-user`, `command-delete-user*` and `command-result-device-name`; all other
    // files are of minor 0.
    assert_eq!(MINOR, 2, "a new minor: append its samples and say here which files belong to it");
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/wire/v1"))
}

fn golden(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.hex"));
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: not written yet ({error}). {CHANGED}"));
    text.lines().flat_map(|line| unhex(line.split('#').next().unwrap_or_default())).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("hexadecimal digits");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        })
        .collect()
}

/// The one frame these bytes are.
fn cut(bytes: &[u8]) -> Result<RawFrame, FrameError> {
    let mut reader = FrameReader::default();
    reader.push(bytes);
    let frame = reader.next_frame()?.expect("a whole frame");
    assert!(!reader.is_mid_frame(), "bytes behind the frame");
    Ok(frame)
}

/// Whether the bytes say `expected`, and what it encodes to.
fn round<M: Message + PartialEq>(bytes: &[u8], expected: &M) -> (bool, Vec<u8>) {
    let frame = cut(bytes).expect("a frame");
    let message = M::decode(&frame, Peer::Known).expect("a message").expect("a known kind");
    let mut again = Vec::new();
    message.encode(&mut again).expect("a small message");
    (message == *expected, again)
}
