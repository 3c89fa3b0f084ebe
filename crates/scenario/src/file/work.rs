//! The tables of work. Each has the same keys for its name, its time and its devices: one table
//! that others are flattened into would cost the place of every error.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::{Mode, Platform};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::Action;
use crate::error::Problem;
use crate::text::{FromText, Mix, Placed, Text, TextOr};
use crate::units::{Percent, Rate, Span, Spread};
use crate::work::Spacing;

/// Whom a work concerns: a share of all devices, or a table.
pub(crate) type DevicesText = Placed<TextOr<Devices, DevicesTable>>;

/// A span that is drawn.
pub(crate) type SpreadText = TextOr<Spread, SpreadTable>;

/// Commands that arrive one after another, whatever became of those before. Has exactly one of
/// rate, ramp, steps, spike, day and instants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ArrivalsTable {
    /// Name of the work; default "arrivals".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When it begins; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// For how long; default: until its phase, or the run, is over.
    pub(crate) lasts: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all.
    pub(crate) devices: Option<DevicesText>,
    /// What is asked for: a command, or commands with their weights.
    pub(crate) commands: Mix<Action>,
    /// How many at a time that does not change.
    pub(crate) rate: Option<Placed<Text<Rate>>>,
    /// A rate that changes in a straight line.
    pub(crate) ramp: Option<Placed<RampTable>>,
    /// Rates one after another.
    pub(crate) steps: Option<Placed<Vec<StepTable>>>,
    /// A rate with a peak in it.
    pub(crate) spike: Option<Placed<SpikeTable>>,
    /// A rate that goes with the hour of the day.
    pub(crate) day: Option<Placed<DayTable>>,
    /// When each arrives, counted from when the work begins: a recorded day, for example.
    #[schemars(length(min = 1, max = 100_000))]
    pub(crate) instants: Option<Placed<Vec<Text<Span>>>>,
    /// How regularly they arrive; default "poisson".
    pub(crate) spacing: Option<Placed<Text<Spacing>>>,
}

/// A rate that changes in a straight line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RampTable {
    /// At the beginning.
    pub(crate) from: Text<Rate>,
    /// At the end.
    pub(crate) to: Text<Rate>,
}

/// One rate of several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepTable {
    /// How many at a time.
    pub(crate) rate: Text<Rate>,
    /// For how long; the last step may leave it out and lasts until the end.
    pub(crate) lasts: Option<Text<Span>>,
}

/// A rate with a peak in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpikeTable {
    /// Before and after the peak.
    pub(crate) base: Text<Rate>,
    /// In the peak.
    pub(crate) peak: Text<Rate>,
    /// When the peak begins, counted from when the work begins.
    pub(crate) at: Text<Span>,
    /// How long the peak lasts.
    pub(crate) lasts: Text<Span>,
}

/// A rate that goes with the hour of the day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayTable {
    /// In the busiest hour.
    pub(crate) peak: Text<Rate>,
    /// How busy each hour is from midnight on, in parts of the busiest; default: an office.
    #[schemars(length(min = 24, max = 24))]
    pub(crate) hours: Option<Vec<f64>>,
}

/// One command for all at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BroadcastTable {
    /// Name of the work; default "broadcast".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When it begins; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all.
    pub(crate) devices: Option<DevicesText>,
    /// What is asked for.
    pub(crate) command: Text<Action>,
    /// Over how long a time the requests are spread; default "0s", all at the same instant.
    pub(crate) within: Option<Text<Span>>,
}

/// Devices that are switched on for the first time during the run, and enrol.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EnrolmentWaveTable {
    /// Name of the work; default "enrolment-wave".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When it begins; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all. A device is in the first wave of the file that concerns it.
    pub(crate) devices: Option<DevicesText>,
    /// How long after that each is switched on.
    pub(crate) spread: SpreadText,
}

