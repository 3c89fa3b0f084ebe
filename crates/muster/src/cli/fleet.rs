//! The flags of `muster fleet`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use muster_agent::{BlackBox, FleetFault, Sockets};
use muster_device::Calendar;

use super::value::{sockets, span};
use crate::connectivity::Connectivity;
use crate::life::{Life, calendar};

/// `muster fleet`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster fleet --devices 1000\n  muster fleet --devices 1000 --state ./fleet   survives a restart\n  \
    muster fleet --life realistic --day-length 60s   a day of people in a minute\n  \
    muster fleet --devices 50 --token-file ./one-time-token --server 127.0.0.1:4433 --ca ./ca.pem\n  \
    muster fleet --activation-service 127.0.0.1:9443 --activation-folder .muster-vendor\n  \
    muster fleet --connectivity woken --activation-service 127.0.0.1:9443 --activation-folder .muster-vendor
  \
    muster fleet --fault 'loss rate=5% direction=up' --fault 'black-hole lasts=10s every=60s share=20%'\n  \
    muster fleet --fault 'crash rate=1%' --record ./run\n  \
    muster fleet --metrics 127.0.0.1:9465   numbers for Prometheus, see docs/metrics.md\n  \
    muster fleet --fault 'crash device=0 after=executed nth=3'   the third effect of the first device\n\n\
    Faults:\n  \
    link    loss, burst-loss, duplicate, corrupt, reorder (rate=5%), delay, reorder (by=50ms),\n          \
            burst-loss (length=5), jitter (below=50ms), black-hole, one-way (direction=up or down);\n          \
            all but black-hole and one-way take direction=up or down for one way only;\n          \
            rate-limit (bytes-per-second=50000 queue=64), mtu-shrinks (bytes=1200; below that no\n          \
            handshake succeeds), udp-blocked, mapping-forgotten (idle=30s)\n  \
    path    rebind (a new port behind the device's back), migrate (to another path), cut\n  \
    answer  repeat-answer, old-attempt, unknown-answer, lose-answer, keep-answer, crash (rate=5%),\n          \
            slow (by=2s)\n  \
    wake    wake-lost, wake-late, wake-duplicated (rate=5%), wake-late (by=10s): pushes on their way\n  \
    whom    share=20% of the devices, device=0, or mode=dedicated\n  \
    when    at=10s, lasts=10s, every=60s until=1h; or from at= on once after=MOMENT, nth=3 the third\n          \
            time, with odds=5% now and then; or when=STATE\n  \
    moments connecting, connected, command-arrives, command-returns, output, persisting, persisted,\n          \
            executed, answering, answered\n  \
    states  enrolled, connected, lost, switched-off, unenrolled\n\n\
    Runs until Ctrl-C; then prints what the devices did."
)]
pub(crate) struct FleetArgs {
    /// How many devices
    #[arg(long, default_value = "100", env = "MUSTER_DEVICES")]
    pub(crate) devices: NonZeroUsize,
    /// Seed of the fleet
    #[arg(long, default_value = "1", env = "MUSTER_SEED")]
    pub(crate) seed: u64,
    /// Where the server listens; default: what the data folder says
    #[arg(long, env = "MUSTER_SERVER", value_name = "HOST:PORT")]
    pub(crate) server: Option<String>,
    /// Data folder of the server: its CA, its tokens, where it listens
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// CA certificate in PEM instead of the data folder's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Enrolment profile whose token in the data folder is used
    #[arg(long, default_value = "default")]
    pub(crate) profile: String,
    /// File with the enrolment token instead of the data folder's
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Keep devices and their certificates here, so that they survive a restart
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// UDP sockets: per-device or shared:N
    #[arg(long, default_value = "shared:1", value_parser = sockets, value_name = "HOW")]
    pub(crate) sockets: Sockets,
    /// How many connects may be under way at once
    #[arg(long, default_value = "256", value_name = "N")]
    pub(crate) connects_in_flight: NonZeroUsize,
    /// Whether devices keep their connection: connected, woken by pushes, or SHARE% of them woken
    #[arg(long, default_value = "connected", value_name = "HOW")]
    pub(crate) connectivity: Connectivity,
    /// How often a connected device pings; a killed server is noticed this late at most
    #[arg(long, default_value = "60s", value_parser = span, value_name = "SPAN")]
    pub(crate) keep_alive: Duration,
    /// Serve the vendor's activation and push services of these devices over HTTPS; port 0 picks a
    /// free one
    #[arg(long, value_name = "ADDR", requires = "activation_folder")]
    pub(crate) activation_service: Option<SocketAddr>,
    /// Folder of those services: their CA, the certificate of their customer, where they listen
    #[arg(long, env = "MUSTER_ACTIVATION", value_name = "DIR")]
    pub(crate) activation_folder: Option<PathBuf>,
    /// Stop after this long instead of at Ctrl-C
    #[arg(long, value_parser = span, value_name = "SPAN")]
    pub(crate) run_for: Option<Duration>,
    /// Who holds the devices: none, realistic, or a habit such as office-worker for all
    #[arg(long, default_value = "none", value_parser = Life::parse, value_name = "WHO")]
    pub(crate) life: Life,
    /// How long a day of these people lasts; the run starts on a Monday at 08:00
    #[arg(long, default_value = "1d", value_parser = calendar, value_name = "SPAN")]
    pub(crate) day_length: Calendar,
    /// Let something go wrong: a name and KEY=VALUE words; may be given repeatedly
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<FleetFault>,
    /// How many of its last inputs each device keeps, 1 to 256, or off; 32 cost up to 3 KB
    #[arg(long, default_value = "32", value_name = "N|off")]
    pub(crate) black_box: BlackBox,
    /// Write what every device has kept to DIR/black-box at the end, for `muster case cut DIR`
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Plant a fault, to see it found; only in builds with the feature `planted`
    #[arg(long, value_name = "NAME")]
    pub(crate) plant: Option<String>,
    /// Show metrics to Prometheus at http://ADDR/metrics; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Connect to an address of another machine, and show metrics to others
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
}
