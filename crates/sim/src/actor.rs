//! The agent's shell in the simulated world: a device, its identity and its way to the server.

use alloc::boxed::Box;
use core::time::Duration;

use muster_device::Device;
use muster_protocol::management::CommandResult;
use muster_protocol::seed::Stream;
use muster_protocol::{DeviceId, Policy, Seed, Timestamp};

use crate::link::LinkId;
use crate::plan::PlannedDevice;
use crate::server::Key;

/// Ceiling of the first delay after a failure.
const FIRST: Duration = Duration::from_millis(200);

/// Ceiling no delay passes.
const CEILING: Duration = Duration::from_secs(30);

/// A session that lasted this long starts the delays anew.
const LASTED: Duration = Duration::from_secs(5);

/// What the core wants of its shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    Rest,
    Enrol,
    Connect,
}

/// The way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Down,
    /// Comes back later.
    Resting,
    /// An attempt is under way, with this number.
    Trying(u64),
    Up {
        link: LinkId,
        since: Timestamp,
    },
}

/// Whether there is any network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Online,
    Offline,
}

/// A fault that waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trap {
    CrashAfterExecuting,
    LoseNextAnswer,
    Overlap,
    OldAttempt,
}

/// Key and certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) key: Key,
    pub(crate) life: Option<DeviceId>,
}

/// Everything of one device.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) number: u32,
    pub(crate) policy: Policy,
    pub(crate) device: Device,
    pub(crate) identity: Option<Identity>,
    /// What a crash leaves.
    pub(crate) durable: Box<(Device, Option<Identity>)>,
    pub(crate) aim: Aim,
    pub(crate) way: Way,
    pub(crate) reach: Reach,
    pub(crate) last_answer: Option<CommandResult>,
    /// What goes wrong the next time the device gets so far.
    pub(crate) trap: Option<Trap>,
    pub(crate) timer: Option<Timestamp>,
    pub(crate) attempts: u64,
    draws: Stream,
    failures: u32,
}

impl Actor {
    pub(crate) fn new(planned: &PlannedDevice, seed: Seed) -> Self {
        let index = u64::from(planned.number);
        let device = Device::new(planned.spec.clone(), seed.child("device", index));
        Self {
            number: planned.number,
            policy: planned.policy,
            durable: Box::new((device.clone(), None)),
            device,
            identity: None,
            aim: Aim::Rest,
            way: Way::Down,
            reach: Reach::Online,
            last_answer: None,
            trap: None,
            timer: None,
            attempts: 0,
            draws: seed.child("backoff", index).stream(),
            failures: 0,
        }
    }

    /// Makes the present state survive a crash. Outputs not carried out yet do not.
    pub(crate) fn persist(&mut self) {
        let mut device = self.device.clone();
        while device.poll_output().is_some() {}
        *self.durable = (device, self.identity);
    }

    /// Goes back to what survived.
    pub(crate) fn crash(&mut self) {
        let (device, identity) = (*self.durable).clone();
        self.device = device;
        self.identity = identity;
        self.aim = Aim::Rest;
        self.way = Way::Down;
        self.last_answer = None;
        self.timer = None;
    }

    /// The link, while the connection stands.
    pub(crate) const fn link(&self) -> Option<LinkId> {
        match self.way {
            Way::Up { link, .. } => Some(link),
            Way::Down | Way::Resting | Way::Trying(_) => None,
        }
    }

    /// How long to stay away after one more failure.
    pub(crate) fn next_delay(&mut self) -> Duration {
        let ceiling = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(CEILING);
        self.failures = self.failures.saturating_add(1);
        self.draws.duration_below(ceiling)
    }

    /// Takes note of a session that is over.
    pub(crate) fn on_session(&mut self, lasted: Duration) {
        if lasted >= LASTED {
            self.failures = 0;
        }
    }

    /// Starts the delays over.
    pub(crate) const fn reset_delays(&mut self) {
        self.failures = 0;
    }
}
