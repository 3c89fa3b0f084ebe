//! Faults: of the fleet or of the server, at a time of the scenario.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::names::{Beginning, beginning, checked_name, unique};
use super::{LIST_MAX, bounded};
use crate::error::{Located, Problem};
use crate::file::{FaultTable, ServerWord};
use crate::scenario::{Fault, FaultKind, Phase, ServerFault};
use crate::text::{Placed, Text};
use crate::units::Span;
use crate::work::Work;

/// Longest text of a fault, in bytes.
const FAULT_MAX: usize = 500;

/// The words of time of `muster fleet --fault`: in a scenario they are keys of the table.
const TIMES: [&str; 4] = ["at", "lasts", "every", "until"];

/// How long there is no server if nothing is said.
const AWAY: Span = Span::from_secs(1);

/// How often a fault may come again in a run; a timeline with more of them shows nothing.
const ROUNDS_MAX: u128 = 10_000;

pub(super) fn faults(
    tables: Vec<Placed<FaultTable>>,
    phases: &[Phase],
    works: &[Work],
) -> Result<Vec<Fault>, Located> {
    bounded("faults", LIST_MAX, &tables)?;
    let faults: Vec<(Placed<String>, Fault)> =
        tables.into_iter().map(|table| fault(table, phases)).collect::<Result<_, _>>()?;
    let of_work = |work: &Work| Placed { value: work.name.clone(), span: 0..0 };
    let of_works: Vec<Placed<String>> = works.iter().map(of_work).collect();
    unique(of_works.iter().chain(faults.iter().map(|(name, _)| name)))?;
    Ok(faults.into_iter().map(|(_, fault)| fault).collect())
}

fn fault(
    Placed { value: table, span: place }: Placed<FaultTable>,
    phases: &[Phase],
) -> Result<(Placed<String>, Fault), Located> {
    let kind = kind(&table, &place)?;
    let name = match table.name {
        Some(name) => name,
        None => default_name(&kind, place),
    };
    let Beginning { phase, at } = beginning(table.phase.as_ref(), table.at.as_ref(), phases)?;
    let span_of = |key: &Option<Placed<Text<Span>>>| {
        key.as_ref().map(|Placed { value: Text(span), .. }| *span)
    };
    let (lasts, every) = (span_of(&table.lasts), span_of(&table.every));
    let fault = Fault { name: checked_name("a fault", &name)?, phase, at, lasts, every, kind };
    if let Some(Placed { span, .. }) = &table.every {
        check_rounds(&fault, phases).map_err(|problem| problem.at(span.clone()))?;
    }
    if let (true, Some(Placed { span, .. })) = (fault.is_absence(), &table.lasts) {
        let why = "how long there is no server is said by away";
        let problem = Problem::new("lasts beside restart or kill", why, "write away instead");
        return Err(problem.at(span.clone()));
    }
    Ok((name, fault))
}

/// The first word of what goes wrong.
fn default_name(kind: &FaultKind, place: Range<usize>) -> Placed<String> {
    let word = match kind {
        FaultKind::Fleet(text) => text.split_whitespace().next().unwrap_or_default(),
        FaultKind::Server(fault) => fault.name(),
    };
    Placed { value: word.to_owned(), span: place }
}

fn kind(table: &FaultTable, place: &Range<usize>) -> Result<FaultKind, Located> {
    match (&table.fleet, &table.server) {
        (Some(text), None) => {
            only_for_the_server(table)?;
            fleet(text)
        }
        (None, Some(word)) => server(table, word).map(FaultKind::Server),
        (Some(_), Some(word)) => {
            let fix = "make two faults of it";
            Err(Problem::new("fleet beside server", "a fault is one or the other", fix)
                .at(word.span.clone()))
        }
        (None, None) => {
            let fix = "add fleet = \"loss rate=5%\" or server = \"restart\"";
            Err(Problem::new("nothing goes wrong", "a fault has fleet or server", fix)
                .at(place.clone()))
        }
    }
}

