//! Faults in one vocabulary: what goes wrong, for whom, and when.
//!
//! An [`Injection`] is a [`Fault`] with a [`Scope`] and a [`Trigger`]. It waits from the moment of
//! its act on, and draws all its chance from a stream of its own, so that one more or one less
//! shifts no draw of another. `fixtures/faults.toml` holds the same words as data, with those of
//! the live fleet; docs/faults.md is made from it.

use core::time::Duration;

pub use muster_protocol::fault::{Condition, Moment, Scope, Trigger};
use serde::{Deserialize, Serialize};

use crate::link::Way;
use crate::plan::UserDoes;

/// One fault, waiting for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injection {
    /// Names it in its plan: its chance stays its own when others are taken out.
    pub number: u32,
    /// What goes wrong.
    pub fault: Fault,
    /// For whom.
    pub scope: Scope,
    /// When.
    pub trigger: Trigger,
}

impl Injection {
    /// A fault of one device, at the time of its act.
    #[must_use]
    pub const fn of_device(number: u32, device: u32, fault: Fault) -> Self {
        Self { number, fault, scope: Scope::Device(device), trigger: Trigger::AtOnce }
    }

    /// A fault of the server or of everybody, at the time of its act.
    #[must_use]
    pub const fn of_all(number: u32, fault: Fault) -> Self {
        Self { number, fault, scope: Scope::All, trigger: Trigger::AtOnce }
    }

    /// The one device it is about; `None` if it may strike others too.
    #[must_use]
    pub const fn device(&self) -> Option<u32> {
        match self.scope {
            Scope::Device(device) => Some(device),
            Scope::Mode(_) | Scope::Share { .. } | Scope::All => None,
        }
    }

    /// The same fault, after the next moment of this kind.
    #[must_use]
    pub const fn after(self, moment: Moment) -> Self {
        Self { trigger: Trigger::After(moment), ..self }
    }
}

/// Pushes that meet with a fault now and then, each by chance of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoulPushes {
    /// Names it in its plan, as [`Injection::number`] does.
    pub number: u32,
    /// Which of the faults of pushes.
    pub fault: Fault,
    /// Whose pushes.
    pub scope: Scope,
    /// So many pushes.
    pub hits: u32,
    /// Of so many.
    pub of: u32,
    /// For how long.
    pub lasts: Duration,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Messages are lost and sent again, and so are late.
    Loss {
        /// So many.
        hits: u32,
        /// Of so many.
        of: u32,
        /// For how long.
        lasts: Duration,
    },
    /// Messages take longer.
    Latency {
        /// Each by this much.
        delay: Duration,
        /// And by up to this much more.
        jitter: Duration,
        /// For how long.
        lasts: Duration,
    },
    /// Nothing gets through.
    BlackHole {
        /// For how long.
        lasts: Duration,
    },
    /// Nothing gets through in one direction.
    OneWay {
        /// The direction that is cut off.
        way: Way,
        /// For how long.
        lasts: Duration,
    },
    /// The next command is delivered twice.
    Duplicate,
    /// The connection breaks; what is on its way to the device is lost.
    Cut,
    /// The next answer is slow on a path the device then leaves for another: it arrives on the
    /// old connection while the new one is served.
    Overlap,
    /// The device loses every network.
    Offline {
        /// For how long.
        lasts: Duration,
    },
    /// An attempt to enrol or to connect comes to nothing.
    HandshakeLost {
        /// How far it comes.
        stage: Handshake,
    },
    /// The device sends its last answer once more.
    RepeatAnswer,
    /// The device answers its last command once more, and says the opposite.
    Contradict,
    /// The device first answers the attempt before the present one.
    OldAttempt,
    /// The device answers a command nobody sent.
    StrayAnswer,
    /// The device answers the command of another device.
    ForeignAnswer,
    /// The agent dies and starts from what it made durable.
    AgentCrash,
    /// The user does something, at the worst moment if a trigger says so.
    User {
        /// What.
        does: UserDoes,
    },
    /// The device answers late.
    Slow {
        /// By this much.
        delay: Duration,
        /// For how long.
        lasts: Duration,
    },
    /// The clock of the device jumps ahead.
    DeviceClock {
        /// By this much.
        ahead: Duration,
    },
    /// A copy of the device, identity included, goes on beside it.
    Clone,
    /// The enrolment token is refused for good.
    TokenRefused,
    /// The server dies: its memory is gone, what it stored is not.
    ServerCrash {
        /// For how long.
        lasts: Duration,
    },
    /// The server turns away who connects.
    ServerBusy {
        /// For how long.
        lasts: Duration,
    },
    /// The clock of the server jumps ahead.
    ServerClock {
        /// By this much.
        ahead: Duration,
    },
    /// The server cannot write.
    DiskFull {
        /// For how long.
        lasts: Duration,
    },
    /// The vendor's services do not answer.
    ServiceDown {
        /// For how long.
        lasts: Duration,
    },
    /// The next push reaches nobody.
    WakeLost,
    /// The next push comes late.
    WakeLate {
        /// By this much.
        delay: Duration,
    },
    /// The next push finds the device away from its push service, and the newest is kept.
    WakeCoalesced {
        /// For how long.
        lasts: Duration,
    },
    /// The next push finds the device away from its push service, and is not kept.
    WakeExpired,
    /// The next push comes twice.
    WakeDuplicated,
    /// The next push comes behind the one after it.
    WakeReordered,
}

/// How far a lost attempt comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handshake {
    /// The server hears nothing of it.
    Asked,
    /// The server has decided, and the device hears nothing of it.
    Answered,
}

