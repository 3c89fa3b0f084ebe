//! The verbs and flags of `muster conform`.

mod agent;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) use agent::ConformAgentArgs;

/// `muster conform`
#[derive(Debug, Subcommand)]
pub(crate) enum ConformVerb {
    /// List the cases, the requirements they try, and what they need
    #[command(
        after_help = "Examples:\n  muster conform list\n  muster conform list queue --json\n  \
        muster conform list --requirements ack"
    )]
    List(ConformListArgs),
    /// Try a server: the suite is its devices
    #[command(after_help = "Examples:\n  \
        muster conform server                       muster's own, over UDP\n  \
        muster conform server --sim                 the same in virtual time\n  \
        muster conform server MDM-QUEUE-002 -v      one case, with its transcript\n  \
        muster conform server --data .muster        a muster server that runs\n  \
        muster conform server --target 127.0.0.1:4433 --ca ca.pem --hook http://127.0.0.1:9000\n  \
        muster conform server --json > report.json\n  \
        muster conform server --failed report.json  those that failed, once more")]
    Server(Box<ConformServerArgs>),
    /// Try an agent: the suite is its server
    #[command(after_help = "Examples:\n  \
        muster conform agent                        muster's own, over UDP\n  \
        muster conform agent --sim                  the same in virtual time\n  \
        muster conform agent MDM-ACK-102 -v         one case, with its transcript\n  \
        muster conform agent --exec './agent --server {server} --ca {ca} --token {token}'\n  \
        muster conform agent --trigger http://127.0.0.1:9000\n  \
        muster conform agent --wait 127.0.0.1:4433 --brief ./brief")]
    Agent(Box<ConformAgentArgs>),
    /// Put several targets side by side: play them, or take reports made before
    #[command(after_help = "Examples:\n  muster conform matrix targets.toml --out matrix\n  \
        muster conform matrix monday/report.json tuesday/report.json\n\n\
        targets.toml has a [[target]] for each, with one of own = \"live\" or \"sim\", data = FOLDER,\n\
        server = ADDR with ca and hook, report = FILE; docs/conformance.md tells the rest.")]
    Matrix(ConformMatrixArgs),
    /// Print the JSON schema of a report or of a matrix
    Schema(ConformSchemaArgs),
}

/// `muster conform matrix`
#[derive(Debug, Args)]
pub(crate) struct ConformMatrixArgs {
    /// Files that name targets (.toml), and reports
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write matrix.json, matrix.md and matrix.html into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Try servers that are not on this machine
    #[arg(long)]
    pub(crate) i_own_these_targets: bool,
    /// Only cases that bind this much or more
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) level: Option<LevelName>,
    /// Only cases of this profile
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// A broken SHOULD, or the right end with a wrong code, fails
    #[arg(long)]
    pub(crate) strict: bool,
    /// What everything is drawn from; default: drawn itself, and printed
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Wait this many times as long for every answer
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = times)]
    pub(crate) time_scale: f64,
}

/// `muster conform schema`
#[derive(Debug, Args)]
pub(crate) struct ConformSchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaName::Report)]
    pub(crate) of: SchemaName,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// What came of one target.
    Report,
    /// What came of several.
    Matrix,
}

/// `muster conform list`
#[derive(Debug, Args)]
pub(crate) struct ConformListArgs {
    /// List the requirements instead, with the cases that try each
    #[arg(long)]
    pub(crate) requirements: bool,
    /// Only cases whose text has all these words
    pub(crate) words: Vec<String>,
}

/// `muster conform server`
#[derive(Debug, Default, Args)]
pub(crate) struct ConformServerArgs {
    /// Only these cases: ids, or what they begin with
    #[arg(value_name = "CASE")]
    pub(crate) cases: Vec<String>,
    /// UDP address of the server to try; without it muster starts one of its own
    #[arg(long, value_name = "ADDR", requires = "ca", requires = "hook")]
    pub(crate) target: Option<SocketAddr>,
    /// The certificate of the CA both sides trust, PEM
    #[arg(long, value_name = "FILE", requires = "target")]
    pub(crate) ca: Option<PathBuf>,
    /// Where the target's control hook takes its verbs: a URL, or a program after `exec:`
    #[arg(long, value_name = "URL|exec:COMMAND", requires = "target")]
    pub(crate) hook: Option<String>,
    /// Data folder of a muster server that runs: its address, its CA and its admin API as the hook
    #[arg(long, value_name = "DIR", conflicts_with = "target")]
    pub(crate) data: Option<PathBuf>,
    /// Try a server that is not on this machine
    #[arg(long, requires = "target")]
    pub(crate) i_own_this_target: bool,
    /// How the suite judges
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
    /// Play against muster's own server in virtual time: no network, and minutes pass at once
    #[arg(long, conflicts_with_all = ["target", "data"])]
    pub(crate) sim: bool,
    /// Plant a fault in muster's own server, to see it found; only in builds with the feature `planted`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "data"])]
    pub(crate) plant: Option<String>,
}

/// What both directions take.
#[derive(Debug, Default, Args)]
pub(crate) struct JudgingArgs {
    /// What the target claims to offer; default: everything for muster's own, the core profile for
    /// any other
    #[arg(long, value_name = "FILE")]
    pub(crate) capabilities: Option<PathBuf>,
    /// The failures that are expected, each with a reason, a link and a last day
    #[arg(long, value_name = "FILE")]
    pub(crate) expected_failures: Option<PathBuf>,
    /// Only cases that bind this much or more
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) level: Option<LevelName>,
    /// Only cases of this profile
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// Only those that failed in this report
    #[arg(long, value_name = "REPORT", conflicts_with = "cases")]
    pub(crate) failed: Option<PathBuf>,
    /// A broken SHOULD, or the right end with a wrong code, fails
    #[arg(long)]
    pub(crate) strict: bool,
    /// What everything is drawn from; default: drawn itself, and printed
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Wait this many times as long for every answer
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = times)]
    pub(crate) time_scale: f64,
    /// Play each case this often; it is flaky if the verdicts differ
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repeat: u32,
    /// Write report.json, junit.xml and report.md into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Tell of every case, with what was said
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// How much a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelName {
    /// MUST and MUST NOT.
    Must,
    /// SHOULD as well.
    Should,
    /// Everything.
    May,
}

/// A part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// What everybody has.
    Core,
    /// iPhones and iPads.
    Ios,
    /// Android.
    Android,
    /// Devices that are woken.
    Push,
    /// Connections that change their address.
    Migration,
}

fn times(text: &str) -> Result<f64, String> {
    let times: f64 =
        text.parse().map_err(|_cause| "expected a number, for example 2.5".to_owned())?;
    if (0.1..=100.0).contains(&times) { Ok(times) } else { Err("expected 0.1 to 100".to_owned()) }
}
