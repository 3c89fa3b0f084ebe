//! `[[threshold]]`

use alloc::string::String;

use muster_protocol::Platform;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::Action;
use crate::text::{Placed, Text};
use crate::units::Span;

/// Something that has to hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ThresholdTable {
    /// The condition, such as "p99(stored) < 50ms" or "lost == 0".
    pub(crate) require: Placed<String>,
    /// Only what was planned in this phase; default: all phases but warm-ups.
    pub(crate) phase: Option<Placed<String>>,
    /// Only this command.
    pub(crate) command: Option<Text<Action>>,
    /// Only this platform.
    pub(crate) platform: Option<Text<Platform>>,
    /// It has to hold in each window of this length.
    pub(crate) window: Option<Placed<Text<Span>>>,
    /// Whether the run ends as soon as it does not hold; default false.
    #[serde(default)]
    pub(crate) abort_on_fail: bool,
    /// abort-on-fail: for how long it has not to hold before the run ends; default "0s".
    #[serde(rename = "for")]
    pub(crate) patience: Option<Placed<Text<Span>>>,
}
