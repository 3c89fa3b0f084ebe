//! Faults planted on purpose, to show that the checks find them.
//!
//! Each is one that public servers or agents have had. They exist only in builds with the feature
//! `planted`; otherwise [`is`] is constantly false and the code behind it is gone.

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// An answer that comes twice drops the rest of the queue.
    DuplicateDropsQueue,
    /// A late error overwrites an acknowledgement.
    LateErrorOverwrites,
    /// What got `NotNow` is offered again at once, for ever.
    NotNowSpins,
    /// The answer to the last command of a queue is taken, and the command delivered again.
    TailDeliveredAgain,
    /// An administrator hears "accepted" before the command is durable.
    AcceptedBeforeDurable,
    /// A device forgets over a restart which commands it has carried out.
    JournalForgets,
    /// A wipe leaves its queue open.
    WipeLeavesQueue,
    /// A connection that was replaced goes on being served.
    TwoConnectionsDeliver,
    /// An answer to an earlier attempt closes the present one.
    StaleAttemptCloses,
    /// An expired command is delivered all the same.
    ExpiredIsDelivered,
    /// The fourth crash of a device loses what it wrote last.
    FourthCrashLosesWrite,
    /// A session that ends does not hand back what is in flight.
    SessionKeepsInFlight,
    /// A command left for a session does not wake it.
    DeliverWakesNobody,
    /// A device that did not come when it was pushed is never pushed again.
    PushedOnce,
    /// A session answers the first idle of its device without a look into the queue.
    FirstIdleOffersNothing,
}

/// Where a planted fault bites, and so which simulation can find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// In the cores, and in what stands for the shells around them in the world of `muster-sim`.
    Cores,
    /// In the server around its core: only a run over QUIC has that.
    Server,
}

impl Plant {
    /// Every planted fault.
    pub const ALL: [Self; 15] = [
        Self::DuplicateDropsQueue,
        Self::LateErrorOverwrites,
        Self::NotNowSpins,
        Self::TailDeliveredAgain,
        Self::AcceptedBeforeDurable,
        Self::JournalForgets,
        Self::WipeLeavesQueue,
        Self::TwoConnectionsDeliver,
        Self::StaleAttemptCloses,
        Self::ExpiredIsDelivered,
        Self::FourthCrashLosesWrite,
        Self::SessionKeepsInFlight,
        Self::DeliverWakesNobody,
        Self::PushedOnce,
        Self::FirstIdleOffersNothing,
    ];

    /// Its name on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateDropsQueue => "duplicate-drops-queue",
            Self::LateErrorOverwrites => "late-error-overwrites",
            Self::NotNowSpins => "not-now-spins",
            Self::TailDeliveredAgain => "tail-delivered-again",
            Self::AcceptedBeforeDurable => "accepted-before-durable",
            Self::JournalForgets => "journal-forgets",
            Self::WipeLeavesQueue => "wipe-leaves-queue",
            Self::TwoConnectionsDeliver => "two-connections-deliver",
            Self::StaleAttemptCloses => "stale-attempt-closes",
            Self::ExpiredIsDelivered => "expired-is-delivered",
            Self::FourthCrashLosesWrite => "fourth-crash-loses-write",
            Self::SessionKeepsInFlight => "session-keeps-in-flight",
            Self::DeliverWakesNobody => "deliver-wakes-nobody",
            Self::PushedOnce => "pushed-once",
            Self::FirstIdleOffersNothing => "first-idle-offers-nothing",
        }
    }

    /// Where it bites.
    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::DuplicateDropsQueue
            | Self::LateErrorOverwrites
            | Self::NotNowSpins
            | Self::TailDeliveredAgain
            | Self::AcceptedBeforeDurable
            | Self::JournalForgets
            | Self::WipeLeavesQueue
            | Self::TwoConnectionsDeliver
            | Self::StaleAttemptCloses
            | Self::ExpiredIsDelivered
            | Self::FourthCrashLosesWrite
            | Self::PushedOnce => Tier::Cores,
            Self::SessionKeepsInFlight
            | Self::DeliverWakesNobody
            | Self::FirstIdleOffersNothing => Tier::Server,
        }
    }
}

#[cfg(feature = "planted")]
mod switch {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::Plant;

    /// Nought for none, otherwise the place in [`Plant::ALL`] counted from one. One for the whole
    /// process: the code that asks stands in many places and none of them should have to carry it.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a fault for this whole process, or takes out the one that is there.
    pub fn plant(fault: Option<Plant>) {
        let place = fault.and_then(|fault| Plant::ALL.iter().position(|it| *it == fault));
        let number = place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0);
        PLANTED.store(number, Ordering::Relaxed);
    }

    /// Whether this fault is planted.
    #[must_use]
    pub fn is(fault: Plant) -> bool {
        let number = usize::from(PLANTED.load(Ordering::Relaxed));
        number.checked_sub(1).is_some_and(|place| Plant::ALL[place] == fault)
    }
}

#[cfg(feature = "planted")]
pub use switch::{is, plant};

/// Whether this fault is planted: never in this build.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is(_fault: Plant) -> bool {
    false
}
