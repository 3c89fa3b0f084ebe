//! What has to hold, as data: judged elsewhere.

mod parse;
#[cfg(test)]
mod tests;

use alloc::string::String;
use core::time::Duration;

use muster_protocol::Platform;

use crate::action::Action;
use crate::error::Problem;
use crate::stage::Stage;
use crate::units::{Percent, Quantile, Rate, Span};

pub(crate) use parse::parse;

/// A condition on what a run measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was written, for example `p99(stored) < 50ms`.
    pub text: String,
    /// What is measured.
    pub metric: Metric,
    /// How it is compared with the limit.
    pub comparison: Comparison,
    /// The limit, in the unit of the metric.
    pub limit: Limit,
    /// Which samples it is about.
    pub scope: Scope,
    /// The run is aborted once it has not held for this long; `None` if it is judged at the end
    /// only.
    pub abort_after: Option<Duration>,
}

impl Threshold {
    /// Whether metric and scope go together.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let Scope { phase, command, platform, window } = &self.scope;
        let of_commands = command.is_some() || platform.is_some();
        if of_commands && !self.metric.is_of_commands() {
            let why = "it is measured of the run, not of single commands";
            let fix = "leave out command and platform";
            return Err(Problem::new("this has no command and no platform", why, fix));
        }
        if phase.is_some() && !self.metric.is_of_phases() {
            let why = "it is measured of the run as a whole";
            return Err(Problem::new("this has no phase", why, "leave out phase"));
        }
        if window.is_some() && (of_commands || !self.metric.is_of_windows()) {
            let why = "windows are for latencies, lags and rates of all commands together";
            return Err(Problem::new("this has no window", why, "leave out window"));
        }
        Ok(())
    }
}

impl Metric {
    /// Whether it can be told for one command or one platform.
    const fn is_of_commands(&self) -> bool {
        match self {
            Self::Latency { .. } => true,
            Self::Count(counted) | Self::Share(counted) | Self::PerSecond(counted) => {
                counted.is_of_commands()
            }
            Self::Lag { .. } | Self::TimeTo { .. } | Self::Memory | Self::MemoryGrowth => false,
        }
    }

    /// Whether it can be told for one phase. An event has its own time.
    const fn is_of_phases(&self) -> bool {
        match self {
            Self::Latency { .. } | Self::Lag { .. } | Self::MemoryGrowth => true,
            Self::Count(counted) | Self::Share(counted) | Self::PerSecond(counted) => {
                counted.is_of_commands()
            }
            Self::TimeTo { .. } | Self::Memory => false,
        }
    }

    /// Whether it can be told for each window.
    const fn is_of_windows(&self) -> bool {
        match self {
            Self::Latency { .. } | Self::Lag { .. } => true,
            Self::PerSecond(counted) => counted.is_of_commands(),
            Self::Count(_)
            | Self::Share(_)
            | Self::TimeTo { .. }
            | Self::Memory
            | Self::MemoryGrowth => false,
        }
    }
}

/// Which samples a threshold is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Those of the phase with this index; `None` for all phases but warm-ups.
    pub phase: Option<usize>,
    /// Those of this command.
    pub command: Option<Action>,
    /// Those of this platform.
    pub platform: Option<Platform>,
    /// It has to hold in each window of this length, not only over all.
    pub window: Option<Span>,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// `p99(stored)`, `max(total)`: a quantile of a stage's latency. Limit: a span.
    Latency {
        /// Which part of the way.
        stage: Stage,
        /// Which quantile; all of it is the maximum.
        quantile: Quantile,
    },
    /// `p99(lag)`: a quantile of how late the generator was. Limit: a span.
    Lag {
        /// Which quantile.
        quantile: Quantile,
    },
    /// `time_to_99(name)`: how long after an event began so many of the devices it concerned were
    /// through with it. Limit: a span.
    TimeTo {
        /// How many of the devices.
        share: Percent,
        /// Which event.
        event: Event,
    },
    /// `lost`: how many. Limit: a count.
    Count(Counted),
    /// `share(lost)`: how many of the commands accepted. Limit: a share.
    Share(Counted),
    /// `rate(terminal)`: how many a second. Limit: a rate.
    PerSecond(Counted),
    /// `rss`: the most memory that server and generator held. Limit: bytes.
    Memory,
    /// `rss_growth`: by how much memory grew, by the slope over the phases that count. Limit: bytes
    /// an hour.
    MemoryGrowth,
}