/// The words are those of the agent's grammar, which stands above this crate; here only their
/// times are refused.
fn fleet(text: &Placed<String>) -> Result<FaultKind, Located> {
    if text.value.trim().is_empty() || text.value.len() > FAULT_MAX {
        let why = format!("it has a name, and {FAULT_MAX} bytes at most");
        let problem = Problem::new("this is no fault", why, "write for example \"loss rate=5%\"");
        return Err(problem.at(text.span.clone()));
    }
    let keys = text.value.split_whitespace().filter_map(|word| word.split_once('='));
    if let Some((key, _)) = keys.into_iter().find(|(key, _)| TIMES.contains(key)) {
        let what = format!("`{key}` within the words of a fault");
        let why = "times of a scenario are keys, so that they are scaled with it";
        let fix = match key {
            "until" => "add phase: what comes again ends with its phase".to_owned(),
            _ => format!("add {key} = \"10s\" to the table instead"),
        };
        return Err(Problem::new(what, why, fix).at(text.span.clone()));
    }
    Ok(FaultKind::Fleet(text.value.clone()))
}

fn only_for_the_server(table: &FaultTable) -> Result<(), Located> {
    for (key, value) in [("away", &table.away), ("by", &table.by)] {
        if let Some(Placed { span, .. }) = value {
            let what = format!("{key} beside fleet");
            let fix = "leave it out, or write it into the words of the fault";
            return Err(Problem::new(what, "it is for server", fix).at(span.clone()));
        }
    }
    Ok(())
}

fn server(table: &FaultTable, word: &Placed<ServerWord>) -> Result<ServerFault, Located> {
    let span = |key: &Option<Placed<Text<Span>>>| {
        key.as_ref().map(|Placed { value: Text(span), .. }| *span)
    };
    let fault = match (word.value, span(&table.away), span(&table.by)) {
        (ServerWord::Restart, away, None) => ServerFault::Restart { away: away.unwrap_or(AWAY) },
        (ServerWord::Kill, away, None) => ServerFault::Kill { away: away.unwrap_or(AWAY) },
        (ServerWord::SlowDisk, None, Some(by)) => ServerFault::SlowDisk { by },
        (ServerWord::Retry, None, None) => ServerFault::Retry,
        (ServerWord::Restart | ServerWord::Kill, _, Some(_)) => {
            let what = format!("by beside {}", word.value.name());
            let problem = Problem::new(what, "it is for slow-disk", "write away instead");
            return Err(problem.at(word.span.clone()));
        }
        (ServerWord::SlowDisk, _, _) => {
            let why = "it has by, how much longer each commit takes, and no away";
            let problem = Problem::new("this is no slow-disk", why, "add by = \"20ms\"");
            return Err(problem.at(word.span.clone()));
        }
        (ServerWord::Retry, _, _) => {
            let why = "the server stays, and a round trip is as long as the network has it";
            let problem = Problem::new("away or by beside retry", why, "leave it out");
            return Err(problem.at(word.span.clone()));
        }
    };
    Ok(fault)
}

/// What comes again is over before that, and does not come again too often.
fn check_rounds(fault: &Fault, phases: &[Phase]) -> Result<(), Problem> {
    let Some(every) = fault.every else {
        return Ok(());
    };
    let run: Span = phases.iter().map(|phase| phase.lasts).sum();
    if every.is_zero() || run.as_micros() / every.as_micros() > ROUNDS_MAX {
        let why = format!("a fault comes {ROUNDS_MAX} times at most");
        return Err(Problem::new("this comes too often", why, "write a longer span"));
    }
    if fault.duration().is_some_and(|lasts| lasts < every) {
        return Ok(());
    }
    let fix = "add lasts, or away, with a shorter span than every";
    Err(Problem::new("this comes again before it is over", "", fix))
}

impl Fault {
    /// Whether there is no server while it lasts.
    fn is_absence(&self) -> bool {
        match &self.kind {
            FaultKind::Server(fault) => fault.away().is_some(),
            FaultKind::Fleet(_) => false,
        }
    }
}
