//! The flags of `muster sim`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{CASE_DIR, span};

/// `muster sim`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster sim                      a thousand worlds\n  \
    muster sim --seeds 300 --json\n  muster sim --seed 17 --case-dir ./failures\n  \
    muster sim --seeds 100 --devices 50 --hours 24 --keep-going\n  \
    muster sim --quic --devices 1000 --minutes 60    the whole system, real QUIC included\n  \
    muster sim server-restart --devices 500          a scenario of `muster load` in virtual time\n\n\
    The same seed and flags give the same world. A broken promise is exit code 1, and a recording:\n\
    `muster case replay`, `shrink`, `timeline` and `explain` take it from there.\n\n\
    Of a scenario, 1 is a threshold that does not hold as well, and 2 that nobody can tell. What\n\
    virtual time cannot play or judge is named; processors take no time there.")]
pub(crate) struct SimArgs {
    /// Play this scenario in virtual time: a file, or a ready one: `muster scenario list`
    #[arg(
        value_name = "SCENARIO",
        conflicts_with_all = ["seeds", "from", "hours", "keep_going", "quic"]
    )]
    pub(crate) scenario: Option<PathBuf>,
    /// How many worlds [default: 1000; with --quic 1]
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<NonZeroU64>,
    /// The first seed
    #[arg(long, default_value = "0", value_name = "SEED")]
    pub(crate) from: u64,
    /// Only this seed; of a scenario, the seed in place of its own
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    pub(crate) seed: Option<u64>,
    /// Most devices of a world; of a scenario, how many, and rates go with them [default: 6; what
    /// the scenario says]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000), value_name = "MAX")]
    pub(crate) devices: Option<u64>,
    /// How long things go wrong in each, in hours of virtual time
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u64).range(1..=8_784), value_name = "H")]
    pub(crate) hours: u64,
    /// How long the world then has to keep its promises, in virtual time
    #[arg(long, default_value = "30m", value_parser = span, value_name = "SPAN")]
    pub(crate) calm: Duration,
    /// Where recordings go; made when there is one
    #[arg(long, default_value = CASE_DIR, value_name = "DIR")]
    pub(crate) case_dir: PathBuf,
    /// Go on after a broken promise, and report all of them, the fastest first
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Plant a fault, to see it found; only in builds with the feature `planted`
    #[arg(long, value_name = "NAME")]
    pub(crate) plant: Option<String>,
    /// What the second tier needs.
    #[command(flatten)]
    pub(crate) quic: QuicArgs,
}

impl SimArgs {
    /// Most devices of a world without being told.
    const DEVICES: u64 = 6;

    /// Most devices of a drawn world.
    pub(crate) fn devices_max(&self) -> u64 {
        self.devices.unwrap_or(Self::DEVICES)
    }
}

/// Flags of the second tier.
#[derive(Clone, Debug, Args)]
pub(crate) struct QuicArgs {
    /// The real server and devices over real QUIC, in memory and in virtual time
    #[arg(long, conflicts_with_all = ["hours", "calm", "keep_going"])]
    pub(crate) quic: bool,
    /// With --quic: how long a run lasts, in minutes of virtual time; the last five are calm
    #[arg(long, requires = "quic", default_value = "20", value_parser = clap::value_parser!(u64).range(10..=43_200), value_name = "MIN")]
    pub(crate) minutes: u64,
    /// With --quic: play each seed twice and say where the two runs part, if they do
    #[arg(long, requires = "quic")]
    pub(crate) twice: bool,
    /// With --quic: write what happened here, an event a line; of several seeds, the last
    #[arg(long, requires = "quic", value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}
