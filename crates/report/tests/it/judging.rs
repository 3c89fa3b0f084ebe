//! Thresholds and verdicts.

use std::time::Duration;

use muster_protocol::{Platform, Timestamp};
use muster_report::{
    CommandIndex, EventKind, Intervention, Journey, Label, Legend, Measured, Outcome, Recorder,
    RunReport, Step, Verdict, Vitals, Who,
};

use crate::sample::{self, STEADY, ms};

const LOCK: Label = Label { phase: STEADY, command: CommandIndex(0), platform: Platform::Apple };

const WHO: Who = Who { device: 1, command: None };

fn require(condition: &str) -> String {
    format!("[[threshold]]\nrequire = \"{condition}\"\n")
}

/// Outcome and value of one threshold on a run.
fn judged(condition: &str, spoil: impl FnOnce(&mut Measured)) -> (Outcome, Option<f64>) {
    let mut measured = sample::measured(&require(condition));
    spoil(&mut measured);
    let judged = RunReport::new(&measured).thresholds.remove(0);
    (judged.outcome, judged.value)
}

fn holds(condition: &str) -> bool {
    match judged(condition, |_measured| {}) {
        (Outcome::Pass, _) => true,
        (Outcome::Fail, _) => false,
        (Outcome::Inconclusive, value) => panic!("{condition}: inconclusive, {value:?}"),
    }
}

#[test]
fn each_stage_is_judged_by_its_own_clock() {
    let stages = [("queued", 3), ("delivered", 4), ("acknowledged", 8), ("stored", 16)];
    for (stage, took) in stages.into_iter().chain([("total", 31), ("service", 30)]) {
        assert!(holds(&format!("p99({stage}) < {}ms", took + 1)), "{stage}");
        assert!(!holds(&format!("p99({stage}) < {}ms", took - 1)), "{stage}");
    }
}

#[test]
fn what_nobody_could_see_of_a_server_elsewhere_is_no_zero() {
    let elsewhere = |measured: &mut Measured| {
        measured.run.not_observed = vec!["what the server took of memory".to_owned()];
    };
    for unseen in ["expired == 0", "cancelled == 0", "share(expired) < 1%"] {
        assert_eq!(judged(unseen, elsewhere), (Outcome::Inconclusive, None), "{unseen}");
        assert!(holds(unseen), "{unseen}");
    }
    assert_eq!(judged("lost == 0", elsewhere).0, Outcome::Pass);
}

#[test]
fn a_run_that_holds_everything_passes() {
    let thresholds = ["p99(total) < 50ms", "lost == 0", "time_to_99(everybody) < 10s"];
    let thresholds: String = thresholds.map(require).concat();
    let report = RunReport::new(&sample::measured(&thresholds));
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.reason);
    assert!(report.thresholds.iter().all(|judged| judged.outcome == Outcome::Pass));
}

#[test]
fn what_happens_in_a_warm_up_is_left_out_but_for_what_is_lost_in_it() {
    let spoil = |measured: &mut Measured| {
        let label = Label { phase: muster_report::PhaseIndex(0), ..LOCK };
        let slow = Journey { stored: Some(ms(9_000)), ..sample::journey(ms(1_000)) };
        measured.recorder.ended(ms(9_000), label, WHO, &slow);
        measured.recorder.count(ms(9_000), label, Step::Lost);
        measured.recorder.count(ms(9_000), label, Step::Error);
    };
    assert_eq!(judged("max(total) < 1s", spoil).0, Outcome::Pass);
    assert_eq!(judged("errors == 0", spoil).0, Outcome::Pass);
    assert_eq!(judged("lost == 0", spoil), (Outcome::Fail, Some(1.0)));
}

#[test]
fn a_wait_that_was_cut_off_is_a_lower_bound() {
    let cut_off = |after_ms: u64| {
        move |measured: &mut Measured| {
            let planned = ms(20_000);
            let stuck = Journey { stored: None, ..sample::journey(planned) };
            let at = planned.after(Duration::from_millis(after_ms));
            measured.recorder.given_up(at, LOCK, WHO, &stuck);
        }
    };
    assert_eq!(judged("max(total) < 1s", cut_off(30_000)).0, Outcome::Fail);
    assert_eq!(judged("max(total) < 60s", cut_off(30_000)).0, Outcome::Inconclusive);
    assert_eq!(judged("p50(total) < 60s", cut_off(30_000)).0, Outcome::Pass);
}

