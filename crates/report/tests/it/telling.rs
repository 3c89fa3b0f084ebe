//! Reports for terminals, for continuous integration and for other tools.

use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use muster_report::{Intervention, Journey, Meaning, RunReport, Who, diff};

use crate::sample;

const THRESHOLDS: &str = r#"
[[threshold]]
require = "p99(total) < 50ms"
[[threshold]]
require = "p99(stored) < 10ms"
[[threshold]]
require = "p99(pushed) < 1s"
"#;

#[test]
fn a_report_fits_a_screen() {
    insta::assert_snapshot!(RunReport::new(&sample::measured(THRESHOLDS)).told());
}

#[test]
fn junit_passes_nothing_that_nobody_could_tell() {
    let mut measured = sample::measured(THRESHOLDS);
    measured.run.scenario = "sample & \"more\"".to_owned();
    insta::assert_snapshot!(RunReport::new(&measured).junit());
}

#[test]
fn the_log_of_histograms_is_read_by_its_own_tools() {
    let report = RunReport::new(&sample::measured(""));
    let log = report.hlog().unwrap();
    let entries: Vec<_> = IntervalLogIterator::new(log.as_bytes()).collect();
    let totals = entries.iter().filter(|entry| match entry {
        Ok(LogEntry::Interval(interval)) => {
            interval.tag().is_some_and(|tag| tag.as_str() == "total")
        }
        Ok(LogEntry::StartTime(_) | LogEntry::BaseTime(_)) => false,
        Err(cause) => panic!("{cause:?}"),
    });
    assert_eq!(totals.count(), 70, "one for each second");
}

#[test]
fn the_log_of_histograms_begins_when_the_run_began() {
    let mut measured = sample::measured("");
    let began = |measured: &_| {
        let log = RunReport::new(measured).hlog().unwrap();
        let times = IntervalLogIterator::new(log.as_bytes()).filter_map(|entry| match entry {
            Ok(LogEntry::StartTime(at) | LogEntry::BaseTime(at)) => Some(at.as_secs()),
            Ok(LogEntry::Interval(_)) => None,
            Err(cause) => panic!("{cause:?}"),
        });
        times.collect::<Vec<_>>()
    };
    assert_eq!(began(&measured), [1_795_341_600; 2], "2026-11-22T10:00:00Z");
    measured.run.started_at = "yesterday".to_owned();
    assert_eq!(began(&measured), [0, 0]);
}

fn slower(by_ms: u64, commands: u64) -> RunReport {
    let mut measured = sample::measured(THRESHOLDS);
    for n in 0..commands {
        let planned = sample::ms(20_000 + n);
        let label = sample::label(&measured.recorder, planned, n);
        let stored = sample::ms(20_000 + n + 31 + by_ms);
        let journey = Journey { stored: Some(stored), ..sample::journey(planned) };
        measured.recorder.ended(stored, label, Who { device: 5, command: None }, &journey);
    }
    RunReport::new(&measured)
}

fn meaning(before: &RunReport, after: &RunReport, what: &str) -> Meaning {
    let changes = diff(before, after).expect("both are whole").changes;
    changes.iter().find(|change| change.what == what).expect(what).meaning
}

#[test]
fn a_run_compared_with_itself_changed_nothing() {
    let report = RunReport::new(&sample::measured(THRESHOLDS));
    let diff = diff(&report, &report).unwrap();
    assert!(!diff.worse && diff.caveats.is_empty());
    assert!(diff.changes.iter().all(|change| change.meaning == Meaning::Noise));
}

#[test]
fn a_threshold_that_no_longer_holds_makes_a_run_worse_and_never_the_other_way_round() {
    let before = RunReport::new(&sample::measured(THRESHOLDS));
    let after = slower(100, 5_000);
    assert!(diff(&before, &after).unwrap().worse);
    assert!(!diff(&after, &before).unwrap().worse);
    assert_eq!(meaning(&before, &after, "p99(total)"), Meaning::Worse);
    assert_eq!(meaning(&after, &before, "p99(total)"), Meaning::Better);
}

#[test]
fn a_few_slow_samples_are_noise() {
    let before = RunReport::new(&sample::measured(THRESHOLDS));
    assert_eq!(meaning(&before, &slower(100, 4), "p99(total)"), Meaning::Noise);
    assert_eq!(meaning(&before, &slower(2, 5_000), "p50(total)"), Meaning::Noise, "6 %");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let before = RunReport::new(&sample::measured(""));
    let mut other = sample::measured(THRESHOLDS);
    other.run.seed = 9;
    other.run.time_scale = Some(0.1);
    other.interventions = vec![Intervention { at_s: 3.0, what: "paused".to_owned() }];
    other.run.hosts[0].cores = 64;
    let caveats = diff(&before, &RunReport::new(&other)).unwrap().caveats;
    let told = [
        "the scenarios or their overrides differ",
        "the seeds differ",
        "different scales of time",
        "different machines",
        "by hand",
    ];
    assert!(
        told.iter().all(|told| caveats.iter().any(|caveat| caveat.contains(told))),
        "{caveats:?}"
    );
}