impl Fault {
    /// Its name, in logs, tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss { .. } => "loss",
            Self::Latency { .. } => "delay",
            Self::BlackHole { .. } => "black-hole",
            Self::OneWay { .. } => "one-way",
            Self::Duplicate => "repeat-command",
            Self::Cut => "cut",
            Self::Overlap => "overlap",
            Self::Offline { .. } => "offline",
            Self::HandshakeLost { .. } => "handshake-lost",
            Self::RepeatAnswer => "repeat-answer",
            Self::Contradict => "contradict",
            Self::OldAttempt => "old-attempt",
            Self::StrayAnswer => "unknown-answer",
            Self::ForeignAnswer => "foreign-answer",
            Self::AgentCrash => "crash",
            Self::User { .. } => "user",
            Self::Slow { .. } => "slow",
            Self::DeviceClock { .. } => "device-clock",
            Self::Clone => "clone",
            Self::TokenRefused => "token-refused",
            Self::ServerCrash { .. } => "server-crash",
            Self::ServerBusy { .. } => "server-busy",
            Self::ServerClock { .. } => "server-clock",
            Self::DiskFull { .. } => "disk-full",
            Self::ServiceDown { .. } => "service-down",
            Self::WakeLost => "wake-lost",
            Self::WakeLate { .. } => "wake-late",
            Self::WakeCoalesced { .. } => "wake-coalesced",
            Self::WakeExpired => "wake-expired",
            Self::WakeDuplicated => "wake-duplicated",
            Self::WakeReordered => "wake-reordered",
        }
    }

    /// One of each kind, for tables and tests.
    pub const EACH: [Self; 31] = {
        let lasts = Duration::from_secs(60);
        let delay = Duration::from_secs(1);
        [
            Self::Loss { hits: 1, of: 10, lasts },
            Self::Latency { delay, jitter: delay, lasts },
            Self::BlackHole { lasts },
            Self::OneWay { way: Way::Up, lasts },
            Self::Duplicate,
            Self::Cut,
            Self::Overlap,
            Self::Offline { lasts },
            Self::HandshakeLost { stage: Handshake::Answered },
            Self::RepeatAnswer,
            Self::Contradict,
            Self::OldAttempt,
            Self::StrayAnswer,
            Self::ForeignAnswer,
            Self::AgentCrash,
            Self::User { does: UserDoes::Lock },
            Self::Slow { delay, lasts },
            Self::DeviceClock { ahead: lasts },
            Self::Clone,
            Self::TokenRefused,
            Self::ServerCrash { lasts },
            Self::ServerBusy { lasts },
            Self::ServerClock { ahead: lasts },
            Self::DiskFull { lasts },
            Self::ServiceDown { lasts },
            Self::WakeLost,
            Self::WakeLate { delay },
            Self::WakeCoalesced { lasts },
            Self::WakeExpired,
            Self::WakeDuplicated,
            Self::WakeReordered,
        ]
    };

    /// The moment it needs, if it does not strike by itself: that of what it changes.
    #[must_use]
    pub const fn needs(self) -> Option<Moment> {
        match self {
            Self::Duplicate => Some(Moment::CommandArrives),
            Self::OldAttempt => Some(Moment::CommandReturns),
            Self::Overlap => Some(Moment::Answering),
            Self::HandshakeLost { .. } | Self::TokenRefused => Some(Moment::Connecting),
            Self::Loss { .. }
            | Self::Latency { .. }
            | Self::BlackHole { .. }
            | Self::OneWay { .. }
            | Self::Cut
            | Self::Offline { .. }
            | Self::RepeatAnswer
            | Self::Contradict
            | Self::StrayAnswer
            | Self::ForeignAnswer
            | Self::AgentCrash
            | Self::User { .. }
            | Self::Slow { .. }
            | Self::DeviceClock { .. }
            | Self::Clone
            | Self::ServerCrash { .. }
            | Self::ServerBusy { .. }
            | Self::ServerClock { .. }
            | Self::DiskFull { .. }
            | Self::ServiceDown { .. }
            | Self::WakeLost
            | Self::WakeLate { .. }
            | Self::WakeCoalesced { .. }
            | Self::WakeExpired
            | Self::WakeDuplicated
            | Self::WakeReordered => None,
        }
    }

    /// Whether it strikes the server, or a third party, and no device.
    #[must_use]
    pub const fn is_of_the_server(self) -> bool {
        match self {
            Self::ServerCrash { .. }
            | Self::ServerBusy { .. }
            | Self::ServerClock { .. }
            | Self::DiskFull { .. }
            | Self::ServiceDown { .. } => true,
            Self::Loss { .. }
            | Self::Latency { .. }
            | Self::BlackHole { .. }
            | Self::OneWay { .. }
            | Self::Duplicate
            | Self::Cut
            | Self::Overlap
            | Self::Offline { .. }
            | Self::HandshakeLost { .. }
            | Self::RepeatAnswer
            | Self::Contradict
            | Self::OldAttempt
            | Self::StrayAnswer
            | Self::ForeignAnswer
            | Self::AgentCrash
            | Self::User { .. }
            | Self::Slow { .. }
            | Self::DeviceClock { .. }
            | Self::Clone
            | Self::TokenRefused
            | Self::WakeLost
            | Self::WakeLate { .. }
            | Self::WakeCoalesced { .. }
            | Self::WakeExpired
            | Self::WakeDuplicated
            | Self::WakeReordered => false,
        }
    }
}
