//! The verbs and flags of `muster device`.

use clap::{Args, Subcommand, ValueEnum};
use muster_protocol::Mode;

use super::AdminArgs;
use super::value::mode;

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
