//! The verbs and flags of `muster report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `muster report`
#[derive(Debug, Subcommand)]
pub(crate) enum ReportVerb {
    /// Tell what a run of `muster load` found out, and where its page is
    #[command(after_help = "Examples:\n  muster report open runs/latest\n  \
        muster report open report.json --html report.html\n  \
        muster report open runs/latest --baseline runs/monday --html diff.html")]
    Open(ReportOpenArgs),
    /// Compare a run with one before
    #[command(after_help = "Examples:\n  muster report diff runs/monday runs/latest\n  \
        muster report diff main.json branch.json --json\n\n\
        Exit code 1 if a threshold got worse. A change is noise below a tenth, below half a\n\
        millisecond, or if so few samples could have made it by chance.")]
    Diff(ReportDiffArgs),
    /// Make one report of the shards of one run, and judge it anew
    #[command(after_help = "Example:\n  \
        muster load steady-half-load --shard 1/2 --out here     on one machine\n  \
        muster load steady-half-load --shard 2/2 --out there    on another, at the same time\n  \
        muster report merge here/latest there/latest --output merged\n\n\
        Histograms are added bucket by bucket; no percentile is averaged. Exit code as of the run:\n\
        0 pass, 1 fail, 2 inconclusive, which a merge without all its shards is at best.")]
    Merge(ReportMergeArgs),
    /// Print the JSON schema of reports
    Schema,
}

/// `muster report open`
#[derive(Debug, Args)]
pub(crate) struct ReportOpenArgs {
    /// A report, or the folder of a run, or a folder of runs
    #[arg(value_name = "FILE|DIR")]
    pub(crate) report: PathBuf,
    /// A run to compare the page with
    #[arg(long, value_name = "FILE|DIR", requires = "html")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the page to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the thresholds as JUnit to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

/// `muster report diff`
#[derive(Debug, Args)]
pub(crate) struct ReportDiffArgs {
    /// The run before
    #[arg(value_name = "BASELINE")]
    pub(crate) before: PathBuf,
    /// The run to judge
    #[arg(value_name = "FILE|DIR")]
    pub(crate) after: PathBuf,
}

/// `muster report merge`
#[derive(Debug, Args)]
pub(crate) struct ReportMergeArgs {
    /// The reports of the shards
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) reports: Vec<PathBuf>,
    /// Folder for the merged report, its page and its logs
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}
