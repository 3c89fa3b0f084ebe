//! The flags of `muster demo`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

/// `muster demo`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster demo\n  muster demo --devices 1000 --seed 7\n  \
    muster demo --keep ./demo-run      keeps database, certificates and tokens\n  \
    muster demo --json | jq .verdict")]
pub(crate) struct DemoArgs {
    /// How many devices; at least the cast of the tour is there
    #[arg(long, default_value = "100", env = "MUSTER_DEVICES")]
    pub(crate) devices: NonZeroUsize,
    /// Seed of the run: the same seed gives the same devices and the same outcomes
    #[arg(long, default_value = "1", env = "MUSTER_SEED")]
    pub(crate) seed: u64,
    /// Keep the run's data in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
