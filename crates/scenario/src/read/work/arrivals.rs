//! `[[arrivals]]`: exactly one way to say when they arrive.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Draft, Head};
use crate::error::{Located, Problem};
use crate::file::{ArrivalsTable, DayTable, SpikeTable, StepTable};
use crate::read::INSTANTS_MAX;
use crate::text::{Mix, Placed, Text};
use crate::units::{Rate, Span};
use crate::work::{Arrivals, Course, OFFICE_HOURS, Pace, Spacing, WorkKind};

/// Most steps of a rate.
const STEPS_MAX: usize = 1_000;

/// The work of a table that stands at `place`.
pub(super) fn draft(table: ArrivalsTable, place: Range<usize>) -> Result<Draft, Located> {
    let pace = pace(&table, place)?;
    let lasts = match &table.lasts {
        None => None,
        Some(Placed { value: Text(lasts), .. }) if !lasts.is_zero() => Some(*lasts),
        Some(Placed { span, .. }) => {
            let fix = "write a span above zero, or leave it out";
            return Err(Problem::new("nothing arrives in no time", "", fix).at(span.clone()));
        }
    };
    let Mix(commands) = table.commands;
    Ok((head!(table), WorkKind::Arrivals(Arrivals { lasts, pace, commands })))
}

/// The one way the table says when they arrive.
fn pace(table: &ArrivalsTable, place: Range<usize>) -> Result<Pace, Located> {
    let spacing = table.spacing.as_ref().map(|Placed { value: Text(spacing), .. }| *spacing);
    let at_rate = |course| Pace::Rate(course, spacing.unwrap_or(Spacing::Poisson));
    let ways = [
        table.rate.as_ref().map(|it| (Ok(at_rate(Course::Constant(it.value.0))), &it.span)),
        table.ramp.as_ref().map(|it| {
            let (Text(from), Text(to)) = (&it.value.from, &it.value.to);
            (Ok(at_rate(Course::Ramp(*from, *to))), &it.span)
        }),
        table.steps.as_ref().map(|it| (steps(it).map(at_rate), &it.span)),
        table.spike.as_ref().map(|it| (spike(it).map(at_rate), &it.span)),
        table.day.as_ref().map(|it| (day(it).map(at_rate), &it.span)),
        table.instants.as_ref().map(|it| (trace(it, table.spacing.as_ref()), &it.span)),
    ];
    let mut ways = ways.into_iter().flatten();
    match (ways.next(), ways.next()) {
        (Some((pace, _)), None) => pace,
        (Some(_), Some((_, span))) => {
            let why = "rate, ramp, steps, spike, day and instants exclude each other";
            Err(Problem::new("two ways to arrive", why, "leave one out").at(span.clone()))
        }
        (None, _) => {
            let why = "nothing says when these commands arrive";
            let fix = "add rate = \"10/s\", or ramp, steps, spike, day or instants";
            Err(Problem::new("no rate", why, fix).at(place))
        }
    }
}

/// Each step has a length but the last, which needs none.
fn steps(steps: &Placed<Vec<StepTable>>) -> Result<Course, Located> {
    let refused = |why: &str, fix: &str| {
        Err(Problem::new("these are no steps", why, fix).at(steps.span.clone()))
    };
    let Some((last, others)) = steps.value.split_last() else {
        return refused("there is none", "add { rate = \"10/s\", lasts = \"1m\" }");
    };
    if steps.value.len() > STEPS_MAX {
        return refused("there are more than 1000", "leave some out, or use a ramp");
    }
    let mut course: Vec<(Rate, Span)> = Vec::with_capacity(steps.value.len());
    for step in others {
        let Some(Text(lasts)) = step.lasts else {
            return refused("only the last may do without lasts", "add lasts = \"1m\"");
        };
        course.push((step.rate.0, lasts));
    }
    course.push((last.rate.0, last.lasts.as_ref().map_or(Span::MAX, |Text(lasts)| *lasts)));
    Ok(Course::Steps(course))
}

fn spike(spike: &Placed<SpikeTable>) -> Result<Course, Located> {
    let SpikeTable { base: Text(base), peak: Text(peak), at: Text(at), lasts: Text(lasts) } =
        &spike.value;
    if lasts.is_zero() {
        let fix = "write a span above zero after lasts";
        return Err(Problem::new("a peak of no time", "", fix).at(spike.span.clone()));
    }
    Ok(Course::Spike { base: *base, peak: *peak, at: *at, lasts: *lasts })
}

fn day(day: &Placed<DayTable>) -> Result<Course, Located> {
    let Text(peak) = day.value.peak;
    let Some(hours) = &day.value.hours else {
        return Ok(Course::Day { peak, hours: OFFICE_HOURS });
    };
    let fits = |part: &f64| (0.0..=1.0).contains(part);
    match <[f64; 24]>::try_from(hours.as_slice()) {
        Ok(hours) if hours.iter().all(fits) => Ok(Course::Day { peak, hours }),
        Ok(_) | Err(_) => Err(no_hours(day.span.clone(), hours.len())),
    }
}

fn no_hours(span: Range<usize>, found: usize) -> Located {
    let why = format!("a day has 24 numbers from 0.0 to 1.0, here are {found}");
    let fix = "give one for each hour from midnight on, as parts of the busiest";
    Problem::new("these are no hours of a day", why, fix).at(span)
}

/// A trace is sorted here: logs of several machines are not.
fn trace(
    instants: &Placed<Vec<Text<Span>>>,
    spacing: Option<&Placed<Text<Spacing>>>,
) -> Result<Pace, Located> {
    if let Some(spacing) = spacing {
        let problem = Problem::new("spacing beside instants", "they are spaced already", "");
        return Err(problem.at(spacing.span.clone()));
    }
    if !(1..=INSTANTS_MAX).contains(&instants.value.len()) {
        let fix = format!("write 1 to {INSTANTS_MAX} spans");
        let problem = Problem::new("no such number of instants", "", fix);
        return Err(problem.at(instants.span.clone()));
    }
    let mut instants: Vec<Span> = instants.value.iter().map(|Text(instant)| *instant).collect();
    instants.sort_unstable();
    Ok(Pace::Trace(instants))
}