#[test]
fn a_broadcast_that_never_reached_its_share_fails_once_its_time_is_up() {
    let more = |measured: &mut Measured| {
        measured.recorder.event_concerns(muster_report::EventIndex(0), 100);
    };
    assert_eq!(judged("time_to_99(everybody) < 10s", more).0, Outcome::Fail);
    assert_eq!(judged("time_to_99(everybody) < 10m", more).0, Outcome::Inconclusive);
    assert_eq!(judged("time_to_50(broadcast) < 10s", more).0, Outcome::Pass);
}

/// A restart after so many milliseconds, of which one device is over after so many more.
fn restart(measured: &mut Measured, at: u64, over_after: Option<u64>) {
    let recorder = &mut measured.recorder;
    let event = recorder.one_more_event("restart", EventKind::ServerAway, ms(at)).expect("a round");
    recorder.event_concerns(event, 1);
    if let Some(after) = over_after {
        recorder.through(event, Duration::from_millis(after));
    }
}

#[test]
fn what_comes_again_is_judged_by_its_worst_round_from_the_beginning_of_that_round() {
    let over = |rounds: [Option<u64>; 2]| {
        move |measured: &mut Measured| {
            restart(measured, 20_000, rounds[0]);
            restart(measured, 65_000, rounds[1]);
        }
    };
    let condition = "time_to_99(restart) < 10s";
    let (outcome, worst) = judged(condition, over([Some(3_000), Some(8_000)]));
    assert_eq!((outcome, worst.map(|ms| (ms / 100.0).round())), (Outcome::Pass, Some(80.0)));
    assert_eq!(judged(condition, over([Some(12_000), Some(1_000)])).0, Outcome::Fail);
    assert_eq!(judged(condition, over([None, Some(1_000)])).0, Outcome::Fail, "50 s have passed");
    let just_begun = over([Some(3_000), None]);
    assert_eq!(judged(condition, just_begun).0, Outcome::Inconclusive, "5 s have passed");
}

#[test]
fn each_round_of_what_comes_again_is_told_in_the_order_of_time() {
    let mut measured = sample::measured("");
    restart(&mut measured, 20_000, Some(3_000));
    restart(&mut measured, 50_000, Some(8_000));
    let events = RunReport::new(&measured).events;
    let told: Vec<_> = events.iter().map(|it| (it.name.as_str(), it.round, it.at_s)).collect();
    assert_eq!(told, [("restart", 1, 20.0), ("everybody", 1, 40.0), ("restart", 2, 50.0)]);
}

#[test]
fn no_number_of_rounds_makes_a_report_too_long_to_be_read() {
    let mut measured = sample::measured("");
    for round in 0..2 * Legend::EVENTS_MAX as u64 {
        restart(&mut measured, round, Some(1));
    }
    let report = RunReport::new(&measured);
    assert_eq!(report.events.len(), Legend::EVENTS_MAX);
    let concerned: u64 = report.events.iter().map(|event| event.devices).sum();
    assert_eq!(concerned, 100 + 2 * Legend::EVENTS_MAX as u64, "the last round goes on");
    assert!(RunReport::read(report.write().as_bytes()).unwrap().recorder().is_ok());
}

#[test]
fn an_event_that_began_later_than_planned_is_told_where_it_began() {
    let mut measured = sample::measured("");
    measured.recorder.event_began(muster_report::EventIndex(0), ms(45_000));
    assert!((RunReport::new(&measured).events[0].at_s - 45.0).abs() < 1e-9);
}

#[test]
fn a_run_that_was_changed_by_hand_does_not_pass_as_if_nothing_had_been() {
    let mut measured = sample::measured(&require("p99(total) < 50ms"));
    measured.interventions = vec![Intervention { at_s: 12.0, what: "paused".to_owned() }];
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(report.reason.ends_with("changed by hand"), "{}", report.reason);
    assert!(report.told().contains("by hand    paused at"), "{}", report.told());
    assert!(report.page(None).unwrap().contains("by hand: paused"));
}

