//! The parts of a command's latency.

use core::fmt;

/// One part of the way of a command, with a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// From the planned instant until the command is durable.
    Queued,
    /// Until the push service took the push; for woken devices only.
    Pushed,
    /// Until the device has a session; for woken devices only.
    Connected,
    /// Until the device received the command.
    Delivered,
    /// Until its answer left.
    Acknowledged,
    /// Until the answer is durable at the server.
    Stored,
    /// From the planned instant until the answer is durable: all of the stages.
    Total,
    /// From the instant the request really started until the answer is durable. Less than
    /// [`Self::Total`] by what the generator was late.
    Service,
}

impl Stage {
    /// Every stage, in the order of a command's way.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Pushed,
        Self::Connected,
        Self::Delivered,
        Self::Acknowledged,
        Self::Stored,
        Self::Total,
        Self::Service,
    ];

    /// The name in thresholds and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pushed => "pushed",
            Self::Connected => "connected",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
            Self::Stored => "stored",
            Self::Total => "total",
            Self::Service => "service",
        }
    }

    /// The stage with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
