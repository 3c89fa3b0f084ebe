//! `muster report`, on reports made here.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::{Platform, Timestamp};
use muster_report::{
    CommandIndex, Header, Journey, Label, Legend, Measured, PhaseIndex, PhaseLegend, PhaseRole,
    Recorder, RunReport, ShardOf, Step, Vitals, Who,
};
use muster_scenario::Scenario;

use crate::process::{json, run};

const SCENARIO: &str = r#"
name = "small"
question = "Does it hold?"
devices = 10
[[phase]]
name = "main"
lasts = "10s"
[[threshold]]
require = "p99(total) < 50ms"
"#;

/// The report of a run whose commands each took so long.
fn report(took: Duration, shard: Option<ShardOf>) -> RunReport {
    let at = Timestamp::from_micros;
    let phase = PhaseLegend {
        name: "main".to_owned(),
        role: PhaseRole::Measured,
        begins: at(0),
        ends: at(10_000_000),
    };
    let (phases, commands) = (vec![phase], vec!["lock".to_owned()]);
    let mut recorder = Recorder::new(Arc::new(Legend { phases, commands, events: Vec::new() }));
    let label = Label { phase: PhaseIndex(0), command: CommandIndex(0), platform: Platform::Apple };
    for n in 0..100 {
        let planned = at(n * 100_000);
        let stored = planned.after(took);
        let journey = Journey { stored: Some(stored), ..Journey::planned(planned) };
        recorder.count(planned, label, Step::Planned);
        recorder.ended(stored, label, Who { device: 1, command: None }, &journey);
    }
    RunReport::new(&Measured {
        run: Header {
            scenario: "small".to_owned(),
            scenario_toml: SCENARIO.to_owned(),
            took_ms: 10_000,
            shard,
            ..Header::default()
        },
        scenario: Scenario::parse(SCENARIO).expect("a scenario"),
        devices: 10,
        recorder,
        vitals: Vitals::default(),
        faults: Vec::new(),
        interventions: Vec::new(),
    })
}

/// A folder of a run with its report.
fn folder(place: &Path, name: &str, report: &RunReport) -> String {
    let folder = place.join(name);
    fs::create_dir_all(&folder).expect("the folder is ours");
    fs::write(folder.join("report.json"), report.write()).expect("the folder is ours");
    folder.to_str().expect("the folder is ours").to_owned()
}

#[test]
fn a_report_is_told_and_its_page_written() {
    let place = tempfile::tempdir().unwrap();
    let run_folder = folder(place.path(), "latest", &report(Duration::from_millis(30), None));
    let page = place.path().join("page.html");
    for from in [run_folder.as_str(), place.path().to_str().unwrap()] {
        let output = run(&["report", "open", from, "--html", page.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("PASS"));
    }
    assert!(fs::read_to_string(page).unwrap().contains("Does it hold?"));
}

#[test]
fn a_run_that_got_worse_is_told_by_the_exit_code() {
    let place = tempfile::tempdir().unwrap();
    let before = folder(place.path(), "before", &report(Duration::from_millis(30), None));
    let after = folder(place.path(), "after", &report(Duration::from_millis(80), None));
    let worse = run(&["report", "diff", &before, &after, "--json"]);
    assert_eq!((worse.status.code(), json(&worse)["worse"].as_bool()), (Some(1), Some(true)));
    assert_eq!(run(&["report", "diff", &after, &before]).status.code(), Some(0));
}

#[test]
fn shards_are_merged_into_a_folder_like_that_of_a_run() {
    let place = tempfile::tempdir().unwrap();
    let shards = [1, 2].map(|index| {
        let report = report(Duration::from_millis(30), Some(ShardOf { index, of: 2 }));
        folder(place.path(), &index.to_string(), &report)
    });
    let merged = place.path().join("merged");
    let output = ["--output", merged.to_str().unwrap(), "--json"];
    let both = run(&[&["report", "merge", &shards[0], &shards[1]], &output[..]].concat());
    assert_eq!((both.status.code(), json(&both)["verdict"].as_str()), (Some(0), Some("pass")));
    for file in ["report.json", "report.html", "junit.xml", "latency.hlog", "scenario.toml"] {
        assert!(merged.join(file).is_file(), "{file}");
    }
    let one = run(&[&["report", "merge", &shards[0]], &output[..]].concat());
    assert_eq!(one.status.code(), Some(2), "a shard alone is not the run");
}

#[test]
fn a_merge_brings_what_its_links_lead_to_and_takes_off_those_that_lead_nowhere() {
    let place = tempfile::tempdir().unwrap();
    let (kept, secret) = (place.path().join("1/devices/1.txt"), place.path().join("secret"));
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, "what happened").unwrap();
    fs::write(&secret, "nothing to do with it").unwrap();
    let shards = [("devices/1.txt", "devices/1.muster"), ("../secret", "/etc/hostname")];
    let shards = [1, 2].into_iter().zip(shards).map(|(index, (timeline, recording))| {
        let shard = Some(ShardOf { index, of: 2 });
        let mut report = report(Duration::from_millis(30), shard);
        report.slowest[0].device = index;
        report.slowest[0].timeline = Some(timeline.to_owned());
        report.slowest[0].recording = Some(recording.to_owned());
        folder(place.path(), &index.to_string(), &report)
    });
    let shards: Vec<String> = shards.collect();
    let merged = place.path().join("merged");
    let done =
        run(&["report", "merge", &shards[0], &shards[1], "-o", merged.to_str().unwrap(), "--json"]);
    let told = json(&done);
    let links: Vec<_> = told["slowest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slow| {
            (slow["device"].as_u64(), slow["timeline"].as_str(), slow["case_file"].as_str())
        })
        .collect();
    assert!(links.contains(&(Some(1), Some("devices/1.txt"), None)), "{links:?}");
    assert!(links.contains(&(Some(2), None, None)), "{links:?}");
    let copied = fs::read_to_string(merged.join("devices/1.txt")).unwrap();
    assert_eq!(copied, "what happened");
}

#[test]
fn what_is_no_report_is_refused_with_its_name() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("report.json");
    fs::write(&file, "{}").unwrap();
    let output = run(&["report", "open", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(said.contains("report.json is no report"), "{said}");
    assert_eq!(run(&["report", "open", "nowhere.json"]).status.code(), Some(65));
}

#[test]
fn the_schema_is_printed() {
    let schema = run(&["report", "schema"]);
    assert_eq!(json(&schema)["title"], "muster load report");
}
