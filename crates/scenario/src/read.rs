//! From the file as it is written to a scenario that cannot be wrong.

mod fault;
mod names;
mod population;
#[cfg(test)]
mod tests;
mod threshold;
mod work;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::error::{Located, Problem, ScenarioError};
use crate::file::{File, GeneratorTable, LimitsTable, PhaseTable};
use crate::scenario::{Counts, GeneratorLimits, Limits, Phase, Scenario};
use crate::text::{Placed, Text};
use crate::units::{Percent, Span};

use names::{checked_name, unique};

/// Longest scenario, in bytes.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// Most devices of a run: each costs what its plan costs even if another shard plays it.
pub(crate) const DEVICES_MAX: u32 = 1_000_000;

/// Most of each of the things of which a file lists several, but for thresholds.
const LIST_MAX: usize = 64;

/// Most thresholds.
const THRESHOLDS_MAX: usize = 256;

/// Longest question, in characters.
const QUESTION_MAX: usize = 400;

/// Most instants of a trace in one work.
pub(crate) const INSTANTS_MAX: usize = 100_000;

/// How long a run may last.
pub(crate) const RUN_MAX: Span = Span::from_secs(31 * 86_400);

/// How long a day of the people may last.
const DAY: RangeInclusive<Span> = Span::from_secs(1)..=Span::from_secs(7 * 86_400);

/// Reads a scenario.
pub(crate) fn read(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > BYTES_MAX {
        let what = format!("the file has {} bytes", text.len());
        let fix = "leave out recorded instants, or divide the scenario";
        let problem = Problem::new(what, format!("a scenario has {BYTES_MAX} at most"), fix);
        return Err(problem.at(0..0).within(text));
    }
    let file: Result<File, Located> = toml::from_str(text).map_err(Located::from);
    file.and_then(|file| scenario(file, text)).map_err(|located| located.within(text))
}

fn scenario(file: File, text: &str) -> Result<Scenario, Located> {
    let name = checked_name("the scenario", &file.name)?;
    let question = question(&file.question)?;
    let day_length = day_length(file.day_length)?;
    let (cohorts, devices) = population::cohorts(file.cohort, file.devices)?;
    let phases = phases(file.phase)?;
    let tables = work::Tables {
        arrivals: file.arrivals,
        broadcasts: file.broadcast,
        waves: file.enrolment_wave,
        storms: file.reconnect_storm,
        backlogs: file.backlog,
        wipes: file.mass_wipe,
    };
    let works = work::works(tables, &phases, &cohorts)?;
    let faults = fault::faults(file.fault, &phases, &works)?;
    let scope = threshold::Names { phases: &phases, works: &works, faults: &faults, text };
    let thresholds = threshold::thresholds(&file.threshold, scope)?;
    Ok(Scenario {
        name,
        question,
        seed: file.seed,
        devices,
        day_length,
        cohorts,
        phases,
        works,
        faults,
        thresholds,
        generator: generator(file.generator),
        limits: limits(file.limits)?,
    })
}

fn question(question: &Placed<String>) -> Result<String, Located> {
    let (text, letters) = (&question.value, question.value.chars().count());
    if letters <= QUESTION_MAX && text.ends_with('?') && !text.contains('\n') {
        return Ok(text.clone());
    }
    let why = format!("it is one line of {QUESTION_MAX} characters at most and ends with a `?`");
    let fix = "say in one sentence what the run is to find out";
    Err(Problem::new("this is no question", why, fix).at(question.span.clone()))
}

fn day_length(day_length: Option<Placed<Text<Span>>>) -> Result<Span, Located> {
    let Some(Placed { value: Text(length), span }) = day_length else {
        return Ok(Span::from_secs(86_400));
    };
    if DAY.contains(&length) {
        return Ok(length);
    }
    let fix = "write a span from 1s to 7d";
    Err(Problem::new("no day is that long", "people need time to live", fix).at(span))
}

fn phases(tables: Vec<PhaseTable>) -> Result<Vec<Phase>, Located> {
    bounded("phases", LIST_MAX, &tables)?;
    unique(tables.iter().map(|table| &table.name))?;
    let mut run = Span::ZERO;
    let phases = tables.into_iter().map(|table| {
        let Placed { value: Text(lasts), span } = table.lasts;
        run += lasts;
        if lasts.is_zero() || run > RUN_MAX {
            let fix = "write a span above zero";
            let why = "a phase takes time, and a run lasts 31 days at most";
            return Err(Problem::new("no phase lasts that long", why, fix).at(span));
        }
        let counts = if table.warm_up { Counts::WarmUp } else { Counts::Yes };
        Ok(Phase { name: checked_name("a phase", &table.name)?, lasts, counts })
    });
    let phases: Vec<Phase> = phases.collect::<Result<_, _>>()?;
    if phases.iter().all(|phase| phase.counts == Counts::WarmUp) {
        let why = "a run consists of phases, and one of them at least counts";
        let fix = "add [[phase]] with a name and lasts = \"1m\"";
        return Err(Problem::new("nothing to measure", why, fix).at(0..0));
    }
    Ok(phases)
}

/// Refuses a list that is too long.
fn bounded<T>(things: &str, most: usize, list: &[T]) -> Result<(), Located> {
    if list.len() <= most {
        return Ok(());
    }
    let what = format!("{} {things}", list.len());
    Err(Problem::new(what, format!("there may be {most}"), "leave some out").at(0..0))
}

fn generator(table: GeneratorTable) -> GeneratorLimits {
    GeneratorLimits {
        lag_p99: table.lag_p99.map_or(Span::from_millis(10), |Text(lag)| lag),
        cpu: table.cpu.map_or(Percent::per_million(900_000), |Text(cpu)| cpu),
        udp_drops: table.udp_drops,
    }
}

fn limits(table: LimitsTable) -> Result<Limits, Located> {
    const IN_FLIGHT: RangeInclusive<u32> = 1..=10_000_000;
    let in_flight = match table.in_flight {
        None => 100_000,
        Some(Placed { value, .. }) if IN_FLIGHT.contains(&value) => value,
        Some(Placed { span, .. }) => {
            let fix = "write a number from 1 to 10000000";
            return Err(Problem::new("no such number may be under way", "", fix).at(span));
        }
    };
    let half_a_minute = Span::from_secs(30);
    Ok(Limits {
        in_flight,
        drop_share: table.drop_share.map_or(Percent::per_million(1_000), |Text(share)| share),
        deadline: table.deadline.map_or(half_a_minute, |Text(deadline)| deadline),
        drain: table.drain.map_or(half_a_minute, |Text(drain)| drain),
    })
}
