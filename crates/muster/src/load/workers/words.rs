//! What workers and whoever started them tell each other: a JSON value a line, over the worker's
//! standard input and output.

use muster_report::RunReport;
use serde::{Deserialize, Serialize};

use crate::load::snapshot::Snapshot;

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Said {
    /// Its devices come up.
    Coming(Pulse),
    /// They are there: it waits for the beginning.
    Up,
    /// It plays its share.
    Goes(Pulse),
    /// It is through, and this is what it has found.
    Over(Box<RunReport>),
}

/// What a worker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Told {
    /// The plan begins at this instant, in microseconds since 1970.
    Begin(u64),
    /// The run ends: somebody wants it to.
    Stop,
    /// The run ends: a threshold wants it to.
    Abort,
}

/// A share of a run at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pulse {
    pub(crate) at_ms: u64,
    pub(crate) lasts_ms: u64,
    pub(crate) devices: u64,
    pub(crate) enrolled: u64,
    pub(crate) connected: u64,
    pub(crate) open: u64,
    pub(crate) terminal: u64,
    pub(crate) errors: u64,
}

impl Pulse {
    /// The pulse of a run.
    pub(crate) fn of(now: &Snapshot) -> Self {
        let ms = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let look = now.look.as_ref();
        Self {
            at_ms: ms(now.at),
            lasts_ms: ms(now.lasts),
            devices: now.devices,
            enrolled: now.enrolled,
            connected: now.connected,
            open: now.open,
            terminal: look.map_or(0, |look| look.funnel.terminal()),
            errors: look.map_or(0, |look| look.errors.iter().map(|(_code, count)| count).sum()),
        }
    }

    /// Several shares as one run.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            at_ms: self.at_ms.max(other.at_ms),
            lasts_ms: self.lasts_ms.max(other.lasts_ms),
            devices: self.devices.saturating_add(other.devices),
            enrolled: self.enrolled.saturating_add(other.enrolled),
            connected: self.connected.saturating_add(other.connected),
            open: self.open.saturating_add(other.open),
            terminal: self.terminal.saturating_add(other.terminal),
            errors: self.errors.saturating_add(other.errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_and_read_as_they_were_said() {
        for told in [Told::Begin(7), Told::Stop, Told::Abort] {
            let line = serde_json::to_string(&told).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Told>(&line).unwrap(), told);
        }
    }

    #[test]
    fn shares_add_up() {
        let one = Pulse { at_ms: 5, devices: 2, open: 1, ..Pulse::default() };
        let other = Pulse { at_ms: 7, devices: 3, open: 4, ..Pulse::default() };
        assert_eq!(one.plus(other), Pulse { at_ms: 7, devices: 5, open: 5, ..Pulse::default() });
    }
}
