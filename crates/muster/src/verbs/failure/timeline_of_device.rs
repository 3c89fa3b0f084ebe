//! `muster case timeline` of what happened to a live device.

use muster_device::recording::{Entry, Happened, RecordedEvent, RecordedInput};
use muster_sim::{Lane, Sort, Step};
use serde_json::Value;

use super::server_lane::{self, Drawn};
use super::timeline::data;
use crate::cli::TimelineArgs;
use crate::diagram::lanes;
use crate::exit::{Exit, usage_error};
use crate::recording::DeviceRecording;
use crate::talk::{Format, print, print_json};

pub(super) fn timeline(
    args: &TimelineArgs,
    file: &DeviceRecording,
    format: Format,
) -> anyhow::Result<Exit> {
    if args.html.is_some() {
        let message = "the history of one live device is drawn as text only, without --html";
        return Err(usage_error(message.to_owned()));
    }
    match format {
        Format::Json => print_json(&drawn(file).steps.iter().map(data).collect::<Vec<Value>>())?,
        Format::Text => print(&text(file)),
    }
    Ok(Exit::Ok)
}

/// The history of a device as a person reads it.
pub(crate) fn text(file: &DeviceRecording) -> String {
    let (serial, drawn) = (&file.manifest.serial, drawn(file));
    format!("{serial}\n\n{}{}", lanes(&drawn.steps), drawn.apart)
}

fn drawn(file: &DeviceRecording) -> Drawn {
    let device = file.recording.entries.iter().flat_map(steps).collect();
    server_lane::beside(device, file)
}

/// What came in, and what the device said to it.
fn steps(entry: &Entry) -> Vec<Step> {
    let came = match &entry.happened {
        Happened::Input(input) | Happened::CutShort(input) => came(input),
        Happened::Restarted => at_device(Sort::Note, "the agent starts again"),
    };
    let said = entry.said.iter().map(|said| said_to(&said.what));
    let died = matches!(entry.happened, Happened::CutShort(_))
        .then(|| at_device(Sort::Fault, "the agent dies"));
    let told = std::iter::once(came).chain(said).chain(died);
    told.map(|(sort, from, to, text)| Step { at: entry.at, device: None, sort, from, to, text })
        .collect()
}

type Told = (Sort, Lane, Lane, String);

fn at_device(sort: Sort, text: &str) -> Told {
    (sort, Lane::Device, Lane::Device, text.to_owned())
}

fn came(input: &RecordedInput) -> Told {
    let text = format!("{:?}", input.event);
    match &input.event {
        RecordedEvent::Enrolled { .. }
        | RecordedEvent::EnrolmentRefused
        | RecordedEvent::Unenrolled
        | RecordedEvent::Welcome(_)
        | RecordedEvent::TokenUpdateAck { .. }
        | RecordedEvent::Command { .. }
        | RecordedEvent::Empty
        | RecordedEvent::PolicyUpdate(_) => (Sort::Message, Lane::Server, Lane::Device, text),
        RecordedEvent::Activation(_)
        | RecordedEvent::PushTarget(_)
        | RecordedEvent::Pushed { .. } => (Sort::Message, Lane::Vendor, Lane::Device, text),
        RecordedEvent::Connected { .. } | RecordedEvent::Disconnected => {
            (Sort::Message, Lane::Network, Lane::Device, text)
        }
        RecordedEvent::Start | RecordedEvent::User(_) | RecordedEvent::Deadline => {
            at_device(Sort::Note, &text)
        }
    }
}

/// An output is kept in words, which begin with what becomes of it.
fn said_to(what: &str) -> Told {
    let to = match what.split(['(', ' ']).next() {
        Some("Send") => Lane::Server,
        Some("Activation") => Lane::Vendor,
        Some("Enrol" | "Connect" | "Leave" | "Disconnect") => Lane::Network,
        Some(_) | None => return at_device(Sort::Note, what),
    };
    (Sort::Message, Lane::Device, to, what.to_owned())
}
