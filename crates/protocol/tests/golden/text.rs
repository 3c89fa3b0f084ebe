//! How samples are written down: one hex file each, and an index.

use std::fmt::Write as _;

use muster_protocol::frame::Message as _;
use muster_protocol::management::{ToDevice, ToServer};

use crate::samples::{Sample, Sampled};

/// The name of the index beside the hex files.
pub(crate) const INDEX: &str = "index.tsv";

/// Bytes of payload on one line.
const BYTES_PER_LINE: usize = 16;

/// The frame of a sample.
pub(crate) fn frame(sample: &Sample) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoded = match &sample.message {
        Sampled::EnrolRequest(message) => message.encode(&mut bytes),
        Sampled::EnrolReply(message) => message.encode(&mut bytes),
        Sampled::ToServer(message) => message.encode(&mut bytes),
        Sampled::ToDevice(message) => message.encode(&mut bytes),
    };
    encoded.expect("a sample is small");
    bytes
}

/// The file of a sample.
pub(crate) fn file(sample: &Sample) -> String {
    let bytes = frame(sample);
    let (head, payload) = bytes.split_at(5);
    let (length, kind) = head.split_at(4);
    let mut text = format!("# {}: {}, {}\n", sample.name, title(sample), direction(sample));
    writeln!(text, "# value: {}", value(sample)).expect("text grows");
    writeln!(text, "{}  # length", hex(length)).expect("text grows");
    writeln!(text, "{}        # kind", hex(kind)).expect("text grows");
    for line in payload.chunks(BYTES_PER_LINE) {
        writeln!(text, "{}", hex(line)).expect("text grows");
    }
    text
}

/// The index of all samples.
pub(crate) fn index(samples: &[Sample]) -> String {
    let mut text = String::from("# file\tmessage\tdirection\tkind\tbytes of the whole frame\n");
    for sample in samples {
        let bytes = frame(sample);
        let (name, title, direction) = (&sample.name, title(sample), direction(sample));
        let (kind, length) = (bytes[4], bytes.len());
        writeln!(text, "{name}.hex\t{title}\t{direction}\t0x{kind:02x}\t{length}")
            .expect("text grows");
    }
    text
}

const fn title(sample: &Sample) -> &'static str {
    match &sample.message {
        Sampled::EnrolRequest(_) => "EnrolRequest",
        Sampled::EnrolReply(_) => "EnrolReply",
        Sampled::ToServer(message) => message.name(),
        Sampled::ToDevice(message) => message.name(),
    }
}

const fn direction(sample: &Sample) -> &'static str {
    match &sample.message {
        Sampled::EnrolRequest(_) | Sampled::ToServer(_) => "device to server",
        Sampled::EnrolReply(_) | Sampled::ToDevice(_) => "server to device",
    }
}

/// The payload as JSON, so that a codec in another language can compare values, not only bytes.
fn value(sample: &Sample) -> String {
    let json = match &sample.message {
        Sampled::EnrolRequest(message) => serde_json::to_string(message),
        Sampled::EnrolReply(message) => serde_json::to_string(message),
        Sampled::ToServer(ToServer::Hello(message)) => serde_json::to_string(message),
        Sampled::ToServer(ToServer::TokenUpdate(message)) => serde_json::to_string(message),
        Sampled::ToServer(ToServer::StatusReport(message)) => serde_json::to_string(message),
        Sampled::ToServer(ToServer::CommandResult(message)) => serde_json::to_string(message),
        Sampled::ToServer(ToServer::PushUpdate(message)) => serde_json::to_string(message),
        Sampled::ToDevice(ToDevice::PolicyUpdate(message)) => serde_json::to_string(message),
        Sampled::ToDevice(ToDevice::Welcome(message)) => serde_json::to_string(message),
        Sampled::ToDevice(ToDevice::TokenUpdateAck { sequence }) => serde_json::to_string(sequence),
        Sampled::ToDevice(ToDevice::Command(message)) => {
            serde_json::to_string(&(&message.head, &message.request))
        }
        Sampled::ToServer(ToServer::Idle) | Sampled::ToDevice(ToDevice::Empty) => {
            serde_json::to_string(&())
        }
    };
    json.expect("a sample is plain data")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
