//! The verbs and flags of `muster token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::value::span;

/// `muster token`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make an enrolment token and print it once
    #[command(
        after_help = "Examples:\n  muster token new\n  muster token new --one-time --expires-in 10m > token\n  \
        muster token new --profile no-policy --data ./.muster"
    )]
    New(TokenNewArgs),
}

/// `muster token new`
#[derive(Debug, Args)]
pub(crate) struct TokenNewArgs {
    /// Data folder of the server, which may be running
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Enrolment profile: default (all policies) or no-policy
    #[arg(long, default_value = "default")]
    pub(crate) profile: String,
    /// One device only
    #[arg(long)]
    pub(crate) one_time: bool,
    /// How long it is valid
    #[arg(long, default_value = "1d", value_parser = span, value_name = "SPAN")]
    pub(crate) expires_in: Duration,
}
