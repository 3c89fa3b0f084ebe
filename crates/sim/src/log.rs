//! The log of a run: who did what, in which order.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash as _, Hasher as _};
use core::time::Duration;

use muster_control::{CancelOutcome, Settled, Stage};
use muster_device::Phase;
use muster_protocol::{CloseCode, CommandId, DeviceId, Timestamp};

use crate::digest::Digest;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// When, in virtual time.
    pub at: Timestamp,
    /// Which device it is about; `None` for the server as a whole.
    pub device: Option<u32>,
    /// What was seen.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum What {
    /// An administrator's request was stored.
    Accepted { life: DeviceId, command: CommandId, action: &'static str, expires_at: Timestamp },
    /// A request was stored, and the server died before it could say so.
    Unheard { life: DeviceId, command: CommandId, action: &'static str, expires_at: Timestamp },
    /// It was not taken.
    Refused { action: &'static str, reason: &'static str },
    /// An attempt to take a command back.
    Cancelled { command: CommandId, outcome: CancelOutcome },
    /// The server gave the device an identity.
    Enrolled { life: DeviceId },
    /// The device begins to connect.
    Connecting,
    /// The server has let it in.
    Welcomed { life: DeviceId, connection: u64 },
    /// A side closed or lost the connection.
    Closed { code: Option<CloseCode> },
    /// The device asks for commands: a new run begins.
    Ready { life: DeviceId },
    /// The server handed a command to the connection.
    Sent { life: DeviceId, connection: u64, command: CommandId, attempt: u32 },
    /// A command reached a device.
    Received { life: DeviceId, command: CommandId, attempt: u32 },
    /// It took effect.
    Executed { life: DeviceId, command: CommandId, request: &'static str },
    /// The device handed an answer to the connection.
    Answered { command: CommandId, attempt: u32, outcome: &'static str },
    /// The server took an answer.
    Settled { command: CommandId, attempt: u32, settled: Settled },
    /// A command stands durably in a new stage.
    Stored { life: DeviceId, command: CommandId, stage: Stage, attempt: u32 },
    /// The device moved on in its life.
    Phase { phase: Phase },
    /// A person did something.
    User { does: &'static str },
    /// Something went wrong on purpose.
    Fault { name: &'static str },
    /// It is over.
    FaultOver { name: &'static str },
    /// A copy of a device begins, identity included.
    Cloned { of: u32 },
    /// From now on the clock of the server is ahead by so much.
    Clock { ahead: Duration },
    /// The server has the device woken.
    Pushed { life: DeviceId },
    /// A push has reached the device.
    Woken,
    /// The device has taken what waits and left, to be woken.
    Asleep,
}

/// How much of the log is kept in memory; the digest covers all of it either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The last so many entries.
    Last(usize),
    /// Everything.
    All,
}

/// The log.
#[derive(Clone, Debug)]
pub struct Log {
    keep: Keep,
    entries: VecDeque<Entry>,
    digest: Digest,
    count: u64,
}

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self { keep, entries: VecDeque::new(), digest: Digest::default(), count: 0 }
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, entry: Entry) {
        entry.hash(&mut self.digest);
        self.count += 1;
        match self.keep {
            Keep::Nothing => {}
            Keep::Last(most) => {
                if self.entries.len() == most {
                    self.entries.pop_front();
                }
                self.entries.push_back(entry);
            }
            Keep::All => self.entries.push_back(entry),
        }
    }

    /// A number two logs share if they are equal.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// How many lines there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The lines kept, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The lines kept, as text, one a line.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = alloc::string::String::new();
        for entry in &self.entries {
            let _written = fmt::write(&mut text, format_args!("{entry}\n"));
        }
        text.into_bytes()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device {
            Some(device) => write!(f, "{} device {device}: {:?}", self.at, self.what),
            None => write!(f, "{} server: {:?}", self.at, self.what),
        }
    }
}
