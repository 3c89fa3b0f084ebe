use std::time::Duration;

use muster_agent::FleetProgress;
use muster_report::{ErrorCode, Funnel, LatencySummary, Look};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::load::live::keys::Key;
use crate::load::snapshot::Snapshot;

/// What stands on a terminal so wide.
fn drawn(model: &Model, width: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, HEIGHT)).unwrap();
    terminal.draw(|frame| draw(frame, model)).unwrap();
    terminal.backend().to_string()
}

fn latency(p50: f64, p99: f64, max: f64, count: u64) -> LatencySummary {
    LatencySummary { p50, p99, max, count }
}

fn look(second: u32) -> Look {
    let funnel = Funnel {
        planned: 120_345,
        queued: 120_331,
        delivered: 120_112,
        acknowledged: 120_080,
        stored: 120_001,
        error: 12,
        timed_out: 3,
        ..Funnel::default()
    };
    Look {
        funnel,
        total: latency(12.25, 48.5, 1_001.0, 120_013),
        recent: latency(10.0 + f64::from(second), 40.0 + f64::from(second % 7) * 10.0, 99.0, 1_000),
        recent_terminal: 900 + u64::from(second) * 10,
        recent_us: 1_000_000,
        lag: latency(0.06, 0.31, 2.2, 120_345),
        errors: vec![(ErrorCode::CommandFailed, 12), (ErrorCode::DeadlinePassed, 3)],
        connect_failures: 7,
        executed_twice: 0,
    }
}

fn standing(text: &str, holds: Option<bool>) -> Standing {
    Standing { text: text.to_owned(), holds, value: None }
}

/// A run in its thirtieth second.
fn running() -> Model {
    let mut model = Model::new("monday-nine-o-clock");
    for second in 1..=30 {
        let now = Snapshot {
            at: Duration::from_secs(u64::from(second)),
            lasts: Duration::from_secs(1_200),
            phase: "steady".to_owned(),
            devices: 20_000,
            enrolled: 19_900,
            connected: 15_000,
            open: 330,
            look: Some(look(second)),
            happened: vec![
                (Duration::from_secs(12), "server restart begins".to_owned()),
                (Duration::from_secs(15), "server restart is over".to_owned()),
            ],
            thresholds: vec![
                standing("p99(stored) < 50ms", Some(true)),
                standing("lost == 0", None),
                standing("dropped < 0.1%", Some(false)),
            ],
            ..Snapshot::default()
        };
        let fleet = FleetProgress { locked: 40, left: 60, ..FleetProgress::default() };
        model.take(now, fleet);
    }
    model
}

#[test]
fn a_run_is_shown_with_its_numbers_and_findings() {
    insta::assert_snapshot!(drawn(&running(), 100));
}

#[test]
fn a_narrow_terminal_cuts_lines_and_keeps_them_apart() {
    insta::assert_snapshot!(drawn(&running(), 60));
}

#[test]
fn a_run_is_shown_before_it_begins() {
    let mut model = Model::new("roll-out-day");
    let now = Snapshot { devices: 100, enrolled: 40, connected: 25, ..Snapshot::default() };
    model.take(now, FleetProgress::default());
    insta::assert_snapshot!(drawn(&model, 100));
}

#[test]
fn what_can_go_wrong_is_offered_below_the_numbers() {
    let mut model = running();
    model.press(Key::Pause);
    model.press(Key::Faster);
    model.press(Key::Fault);
    insta::assert_snapshot!(drawn(&model, 100));
}

#[test]
fn keys_are_explained() {
    let mut model = running();
    model.press(Key::Help);
    let text = drawn(&model, 100);
    assert!(text.contains("stop the clock of the plan"), "{text}");
    assert!(!text.contains("p99(stored)"), "{text}");
}

#[test]
fn the_narrowest_terminal_is_no_reason_to_fail() {
    for width in [1, 5, 11, 12, 30] {
        assert!(!drawn(&running(), width).is_empty());
    }
}

#[test]
fn thousands_are_kept_apart() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
}
