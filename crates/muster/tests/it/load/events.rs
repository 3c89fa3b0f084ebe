//! What happens to many devices at once is got over, and the report says how soon.

use serde_json::Value;

use super::{count, play};
use crate::process::json;

/// Time for twenty devices to be back long before the end, and no command that has to be waited for.
const QUIET: &str = "[[phase]]\nname = \"all\"\nlasts = \"6s\"\n";

/// Time for what is asked to come to its end, and no more than it takes.
const LIMITS: &str = "[limits]\ndrain = \"60s\"\ndeadline = \"60s\"\n";

fn report(tables: &str) -> Value {
    json(&play(&format!("{tables}{LIMITS}"), &[]))
}

/// The one event of a run: how many devices it concerned, how many are through, and how many seconds
/// after its beginning the last of them was.
fn only_event(report: &Value, kind: &str) -> (u64, u64, f64) {
    let events = report["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0];
    assert_eq!(event["kind"], kind, "{event}");
    let last = event["to_100_s"].as_f64().unwrap_or_else(|| panic!("not all are through: {event}"));
    (count(&event["devices"]), count(&event["through"]), last)
}

/// Nothing that was asked for is lost, done twice, or still open.
fn nothing_is_missing(report: &Value) {
    let commands = &report["commands"];
    assert_eq!(commands["terminal"], commands["accepted"], "{report:#}");
    assert_eq!(
        (count(&commands["lost"]), count(&commands["executed_twice"])),
        (0, 0),
        "{commands}"
    );
}

#[test]
fn devices_that_vanish_together_are_all_back_some_time_after_the_last_has_a_network() {
    let storm = "[[reconnect-storm]]\nname = \"tower\"\nat = \"1s\"\naway = \"200..800ms\"\n";
    let report = report(&format!("{QUIET}{storm}"));
    let (devices, through, last) = only_event(&report, "storm");
    assert_eq!((devices, through), (20, 20));
    assert!((0.2..5.0).contains(&last), "the last was back after {last} s");
    // Each twice: at first, and after the storm.
    assert_eq!(count(&report["fleet"]["connects"]), 40, "{}", report["fleet"]);
    assert_eq!(count(&report["fleet"]["connected_at_end"]), 20, "{}", report["fleet"]);
}

#[test]
fn new_devices_are_over_their_wave_once_they_are_enrolled_and_connected() {
    let wave = "[[enrolment-wave]]\nname = \"delivery\"\nat = \"500ms\"\ndevices = \"50%\"\n\
                spread = \"0..1s\"\n";
    let report = report(&format!("{QUIET}{wave}"));
    let (devices, through, last) = only_event(&report, "wave");
    assert!((1..20).contains(&devices), "half of twenty are not {devices}");
    assert_eq!(devices, through);
    assert!((0.0..5.5).contains(&last), "the last was there after {last} s");
    assert_eq!(count(&report["fleet"]["connects"]), 20, "{}", report["fleet"]);
}

#[test]
fn devices_that_come_back_one_by_one_find_what_has_piled_up_and_do_each_of_it_once() {
    let backlog = "[[backlog]]\nname = \"drawer\"\nat = \"500ms\"\naway = \"1s\"\n\
                   commands-each = 3\ncommands = { sync = 2, lock = 1 }\nback-within = \"0..1s\"\n";
    let report = report(&format!("{QUIET}{backlog}"));
    let (devices, through, last) = only_event(&report, "backlog");
    assert_eq!((devices, through), (20, 20));
    assert!(last < 64.0, "the last was through after {last} s");
    assert_eq!(count(&report["commands"]["accepted"]), 60, "{}", report["commands"]);
    nothing_is_missing(&report);
}

#[test]
fn devices_that_keep_no_connection_are_woken_for_what_is_asked_of_them() {
    let woken = "[[cohort]]\nname = \"woken\"\nshare = \"100%\"\nconnectivity = \"woken\"\n\
                 [[broadcast]]\nname = \"everybody\"\nat = \"1s\"\ncommand = \"sync\"\n";
    let report = report(&format!("{QUIET}{woken}"));
    let (devices, through, _last) = only_event(&report, "broadcast");
    assert_eq!((devices, through), (20, 20));
    let stage = |name: &str| count(&report["latency_ms"][name]["count"]);
    assert!(stage("pushed") > 0 && stage("connected") > 0, "{}", report["latency_ms"]);
    nothing_is_missing(&report);
}

#[test]
fn people_put_off_what_their_locked_devices_are_asked_and_nothing_gets_lost_by_it() {
    let people = "day-length = \"1m\"\n\
                  [[cohort]]\nname = \"people\"\nshare = \"100%\"\nmode = \"device-supervised\"\n\
                  persona = \"office-worker\"\n\
                  [[arrivals]]\nrate = \"40/s\"\ncommands = \"sync\"\n";
    let report = report(&format!("{people}{QUIET}"));
    assert!(count(&report["funnel"]["not_now"]) > 0, "{}", report["funnel"]);
    assert!(count(&report["commands"]["accepted"]) > 0, "{}", report["commands"]);
    assert_eq!(count(&report["commands"]["lost"]), 0, "{}", report["commands"]);
    assert_eq!(count(&report["commands"]["executed_twice"]), 0, "{}", report["commands"]);
}
