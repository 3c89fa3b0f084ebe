//! The command line: every verb, every flag, every help text.

mod action;
mod case;
mod conform;
mod demo;
mod device;
mod doctor;
mod failure;
mod fleet;
mod load;
mod report;
mod scenario;
mod server;
mod sim;
mod token;
mod trust;
mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use action::{ActionArgs, ActionName, ActionWith};
pub(crate) use case::{CaseListArgs, CaseRunArgs, CaseVerb};
pub(crate) use conform::{
    ConformAgentArgs, ConformListArgs, ConformMatrixArgs, ConformSchemaArgs, ConformServerArgs,
    ConformVerb, JudgingArgs, LevelName, ProfileName, SchemaName,
};
pub(crate) use demo::DemoArgs;
pub(crate) use device::{DeviceListArgs, DeviceShowArgs, DeviceVerb, LockState, PlatformName};
pub(crate) use doctor::{CompletionsArgs, DoctorArgs, ManArgs, SocketUse};
pub(crate) use failure::{CutArgs, ExplainArgs, ReplayArgs, ShrinkArgs, TimelineArgs};
pub(crate) use fleet::FleetArgs;
pub(crate) use load::{LoadArgs, TargetArgs, ThroughName};
pub(crate) use report::{ReportDiffArgs, ReportMergeArgs, ReportOpenArgs, ReportVerb};
pub(crate) use scenario::{
    ScenarioCheckArgs, ScenarioListArgs, ScenarioNewArgs, ScenarioTraceArgs, ScenarioVerb,
};
pub(crate) use server::ServerArgs;
pub(crate) use sim::SimArgs;
pub(crate) use token::{TokenNewArgs, TokenVerb};
pub(crate) use trust::{Shell, TrustArgs};
pub(crate) use value::span;

/// Where recordings go if nothing else is said.
pub(crate) const CASE_DIR: &str = "muster-cases";

/// A fleet of simulated iOS and Android devices and the MDM server that manages them.
#[derive(Debug, Parser)]
#[command(
    name = "muster",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        muster demo                            server, 100 devices and the tour in one command\n  \
        muster server                          a server on 127.0.0.1, data in ./.muster\n  \
        muster fleet --devices 1000            a thousand devices against it\n  \
        muster device list                     what the server knows\n  \
        muster action reset-passcode SERIAL --wait\n  \
        muster load first-minute               a load test, judged\n  \
        muster conform server --sim            the server against the protocol\n  \
        muster case run wrong-unlock-token     a failure by name\n\n\
        Exit codes: 0 ok, 1 verdict failed, 2 inconclusive, 64 usage, 65 bad file, 69 unreachable, 70 internal, 130 interrupted"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// What applies to every verb.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Flags of every verb.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Common {
    /// Print data for programs: JSON on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How log lines on stderr look; RUST_LOG chooses which
    #[arg(long, global = true, value_enum, default_value = "text", env = "MUSTER_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Start a server and devices, run the tour, print it
    Demo(DemoArgs),
    /// Run the MDM server
    Server(ServerArgs),
    /// Run a fleet of simulated devices against a server
    Fleet(FleetArgs),
    /// Play a scenario against a server and judge it
    Load(LoadArgs),
    /// Write, check and list scenarios of `muster load`
    #[command(subcommand)]
    Scenario(ScenarioVerb),
    /// Open, compare and merge reports of `muster load`
    #[command(subcommand)]
    Report(ReportVerb),
    /// Look at the devices a server knows
    #[command(subcommand)]
    Device(DeviceVerb),
    /// Ask a device to do something
    Action(ActionArgs),
    /// Play failures and features by name
    #[command(subcommand)]
    Case(CaseVerb),
    /// Hold a server or an agent against the requirements of the protocol
    #[command(subcommand)]
    Conform(ConformVerb),
    /// Explore worlds in virtual time and check every promise in each
    Sim(SimArgs),
    /// Make an enrolment token
    #[command(subcommand)]
    Token(TokenVerb),
    /// Print what a shell needs so that its programs trust the server
    Trust(TrustArgs),
    /// Look whether this machine can hold a fleet
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print manual pages
    Man(ManArgs),
}

/// Where the admin API is.
#[derive(Clone, Debug, Args)]
pub(crate) struct AdminArgs {
    /// Data folder of the server: its CA, its admin token, where it listens
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Base URL of the admin API; default: what the data folder says
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
