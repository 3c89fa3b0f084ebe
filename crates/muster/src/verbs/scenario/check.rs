//! `muster scenario check`

use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context as _;
use muster_agent::FleetFault;
use muster_scenario::{FaultKind, Plan, Problem, Run, Scenario};
use serde_json::{Value, json};

use super::{hints, shown};
use crate::cli::ScenarioCheckArgs;
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print, print_json, say};

/// Most bytes of a file that are read: one more than a scenario may have, so that its reader says
/// what is wrong.
const READ_MAX: u64 = (1 << 20) + 1;

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// Which bytes of the file.
    pub(super) span: std::ops::Range<usize>,
    /// What, why, and what to do.
    pub(super) problem: Problem,
}

/// How many devices are looked at: whatever there is to see in a million is seen in a thousand.
const SAMPLE: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");

/// A scenario that is right, with what it would do.
pub(super) struct Right {
    /// The plan of a sample of its devices.
    pub(super) plan: Plan,
    pub(super) hints: Vec<String>,
}

pub(super) fn run(args: &ScenarioCheckArgs, format: Format) -> anyhow::Result<Exit> {
    let mut told: Vec<Value> = Vec::new();
    let mut exit = Exit::Ok;
    for path in &args.files {
        let (name, text) = (path.display().to_string(), read(path)?);
        let checked = check(&text);
        if checked.is_err() {
            exit = Exit::BadFile;
        }
        match (format, &checked) {
            (Format::Json, checked) => told.push(described(&name, &text, checked)),
            (Format::Text, Ok(right)) => print(&told_right(&name, right)),
            (Format::Text, Err(wrong)) => say(&shown::wrong(&name, &text, wrong)),
        }
    }
    if format == Format::Json {
        print_json(&told)?;
    }
    Ok(exit)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = File::open(path)
        .map_err(|error| usage_error(format!("failed to open {}: {error}", path.display())))?;
    file.take(READ_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("failed to read {}", path.display()))?;
    Ok(text)
}

/// Everything that is known to be wrong before a run: the file itself, and the words of its faults,
/// which belong to the fleet.
pub(super) fn check(text: &str) -> Result<Right, Wrong> {
    let scenario = Scenario::parse(text)
        .map_err(|error| Wrong { span: error.span.clone(), problem: error.problem })?;
    faults(&scenario, text)?;
    let devices = NonZeroU32::new(scenario.devices).map(|devices| devices.min(SAMPLE));
    let plan = scenario.plan(Run { devices, ..Run::of(&scenario) }).map_err(|error| {
        let what = error.to_string();
        Wrong { span: 0..0, problem: Problem { what, ..Problem::default() } }
    })?;
    let hints = hints::of(&plan);
    Ok(Right { plan, hints })
}

fn faults(scenario: &Scenario, text: &str) -> Result<(), Wrong> {
    for fault in &scenario.faults {
        let FaultKind::Fleet(words) = &fault.kind else { continue };
        words.parse::<FleetFault>().map_err(|error| {
            let start = text.find(words.as_str()).unwrap_or(0);
            let end = if start == 0 { 0 } else { start + words.len() };
            let problem = Problem {
                what: format!("`{words}` is no fault of a fleet"),
                why: error.to_string(),
                fix: "`muster fleet --help` lists them".to_owned(),
            };
            Wrong { span: start..end, problem }
        })?;
    }
    Ok(())
}

impl Right {
    /// About how many commands a run has: they go with the devices, as their rates do.
    fn commands_about(&self) -> f64 {
        let devices = self.plan.scenario().devices;
        let of_sample = self.plan.commands_about();
        of_sample * f64::from(devices) / f64::from(devices.min(SAMPLE.get()))
    }
}

fn told_right(name: &str, right: &Right) -> String {
    let scenario = right.plan.scenario();
    let mut text = format!("{name}: fine\n  {}\n", scenario.question);
    let commands = shown::about(right.commands_about());
    let (devices, length) = (scenario.devices, shown::length(scenario));
    let thresholds = scenario.thresholds.len();
    let line = format!("{devices} devices, {length}, {commands} commands, {thresholds} thresholds");
    let hints: String = right.hints.iter().map(|hint| format!("  hint: {hint}\n")).collect();
    text.push_str(&format!("  {line}\n{hints}"));
    text
}

fn described(name: &str, text: &str, checked: &Result<Right, Wrong>) -> Value {
    match checked {
        Ok(right) => json!({
            "file": name,
            "ok": true,
            "name": right.plan.scenario().name,
            "devices": right.plan.scenario().devices,
            "seconds": right.plan.scenario().length().as_secs_f64(),
            "commands_about": right.commands_about().round(),
            "thresholds": right.plan.scenario().thresholds.len(),
            "hints": right.hints,
        }),
        Err(Wrong { span, problem }) => {
            let (line, column) = shown::place(text, span.start);
            json!({
                "file": name,
                "ok": false,
                "line": line,
                "column": column,
                "span": [span.start, span.end],
                "what": problem.what,
                "why": problem.why,
                "fix": problem.fix,
            })
        }
    }
}