#[test]
fn nothing_to_measure_is_inconclusive_and_so_is_the_run() {
    let report = RunReport::new(&sample::measured(&require("p99(pushed) < 1s")));
    assert_eq!(report.thresholds[0].note.as_deref(), Some("no samples"));
    assert_eq!(report.verdict, Verdict::Inconclusive);
}

#[test]
fn a_late_generator_makes_a_pass_inconclusive() {
    let late = |measured: &mut Measured| {
        for _ in 0..100 {
            measured.recorder.lag(ms(20_000), Duration::from_millis(15));
        }
    };
    assert_eq!(judged("p99(total) < 50ms", late).0, Outcome::Inconclusive);
    let mut measured = sample::measured(&require("p99(total) < 50ms"));
    late(&mut measured);
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.generator.inconclusive_reasons[0].starts_with("scheduling lag"), "{report:?}");
}

#[test]
fn a_failure_that_no_lag_explains_stays_a_failure() {
    let late = |measured: &mut Measured| {
        for _ in 0..100 {
            measured.recorder.lag(ms(20_000), Duration::from_millis(15));
        }
    };
    assert_eq!(judged("p99(total) < 20ms", late).0, Outcome::Inconclusive, "31 ms less 15 ms");
    assert_eq!(judged("p99(total) < 10ms", late).0, Outcome::Fail, "31 ms less 15 ms");
    let busy = |measured: &mut Measured| {
        measured.vitals = Vitals { cpu_share: Some(0.99), ..Vitals::default() };
    };
    assert_eq!(judged("p99(total) < 10ms", busy).0, Outcome::Inconclusive);
}

#[test]
fn a_latency_that_is_too_long_only_by_a_small_lag_fails_nobody() {
    let late = |measured: &mut Measured| {
        for _ in 0..1_000 {
            measured.recorder.lag(ms(20_000), Duration::from_millis(9));
        }
    };
    for close in ["p99(total) < 30ms", "p99(total) <= 23ms", "p99(queued) < 3ms"] {
        assert_eq!(judged(close, late).0, Outcome::Inconclusive, "{close}");
    }
    assert_eq!(judged("p99(total) < 20ms", late).0, Outcome::Fail, "31 ms less 9 ms");
    assert_eq!(judged("p99(service) < 30ms", late).0, Outcome::Fail, "counts from the late begin");
    assert_eq!(judged("p99(total) < 32ms", late).0, Outcome::Pass, "with the lag in it");
    let mut measured = sample::measured(&require("p99(total) < 30ms"));
    late(&mut measured);
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(report.reason.contains("how late the generator was"), "{}", report.reason);
}

#[test]
fn a_busy_generator_that_is_in_time_spoils_no_pass_of_a_whole_way() {
    let busy = |measured: &mut Measured| measured.vitals.cpu_share = Some(0.99);
    for whole in ["p99(total) < 50ms", "p99(service) < 50ms", "time_to_99(everybody) < 10s"] {
        assert_eq!(judged(whole, busy).0, Outcome::Pass, "{whole}");
    }
    assert_eq!(judged("lost == 0", busy).0, Outcome::Pass);
    assert_eq!(judged("p99(stored) < 50ms", busy).0, Outcome::Inconclusive);
    let at_most = "rate(terminal) <= 1000000/s";
    assert_eq!(judged(at_most, busy).0, Outcome::Inconclusive, "it may have brought too little");
    let mut measured = sample::measured(&require("p99(total) < 50ms"));
    busy(&mut measured);
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.reason);
    assert_eq!(report.generator.inconclusive_reasons, Vec::<String>::new());
}

#[test]
fn what_is_lost_fails_however_bad_the_generator() {
    let spoil = |measured: &mut Measured| {
        measured.vitals.cpu_share = Some(1.0);
        measured.recorder.count(ms(20_000), LOCK, Step::Lost);
        measured.recorder.executed_twice();
    };
    assert_eq!(judged("lost == 0", spoil).0, Outcome::Fail);
    assert_eq!(judged("executed_twice == 0", spoil).0, Outcome::Fail);
}

