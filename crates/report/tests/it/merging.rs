//! Shards merged are the whole.

use muster_report::{EventKind, Intervention, MergeError, RunReport, ShardOf, Verdict, merge};

use crate::sample;

const THRESHOLD: &str = "[[threshold]]\nrequire = \"p99(total) < 50ms\"\n";

fn shards() -> [RunReport; 2] {
    [1, 2].map(|index| RunReport::new(&sample::shard(THRESHOLD, index)))
}

#[test]
fn two_shards_merged_measured_what_the_whole_run_measured() {
    let merged = merge(&shards()).unwrap();
    let whole = RunReport::new(&sample::measured(THRESHOLD));
    assert_eq!(merged.verdict, whole.verdict);
    assert_eq!(merged.thresholds, whole.thresholds);
    assert_eq!(merged.latency_ms, whole.latency_ms);
    assert_eq!(merged.funnel, whole.funnel);
    assert_eq!(merged.series, whole.series);
    assert_eq!(merged.devices, whole.devices);
    assert_eq!(merged.events, whole.events);
    assert_eq!(merged.faults, whole.faults);
    assert_eq!(merged.slices.items[10].funnel, whole.slices.items[10].funnel);
    assert_eq!(merged.slices.items[10].gauges.connected, Some(100));
    assert_eq!((merged.run.merged_from, merged.run.shard), (2, None));
}

#[test]
fn the_order_of_shards_does_not_matter() {
    let [one, other] = shards();
    let forwards = merge(&[one.clone(), other.clone()]).unwrap();
    let mut backwards = merge(&[other, one]).unwrap();
    backwards.slowest.clone_from(&forwards.slowest);
    assert_eq!(forwards, backwards);
}

#[test]
fn a_missing_shard_leaves_nothing_to_pass() {
    let [one, _other] = shards();
    let alone = merge(std::slice::from_ref(&one)).unwrap();
    assert_eq!(
        (alone.verdict, alone.reason.as_str()),
        (Verdict::Inconclusive, "shards [2] are missing")
    );
    let mut first = one;
    first.run.shard = Some(ShardOf { index: 1, of: 3 });
    let mut second = shards()[1].clone();
    second.run.shard = Some(ShardOf { index: 2, of: 3 });
    let merged = merge(&[first, second]).unwrap();
    assert_eq!(merged.verdict, Verdict::Inconclusive);
    assert_eq!(merged.reason, "shards [3] are missing");
}

#[test]
fn reports_that_do_not_belong_together_are_refused() {
    let [one, mut other] = shards();
    assert!(matches!(merge(&[]), Err(MergeError::Number(0))));
    let twice = merge(&[one.clone(), one.clone()]);
    assert!(matches!(twice, Err(MergeError::Overlap { index: 1, of: 2 })), "{twice:?}");
    other.run.seed = 8;
    assert!(matches!(merge(&[one.clone(), other.clone()]), Err(MergeError::Seeds(7, 8))));
    other.run.seed = 7;
    other.run.config_hash = "0".to_owned();
    assert!(matches!(merge(&[one.clone(), other]), Err(MergeError::Scenarios(_, _))));
    let whole = RunReport::new(&sample::measured(THRESHOLD));
    assert!(matches!(merge(&[whole.clone(), whole]), Err(MergeError::NotShards)));
}

#[test]
fn shards_that_were_not_played_alike_are_refused() {
    let [one, mut other] = shards();
    other.run.time_scale = Some(0.5);
    let merged = merge(&[one.clone(), other.clone()]);
    assert!(matches!(merged, Err(MergeError::TimeScales(_, _))), "{merged:?}");
    other.run.time_scale = one.run.time_scale;
    other.run.devices_of_plan = Some(400);
    let merged = merge(&[one.clone(), other.clone()]);
    assert!(matches!(merged, Err(MergeError::Devices(100, 400))), "{merged:?}");
    other.run.devices_of_plan = None;
    assert!(merge(&[one, other]).is_ok(), "a report that does not say it is not refused");
}

