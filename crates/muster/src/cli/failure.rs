//! The flags of the verbs of `muster case` that take a recording apart.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::span;

/// `muster case cut`
#[derive(Debug, Args)]
pub(crate) struct CutArgs {
    /// Folder of a run: of `muster fleet --record`, or the data folder of its server
    pub(crate) run: PathBuf,
    /// Serial number of the device
    #[arg(long, value_name = "SERIAL")]
    pub(crate) device: muster_protocol::SerialNumber,
    /// Where the recording goes; default: SERIAL.muster
    #[arg(long, short, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
}

/// `muster case replay`
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Recordings
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `muster case shrink`
#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// A recording
    pub(crate) file: PathBuf,
    /// How long to search; the best found by then is kept
    #[arg(long = "for", default_value = "60s", value_parser = span, value_name = "SPAN")]
    pub(crate) patience: Duration,
    /// Where the smaller recording goes; default: beside FILE, ending with .small.muster
    #[arg(long, short, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
}

/// `muster case timeline`
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// A recording
    pub(crate) file: PathBuf,
    /// This device instead of the one that failed
    #[arg(long, value_name = "NUMBER", conflicts_with = "all_devices")]
    pub(crate) device: Option<u32>,
    /// Every device
    #[arg(long)]
    pub(crate) all_devices: bool,
    /// Write a page that needs nothing else, instead of text
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
}

/// `muster case explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A recording
    pub(crate) file: PathBuf,
    /// How long to look; what is known by then is shown
    #[arg(long = "for", default_value = "60s", value_parser = span, value_name = "SPAN")]
    pub(crate) patience: Duration,
    /// Moments looked at between the start and the failure
    #[arg(long, default_value = "16", value_parser = clap::value_parser!(u16).range(2..=1_000), value_name = "N")]
    pub(crate) moments: u16,
    /// Futures drawn from each moment
    #[arg(long, default_value = "40", value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    pub(crate) futures: u32,
}
