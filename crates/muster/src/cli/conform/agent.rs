//! The flags of `muster conform agent`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::JudgingArgs;

/// `muster conform agent`
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ConformAgentArgs {
    /// Only these cases: ids, or what they begin with
    #[arg(value_name = "CASE")]
    pub(crate) cases: Vec<String>,
    /// Start this program for each device, with {server}, {ca}, {token}, {token-file}, {device},
    /// {mode} and {state} filled in; without it muster's own agent is tried
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["trigger", "wait", "sim"])]
    pub(crate) exec: Option<String>,
    /// POST the same to this URL as JSON for each device, and what befalls it
    #[arg(long, value_name = "URL", conflicts_with_all = ["wait", "sim"])]
    pub(crate) trigger: Option<String>,
    /// Listen here, and play case after case with whoever comes to enrol
    #[arg(long, value_name = "ADDR", conflicts_with = "sim", requires = "brief")]
    pub(crate) wait: Option<SocketAddr>,
    /// Leave what the agent has to know in this folder: ca.pem and token
    #[arg(long, value_name = "DIR", requires = "wait")]
    pub(crate) brief: Option<PathBuf>,
    /// Listen where other machines can connect
    #[arg(long, requires = "wait")]
    pub(crate) i_own_this_network: bool,
    /// Send tokens to a trigger that is not on this machine
    #[arg(long, requires = "trigger")]
    pub(crate) i_own_this_target: bool,
    /// How the suite judges
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
    /// Play with muster's own agent in virtual time: no network, and minutes pass at once
    #[arg(long)]
    pub(crate) sim: bool,
    /// Plant a fault in muster's own agent, to see it found; only in builds with the feature `planted`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["exec", "trigger", "wait"])]
    pub(crate) plant: Option<String>,
}
