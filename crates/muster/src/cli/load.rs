//! The flags of `muster load`.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use muster_agent::BlackBox;
use muster_scenario::{Shard, TimeScale};

/// Most processes of one run: more than any machine has cores for.
const WORKERS_MAX: u32 = 64;

/// `muster load`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    muster load first-minute                               a ready one: muster scenario list\n  \
    muster load mine.toml --devices 500 --time-scale 0.1   a small run, ten times as fast\n  \
    muster load mine.toml --out ./runs/monday              with its report, logs and timelines\n  \
    muster load steady-half-load --json > report.json\n  \
    muster load mine.toml --data .muster                   against a server that runs already\n  \
    muster load steady-half-load --workers 4               by four processes\n  \
    muster load soak --control 127.0.0.1:7600              with a dashboard: says its address\n  \
    muster load soak --control 127.0.0.1:7600 --control-token-file token\n    \
        curl -H \"Authorization: Bearer $(cat token)\" -d '{\"fault\": \"restart\"}' \\\n        \
            http://127.0.0.1:7600/v1/run/inject            something goes wrong now\n  \
    muster load mine.toml --server 127.0.0.1:4433 --ca ca.pem --token-file token \\\n    \
        --admin https://127.0.0.1:8443 --admin-token-file admin-token\n  \
    muster load mine.toml --data .muster --shard 1/2 --start-at 2026-01-02T03:04:05Z\n\n\
    Plays a scenario against a server of its own, in this process on threads of its own, or against\n\
    one that runs already, of which it sees what its devices and its administrators see. Ends with a\n\
    verdict: 0 all thresholds hold, 1 one does not, 2 nobody can tell because the generator was the\n\
    bottleneck; 65 the scenario is wrong, 130 ended by Ctrl-C, which reports what there is.")]
pub(crate) struct LoadArgs {
    /// The scenario file, or the name of a ready one: `muster scenario list`
    pub(crate) scenario: PathBuf,
    /// How many devices; rates go with them. Default: what the scenario says
    #[arg(long, env = "MUSTER_DEVICES", value_name = "N")]
    pub(crate) devices: Option<NonZeroU32>,
    /// How long the plan takes: 0.1 makes a minute six seconds; rates and limits stay
    #[arg(long, default_value = "1", value_parser = time_scale, value_name = "FACTOR")]
    pub(crate) time_scale: TimeScale,
    /// Seed of the run; default: the scenario's
    #[arg(long, env = "MUSTER_SEED")]
    pub(crate) seed: Option<u64>,
    /// Change a value of the scenario, such as limits.deadline=2s; may be given repeatedly
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Play a share of the plan, such as 1/4; the reports of all shares can be merged
    #[arg(long, value_parser = shard, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
    /// Play the plan with so many processes on this machine, a share each, and merge their reports
    #[arg(long, value_name = "N", value_parser = workers, conflicts_with = "shard")]
    pub(crate) workers: Option<NonZeroU32>,
    /// Write the report, its logs and the slowest devices' timelines into a folder in DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Data folder of the embedded server; default: one that is removed at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// How commands are handed in; default: direct, or graph if the server is elsewhere
    #[arg(long, value_enum)]
    pub(crate) through: Option<ThroughName>,
    /// Begin the plan at this instant, when several play shares of it; such as 2026-01-02T03:04:05Z
    #[arg(long, value_parser = instant, value_name = "RFC3339")]
    pub(crate) start_at: Option<SystemTime>,
    /// Threads of the embedded server; default: half of the processors
    #[arg(long, value_name = "N")]
    pub(crate) server_threads: Option<NonZeroUsize>,
    /// Threads of the devices; default: half of the processors
    #[arg(long, value_name = "N")]
    pub(crate) fleet_threads: Option<NonZeroUsize>,
    /// UDP sockets that the devices share; default: one for 2,500 devices
    #[arg(long, value_name = "N")]
    pub(crate) sockets: Option<NonZeroUsize>,
    /// How many of its last inputs each device keeps, 1 to 256, or off
    #[arg(long, default_value = "32", value_name = "N|off")]
    pub(crate) black_box: BlackBox,
    /// Measure nothing but throughput, to see what measuring costs
    #[arg(long)]
    pub(crate) no_instruments: bool,
    /// Show metrics of run, server and fleet to Prometheus at http://ADDR/metrics
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Let the run be watched and changed in a browser at http://ADDR/, by programs at
    /// http://ADDR/v1/run, on this machine; port 0 is a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) control: Option<SocketAddr>,
    /// Leave the token for that in this file, instead of saying it
    #[arg(long, value_name = "FILE", requires = "control")]
    pub(crate) control_token_file: Option<PathBuf>,
    /// Say nothing while the run goes on
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Play one share of a plan for the process that has started this one
    #[arg(long, hide = true)]
    pub(crate) is_worker: bool,
    // Last, because its heading stands above whatever comes after it.
    /// Which server, if it is not one of the run's own.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Which server is put under load, if it is not one of the run's own.
#[derive(Debug, Args)]
#[command(next_help_heading = "A server that runs already")]
pub(crate) struct TargetArgs {
    /// Its data folder: its CA, its tokens, where it listens
    #[arg(long, value_name = "DIR", conflicts_with = "keep")]
    pub(crate) data: Option<PathBuf>,
    /// Where its devices connect
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "keep")]
    pub(crate) server: Option<String>,
    /// CA certificate of both its addresses, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// File with a token with which any number of devices enrol
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Its Graph API: where commands are handed in and looked after
    #[arg(long, value_name = "URL")]
    pub(crate) admin: Option<String>,
    /// File with a bearer token for it
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Serve the push services of woken devices from this folder; the server is told of it by
    /// --push-folder
    #[arg(long, value_name = "DIR")]
    pub(crate) push_folder: Option<PathBuf>,
    /// Its page of Prometheus metrics, for what it takes of memory and processor
    #[arg(long, value_name = "URL")]
    pub(crate) server_metrics: Option<String>,
    /// Put load on an address of another machine: only on a server that is yours
    #[arg(long)]
    pub(crate) i_own_this_target: bool,
}

