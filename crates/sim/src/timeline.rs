//! The log as people read it: who said what to whom.

use alloc::format;
use alloc::string::{String, ToString};

use muster_protocol::{CloseCode, CommandId, Timestamp};

use crate::log::{Entry, What};
use crate::server::command_number;

/// Where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A device and the person who holds it.
    Device,
    /// Between device and server.
    Network,
    /// The server and its administrators.
    Server,
    /// The vendor's services.
    Vendor,
}

impl Lane {
    /// Every lane, from left to right.
    pub const ALL: [Self; 4] = [Self::Device, Self::Network, Self::Server, Self::Vendor];

    /// Its heading.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Network => "network",
            Self::Server => "server",
            Self::Vendor => "vendor",
        }
    }
}

/// What a line of the timeline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Something inside one lane.
    Note,
    /// Something on its way from one lane to another.
    Message,
    /// Something that went wrong on purpose.
    Fault,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Whose; `None` for the server as a whole.
    pub device: Option<u32>,
    /// What kind of line.
    pub sort: Sort,
    /// Where it begins.
    pub from: Lane,
    /// Where it ends; the same for what stays in its lane.
    pub to: Lane,
    /// In words.
    pub text: String,
}

impl Step {
    /// A line of the log, told.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let (sort, from, to, text) = told(&entry.what);
        Self { at: entry.at, device: entry.device, sort, from, to, text }
    }
}

type Told = (Sort, Lane, Lane, String);

fn told(what: &What) -> Told {
    use Lane::{Device, Network, Server};
    match what {
        What::Accepted { command, action, .. } => {
            note(Server, format!("admin asks {action}: {}", name(*command)))
        }
        What::Unheard { command, action, .. } => {
            note(Server, format!("admin asks {action}, hears nothing: {}", name(*command)))
        }
        What::Refused { action, reason } => {
            note(Server, format!("admin asks {action}: refused, {reason}"))
        }
        What::Cancelled { command, outcome } => {
            note(Server, format!("admin cancels {}: {outcome:?}", name(*command)))
        }
        What::Enrolled { .. } => message(Server, Device, String::from("identity")),
        What::Connecting => message(Device, Network, String::from("connect")),
        What::Welcomed { .. } => message(Server, Device, String::from("welcome")),
        What::Closed { code } => note(Server, format!("session over{}", reason(*code))),
        What::Ready { .. } => message(Device, Server, String::from("idle")),
        What::Sent { command, attempt, .. } => {
            message(Server, Network, format!("{}, attempt {attempt}", name(*command)))
        }
        What::Received { command, attempt, .. } => {
            message(Network, Device, format!("{}, attempt {attempt}", name(*command)))
        }
        What::Executed { command, request, .. } => {
            note(Device, format!("executes {request} for {}", name(*command)))
        }
        What::Answered { command, attempt, outcome } => {
            message(Device, Network, format!("{outcome} to {}, attempt {attempt}", name(*command)))
        }
        What::Settled { command, attempt, settled } => message(
            Network,
            Server,
            format!("answer to {}, attempt {attempt}: {settled:?}", name(*command)),
        ),
        What::Stored { command, stage, .. } => {
            note(Server, format!("{} is {}", name(*command), stage.name()))
        }
        What::Phase { phase } => note(Device, format!("{phase:?}")),
        What::User { does } => note(Device, format!("person: {does}")),
        What::Fault { name } => fault(name, (*name).to_string()),
        What::FaultOver { name: "everything" } => {
            fault("server", String::from("nothing goes wrong from here on"))
        }
        What::FaultOver { name } => fault(name, format!("{name} is over")),
        What::Cloned { of } => fault("clone", format!("is a copy of device {of}")),
        What::Pushed { .. } => message(Server, Lane::Vendor, String::from("push")),
        What::Woken => message(Lane::Vendor, Device, String::from("push")),
        What::Asleep => note(Device, String::from("sleeps until it is woken")),
        What::Clock { ahead } => fault("server", format!("clock is {ahead:?} ahead")),
    }
}

const fn note(lane: Lane, text: String) -> Told {
    (Sort::Note, lane, lane, text)
}

const fn message(from: Lane, to: Lane, text: String) -> Told {
    (Sort::Message, from, to, text)
}

fn fault(name: &str, text: String) -> Told {
    let lane = struck(name);
    (Sort::Fault, lane, lane, text)
}

/// The lane a fault strikes, by its name: on the network, but for those that begin like these.
fn struck(name: &str) -> Lane {
    const ELSEWHERE: [(&str, Lane); 15] = [
        ("crash", Lane::Device),
        ("clone", Lane::Device),
        ("device", Lane::Device),
        ("slow", Lane::Device),
        ("user", Lane::Device),
        ("repeat-answer", Lane::Device),
        ("contradict", Lane::Device),
        ("old-attempt", Lane::Device),
        ("unknown-answer", Lane::Device),
        ("foreign-answer", Lane::Device),
        ("server", Lane::Server),
        ("disk", Lane::Server),
        ("token", Lane::Server),
        ("service", Lane::Vendor),
        ("wake", Lane::Vendor),
    ];
    let struck = ELSEWHERE.iter().find(|(begins, _lane)| name.starts_with(begins));
    struck.map_or(Lane::Network, |(_begins, lane)| *lane)
}

fn reason(code: Option<CloseCode>) -> String {
    code.map_or_else(String::new, |code| format!(", {code:?}"))
}

/// A command by its device and its place among what that device was asked: the id holds both.
fn name(command: CommandId) -> String {
    match command_number(command) {
        Some((device, number)) => format!("command {device}-{number}"),
        None => String::from("an unknown command"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn a_fault_of_the_server_or_its_vendor_is_drawn_where_it_strikes() {
        for fault in Fault::EACH.into_iter().filter(|fault| fault.is_of_the_server()) {
            let lane = struck(fault.name());
            assert!(matches!(lane, Lane::Server | Lane::Vendor), "{}: {lane:?}", fault.name());
        }
        assert_eq!(struck(Fault::Cut.name()), Lane::Network);
        assert_eq!(struck(Fault::AgentCrash.name()), Lane::Device);
    }

    #[test]
    fn a_command_is_named_by_its_device_and_its_number_there() {
        let mut bytes = [0; 16];
        (bytes[0], bytes[7], bytes[15]) = (2, 3, 12);
        assert_eq!(name(CommandId::from_bytes(bytes)), "command 3-12");
        assert_eq!(name(CommandId::from_bytes([0xfe; 16])), "an unknown command");
    }
}
