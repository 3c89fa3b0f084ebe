//! Reports as files.

use std::sync::LazyLock;

use muster_report::{
    PhaseReport, READ_BYTES_MAX, ReadError, RestoreError, RunReport, ShardOf, SliceReport, merge,
    schema,
};
use proptest::prelude::*;

use crate::sample;

fn report() -> RunReport {
    RunReport::new(&sample::measured("[[threshold]]\nrequire = \"p99(total) < 50ms\"\n"))
}

#[test]
fn a_report_is_the_same_after_it_was_written_and_read() {
    let report = report();
    assert_eq!(RunReport::read(report.write().as_bytes()).unwrap().write(), report.write());
}

#[test]
fn a_report_restored_and_written_again_is_the_same_report() {
    let mut measured = sample::measured("");
    let first = RunReport::new(&measured);
    measured.recorder = first.recorder().unwrap();
    measured.vitals = first.vitals();
    let again = RunReport::new(&measured);
    assert!(again == first, "{}", again.write());
}

#[test]
fn a_report_of_before_rounds_and_scales_is_still_read() {
    let mut json = serde_json::to_value(report()).unwrap();
    let run = json["run"].as_object_mut().unwrap();
    run.remove("time_scale").and(run.remove("devices_of_plan")).expect("they were there");
    json["events"][0].as_object_mut().unwrap().remove("round").expect("it was there");
    json["faults"][0].as_object_mut().unwrap().remove("round").expect("it was there");
    json.as_object_mut().unwrap().remove("interventions").expect("it was there");
    let read = RunReport::read(json.to_string().as_bytes()).unwrap();
    assert_eq!((read.events[0].round, read.faults[0].round), (1, 1));
    assert_eq!((read.run.time_scale, read.interventions.len()), (None, 0));
}

#[test]
fn what_machines_look_for_stands_where_it_was_promised() {
    let json: serde_json::Value = serde_json::from_str(&report().write()).unwrap();
    assert_eq!(json["format"], "muster.load/1");
    assert_eq!(json["verdict"], "pass");
    assert_eq!(json["devices"], 100);
    assert_eq!(json["commands"]["accepted"], 700);
    assert_eq!(json["commands"]["lost"], 0);
    assert_eq!(json["thresholds"][0]["outcome"], "pass");
    assert!(json["latency_ms"]["total"]["p99"].as_f64().unwrap() > 30.0);
    assert!(json["generator"]["inconclusive_reasons"].as_array().unwrap().is_empty());
    assert!(json["generator"]["lag_ms_p99"].is_number());
}

#[test]
fn a_report_of_another_version_or_no_report_is_refused() {
    let mut report = report();
    report.format = "muster.load/2".to_owned();
    let other = RunReport::read(report.write().as_bytes());
    assert!(matches!(other, Err(ReadError::Format(_))), "{other:?}");
    assert!(matches!(RunReport::read(b"{}"), Err(ReadError::Json(_))));
    let long = vec![b' '; READ_BYTES_MAX + 1];
    assert!(matches!(RunReport::read(&long), Err(ReadError::TooLong(_))));
}

#[test]
fn the_published_schema_is_the_one_of_this_build() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/schemas/report.schema.json");
    let mut fresh = serde_json::to_string_pretty(&schema()).unwrap();
    fresh.push('\n');
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(published, fresh, "run `WRITE_SCHEMA=1 cargo test -p muster-report --test it`");
}

#[test]
fn a_report_cannot_make_its_reader_allocate_without_bound() {
    let mut many = report();
    let phase = many.phases[0].clone();
    many.phases = (0..65).map(|n| PhaseReport { name: n.to_string(), ..phase.clone() }).collect();
    assert!(matches!(many.recorder(), Err(RestoreError::TooMany)));
    let mut long = report();
    long.slices.items.resize_with(601, SliceReport::default);
    assert!(matches!(long.recorder(), Err(RestoreError::Slices)));
}

/// A report as a file, made once.
static WRITTEN: LazyLock<String> = LazyLock::new(|| report().write());

#[test]
fn numbers_as_large_as_they_get_are_added_without_a_panic() {
    let mut report = report();
    for series in &mut report.series {
        series.funnel.planned = u64::MAX;
        series.funnel.stored = u64::MAX;
    }
    for slice in &mut report.slices.items {
        slice.errors = u64::MAX;
        slice.gauges.connected = Some(u64::MAX);
    }
    report.devices = u64::MAX;
    report.run.shard = Some(ShardOf { index: 1, of: 2 });
    let mut other = report.clone();
    other.run.shard = Some(ShardOf { index: 2, of: 2 });
    let merged = merge(&[report, other]).unwrap();
    assert_eq!((merged.devices, merged.funnel.planned), (u64::MAX, u64::MAX));
    assert!(merged.page(None).is_ok() && merged.hlog().is_ok() && !merged.told().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        drop(RunReport::read(&bytes));
    }

    #[test]
    fn no_change_of_a_report_makes_restoring_panic(
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let mut bytes = WRITTEN.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(report) = RunReport::read(&bytes) {
            drop(report.recorder());
        }
    }
}
