//! What a report says of the run itself: how it was played, and what went wrong in it.

use std::time::{Duration, SystemTime};

use super::{SHORT, TRAFFIC, count, play};
use crate::process::json;

#[test]
fn a_report_says_how_its_scenario_was_played() {
    let before = jiff::Timestamp::now();
    let report = json(&play(SHORT, &["--time-scale", "0.5", "--devices", "10", "--seed", "9"]));
    let run = &report["run"];
    assert_eq!(run["time_scale"].as_f64(), Some(0.5));
    assert_eq!((count(&run["devices_of_plan"]), count(&run["seed"])), (10, 9));
    let commit = Some(env!("MUSTER_COMMIT")).filter(|commit| !commit.is_empty());
    assert_eq!(run["commit"].as_str(), commit);
    let began: jiff::Timestamp = run["started_at"].as_str().unwrap().parse().unwrap();
    let took = Duration::from_millis(count(&run["took_ms"]));
    let ended = SystemTime::from(began) + took;
    assert!(began > before && ended <= SystemTime::now(), "{run}");
}

#[test]
fn a_server_that_goes_again_is_told_of_again() {
    let fault = "[[fault]]\nname = \"restart\"\nserver = \"restart\"\nat = \"300ms\"\n\
                 away = \"200ms\"\nevery = \"1s\"\n";
    let report = json(&play(&format!("{TRAFFIC}{fault}"), &[]));
    let rounds = |list: &str| {
        let all = report[list].as_array().unwrap().iter();
        let named = all.filter(|it| it["name"] == "restart");
        named.map(|it| count(&it["round"])).collect::<Vec<_>>()
    };
    assert_eq!((rounds("faults"), rounds("events")), (vec![1, 2], vec![1, 2]), "{report:#}");
    for event in report["events"].as_array().unwrap() {
        assert!(count(&event["devices"]) <= 20, "{event}");
        assert!(event["to_100_s"].as_f64().is_some(), "{event}");
    }
    assert!(report["interventions"].as_array().unwrap().is_empty());
}
