//! Whether the generator was the bottleneck.

use std::fmt;
use std::time::Duration;

use muster_scenario::{GeneratorLimits, Stage};

use super::Evidence;

/// Of the median latency, how much the generator may be late before it is part of what is
/// measured: a tenth.
const LAG_OF_MEDIAN: u32 = 10;

/// A thread that is ready to run for more than half of the time and has no processor is kept from
/// its work by others.
const WAITED_SHARE_MAX: f64 = 0.5;

/// Fewer descriptors left than this, and connects fail for want of one.
const DESCRIPTORS_LEFT_MIN: u64 = 16;

/// Why the generator, and not the server, may be what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// It was late: by more than the scenario allows, and by more than a tenth of the median.
    Lag {
        /// How late, at the 99th percentile.
        p99: Duration,
        /// How late it might be.
        limit: Duration,
    },
    /// Its threads had no time left.
    Cpu {
        /// How busy they were, in percent.
        percent: f64,
        /// How busy they might be.
        limit: f64,
    },
    /// Something else had the processors its threads were ready for.
    Starved {
        /// For how much of the time, in percent.
        percent: f64,
    },
    /// The kernel dropped datagrams at its sockets.
    UdpDrops {
        /// How many.
        drops: u64,
        /// How many it might.
        limit: u64,
    },
    /// It ran out of descriptors.
    Descriptors {
        /// How many were open.
        open: u64,
        /// How many might be.
        limit: u64,
    },
    /// It did not see all that happened.
    Unseen {
        /// How much it missed.
        missed: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lag { p99, limit } => {
                write!(f, "scheduling lag p99 {p99:?}, at most {limit:?} is allowed")
            }
            Self::Cpu { percent, limit } => {
                write!(f, "generator threads {percent:.0} % busy, at most {limit:.0} % is allowed")
            }
            Self::Starved { percent } => write!(
                f,
                "a generator thread was ready to run {percent:.0} % of the time and had no processor"
            ),
            Self::UdpDrops { drops, limit } => write!(
                f,
                "the kernel dropped {drops} datagrams at the run's sockets, at most {limit} are allowed"
            ),
            Self::Descriptors { open, limit } => {
                write!(f, "{open} of {limit} file descriptors in use")
            }
            Self::Unseen { missed } => {
                write!(f, "{missed} observations were not fetched in time and are lost")
            }
        }
    }
}

pub(super) fn reasons(limits: &GeneratorLimits, evidence: &Evidence<'_>) -> Vec<Reason> {
    let vitals = evidence.vitals;
    let percent = vitals.cpu_share.map_or(0.0, |share| share * 100.0);
    let cpu_limit = limits.cpu.ratio() * 100.0;
    let cpu = (percent > cpu_limit).then_some(Reason::Cpu { percent, limit: cpu_limit });
    let waited = vitals.waited_share.filter(|share| *share > WAITED_SHARE_MAX);
    let starved = waited.map(|share| Reason::Starved { percent: share * 100.0 });
    let drops = (vitals.udp_drops > limits.udp_drops)
        .then_some(Reason::UdpDrops { drops: vitals.udp_drops, limit: limits.udp_drops });
    let descriptors = (vitals.head_room() < DESCRIPTORS_LEFT_MIN).then_some(Reason::Descriptors {
        open: vitals.descriptors_open,
        limit: vitals.descriptors_limit,
    });
    let unseen = (vitals.unseen > 0).then_some(Reason::Unseen { missed: vitals.unseen });
    let late = lag(limits, evidence).into_iter();
    late.chain(starved).chain(cpu).chain(drops).chain(descriptors).chain(unseen).collect()
}

/// Lag matters by what it is part of: a late start of 50 ms is nothing to a latency of a second. One
/// that no limit is close to is left to `lag-p99` of the scenario; where a threshold fails by it, the
/// threshold is in doubt, however small it is.
fn lag(limits: &GeneratorLimits, evidence: &Evidence<'_>) -> Option<Reason> {
    let recorder = evidence.recorder;
    let p99 = recorder.lag.quantile(0.99)?.latency;
    let median = recorder.latency(Stage::Total).quantile(0.5);
    let share = median.map_or(Duration::ZERO, |median| median.latency / LAG_OF_MEDIAN);
    let limit = limits.lag_p99.max(share);
    (p99 > limit).then_some(Reason::Lag { p99, limit })
}
