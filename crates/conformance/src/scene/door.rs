//! What the suite knows as a server: who knocked, who came, what a device has asked for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::enrolment::EnrolRequest;
use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::{DeviceId, Policy, Timestamp, alpn};

use super::stage::{Heard, Stage, Tongue, encoded};
use super::told;
use crate::script::{Act, Asked, Caller, Ending, Line, Phone, Served};
use crate::transcript::From;

/// The server's door.
#[derive(Default)]
pub(crate) struct Door {
    /// How many wanted to connect, whatever became of it.
    pub(crate) knocks: usize,
    /// How handshakes ended that came to nothing.
    pub(crate) turned_back: Vec<Ending>,
    /// When those came who were let in.
    pub(crate) came_at: Vec<Timestamp>,
    /// What is done with secrets devices hand over.
    pub(crate) secrets: Handling,
    /// What the organisation asks of devices.
    pub(crate) policy: Option<Policy>,
}

/// What is done with secrets devices hand over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Handling {
    /// They are acknowledged as they come.
    #[default]
    Acknowledged,
    /// They are not.
    Ignored,
}

/// A device the suite serves.
#[derive(Default)]
pub(crate) struct Guest {
    /// What it asked with, each time.
    pub(crate) requests: Vec<EnrolRequest>,
    /// What its signing requests say that were looked at.
    pub(crate) asked: Vec<Asked>,
    /// What it got, in DER.
    pub(crate) chain_der: Option<Vec<Vec<u8>>>,
}

impl Stage {
    /// Takes what happened at the door.
    pub(super) fn open_door(&mut self, served: Served) {
        match served {
            Served::Knocked => self.door.knocks += 1,
            Served::TurnedBack(ending) => {
                let what = format!("a handshake came to nothing: {}", told::ending(&ending));
                self.transcript.note(self.now, None, From::Target, what);
                self.door.turned_back.push(ending);
            }
            Served::Came { line, caller } => self.let_in(line, caller),
            Served::Issued { phone, chain_der, asked } => {
                let guest = &mut self.phones[phone.0].guest;
                guest.chain_der = Some(chain_der);
                guest.asked.push(asked);
            }
        }
    }

    fn let_in(&mut self, line: Line, caller: Caller) {
        self.door.came_at.push(self.now);
        let is_applicant = caller.protocols.iter().any(|it| it.as_bytes() == alpn::ENROLMENT);
        self.open(if is_applicant { Tongue::Applicant } else { Tongue::Device });
        self.transcript.note(self.now, Some(line), From::Target, connected(&caller));
        let state = &mut self.lines[line.0];
        (state.is_open, state.caller) = (true, caller);
    }

    /// Does what every server does about a message: at once, or with its Welcome.
    pub(super) fn attend(&mut self, line: Line, heard: &Heard) {
        let Heard::Told(ToServer::TokenUpdate(update)) = heard else { return };
        if self.door.secrets == Handling::Acknowledged {
            self.lines[line.0].owed.push(update.sequence);
            self.acknowledge(line);
        }
    }

    /// Nothing goes before a Welcome, not even what was asked for before.
    fn acknowledge(&mut self, line: Line) {
        if !self.lines[line.0].is_welcomed {
            return;
        }
        for sequence in core::mem::take(&mut self.lines[line.0].owed) {
            self.says_to(line, &ToDevice::TokenUpdateAck { sequence });
        }
    }

    /// A Welcome has been said, rightly or wrongly.
    pub(crate) fn has_welcomed(&mut self, line: Line) {
        self.lines[line.0].is_welcomed = true;
        self.acknowledge(line);
    }

    /// Says something to a device, and writes it down.
    pub(crate) fn says_to(&mut self, line: Line, message: &ToDevice) {
        let bytes = encoded(message);
        self.act_on(line, told::to_device(message), Act::Send { line, bytes });
    }

    /// An id nobody has drawn before in this case.
    pub(crate) fn draw_id(&self, what: &str, number: usize) -> [u8; 16] {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let mut bytes: [u8; 16] = self.seed.child(what, number).stream().bytes();
        // As UUIDs of version 7 are (RFC 9562, section 5.7).
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }

    /// The id a device gets.
    pub(crate) fn give_id(&mut self, phone: Phone) -> DeviceId {
        let id = DeviceId::from_bytes(self.draw_id("device", phone.0));
        *self.phones[phone.0].id.get_or_insert(id)
    }
}

fn connected(caller: &Caller) -> String {
    let protocols = caller.protocols.join(", ");
    match &caller.certificate {
        Some(shown) => format!("connected for {protocols} as {}", shown.device),
        None => format!("connected for {protocols}"),
    }
}
