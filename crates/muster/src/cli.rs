//! The command line: every verb, every flag, every help text.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use muster_control::ActionKind;
use muster_device::Calendar;
use muster_protocol::Mode;

use crate::life::{Life, calendar};

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
        muster action reset-passcode SERIAL --wait\n\n\
        Exit codes: 0 ok, 1 verdict failed, 64 usage, 65 bad case file, 69 unreachable, 70 internal, 130 interrupted"
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
    /// Look at the devices a server knows
    #[command(subcommand)]
    Device(DeviceVerb),
    /// Ask a device to do something
    Action(ActionArgs),
    /// Play failures and features by name
    #[command(subcommand)]
    Case(CaseVerb),
    /// Make an enrolment token
    #[command(subcommand)]
    Token(TokenVerb),
}

/// `muster demo`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster demo\n  muster demo --devices 1000 --seed 7\n  \
    muster demo --keep ./demo-run      keeps database, certificates and tokens\n  \
    muster demo --json | jq .verdict")]
pub(crate) struct DemoArgs {
    /// How many devices; at least the cast of the tour is there
    #[arg(long, default_value = "100", env = "MUSTER_DEVICES")]
    pub(crate) devices: NonZeroUsize,
    /// Seed of the run: the same seed gives the same devices and the same outcomes
    #[arg(long, default_value = "1", env = "MUSTER_SEED")]
    pub(crate) seed: u64,
    /// Keep the run's data in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// `muster server`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster server\n  muster server --data /tmp/run1 --quic 127.0.0.1:0 --admin 127.0.0.1:0\n  \
    muster server --activation-folder .muster-vendor   `muster fleet` serves it; may start later\n\n\
    Ctrl-C stops within two seconds: commands in flight go back into the queue."
)]
pub(crate) struct ServerArgs {
    /// Where devices connect (QUIC over UDP); port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:4433", env = "MUSTER_QUIC", value_name = "ADDR")]
    pub(crate) quic: std::net::SocketAddr,
    /// Where administrators connect (HTTPS); port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8443", env = "MUSTER_ADMIN", value_name = "ADDR")]
    pub(crate) admin: std::net::SocketAddr,
    /// Data folder: database, certificates, tokens
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// How long an accepted command may wait for its device
    #[arg(long, default_value = "30d", value_parser = span, value_name = "SPAN")]
    pub(crate) command_lifetime: Duration,
    /// Send bypass codes to the activation service of this folder instead of to the devices
    #[arg(long, env = "MUSTER_ACTIVATION", value_name = "DIR")]
    pub(crate) activation_folder: Option<PathBuf>,
    /// Follow another reading where the documents contradict each other; may be given repeatedly
    #[arg(long, value_name = "NAME")]
    pub(crate) reading: Vec<crate::verbs::server::Reading>,
    /// Listen on addresses that other machines can reach
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
}

/// `muster fleet`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster fleet --devices 1000\n  muster fleet --devices 1000 --state ./fleet   survives a restart\n  \
    muster fleet --life realistic --day-length 60s   a day of people in a minute\n  \
    muster fleet --devices 50 --token-file ./one-time-token --server 127.0.0.1:4433 --ca ./ca.pem\n  \
    muster fleet --activation-service 127.0.0.1:9443 --activation-folder .muster-vendor\n\n\
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
    pub(crate) sockets: muster_agent::Sockets,
    /// How many connects may be under way at once
    #[arg(long, default_value = "256", value_name = "N")]
    pub(crate) connects_in_flight: NonZeroUsize,
    /// How often a connected device pings; a killed server is noticed this late at most
    #[arg(long, default_value = "60s", value_parser = span, value_name = "SPAN")]
    pub(crate) keep_alive: Duration,
    /// Serve the vendor's activation service of these devices over HTTPS; port 0 picks a free one
    #[arg(long, value_name = "ADDR", requires = "activation_folder")]
    pub(crate) activation_service: Option<std::net::SocketAddr>,
    /// Folder of that service: its CA, the certificate of its customer, where it listens
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
    /// Connect to an address of another machine
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
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

