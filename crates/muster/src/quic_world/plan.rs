//! What one run consists of, drawn from its seed.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use muster_agent::{FaultError, FleetFault, population};
use muster_device::{DeviceSpec, Person};
use muster_protocol::Seed;
use muster_protocol::seed::Stream;
use muster_transport::{Outage, Weather};
use serde::{Deserialize, Serialize};

use super::people::person;

/// How long a run is calm at its end: longer than a device takes to notice that its connection is
/// gone, to stay away at the longest back-off, and to be served.
const CALM: Duration = Duration::from_secs(5 * 60);

/// How long before the end everybody is asked once more: by then even a device that was at its
/// longest back-off is back, and what it put off is done.
const LAST_ASKED_BEFORE_END: Duration = Duration::from_secs(60);

/// Longest outage: a device whose connection has outlived it comes back another way than one whose
/// connection has not.
const OUTAGE_MAX: Duration = Duration::from_secs(6 * 60);

/// How often the server goes and comes back before the end, at most; once at least, and then it
/// stops as it should.
const ABSENCES_MAX: u64 = 3;

/// How long it is away, at least.
const AWAY_MIN: Duration = Duration::from_secs(2);

/// What is added to that, at most.
const AWAY_MAX: Duration = Duration::from_secs(4 * 60);

/// In a short run, all that lasts at most so much of the time in which things go wrong.
const PART: u32 = 5;

/// What devices do wrong with some of their answers. What they keep to themselves waits for the
/// next session: one of the two last takes part only in runs whose server goes once more before
/// all is calm.
const WRONG: [&str; 8] = [
    "repeat-answer",
    "unknown-answer",
    "lose-answer",
    "crash",
    "slow by=2s",
    "crash",
    "old-attempt",
    "keep-answer",
];

/// How many of these leave nothing behind.
const MENDED: usize = 6;

/// How long before the calm the last answer goes wrong.
const WELL_BEFORE_CALM: Duration = Duration::from_secs(10);

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct QuicPlan {
    /// How many devices.
    pub(crate) devices: NonZeroUsize,
    /// All chance of the run.
    pub(crate) seed: u64,
    /// How long it lasts, its calm end included.
    pub(crate) length: Duration,
}

/// A run as it stands in a file: whoever wrote that may have asked for anything.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    devices: NonZeroUsize,
    seed: u64,
    seconds: u64,
}

/// Most devices of a run, as on the command line.
const DEVICES_MAX: usize = 100_000;

/// Shortest and longest run, as on the command line: ten minutes and thirty days.
const SECONDS: RangeInclusive<u64> = 600..=30 * 86_400;

/// A run that nobody can have asked for.
#[derive(Debug, thiserror::Error)]
#[error("a run has up to {DEVICES_MAX} devices and lasts {SECONDS:?} seconds")]
struct Unplayable;

impl TryFrom<Written> for QuicPlan {
    type Error = Unplayable;

    fn try_from(written: Written) -> Result<Self, Unplayable> {
        let Written { devices, seed, seconds } = written;
        let length = Duration::from_secs(seconds);
        let fits = devices.get() <= DEVICES_MAX && SECONDS.contains(&seconds);
        fits.then_some(Self { devices, seed, length }).ok_or(Unplayable)
    }
}

impl From<QuicPlan> for Written {
    fn from(plan: QuicPlan) -> Self {
        let QuicPlan { devices, seed, length } = plan;
        Self { devices, seed, seconds: length.as_secs() }
    }
}

impl QuicPlan {
    /// The root of all chance.
    pub(crate) fn root(&self) -> Seed {
        Seed::root(self.seed)
    }

    /// From when on nothing goes wrong and nothing is asked any more, but for one last thing.
    pub(crate) fn calm_from(&self) -> Duration {
        self.length.saturating_sub(CALM)
    }

    /// From when on every device is asked once more, to see that it is still heard.
    pub(crate) fn last_asked(&self) -> Duration {
        self.length.saturating_sub(LAST_ASKED_BEFORE_END)
    }