#[test]
fn shards_that_did_not_begin_together_cannot_pass() {
    let begun = |at: &str| {
        let [one, mut other] = shards();
        other.run.started_at = at.to_owned();
        merge(&[other, one]).unwrap()
    };
    assert_eq!(begun("2026-11-22T10:00:00.9Z").verdict, Verdict::Pass);
    let apart = begun("2026-11-22T10:00:03.5Z");
    assert_eq!(apart.verdict, Verdict::Inconclusive);
    assert_eq!(apart.reason, "the shards began up to 3.5 s apart");
    assert_eq!(apart.run.started_at, "2026-11-22T10:00:00Z", "the first of them");
}

#[test]
fn rounds_and_what_was_changed_by_hand_outlive_a_merge() {
    let shards = [1, 2].map(|index| {
        let mut measured = sample::shard(THRESHOLD, index);
        for (round, at) in [(1, 30_000), (2, 50_000)] {
            let (recorder, at) = (&mut measured.recorder, sample::ms(at));
            let event = recorder.one_more_event("restart", EventKind::ServerAway, at).unwrap();
            recorder.event_concerns(event, round);
        }
        let mut again = measured.faults[0].clone();
        (again.round, again.from_s, again.to_s) = (2, 50.0, Some(52.0));
        measured.faults.push(again);
        let at_s = f64::from(index);
        measured.interventions = vec![Intervention { at_s, what: "paused".to_owned() }];
        RunReport::new(&measured)
    });
    let merged = merge(&shards).unwrap();
    let events: Vec<_> = merged.events.iter().map(|it| (it.round, it.devices)).collect();
    assert_eq!(events, [(1, 2), (1, 100), (2, 4)], "two restarts around a broadcast");
    assert_eq!(merged.faults, shards[0].faults);
    assert_eq!(merged.interventions.len(), 2);
}

#[test]
fn what_all_shards_were_told_at_once_was_changed_once() {
    let changed = |at_s: f64, what: &str| Intervention { at_s, what: what.to_owned() };
    let shards = [0.0, 0.004].map(|later| {
        let mut measured = sample::shard(THRESHOLD, if later > 0.0 { 2 } else { 1 });
        let times = [(1.0, "paused"), (1.3, "resumed"), (1.6, "paused"), (40.0, "resumed")];
        measured.interventions =
            times.iter().map(|(at_s, what)| changed(at_s + later, what)).collect();
        for fault in &mut measured.faults {
            (fault.from_s, fault.to_s) = (fault.from_s + later, fault.to_s.map(|to| to + later));
        }
        RunReport::new(&measured)
    });
    let merged = merge(&shards).unwrap();
    assert_eq!(merged.interventions, shards[0].interventions);
    let fault = &merged.faults[0];
    assert_eq!((merged.faults.len(), fault.from_s, fault.to_s), (1, 30.0, Some(32.004)));
}

#[test]
fn what_only_one_shard_was_told_or_at_another_time_stands_for_itself() {
    let changed = |at_s: f64, what: &str| Intervention { at_s, what: what.to_owned() };
    let mut shards = shards();
    shards[0].interventions = vec![changed(1.0, "paused")];
    shards[1].interventions = vec![changed(1.0, "resumed"), changed(7.0, "paused")];
    shards[1].faults[0].from_s = 35.0;
    let merged = merge(&shards).unwrap();
    assert_eq!((merged.interventions.len(), merged.faults.len()), (3, 2));
}

#[test]
fn what_no_shard_could_see_is_said_once_and_of_all_commands() {
    let mut shards = shards();
    let never = "what the server took of memory".to_owned();
    for (shard, commands) in shards.iter_mut().zip([14, 16]) {
        let ends = format!("the end of {commands} commands, which were over");
        shard.run.not_observed = vec![ends, never.clone()];
    }
    let ends = "the end of 30 commands, which were over".to_owned();
    assert_eq!(merge(&shards).unwrap().run.not_observed, [never, ends]);
}