/// `muster device`
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceVerb {
    /// List enrolled devices
    #[command(
        after_help = "Examples:\n  muster device list\n  muster device list --json | jq '.[].serialNumber'\n  \
        muster device list --activation-lock on          the report of all locked devices\n  \
        muster device list --platform android --noncompliant"
    )]
    List(DeviceListArgs),
    /// Show one device and its latest actions
    #[command(
        after_help = "Examples:\n  muster device show F17G0000A1\n  muster device show 0192... --json"
    )]
    Show(DeviceShowArgs),
}

/// `muster device list`
#[derive(Debug, Args)]
pub(crate) struct DeviceListArgs {
    /// Only devices of this platform
    #[arg(long, value_enum)]
    pub(crate) platform: Option<PlatformName>,
    /// Only devices managed in this mode, such as automated-device or dedicated
    #[arg(long, value_parser = mode, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// Only devices that reported their Activation Lock on, or off
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) activation_lock: Option<LockState>,
    /// Only devices in Lost Mode
    #[arg(long)]
    pub(crate) lost: bool,
    /// Only devices that do not meet what is asked of them
    #[arg(long)]
    pub(crate) noncompliant: bool,
    /// Where the admin API is.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// The two families of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlatformName {
    /// iOS and iPadOS
    Apple,
    /// Android
    Android,
}

/// How an Activation Lock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LockState {
    /// Locked
    On,
    /// Not locked
    Off,
}

/// `muster device show`
#[derive(Debug, Args)]
pub(crate) struct DeviceShowArgs {
    /// Device id or serial number
    pub(crate) device: String,
    /// Where the admin API is.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `muster action`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster action sync F17G0000A1\n  muster action reset-passcode F17G0000A1 --wait\n  \
    muster action wipe F17G0000A1 --wait=1m --json\n  \
    muster action wipe F17G0000A1 --keep-enrollment-data --persist-esim\n  \
    muster action enable-lost-mode F17G0000A1 --message 'please call' --phone-number '555 0100' --wait\n  \
    muster action locate F17G0000A1 --wait\n  muster action play-lost-mode-sound F17G0000A1 --minutes 2\n  \
    muster action delete F17G0000A1\n\n\
    Simulated wipes only ever touch simulated devices."
)]
pub(crate) struct ActionArgs {
    /// What to ask for
    #[arg(value_enum)]
    pub(crate) action: ActionName,
    /// Device id or serial number
    pub(crate) device: String,
    /// Wait until the device has answered, at most this long
    #[arg(long, value_parser = span, num_args = 0..=1, default_missing_value = "30s", require_equals = true, value_name = "SPAN")]
    pub(crate) wait: Option<Duration>,
    /// What the action is asked with.
    #[command(flatten)]
    pub(crate) with: ActionWith,
    /// Where the admin API is.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// What goes with one action or another.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ActionWith {
    /// enable-lost-mode: text on the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// enable-lost-mode: number on the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) phone_number: Option<String>,
    /// enable-lost-mode: text at the foot of the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) footer: Option<String>,
    /// play-lost-mode-sound: for how long
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5), value_name = "1-5")]
    pub(crate) minutes: Option<u8>,
    /// wipe: have the device enrol again by itself (Return to Service)
    #[arg(long)]
    pub(crate) keep_enrollment_data: bool,
    /// wipe: keep the eSIM data plan
    #[arg(long)]
    pub(crate) persist_esim: bool,
}

