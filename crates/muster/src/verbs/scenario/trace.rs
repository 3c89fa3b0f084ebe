//! `muster scenario trace`

mod source;
#[cfg(test)]
mod tests;
mod told;

use std::path::Path;

use muster_control::{Readings, capability_of};
use muster_protocol::{Mode, OsVersion};
use muster_scenario::{Action, Percent, Trace, TraceError};
use serde_json::{Value, json};

use self::told::Told;
use super::{check, hints, write_new};
use crate::cli::ScenarioTraceArgs;
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, print, print_json, say};
use crate::trace::{Rows, Taken, Taking, When, Words};

/// How many devices if a trace does not say.
const DEVICES: u32 = 1_000;

/// Longest name of a scenario.
const NAME_MAX: usize = 64;

/// A version that every command's condition on versions is true for.
const NEWEST: OsVersion = OsVersion::major(99);

pub(super) fn run(args: &ScenarioTraceArgs, format: Format) -> anyhow::Result<Exit> {
    let rows = source::rows(args)?;
    let taken = taken(args, &rows)?;
    let told = Told::of(args, &rows, &taken);
    let text = trace(args, &taken, &told).scenario(takes);
    let text = text.map_err(|error| refused(args, &told, &error))?;
    match (&args.output, format) {
        (Some(path), Format::Json | Format::Text) => write_new(path, &text)?,
        (None, Format::Text) => print(&text),
        (None, Format::Json) => {}
    }
    // What was just written is right; what is left to say of it are hints.
    let hints = check::check(&text).map(|right| right.hints).unwrap_or_default();
    match format {
        Format::Json => print_json(&data(args, &told, &text, &hints))?,
        Format::Text => {
            told.lines().iter().for_each(|line| say(line));
            hints.iter().for_each(|hint| say(&format!("hint: {hint}")));
        }
    }
    Ok(Exit::Ok)
}

/// What was read and what came of it; the scenario itself too, unless it has a file.
fn data(args: &ScenarioTraceArgs, told: &Told<'_>, text: &str, hints: &[String]) -> Value {
    let mut data = told.data();
    data["hints"] = json!(hints);
    data["bytes"] = json!(text.len());
    match &args.output {
        Some(path) => data["output"] = json!(path.display().to_string()),
        None => data["scenario"] = json!(text),
    }
    data
}

/// What is played of the rows.
fn taken(args: &ScenarioTraceArgs, rows: &Rows) -> anyhow::Result<Taken> {
    let first = rows.all().iter().map(|row| row.when).min();
    let bound = |flag: &str, bound: Option<When>| match (bound, first) {
        (Some(bound), Some(first)) => bound.bound(first).map(Some).ok_or_else(|| {
            usage_error(format!("{flag}: the trace has spans since its beginning, so give a span"))
        }),
        (None, _) | (_, None) => Ok(None),
    };
    let words = Words::new(&args.rows.words);
    let taking = Taking {
        words: &words,
        from: bound("--from", args.rows.from)?,
        to: bound("--to", args.rows.to)?,
        thin: args.rows.thin,
    };
    Ok(taking.of(rows.all()))
}

fn trace(args: &ScenarioTraceArgs, taken: &Taken, told: &Told<'_>) -> Trace {
    let name = args.name.clone().unwrap_or_else(|| name(args.files.first()));
    let question = args.question.clone().unwrap_or_else(|| {
        format!("Is everything that was recorded in {name} served within a second?")
    });
    Trace {
        name,
        question,
        devices: devices(args, taken),
        lasts: taken.lasts,
        remarks: told.remarks(),
        instants: taken.instants.clone(),
    }
}

fn devices(args: &ScenarioTraceArgs, taken: &Taken) -> u32 {
    let recorded = u32::try_from(taken.devices).ok().filter(|devices| *devices > 0);
    args.devices.or(recorded).unwrap_or(DEVICES)
}

/// The name of a file as that of a scenario: `Audit Export (2).json` is `audit-export-2`.
fn name(file: Option<&impl AsRef<Path>>) -> String {
    let stem = file.and_then(|file| file.as_ref().file_stem()).unwrap_or_default();
    let lower = stem.to_string_lossy().to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(NAME_MAX).collect();
    if name.is_empty() { "trace".to_owned() } else { name }
}

/// Whether a device of this mode takes a command, when it is new.
fn takes(mode: Mode, command: Action) -> bool {
    let judged = |kind| capability_of(kind, mode, NEWEST, &Readings::default());
    hints::kind(command).is_none_or(|kind| judged(kind).is_ok())
}

/// What is wrong with the trace, and what to do about it.
fn refused(args: &ScenarioTraceArgs, told: &Told<'_>, error: &TraceError) -> anyhow::Error {
    let window = "\ntake a window of it with --from and --to";
    let advice = match error {
        TraceError::Empty => told.nothing(),
        TraceError::TooLong { .. } => window.to_owned(),
        TraceError::TooMany { .. } | TraceError::TooLarge { .. } => {
            let share = error.fitting().map(|share| of(share, args.rows.thin));
            let part = share.map(|share| format!(", or a part with --thin {share}"));
            format!("{window}{}", part.unwrap_or_default())
        }
        TraceError::Refused(_) => String::new(),
    };
    let message = format!("{}: {error}{advice}", told.files());
    anyhow::Error::new(ExitWith { exit: Exit::BadFile, message })
}

/// A share of a share, in whole percent as far as there are any.
fn of(share: Percent, whole: Percent) -> Percent {
    let hits = u64::from(share.hits()) * u64::from(whole.hits()) / 1_000_000;
    let rounded = if hits < 10_000 { hits } else { hits / 10_000 * 10_000 };
    Percent::per_million(u32::try_from(rounded).unwrap_or(u32::MAX).max(1))
}
