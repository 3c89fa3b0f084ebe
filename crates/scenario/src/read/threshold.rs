//! Thresholds: their texts, and the names in them.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::names::position;
use super::{THRESHOLDS_MAX, bounded};
use crate::error::{Located, Problem};
use crate::file::ThresholdTable;
use crate::scenario::{Fault, Phase};
use crate::text::{Placed, Text};
use crate::threshold::{self, Event, Scope, Threshold};
use crate::units::Span;
use crate::work::Work;

/// What thresholds can speak of.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) phases: &'a [Phase],
    pub(super) works: &'a [Work],
    pub(super) faults: &'a [Fault],
    /// The file, for places within a text of it.
    pub(super) text: &'a str,
}

pub(super) fn thresholds(
    tables: &[ThresholdTable],
    names: Names<'_>,
) -> Result<Vec<Threshold>, Located> {
    bounded("thresholds", THRESHOLDS_MAX, tables)?;
    tables.iter().map(|table| read(table, names)).collect()
}

fn read(table: &ThresholdTable, names: Names<'_>) -> Result<Threshold, Located> {
    let text = &table.require.value;
    let parsed = threshold::parse(text, |name| names.event(name));
    let (metric, comparison, limit) =
        parsed.map_err(|(problem, part)| problem.at(names.place(&table.require, part)))?;
    let phases = names.phases.iter().map(|phase| phase.name.as_str());
    let phase = table.phase.as_ref().map(|name| position("phase", name, phases)).transpose()?;
    let scope = Scope {
        phase,
        command: table.command.as_ref().map(|Text(command)| *command),
        platform: table.platform.as_ref().map(|Text(platform)| *platform),
        window: table.window.as_ref().map(window).transpose()?,
    };
    let threshold = Threshold {
        text: text.clone(),
        metric,
        comparison,
        limit,
        scope,
        abort_after: patience(table)?,
    };
    threshold.check().map_err(|problem| problem.at(table.require.span.clone()))?;
    Ok(threshold)
}

fn window(window: &Placed<Text<Span>>) -> Result<Span, Located> {
    const SHORTEST: Span = Span::from_secs(1);
    let Placed { value: Text(length), span } = window;
    if *length >= SHORTEST {
        return Ok(*length);
    }
    let why = "a run is looked at second by second";
    Err(Problem::new("no window is that short", why, "write 1s or more").at(span.clone()))
}

fn patience(table: &ThresholdTable) -> Result<Option<Span>, Located> {
    match (&table.patience, table.abort_on_fail) {
        (None, aborts) => Ok(aborts.then_some(Span::ZERO)),
        (Some(Placed { value: Text(patience), .. }), true) => Ok(Some(*patience)),
        (Some(Placed { span, .. }), false) => {
            let why = "it says how long a run goes on that does not meet its threshold";
            let fix = "add abort-on-fail = true, or leave it out";
            Err(Problem::new("for without abort-on-fail", why, fix).at(span.clone()))
        }
    }
}

impl Names<'_> {
    /// The event with this name.
    fn event(&self, name: &str) -> Result<Event, Problem> {
        let works = self.works.iter().map(|work| work.name.as_str());
        if let Some(work) = works.clone().position(|known| known == name) {
            return Ok(Event::Work(work));
        }
        if let Some(fault) = self.faults.iter().position(|fault| fault.name == name) {
            return Ok(Event::Fault(fault));
        }
        if name == "broadcast" && self.works.iter().any(Work::is_broadcast) {
            return Ok(Event::EveryBroadcast);
        }
        let faults = self.faults.iter().map(|fault| fault.name.as_str());
        Err(Problem::unknown("work or fault", name, works.chain(faults)))
    }

    /// Where a part of a text stands in the file, if the text stands there as it is.
    fn place(&self, text: &Placed<String>, part: Range<usize>) -> Range<usize> {
        const QUOTE: usize = 1;
        let start = text.span.start + QUOTE;
        let as_it_is = self.text.get(start..text.span.end.saturating_sub(QUOTE));
        if as_it_is == Some(text.value.as_str()) {
            start + part.start..start + part.end
        } else {
            text.span.clone()
        }
    }
}