    /// The hardware.
    pub(crate) fn population(&self) -> Vec<DeviceSpec> {
        population(self.devices.get(), self.root())
    }

    /// What the links do: some runs are smooth, most are not.
    pub(crate) fn weather(&self) -> Weather {
        let mut draws = self.root().child("weather", 0).stream();
        let calm_from = self.calm_from();
        let outages = draws.below(4);
        Weather {
            delay: Duration::from_millis(2) + draws.duration_below(Duration::from_millis(80)),
            jitter: draws.duration_below(Duration::from_millis(40)),
            loss_per_mille: u16::try_from(draws.below(50)).unwrap_or(0),
            outages: (0..outages).map(|_| outage(&mut draws, calm_from)).collect(),
            calm_from,
        }
    }

    /// When the server is away, and how it goes.
    ///
    /// Most runs end with one that comes back as everything gets calm: what was under way then has
    /// to be offered again.
    pub(super) fn absences(&self) -> Vec<Absence> {
        let mut draws = self.root().child("absences", 0).stream();
        let calm_from = self.calm_from();
        let away_max = AWAY_MAX.min(calm_from / PART);
        let mut absences: Vec<Absence> = (0..=draws.below(ABSENCES_MAX))
            .map(|nth| {
                let from = draws.duration_below(calm_from);
                let until = from + AWAY_MIN + draws.duration_below(away_max);
                let manner = if nth == 0 { Manner::Stops } else { manner(&mut draws) };
                Absence { from, until: until.min(calm_from), manner }
            })
            .collect();
        if self.ends_absent() {
            let from = calm_from - AWAY_MIN - draws.duration_below(away_max);
            // A server that is away already cannot go.
            absences.retain(|earlier| earlier.from < from);
            absences.iter_mut().for_each(|earlier| earlier.until = earlier.until.min(from));
            absences.push(Absence { from, until: calm_from, manner: manner(&mut draws) });
        }
        absences
    }

    fn ends_absent(&self) -> bool {
        self.root().child("ends absent", 0).stream().chance(3, 4)
    }

    /// What devices do wrong: nothing in some runs.
    pub(super) fn faults(&self) -> Result<Vec<FleetFault>, FaultError> {
        let mut draws = self.root().child("faults", 0).stream();
        let lasts = self.calm_from().saturating_sub(WELL_BEFORE_CALM).as_millis();
        let kinds = if self.ends_absent() { WRONG.len() } else { MENDED };
        let kinds = u64::try_from(kinds).unwrap_or(0);
        (0..draws.below(4))
            .map(|_| {
                let name = WRONG[usize::try_from(draws.below(kinds)).unwrap_or(0)];
                let (rate, share) = (1 + draws.below(25), 5 + draws.below(60));
                format!("{name} rate={rate}% share={share}% lasts={lasts}ms").parse()
            })
            .collect()
    }

    /// Who holds a device: nobody does in some runs.
    pub(super) fn person(&self, index: u64, spec: &DeviceSpec) -> Option<Box<Person>> {
        let is_lived = self.root().child("people", 0).stream().chance(1, 2);
        let seed = self.root().child("habits", 0);
        is_lived.then(|| person(spec.facts.mode, index, seed, self.calm_from())).flatten()
    }
}

/// A time in which there is no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Absence {
    pub(super) from: Duration,
    pub(super) until: Duration,
    pub(super) manner: Manner,
}

/// How a server goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It hands back what is under way and says that it comes back.
    Stops,
    /// It says nothing to anybody any more.
    IsKilled,
}

fn manner(draws: &mut Stream) -> Manner {
    if draws.chance(1, 2) { Manner::Stops } else { Manner::IsKilled }
}

fn outage(draws: &mut Stream, calm_from: Duration) -> Outage {
    let from = draws.duration_below(calm_from);
    let span = Duration::from_secs(5) + draws.duration_below(OUTAGE_MAX.min(calm_from / PART));
    let links_per_mille = u16::try_from(50 + draws.below(500)).unwrap_or(0);
    Outage { from, until: (from + span).min(calm_from), links_per_mille }
}
