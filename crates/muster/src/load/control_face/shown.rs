//! A run at one moment, as JSON.

use std::time::Duration;

use muster_agent::FleetProgress;
use muster_report::{Funnel, LatencySummary, Look};
use serde::Serialize;

use crate::load::snapshot::{Snapshot, Standing};
use crate::load::timeline::{Course, Tempo};

/// What `GET /v1/run` answers: what the terminal shows. Its fields: docs/load.md.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    name: &'a str,
    question: &'a str,
    at_s: f64,
    lasts_s: f64,
    phase: &'a str,
    clock: &'static str,
    factor: f64,
    devices: u64,
    enrolled: u64,
    connected: u64,
    locked: u64,
    left: u64,
    open: u64,
    #[serde(flatten)]
    numbers: Option<Numbers<'a>>,
    happened: Vec<Happened<'a>>,
    thresholds: Vec<Threshold<'a>>,
}

/// What the recorder counts.
#[derive(Debug, Serialize)]
struct Numbers<'a> {
    commands: &'a Funnel,
    total_ms: &'a LatencySummary,
    recent_ms: &'a LatencySummary,
    recent_terminal: u64,
    recent_s: f64,
    lag_ms: &'a LatencySummary,
    errors: Vec<Met>,
    connect_failures: u64,
    executed_twice: u64,
}

/// Errors of one kind.
#[derive(Debug, Serialize)]
struct Met {
    code: &'static str,
    name: &'static str,
    count: u64,
}

/// Something that went wrong, or was changed.
#[derive(Debug, Serialize)]
struct Happened<'a> {
    at_s: f64,
    what: &'a str,
}

/// A threshold while the run goes on.
#[derive(Debug, Serialize)]
struct Threshold<'a> {
    text: &'a str,
    holds: Option<bool>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(now: &'a Snapshot, fleet: FleetProgress) -> Self {
        let Tempo { percent, course } = now.tempo;
        let happened =
            |(at, what): &'a (Duration, String)| Happened { at_s: at.as_secs_f64(), what };
        let threshold = |it: &'a Standing| Threshold { text: &it.text, holds: it.holds };
        Self {
            name: &now.name,
            question: &now.question,
            at_s: now.at.as_secs_f64(),
            lasts_s: now.lasts.as_secs_f64(),
            phase: &now.phase,
            clock: match course {
                Course::Plays => "plays",
                Course::Stands => "stands",
            },
            factor: f64::from(percent) / 100.0,
            devices: now.devices,
            enrolled: now.enrolled,
            connected: now.connected,
            locked: fleet.locked,
            left: fleet.left,
            open: now.open,
            numbers: now.look.as_ref().map(Numbers::of),
            happened: now.happened.iter().map(happened).collect(),
            thresholds: now.thresholds.iter().map(threshold).collect(),
        }
    }
}

impl<'a> Numbers<'a> {
    fn of(look: &'a Look) -> Self {
        let met = |(code, count): &(muster_report::ErrorCode, u64)| Met {
            code: code.code(),
            name: code.name(),
            count: *count,
        };
        Self {
            commands: &look.funnel,
            total_ms: &look.total,
            recent_ms: &look.recent,
            recent_terminal: look.recent_terminal,
            recent_s: Duration::from_micros(look.recent_us).as_secs_f64(),
            lag_ms: &look.lag,
            errors: look.errors.iter().map(met).collect(),
            connect_failures: look.connect_failures,
            executed_twice: look.executed_twice,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_protocol::Timestamp;
    use muster_report::{ErrorCode, Legend, Recorder};
    use serde_json::{Value, json};

    use super::*;
    use crate::load::control_face::page::SCRIPT;

    fn snapshot() -> Snapshot {
        let mut recorder = Recorder::new(Arc::new(Legend::default()));
        recorder.failed(Timestamp::ZERO, ErrorCode::GeneratorLate, String::new);
        Snapshot {
            name: "first-minute".to_owned(),
            at: Duration::from_millis(1_500),
            lasts: Duration::from_secs(60),
            phase: "main".to_owned(),
            devices: 20,
            look: Some(recorder.look(Timestamp::from_micros(1_500_000))),
            happened: vec![(Duration::from_secs(1), "paused".to_owned())],
            thresholds: vec![Standing {
                text: "lost == 0".to_owned(),
                holds: Some(true),
                value: Some(0.0),
            }],
            tempo: Tempo { percent: 150, course: Course::Stands },
            ..Snapshot::default()
        }
    }

    fn shown(snapshot: &Snapshot) -> Value {
        let fleet = FleetProgress { locked: 3, left: 2, ..FleetProgress::default() };
        serde_json::to_value(Shown::of(snapshot, fleet)).unwrap()
    }

    #[test]
    fn a_run_is_told_as_the_terminal_shows_it() {
        let told = shown(&snapshot());
        assert_eq!(told["name"], "first-minute");
        assert_eq!((&told["locked"], &told["left"]), (&json!(3), &json!(2)));
        assert_eq!((&told["at_s"], &told["lasts_s"]), (&json!(1.5), &json!(60.0)));
        assert_eq!((&told["clock"], &told["factor"]), (&json!("stands"), &json!(1.5)));
        assert_eq!(told["errors"][0]["name"], "generator-late");
        assert_eq!(told["happened"], json!([{ "at_s": 1.0, "what": "paused" }]));
        assert_eq!(told["thresholds"], json!([{ "text": "lost == 0", "holds": true }]));
    }

    #[test]
    fn before_the_first_look_there_are_no_numbers_to_be_taken_for_zeros() {
        let told = shown(&Snapshot::default());
        assert_eq!(told.get("commands"), None);
        assert_eq!((&told["clock"], &told["factor"]), (&json!("plays"), &json!(1.0)));
    }

    #[test]
    fn every_field_stands_in_the_documentation() {
        let page = include_str!("../../../../../docs/load.md");
        for field in shown(&snapshot()).as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "{field} is not in docs/load.md");
        }
    }

    #[test]
    fn every_field_stands_on_the_page_for_people() {
        let told = shown(&snapshot());
        let commands = told["commands"].as_object().unwrap().keys();
        for field in told.as_object().unwrap().keys().chain(commands) {
            assert!(SCRIPT.contains(field.as_str()), "nothing shows {field}");
        }
    }
}
