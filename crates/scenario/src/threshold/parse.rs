//! The text of a threshold: a metric, a comparison, a limit in the unit of the metric.

use core::ops::Range;

use super::{Comparison, Counted, Event, Limit, Metric};
use crate::error::Problem;
use crate::stage::Stage;
use crate::text::FromText as _;
use crate::units::{Percent, Quantile, Rate, Span, bytes, bytes_per_hour, fixed};

/// A problem with the part of the text it is about.
type Refusal = (Problem, Range<usize>);

/// Longest text, in bytes.
const TEXT_MAX: usize = 200;

/// Comparisons; those of two signs come first.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

/// Words that stand for something by themselves, beside those that are counted.
const ALONE: [(&str, Metric); 2] = [("rss", Metric::Memory), ("rss_growth", Metric::MemoryGrowth)];

/// What can stand before brackets, for those who wrote something else.
const FUNCTIONS: [&str; 8] = ["p50", "p90", "p99", "p99.9", "max", "time_to_99", "share", "rate"];

/// Reads a threshold; `event` finds the event with a name.
pub(crate) fn parse(
    text: &str,
    event: impl Fn(&str) -> Result<Event, Problem>,
) -> Result<(Metric, Comparison, Limit), Refusal> {
    let whole = 0..text.len();
    if text.len() > TEXT_MAX {
        return Err((Problem::new("this is too long for a threshold", "", ""), whole));
    }
    let Some((at, sign, comparison)) = comparison(text) else {
        let why = "a threshold compares what was measured with a limit";
        let fix = "write for example p99(stored) < 50ms, with one of < <= == >= >";
        return Err((Problem::new("no comparison", why, fix), whole));
    };
    let left = trimmed(text, 0..at);
    let right = trimmed(text, at + sign..text.len());
    let metric = metric(text, left, event)?;
    let limit = metric.limit(&text[right.clone()]).map_err(|problem| (problem, right))?;
    Ok((metric, comparison, limit))
}

/// The first comparison: where, how long, which.
fn comparison(text: &str) -> Option<(usize, usize, Comparison)> {
    let at = text.find(['<', '>', '='])?;
    let found = COMPARISONS.iter().find(|(sign, _)| text[at..].starts_with(sign))?;
    Some((at, found.0.len(), found.1))
}

/// The part without the blanks at its ends.
fn trimmed(text: &str, part: Range<usize>) -> Range<usize> {
    let inside = &text[part.clone()];
    let start = part.start + inside.len() - inside.trim_start().len();
    start..start + inside.trim().len()
}

fn metric(
    text: &str,
    part: Range<usize>,
    event: impl Fn(&str) -> Result<Event, Problem>,
) -> Result<Metric, Refusal> {
    let written = &text[part.clone()];
    let Some(open) = written.find('(') else {
        return alone(written).map_err(|problem| (problem, part));
    };
    if !written.ends_with(')') {
        let problem = Problem::new("an open bracket", "", "close it with `)`");
        return Err((problem, part));
    }
    let function = trimmed(text, part.start..part.start + open);
    let inside = trimmed(text, part.start + open + 1..part.end - 1);
    let (name, argument) = (&text[function.clone()], &text[inside.clone()]);
    let of_argument = |problem: Problem| (problem, inside.clone());
    if let Some(percent) = name.strip_prefix("time_to_") {
        let share = quantile(percent).ok_or_else(|| (unknown_function(name), function))?;
        let event = event(argument).map_err(of_argument)?;
        return Ok(Metric::TimeTo { share, event });
    }
    match name {
        "share" => counted(argument).map(Metric::Share).map_err(of_argument),
        "rate" => counted(argument).map(Metric::PerSecond).map_err(of_argument),
        _ => {
            let quantile = of_latency(name).ok_or_else(|| (unknown_function(name), function))?;
            latency(quantile, argument).map_err(of_argument)
        }
    }
}

fn alone(word: &str) -> Result<Metric, Problem> {
    if let Some((_, metric)) = ALONE.iter().find(|(known, _)| *known == word) {
        return Ok(metric.clone());
    }
    counted(word).map(Metric::Count).map_err(|_unknown| {
        let words = ALONE.iter().map(|(known, _)| *known);
        let counted = Counted::ALL.into_iter().map(Counted::name);
        Problem::unknown("metric", word, words.chain(counted).chain(FUNCTIONS))
    })
}

fn unknown_function(name: &str) -> Problem {
    Problem::unknown("metric with brackets", name, FUNCTIONS)
}

fn counted(word: &str) -> Result<Counted, Problem> {
    let found = Counted::ALL.into_iter().find(|counted| counted.name() == word);
    let words = Counted::ALL.into_iter().map(Counted::name);
    found.ok_or_else(|| Problem::unknown("count", word, words))
}

/// `p99.9` and `max`.
fn of_latency(name: &str) -> Option<Quantile> {
    match name {
        "max" => Some(Quantile::ALL),
        _ => name.strip_prefix('p').and_then(quantile),
    }
}

/// A percentage above zero without its sign.
fn quantile(text: &str) -> Option<Quantile> {
    Percent::of_number(text).filter(|quantile| *quantile > Percent::NONE)
}

fn latency(quantile: Quantile, word: &str) -> Result<Metric, Problem> {
    if word == "lag" {
        return Ok(Metric::Lag { quantile });
    }
    let stages = Stage::ALL.into_iter().map(Stage::name).chain(["lag"]);
    match Stage::named(word) {
        Some(stage) => Ok(Metric::Latency { stage, quantile }),
        None => Err(Problem::unknown("stage", word, stages)),
    }
}

impl Metric {
    /// Reads a limit in the unit of this metric.
    fn limit(&self, text: &str) -> Result<Limit, Problem> {
        match self {
            Self::Latency { .. } | Self::Lag { .. } | Self::TimeTo { .. } => {
                Span::from_text(text).map(Limit::Span)
            }
            Self::Count(_) => fixed(text, 0).map(Limit::Count).ok_or_else(|| {
                let fix = "write a whole number, such as 0";
                Problem::new(alloc::format!("`{text}` is no count"), "", fix)
            }),
            Self::Share(_) => Percent::from_text(text).map(Limit::Share),
            Self::PerSecond(_) => Rate::from_text(text).map(Limit::Rate),
            Self::Memory => bytes(text).map(Limit::Bytes),
            Self::MemoryGrowth => bytes_per_hour(text).map(Limit::BytesPerHour),
        }
    }
}
