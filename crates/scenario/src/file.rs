//! The scenario file as it is written: each struct mirrors a table, and its comments are the
//! descriptions of the schema.

mod cohort;
mod fault;
mod threshold;
mod work;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use cohort::CohortTable;
pub(crate) use fault::{FaultTable, ServerWord};
pub(crate) use threshold::ThresholdTable;
pub(crate) use work::{
    ArrivalsTable, BacklogTable, BroadcastTable, DayTable, Devices, DevicesText,
    EnrolmentWaveTable, MassWipeTable, ReconnectStormTable, SpikeTable, StepTable,
};

use crate::text::{Placed, Text};
use crate::units::{Percent, Span};

/// A scenario of `muster load`: who takes part, what is asked of them, what goes wrong and what has
/// to hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "muster scenario")]
pub(crate) struct File {
    /// Name of the scenario: lower-case letters, digits and dashes.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,63}$"))]
    pub(crate) name: Placed<String>,
    /// The question the scenario answers, in one sentence that ends with a question mark.
    #[schemars(length(min = 2, max = 400))]
    pub(crate) question: Placed<String>,
    /// Seed of all chance; default 1.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// How many devices. May be left out if every cohort has a count.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) devices: Option<Placed<u32>>,
    /// How long a day of the people lasts; default "1d". The run starts on a Monday at 08:00.
    pub(crate) day_length: Option<Placed<Text<Span>>>,
    /// Groups of devices. Without any there is one of all kinds of devices.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(crate) cohort: Vec<CohortTable>,
    /// Parts of the run, one after another; one at least.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    pub(crate) phase: Vec<PhaseTable>,
    /// Commands that arrive one after another.
    #[serde(default)]
    pub(crate) arrivals: Vec<Placed<ArrivalsTable>>,
    /// One command for all at once.
    #[serde(default)]
    pub(crate) broadcast: Vec<BroadcastTable>,
    /// Devices that are switched on for the first time during the run.
    #[serde(default)]
    pub(crate) enrolment_wave: Vec<EnrolmentWaveTable>,
    /// Devices that vanish at once and come back.
    #[serde(default)]
    pub(crate) reconnect_storm: Vec<ReconnectStormTable>,
    /// Devices that are away while commands for them pile up.
    #[serde(default)]
    pub(crate) backlog: Vec<BacklogTable>,
    /// Devices that are taken out of service.
    #[serde(default)]
    pub(crate) mass_wipe: Vec<MassWipeTable>,
    /// What goes wrong.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(crate) fault: Vec<Placed<FaultTable>>,
    /// What has to hold.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub(crate) threshold: Vec<ThresholdTable>,
    /// When the generator's numbers are not believed.
    #[serde(default)]
    pub(crate) generator: GeneratorTable,
    /// Bounds of the run.
    #[serde(default)]
    pub(crate) limits: LimitsTable,
}

const fn one() -> u64 {
    1
}

/// A part of the run with statistics of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PhaseTable {
    /// Name of the phase.
    pub(crate) name: Placed<String>,
    /// How long it lasts.
    pub(crate) lasts: Placed<Text<Span>>,
    /// Whether the verdict leaves it out; default false.
    #[serde(default)]
    pub(crate) warm_up: bool,
}

/// When the generator's numbers are not believed: beyond one of these a run that would pass is
/// inconclusive.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct GeneratorTable {
    /// How late the 99th percentile of what is planned may begin; default "10ms".
    pub(crate) lag_p99: Option<Text<Span>>,
    /// How busy the generator's threads may be; default "90%".
    pub(crate) cpu: Option<Text<Percent>>,
    /// How many datagrams the kernel may drop at the generator's sockets; default 0.
    #[serde(default)]
    pub(crate) udp_drops: u64,
}

/// Bounds of the run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LimitsTable {
    /// How many commands may be under way at once; default 100000.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) in_flight: Option<Placed<u32>>,
    /// How many of the commands may be dropped for want of room before the run fails;
    /// default "0.1%".
    pub(crate) drop_share: Option<Text<Percent>>,
    /// After how long a command counts as timed out; default "30s".
    pub(crate) deadline: Option<Text<Span>>,
    /// How long after the last phase the run waits for commands that are under way; default "30s".
    pub(crate) drain: Option<Text<Span>>,
}
