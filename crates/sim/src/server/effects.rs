//! What goes into the server and what comes out of it.

use alloc::vec::Vec;

use muster_control::{DeviceRecord, KeyFingerprint, Readings, VendorCall};
use muster_protocol::management::ToDevice;
use muster_protocol::{CloseCode, Command, DeviceFacts, DeviceId, Policy, Timestamp};

use crate::link::LinkId;
use crate::log::What;

/// A key pair of a device, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u64);

impl Key {
    pub(super) const fn fingerprint(self) -> KeyFingerprint {
        let mut bytes = [0; 32];
        let number = self.0.to_be_bytes();
        let mut index = 0;
        while index < number.len() {
            bytes[index] = number[index];
            index += 1;
        }
        KeyFingerprint(bytes)
    }
}

/// Who asks to be let in, and what its enrolment profile asks of it.
#[derive(Debug)]
pub(crate) struct Applicant {
    /// The number of its hardware in this world.
    pub(crate) device: u32,
    pub(crate) facts: DeviceFacts,
    pub(crate) key: Key,
    pub(crate) policy: Policy,
}

/// What the server wants done, in order.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) sends: Vec<(LinkId, ToDevice)>,
    pub(crate) closes: Vec<(LinkId, CloseCode)>,
    pub(crate) calls: Vec<(DeviceId, VendorCall)>,
    pub(crate) seen: Vec<(DeviceId, What)>,
    /// Lives that may be owed a push now.
    pub(crate) touched: Vec<DeviceId>,
}

impl Effects {
    /// The server died before any of it happened: what is durable is all there is.
    pub(crate) fn die(&mut self) {
        self.sends.clear();
        self.closes.clear();
        self.calls.clear();
        self.seen.retain(|(_, what)| matches!(what, What::Stored { .. } | What::Unheard { .. }));
    }
}

/// Whether a device is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Away,
    Greeting(LinkId),
    Ready(LinkId),
    /// It is there and has been told that there is nothing: it leaves, and is handed nothing more
    /// before it asks again.
    ///
    /// Source: REQ-PUSH-008 (docs/protocol/push.md).
    Parting(LinkId),
}

impl Presence {
    pub(super) const fn link(self) -> Option<LinkId> {
        match self {
            Self::Away => None,
            Self::Greeting(link) | Self::Ready(link) | Self::Parting(link) => Some(link),
        }
    }

    pub(super) fn take_next(
        self,
        record: &mut DeviceRecord,
        now: Timestamp,
        readings: &Readings,
    ) -> Option<Command> {
        match self {
            Self::Ready(_) => record.next(now, readings),
            Self::Away | Self::Greeting(_) | Self::Parting(_) => None,
        }
    }
}