/// Devices that vanish from the network at once and come back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ReconnectStormTable {
    /// Name of the work; default "reconnect-storm".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When they vanish; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all.
    pub(crate) devices: Option<DevicesText>,
    /// How long each is away.
    pub(crate) away: SpreadText,
}

/// Devices that are away while commands for them pile up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BacklogTable {
    /// Name of the work; default "backlog".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When they leave; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all.
    pub(crate) devices: Option<DevicesText>,
    /// How long they are away; what is asked for meanwhile is spread over this time.
    pub(crate) away: Text<Span>,
    /// How many commands wait for each when it is back.
    #[schemars(range(min = 1, max = 1_000))]
    pub(crate) commands_each: Placed<u32>,
    /// What is asked for: a command, or commands with their weights.
    pub(crate) commands: Mix<Action>,
    /// How long after the time away each is back; default "0s".
    pub(crate) back_within: Option<SpreadText>,
}

/// Devices that are taken out of service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MassWipeTable {
    /// Name of the work; default "mass-wipe".
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from; default: the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When it begins; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// Whom it concerns; default: all.
    pub(crate) devices: Option<DevicesText>,
    /// What is asked for: wipe, retire or delete; default "wipe".
    pub(crate) command: Option<Placed<Text<Action>>>,
    /// Over how long a time the requests are spread; default "0s", all at the same instant.
    pub(crate) within: Option<Text<Span>>,
    /// How long after its request each is set up and enrols again; default: none does.
    pub(crate) enrol_again: Option<SpreadText>,
}

/// Whom a work concerns.
#[derive(Debug, Default)]
pub(crate) struct Devices(pub(crate) DevicesTable);

impl FromText for Devices {
    const NAME: &'static str = "Devices";
    const DESCRIPTION: &'static str = "So many of all devices, drawn for each.";
    const PATTERN: &'static str = Percent::PATTERN;

    fn from_text(text: &str) -> Result<Self, Problem> {
        let share = Percent::from_text(text).map(Text)?;
        Ok(Self(DevicesTable { share: Some(share), ..DevicesTable::default() }))
    }
}

impl TryFrom<DevicesTable> for Devices {
    type Error = Problem;

    fn try_from(table: DevicesTable) -> Result<Self, Problem> {
        Ok(Self(table))
    }
}

/// Whom a work concerns: devices for which all of this is so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DevicesTable {
    /// Of these cohorts.
    #[serde(default)]
    pub(crate) cohorts: Vec<Placed<String>>,
    /// Of this platform.
    pub(crate) platform: Option<Text<Platform>>,
    /// Managed this way.
    pub(crate) mode: Option<Text<Mode>>,
    /// So many of those, drawn for each device; default "100%".
    pub(crate) share: Option<Text<Percent>>,
}

/// A span that is drawn. Has exactly one of normal, exponential and choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpreadTable {
    /// Mean of a normal distribution.
    pub(crate) normal: Option<Text<Span>>,
    /// Standard deviation of the normal distribution.
    pub(crate) deviation: Option<Text<Span>>,
    /// Mean of an exponential distribution.
    pub(crate) exponential: Option<Text<Span>>,
    /// Spans with their weights.
    pub(crate) choice: Option<Mix<Span>>,
}

impl TryFrom<SpreadTable> for Spread {
    type Error = Problem;

    fn try_from(table: SpreadTable) -> Result<Self, Problem> {
        let SpreadTable { normal, deviation, exponential, choice } = table;
        match (normal, deviation, exponential, choice) {
            (Some(Text(mean)), Some(Text(deviation)), None, None) => {
                Ok(Self::Normal { mean, deviation })
            }
            (None, None, Some(Text(mean)), None) => Ok(Self::Exponential { mean }),
            (None, None, None, Some(Mix(spans))) => Ok(Self::Choice(spans)),
            _ => Err(Problem::new(
                "this table is no distribution",
                "it has either normal and deviation, or exponential, or choice",
                "write for example { exponential = \"10s\" } or { normal = \"30s\", deviation = \"5s\" }",
            )),
        }
    }
}
