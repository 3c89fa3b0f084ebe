//! The verbs and flags of `muster case`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CASE_DIR, CutArgs, ExplainArgs, ReplayArgs, ShrinkArgs, TimelineArgs};

/// `muster case`
#[derive(Debug, Subcommand)]
pub(crate) enum CaseVerb {
    /// List the cases that come with muster
    #[command(after_help = "Examples:\n  muster case list\n  muster case list activation lock")]
    List(CaseListArgs),
    /// Play cases live over QUIC, or in virtual time, and judge them on the device itself
    #[command(
        after_help = "Examples:\n  muster case run wrong-unlock-token      with its timeline\n  \
        muster case run --all --json\n  muster case run --all --sim             in virtual time\n  \
        muster case run ./mine.toml"
    )]
    Run(CaseRunArgs),
    /// Print the JSON schema of cases
    #[command(after_help = "Examples:\n  muster case schema > case.schema.json\n\n\
        An editor that knows it completes keys and marks what is wrong: put\n  \
        #:schema ./case.schema.json\n\
        at the top of a case.")]
    Schema,
    /// Cut what happened to one device out of a live run, as a recording
    #[command(after_help = "Examples:\n  muster fleet --record ./run\n  \
        muster case cut ./run --device F17G0000A1 -o failure.muster\n  \
        muster case replay failure.muster")]
    Cut(CutArgs),
    /// Play recordings again in virtual time, and compare with what was recorded
    #[command(after_help = "Examples:\n  muster case replay seed-17.muster\n  \
        muster case replay fixtures/regressions/*.muster\n\n\
        Exit code 1 if a promise is broken, 0 if all are kept: as `git bisect run` expects it.")]
    Replay(ReplayArgs),
    /// Take out of a recording whatever is not needed for it to fail
    #[command(after_help = "Examples:\n  muster case shrink seed-17.muster\n  \
        muster case shrink seed-17.muster --for 5m -o small.muster")]
    Shrink(ShrinkArgs),
    /// Draw who said what to whom, as text for an issue or as a page
    #[command(after_help = "Examples:\n  muster case timeline seed-17.muster\n  \
        muster case timeline seed-17.muster --html timeline.html")]
    Timeline(TimelineArgs),
    /// Show when the failure became inevitable
    #[command(after_help = "Examples:\n  muster case explain seed-17.small.muster\n  \
        muster case explain seed-17.muster --moments 40 --futures 200")]
    Explain(ExplainArgs),
}

/// `muster case list`
#[derive(Debug, Args)]
pub(crate) struct CaseListArgs {
    /// Only cases whose text has all these words
    pub(crate) words: Vec<String>,
}

/// `muster case run`
#[derive(Debug, Args)]
pub(crate) struct CaseRunArgs {
    /// Names of cases, or files of your own that end with .toml
    #[arg(required_unless_present = "all", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Play every case
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// Play in virtual time: the same device and server, no network, and a wait of a week is over
    /// at once
    #[arg(long)]
    pub(crate) sim: bool,
    /// Where what led to a failure goes, as recordings; made when there is one
    #[arg(long, default_value = CASE_DIR, value_name = "DIR", conflicts_with = "sim")]
    pub(crate) case_dir: PathBuf,
}