#[test]
fn every_sign_of_a_bad_generator_is_named() {
    let mut measured = sample::measured("");
    measured.vitals = Vitals {
        cpu_share: Some(0.97),
        waited_share: Some(0.61),
        udp_drops: 12,
        descriptors_open: 1_020,
        descriptors_limit: 1_024,
        unseen: 4,
        ..Vitals::default()
    };
    let reasons = RunReport::new(&measured).generator.inconclusive_reasons;
    let told = [
        "ready to run 61 %",
        "97 % busy",
        "dropped 12 datagrams",
        "1020 of 1024",
        "4 observations",
    ];
    assert_eq!(reasons.len(), told.len(), "{reasons:?}");
    for (reason, told) in reasons.iter().zip(told) {
        assert!(reason.contains(told), "{reason}");
    }
}

#[test]
fn too_many_dropped_commands_fail_the_run_without_a_threshold() {
    let mut measured = sample::measured("");
    measured.recorder.count(ms(20_000), LOCK, Step::Dropped);
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.reason.starts_with("share(dropped) <= 0.1%"), "{}", report.reason);
}

#[test]
fn a_window_judges_its_worst_stretch() {
    let window = "[[threshold]]\nrequire = \"p50(total) < 1s\"\nwindow = \"5s\"\n";
    let mut measured = sample::measured(window);
    assert_eq!(RunReport::new(&measured).thresholds[0].outcome, Outcome::Pass);
    for n in 0..60 {
        let planned = ms(31_000 + n);
        let slow = Journey { stored: Some(ms(33_500 + n)), ..sample::journey(planned) };
        measured.recorder.ended(ms(33_500 + n), LOCK, WHO, &slow);
    }
    let judged = RunReport::new(&measured).thresholds.remove(0);
    assert_eq!(judged.outcome, Outcome::Fail, "{judged:?}");
}

#[test]
fn a_window_sees_what_hangs_until_after_the_last_phase() {
    let window = "[[threshold]]\nrequire = \"p50(total) < 1s\"\nwindow = \"5s\"\n";
    let mut measured = sample::measured(window);
    let last = measured.recorder.legend().phases.last().unwrap().ends;
    let given_up = last.after(Duration::from_secs(30));
    for before in 0..200 {
        let planned = Timestamp::from_micros(last.as_micros() - (before + 1) * 10_000);
        measured.recorder.given_up(given_up, LOCK, WHO, &Journey::planned(planned));
    }
    let judged = RunReport::new(&measured).thresholds.remove(0);
    assert_eq!(judged.outcome, Outcome::Fail, "{judged:?}");
}

#[test]
fn windows_that_are_wider_than_asked_for_are_told() {
    let note = |lasts_s: u64| {
        let window = "[[threshold]]\nrequire = \"p50(total) < 1s\"\nwindow = \"5s\"\n";
        let mut measured = sample::measured(window);
        measured.recorder = Recorder::new(sample::long_legend(lasts_s * 1_000));
        measured.run.took_ms = lasts_s * 1_000;
        for second in 0..lasts_s {
            let planned = ms(second * 1_000);
            measured.recorder.ended(planned, LOCK, WHO, &sample::journey(planned));
        }
        RunReport::new(&measured).thresholds.remove(0).note
    };
    assert_eq!(note(600), None);
    assert!(note(1_200).unwrap().starts_with("in windows of 4s, not 5s"), "slices of 2 s");
    assert!(note(8_000).unwrap().starts_with("in windows of 16s, not 5s"), "slices of 16 s");
}

#[test]
fn rates_and_memory_are_judged_in_their_units() {
    assert!(holds("rate(terminal) >= 10/s"));
    assert!(!holds("rate(terminal) >= 11/s"));
    let (_outcome, growth) = judged("rss_growth < 1GB/h", |_measured| {});
    let growth = growth.unwrap();
    assert!(
        (growth - 3_600_000.0).abs() < 1.0,
        "1,000 bytes a second are 3.6 MB an hour: {growth}"
    );
}

#[test]
fn a_run_that_was_stopped_says_so_and_one_that_stopped_itself_says_why() {
    let mut measured = sample::measured(&require("p99(total) < 1ms"));
    measured.run.ending = muster_report::Ending::Aborted;
    let report = RunReport::new(&measured);
    assert_eq!(report.verdict, Verdict::Aborted);
    assert!(report.reason.contains("p99(total) < 1ms"), "{}", report.reason);
    measured.run.ending = muster_report::Ending::Interrupted;
    assert_eq!(RunReport::new(&measured).verdict, Verdict::Interrupted);
}
