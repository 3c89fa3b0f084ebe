//! `[[cohort]]`

use alloc::string::String;

use muster_protocol::{Mode, Platform};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::population::{Connectivity, Holder, Sockets, Versions};
use crate::text::{Mix, Placed, Text};
use crate::units::Percent;

/// A group of devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CohortTable {
    /// Name of the cohort.
    pub(crate) name: Placed<String>,
    /// How many of the devices; the shares of all cohorts make 100%.
    pub(crate) share: Option<Placed<Text<Percent>>>,
    /// How many devices, instead of a share.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) count: Option<Placed<u32>>,
    /// Only devices of this platform, in modes as common as they are outside.
    pub(crate) platform: Option<Placed<Text<Platform>>>,
    /// How they are managed, instead of a platform.
    pub(crate) mode: Option<Mix<Mode>>,
    /// Major versions of their system, such as "17" or "16..18"; default: whatever their hardware
    /// runs.
    pub(crate) version: Option<Text<Versions>>,
    /// Who holds them; default "none".
    pub(crate) persona: Option<Mix<Holder>>,
    /// How they hear of commands: connected, woken, or the share that is woken; default
    /// "connected".
    pub(crate) connectivity: Option<Text<Connectivity>>,
    /// Whose UDP sockets they use; default "shared".
    pub(crate) sockets: Option<Text<Sockets>>,
}