/// An event that a fleet has to get over.
///
/// A device is through with a broadcast or a mass wipe when its command is terminal, and with a
/// storm, a wave, a backlog or a server that was away when it is connected again; after a backlog,
/// when what waited for it is terminal too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `broadcast`: each broadcast there is.
    EveryBroadcast,
    /// A work, by its index in [`Scenario::works`](crate::Scenario::works).
    Work(usize),
    /// A fault of the server, by its index in [`Scenario::faults`](crate::Scenario::faults).
    Fault(usize),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Commands the server took.
    Accepted,
    /// Commands that came to an end.
    Terminal,
    /// Commands accepted of which nothing is known at the end.
    Lost,
    /// Commands whose effect happened twice.
    ExecutedTwice,
    /// Moments for which there was no room: their commands were never sent.
    Dropped,
    /// Commands that were not over at their deadline.
    TimedOut,
    /// Commands the server did not take.
    Refused,
    /// Commands a device answered with an error.
    Errors,
    /// Commands whose time was up.
    Expired,
    /// Commands that were cancelled or superseded.
    Cancelled,
    /// Connects that failed.
    ConnectFailures,
    /// Datagrams the kernel dropped at sockets of the run.
    UdpDrops,
}

impl Counted {
    /// Everything that is counted.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::Terminal,
        Self::Lost,
        Self::ExecutedTwice,
        Self::Dropped,
        Self::TimedOut,
        Self::Refused,
        Self::Errors,
        Self::Expired,
        Self::Cancelled,
        Self::ConnectFailures,
        Self::UdpDrops,
    ];

    /// Whether it is known of which command, and so of which platform and phase.
    const fn is_of_commands(self) -> bool {
        match self {
            Self::ExecutedTwice | Self::ConnectFailures | Self::UdpDrops => false,
            Self::Accepted
            | Self::Terminal
            | Self::Lost
            | Self::Dropped
            | Self::TimedOut
            | Self::Refused
            | Self::Errors
            | Self::Expired
            | Self::Cancelled => true,
        }
    }

    /// The word in a threshold.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Terminal => "terminal",
            Self::Lost => "lost",
            Self::ExecutedTwice => "executed_twice",
            Self::Dropped => "dropped",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
            Self::Errors => "errors",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::ConnectFailures => "connect_failures",
            Self::UdpDrops => "udp_drops",
        }
    }
}

/// How a measured value is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Comparison {
    /// Whether `value` is as it should be. No value that is no number is.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Equal => value == limit,
            Self::AtLeast => value >= limit,
            Self::Above => value > limit,
        }
    }
}

/// A limit with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// A span.
    Span(Span),
    /// A number of things.
    Count(u64),
    /// A share.
    Share(Percent),
    /// A number of things a second.
    Rate(Rate),
    /// Bytes.
    Bytes(u64),
    /// Bytes an hour.
    BytesPerHour(u64),
}

impl Limit {
    /// The number in the base unit: seconds, things, a ratio from 0 to 1, things a second, bytes,
    /// bytes an hour.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Self::Span(span) => span.as_secs_f64(),
            #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody counts by ones")]
            Self::Count(number) | Self::Bytes(number) | Self::BytesPerHour(number) => number as f64,
            Self::Share(share) => share.ratio(),
            Self::Rate(rate) => rate.per_second,
        }
    }
}