impl TargetArgs {
    /// Whether the server is one that runs already.
    pub(crate) const fn is_elsewhere(&self) -> bool {
        self.data.is_some() || self.server.is_some()
    }
}

/// How commands are handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThroughName {
    /// Straight into the embedded server
    Direct,
    /// Over HTTPS, through the Graph API
    Graph,
}

fn time_scale(text: &str) -> Result<TimeScale, String> {
    TimeScale::parse(text).map_err(|problem| problem.to_string())
}

fn instant(text: &str) -> Result<SystemTime, String> {
    let read = text.parse::<jiff::Timestamp>();
    let read = read.map_err(|_no_instant| "expected an instant such as 2026-01-02T03:04:05Z");
    Ok(read?.into())
}

fn workers(text: &str) -> Result<NonZeroU32, String> {
    let count = text.parse::<NonZeroU32>().ok().filter(|count| count.get() <= WORKERS_MAX);
    count.ok_or_else(|| format!("expected a number of workers, 1 to {WORKERS_MAX}"))
}

fn shard(text: &str) -> Result<Shard, String> {
    let read = || {
        let (index, of) = text.split_once('/')?;
        let (index, of): (u32, NonZeroU32) = (index.parse().ok()?, of.parse().ok()?);
        Shard::new(index.checked_sub(1)?, of)
    };
    read().ok_or_else(|| "expected a share such as 1/4".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_from_one() {
        assert_eq!(shard("1/4").map(Shard::index), Ok(0));
        assert_eq!(shard("4/4").map(Shard::index), Ok(3));
        for refused in ["0/4", "5/4", "1/0", "1", "", "a/b"] {
            assert!(shard(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_time_scale_is_a_positive_factor() {
        assert_eq!(time_scale("1"), Ok(TimeScale::REAL));
        for refused in ["0", "-1", "fast", "", "NaN"] {
            assert!(time_scale(refused).is_err(), "{refused}");
        }
    }
}
