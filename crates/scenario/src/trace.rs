//! A recorded trace, written as a scenario: when each command was asked for becomes the `instants`
//! of a work of its own.

mod groups;
mod instants;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::Mode;

use crate::action::Action;
use crate::error::ScenarioError;
use crate::read::{BYTES_MAX, INSTANTS_MAX, RUN_MAX};
use crate::scenario::Scenario;
use crate::units::{Percent, Span};

use groups::Groups;
use instants::{listed, written};

/// What has to hold for a trace that is played: that nothing goes astray, and that nobody waits for
/// long.
const THRESHOLDS: &str = r#"
[[threshold]]
require = "p99(total) < 1s"

[[threshold]]
require = "lost == 0"

[[threshold]]
require = "executed_twice == 0"
"#;

/// A recorded trace, ready to be written as a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Name of the scenario.
    pub name: String,
    /// The question it answers.
    pub question: String,
    /// How many devices it has.
    pub devices: u32,
    /// How long it lasts; longer if something was asked for after that.
    pub lasts: Span,
    /// What the head of the file says about where it comes from, line by line.
    pub remarks: Vec<String>,
    /// When each command was asked for, counted from the beginning of the run, in any order.
    pub instants: BTreeMap<Action, Vec<Span>>,
}

/// A trace that no scenario can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// Nothing was asked for.
    #[error("nothing in it can be played")]
    Empty,
    /// More of one command than a work has instants.
    #[error("{count} times {command}, of which a scenario has {INSTANTS_MAX} at most")]
    TooMany {
        /// Which command.
        command: Action,
        /// How often it was asked for.
        count: usize,
    },
    /// A span longer than a run.
    #[error("it lasts {} days, and a run {} at most", days(*lasts), days(RUN_MAX))]
    TooLong {
        /// The span.
        lasts: Span,
    },
    /// More bytes than a scenario has.
    #[error("the scenario would have {bytes} bytes, and may have {BYTES_MAX}")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// A name, a question or a number of devices that is none.
    #[error("this makes no scenario: {}", .0.problem)]
    Refused(ScenarioError),
}

fn days(span: Span) -> u64 {
    span.as_secs().div_ceil(86_400)
}

impl TraceError {
    /// How much of the trace would fit, if a part of it does.
    #[must_use]
    pub fn fitting(&self) -> Option<Percent> {
        let (most, found) = match self {
            Self::TooMany { count, .. } => (INSTANTS_MAX, *count),
            // Some bytes less: the head of the file stays as long as it is.
            Self::TooLarge { bytes } => (BYTES_MAX - BYTES_MAX / 50, *bytes),
            Self::Empty | Self::TooLong { .. } | Self::Refused(_) => return None,
        };
        let hundredths = most.saturating_mul(100).checked_div(found)?.clamp(1, 99);
        Some(Percent::per_million(u32::try_from(hundredths).ok()? * 10_000))
    }
}

impl Trace {
    /// The text of a scenario that [`Scenario::parse`] reads.
    ///
    /// `takes` says whether devices in a mode take a command: what was recorded went to such as do,
    /// so what is played goes to such as do.
    ///
    /// # Errors
    /// [`TraceError`] if a scenario cannot hold the trace.
    pub fn scenario(&self, takes: impl Fn(Mode, Action) -> bool) -> Result<String, TraceError> {
        let lasts = self.fitting_length()?;
        let groups = Groups::of(self.instants.keys().copied(), takes);
        let mut text = self.head();
        text.push_str(&groups.tables());
        text.push_str(&format!("\n[[phase]]\nname = \"trace\"\nlasts = \"{}\"\n", written(lasts)));
        for (command, instants) in &self.instants {
            text.push_str(&work(*command, instants, &groups));
        }
        text.push_str(THRESHOLDS);
        if text.len() > BYTES_MAX {
            return Err(TraceError::TooLarge { bytes: text.len() });
        }
        self.check_counts()?;
        Scenario::parse(&text).map_err(TraceError::Refused)?;
        Ok(text)
    }

    /// How long the run lasts: until everything recorded has begun.
    fn fitting_length(&self) -> Result<Span, TraceError> {
        let last = self.instants.values().flatten().max().ok_or(TraceError::Empty)?;
        let behind_last = Span::from_secs(last.as_secs().saturating_add(1));
        let lasts = if self.lasts > *last { self.lasts } else { behind_last };
        if lasts > RUN_MAX {
            return Err(TraceError::TooLong { lasts });
        }
        Ok(lasts)
    }

    fn check_counts(&self) -> Result<(), TraceError> {
        let mut counts = self.instants.iter().map(|(command, instants)| (*command, instants.len()));
        match counts.find(|(_, count)| *count > INSTANTS_MAX) {
            Some((command, count)) => Err(TraceError::TooMany { command, count }),
            None => Ok(()),
        }
    }

    fn head(&self) -> String {
        let remarks: String = self.remarks.iter().map(|line| remark(line)).collect();
        let Self { name, question, devices, .. } = self;
        let (name, question) = (quoted(name), quoted(question));
        format!("{remarks}name = {name}\nquestion = {question}\ndevices = {devices}\n")
    }
}

/// A line of comment, whatever somebody's log has in it.
fn remark(line: &str) -> String {
    let line: String =
        line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("# {line}\n")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

fn work(command: Action, instants: &[Span], groups: &Groups) -> String {
    let mut sorted = instants.to_vec();
    sorted.sort_unstable();
    let whom = match groups.taking(command) {
        Some(cohorts) => format!("devices = {{ cohorts = [{cohorts}] }}\n"),
        None => String::new(),
    };
    format!(
        "\n[[arrivals]]\nname = \"{command}\"\ncommands = \"{command}\"\n{whom}instants = [\n{}]\n",
        listed(&sorted)
    )
}