/// The remote actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ActionName {
    /// Reset to factory settings
    Wipe,
    /// Remove management, leave personal data
    Retire,
    /// Remove the passcode (iOS) or set a temporary one (Android)
    ResetPasscode,
    /// Lock the screen
    Lock,
    /// Check in and report
    Sync,
    /// Remove the Activation Lock of a supervised iOS device
    BypassActivationLock,
    /// Restart
    Reboot,
    /// Switch off
    ShutDown,
    /// Lock the device for a finder to bring back
    EnableLostMode,
    /// End Lost Mode
    DisableLostMode,
    /// Report where the device is
    Locate,
    /// Play a sound
    PlayLostModeSound,
    /// Take the device off the list at once; it is retired, or wiped
    Delete,
    /// Let a device that waits in Setup Assistant go on
    DeviceConfigured,
}

impl ActionName {
    /// The action as the server knows it.
    pub(crate) const fn kind(self) -> ActionKind {
        match self {
            Self::Wipe => ActionKind::Wipe,
            Self::Retire => ActionKind::Retire,
            Self::ResetPasscode => ActionKind::ResetPasscode,
            Self::Lock => ActionKind::RemoteLock,
            Self::Sync => ActionKind::SyncDevice,
            Self::BypassActivationLock => ActionKind::BypassActivationLock,
            Self::Reboot => ActionKind::RebootNow,
            Self::ShutDown => ActionKind::ShutDown,
            Self::EnableLostMode => ActionKind::EnableLostMode,
            Self::DisableLostMode => ActionKind::DisableLostMode,
            Self::Locate => ActionKind::LocateDevice,
            Self::PlayLostModeSound => ActionKind::PlayLostModeSound,
            Self::Delete => ActionKind::Delete,
            Self::DeviceConfigured => ActionKind::DeviceConfigured,
        }
    }
}

/// `muster case`
#[derive(Debug, Subcommand)]
pub(crate) enum CaseVerb {
    /// List the cases that come with muster
    #[command(after_help = "Examples:\n  muster case list\n  muster case list activation lock")]
    List(CaseListArgs),
    /// Play cases live over QUIC and judge them on the device itself
    #[command(
        after_help = "Examples:\n  muster case run wrong-unlock-token      with its timeline\n  \
        muster case run --all --json\n  muster case run ./mine.toml"
    )]
    Run(CaseRunArgs),
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
    /// Names of cases, or case files ending with .toml
    #[arg(required_unless_present = "all", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Play every case
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
}

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

/// Reads a span with its unit, such as 250ms, 30s, 10m, 12h or 30d.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let hint = "expected a number with its unit, such as 250ms, 30s, 10m, 12h or 30d";
    let span: jiff::Span = text.parse().map_err(|_cause| hint.to_owned())?;
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let span = span.to_duration(days).map_err(|_cause| hint.to_owned())?;
    Duration::try_from(span).map_err(|_cause| hint.to_owned())
}

fn mode(text: &str) -> Result<Mode, String> {
    text.parse().map_err(|_unknown| {
        let names: Vec<&str> = Mode::ALL.into_iter().map(Mode::name).collect();
        format!("there are {}", names.join(", "))
    })
}

fn sockets(text: &str) -> Result<muster_agent::Sockets, String> {
    let shared = text.strip_prefix("shared:").and_then(|count| count.parse().ok());
    match (text, shared) {
        ("per-device", _) => Ok(muster_agent::Sockets::PerDevice),
        (_, Some(count)) => Ok(muster_agent::Sockets::Shared(count)),
        (_, None) => Err("expected per-device or shared:N with N of at least 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_action_can_be_asked_for() {
        for kind in ActionKind::ALL {
            let named = ActionName::value_variants().iter().any(|name| name.kind() == kind);
            assert!(named, "{kind:?}");
        }
    }

    #[test]
    fn an_unknown_mode_is_answered_with_those_there_are() {
        assert_eq!(mode("dedicated"), Ok(Mode::AndroidDedicated));
        let refused = mode("kiosk").unwrap_err();
        assert!(refused.contains("automated-device, user-enrollment"), "{refused}");
    }

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(span("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(span("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for text in ["10", "", "ten", "-5s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
