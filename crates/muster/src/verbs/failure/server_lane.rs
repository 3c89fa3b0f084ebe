//! What a server told of a device, in the lane beside what happened to the device.
//!
//! The two have clocks of their own. A welcome carries the server's time, and an attempt that goes
//! out comes in soon after: the smallest difference found is what one clock is ahead of the other,
//! and the way of one message.

use std::fmt::Write as _;

use muster_device::recording::{Entry, RecordedEvent};
use muster_protocol::{Attempt, CommandId, Timestamp};
use muster_server::{Fact, ServerFacts, Standing, What};
use muster_sim::{Lane, Sort, Step};

use crate::recording::DeviceRecording;

/// A drawing, and what has no place in it.
pub(super) struct Drawn {
    pub(super) steps: Vec<Step>,
    /// Facts in the server's own time, if nothing says how that relates to the device's; and how the
    /// server's record stands.
    pub(super) apart: String,
}

/// Puts what the server told among the steps of the device.
pub(super) fn beside(device: Vec<Step>, file: &DeviceRecording) -> Drawn {
    let Some(server) = &file.server else {
        return Drawn { steps: device, apart: String::new() };
    };
    let mut steps = Vec::new();
    let mut apart = String::new();
    match ahead(&file.recording.entries, server) {
        Some(ahead) => {
            // The message that took the least time took none in this drawing: the server is first.
            steps.extend(server.facts.iter().map(|fact| step(fact, ahead)));
            steps.extend(device);
            steps.sort_by_key(|step| step.at);
        }
        None => {
            steps.extend(device);
            apart += "\nserver, in its own time\n";
            for fact in &server.facts {
                let _written = writeln!(apart, "{:>15}  {}", fact.at, fact.what);
            }
        }
    }
    apart += &standing(server);
    Drawn { steps, apart }
}

fn step(fact: &Fact, ahead: i128) -> Step {
    let at = i128::from(fact.at.as_micros()) + ahead;
    let at = Timestamp::from_micros(u64::try_from(at.max(0)).unwrap_or(u64::MAX));
    let (sort, from, to) = (Sort::Note, Lane::Server, Lane::Server);
    Step { at, device: None, sort, from, to, text: fact.what.to_string() }
}

/// By how many microseconds the device's clock is ahead of the server's.
fn ahead(entries: &[Entry], server: &ServerFacts) -> Option<i128> {
    let difference = |device: Timestamp, server: Timestamp| {
        i128::from(device.as_micros()) - i128::from(server.as_micros())
    };
    let inputs =
        || entries.iter().filter_map(|entry| Some((entry.at, &entry.happened.input()?.event)));
    let welcomes = inputs().filter_map(|(at, event)| {
        let RecordedEvent::Welcome(welcome) = event else { return None };
        Some(difference(at, welcome.now))
    });
    let attempts = inputs().filter_map(|(at, event)| {
        let RecordedEvent::Command { head, .. } = event else { return None };
        Some(difference(at, went_out(server, head.id, head.attempt)?))
    });
    welcomes.chain(attempts).min()
}

/// When an attempt went out.
fn went_out(server: &ServerFacts, command: CommandId, attempt: Attempt) -> Option<Timestamp> {
    let commands = server.record.iter().flat_map(|record| &record.commands);
    let number = commands.into_iter().find(|known| known.id == command)?.number;
    let found = server.facts.iter().find(|fact| {
        let What::Command { number: its, standing, attempt: this, .. } = &fact.what else {
            return false;
        };
        (*its, *standing, *this) == (number, Standing::InFlight, attempt)
    });
    found.map(|fact| fact.at)
}

/// Where the commands stood when the server was asked.
fn standing(server: &ServerFacts) -> String {
    let Some(record) = &server.record else { return String::new() };
    let mut text = format!("\nserver, revision {}: {:?}\n", record.revision, record.lifecycle);
    for command in &record.commands {
        let _written = writeln!(
            text,
            "  command {} {} ({}): {}, attempt {}",
            command.number,
            command.action,
            command.id,
            command.standing.word(),
            command.attempt.number(),
        );
    }
    text
}
