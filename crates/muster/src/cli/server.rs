//! The flags of `muster server`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use muster_server::CrashAt;
use muster_transport::HostName;

use super::value::span;
use crate::verbs::server::Reading;

/// `muster server`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster server\n  muster server --data /tmp/run1 --quic 127.0.0.1:0 --admin 127.0.0.1:0\n  \
    muster server --activation-folder .muster-vendor   `muster fleet` serves it; may start later\n  \
    muster server --push-folder .muster-vendor         wakes devices of `muster fleet --connectivity woken`
  \
    muster server --metrics 127.0.0.1:9464             numbers for Prometheus, see docs/metrics.md
  \
    muster server --quic 0.0.0.0:4433 --admin 0.0.0.0:8443 --allow-non-loopback --name mdm.example
      muster server --intercept                          and `muster trust`: scripts for Intune run unchanged\n  \
    muster server --crash-at after-hand-over-commit:3   dies there, to see what the next one makes of it\n\n\
    Points to crash at:\n  \
    before-X-commit, after-X-commit for X = command, hand-over, settle, hand-back, cancel,\n  \
    enrolment, token-update, report; before-command-sent, after-command-sent, result-received,\n  \
    after-enrolment-reply\n\n\
    Ctrl-C stops within two seconds: commands in flight go back into the queue."
)]
pub(crate) struct ServerArgs {
    /// Where devices connect (QUIC over UDP); port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:4433", env = "MUSTER_QUIC", value_name = "ADDR")]
    pub(crate) quic: SocketAddr,
    /// Where administrators connect (HTTPS); port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8443", env = "MUSTER_ADMIN", value_name = "ADDR")]
    pub(crate) admin: SocketAddr,
    /// A DNS name or IP address by which clients reach the server; its certificate holds localhost,
    /// 127.0.0.1, ::1, the addresses it listens on, and these; may be given repeatedly
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Vec<HostName>,
    /// Data folder: database, certificates, tokens
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// How long an accepted command may wait for its device
    #[arg(long, default_value = "30d", value_parser = span, value_name = "SPAN")]
    pub(crate) command_lifetime: Duration,
    /// Send bypass codes to the activation service of this folder instead of to the devices
    #[arg(long, env = "MUSTER_ACTIVATION", value_name = "DIR")]
    pub(crate) activation_folder: Option<PathBuf>,
    /// Wake devices over the push services of this folder; without it commands wait for them to come
    #[arg(long, env = "MUSTER_PUSH", value_name = "DIR")]
    pub(crate) push_folder: Option<PathBuf>,
    /// Offer a proxy for scripts whose hosts are written into them: it leads graph.microsoft.com and
    /// login.microsoftonline.com to this server and refuses every other host; see `muster trust`
    #[arg(
        long, value_name = "ADDR", env = "MUSTER_INTERCEPT",
        num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:8080"
    )]
    pub(crate) intercept: Option<SocketAddr>,
    /// Errors of the admin API say what the service's say and no more
    #[arg(long)]
    pub(crate) strict: bool,
    /// Filters of the admin API may ask what the service's documentation lists and no more
    #[arg(long)]
    pub(crate) strict_odata: bool,
    /// Keep clients of the admin API to the limits of the service: 429 beyond
    #[arg(long)]
    pub(crate) throttle: bool,
    /// Follow another reading where the documents contradict each other; may be given repeatedly
    #[arg(long, value_name = "NAME")]
    pub(crate) reading: Vec<Reading>,
    /// Die, as in a power cut, the N-th time this point is passed; a fault injector, may be given
    /// repeatedly
    #[arg(long, value_name = "POINT[:N]")]
    pub(crate) crash_at: Vec<CrashAt>,
    /// Every flush of the disk takes this much longer; a fault injector
    #[arg(long, value_parser = span, value_name = "SPAN")]
    pub(crate) slow_disk: Option<Duration>,
    /// The disk has no room for anything for so long after the start; a fault injector
    #[arg(long, value_parser = span, value_name = "SPAN")]
    pub(crate) disk_full: Option<Duration>,
    /// Answer the first datagram of each connection with a Retry packet, so that every connect takes
    /// a round trip more; a fault injector
    #[arg(long)]
    pub(crate) retry: bool,
    /// Show metrics to Prometheus at http://ADDR/metrics; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Listen on addresses that other machines can reach
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
}
