//! Scenarios in virtual time.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use muster_report::{Outcome, Verdict};
use muster_scenario::{Run, Scenario};
use serde_json::Value;

use super::{Script, TooLarge, VirtualReport, play};

const CALM: Duration = Duration::from_secs(30 * 60);

fn played(text: &str, devices: u32) -> VirtualReport {
    let scenario = Scenario::parse(text).unwrap();
    let devices = NonZeroU32::new(devices);
    let plan = scenario.plan(Run { devices, ..Run::of(&scenario) }).unwrap();
    let script = Script::of(&plan, scenario.seed, CALM).unwrap();
    play(&plan, &script)
}

fn data(report: &VirtualReport) -> Value {
    serde_json::to_value(report.data(None)).unwrap()
}

/// A scenario of one minute with what is added.
fn minute(more: &str) -> String {
    format!(
        "name = \"a\"\nquestion = \"Is it?\"\ndevices = 20\n\
         [[phase]]\nname = \"one\"\nlasts = \"1m\"\n{more}"
    )
}

const SYNC: &str = "[[arrivals]]\nrate = \"5/s\"\ncommands = \"sync\"\n";

/// The ready scenarios, by name.
fn ready() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let toml = files.filter(|path| path.extension().is_some_and(|it| it == "toml"));
    let named = toml.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    named.collect()
}

#[test]
fn every_ready_scenario_keeps_every_promise_in_virtual_time_and_loses_nothing() {
    for (name, text) in ready() {
        let report = played(&text, 50);
        let data = data(&report);
        assert!(!report.is_broken(), "{name}: {}", report.told(None));
        assert_eq!(data["commands"]["lost"], 0, "{name}");
        assert_eq!(data["commands"]["executed_twice"], 0, "{name}");
        assert_ne!(data["commands"]["accepted"], 0, "{name}");
        let thresholds = Scenario::parse(&text).unwrap().thresholds.len();
        let judged = data["thresholds"].as_array().unwrap().len();
        let not_judged = data["not_judged"].as_array().unwrap().len();
        assert_eq!(judged + not_judged, thresholds, "{name}: none is left out in silence");
    }
}

#[test]
fn the_same_seed_gives_the_same_report_byte_for_byte_and_another_seed_another_world() {
    let text = &ready()["first-minute"];
    let bytes = |text: &str| serde_json::to_string(&data(&played(text, 40))).unwrap();
    assert_eq!(bytes(text), bytes(text));
    assert_eq!(played(text, 40).told(None), played(text, 40).told(None));
    let digest = |text: &str| data(&played(text, 40))["log_digest"].clone();
    assert_ne!(digest(text), digest(&format!("seed = 2\n{text}")));
}

#[test]
fn every_command_of_a_quiet_minute_is_acknowledged_and_takes_two_messages() {
    let report = data(&played(&minute(SYNC), 20));
    let accepted = report["commands"]["accepted"].as_u64().unwrap();
    assert!((200..400).contains(&accepted), "{accepted}");
    assert_eq!(report["commands"]["terminal"], accepted);
    assert_eq!(report["funnel"]["stored"], accepted);
    let total = report["latency_ms"]["total"]["p50"].as_f64().unwrap();
    assert!((40.0..80.0).contains(&total), "there and back, 20 to 40 ms each: {total}");
    assert_eq!(report["phases"][0]["funnel"]["stored"], accepted);
}

#[test]
fn a_threshold_that_does_not_hold_is_a_failure_and_one_without_meaning_leaves_it_open() {
    let with = |require: &str| minute(&format!("{SYNC}[[threshold]]\nrequire = \"{require}\"\n"));
    assert_eq!(played(&with("terminal < 5"), 20).verdict(), Verdict::Fail);
    assert_eq!(played(&with("lost == 0"), 20).verdict(), Verdict::Pass);
    let open = played(&with("p99(total) < 1s"), 20);
    assert_eq!(open.verdict(), Verdict::Inconclusive);
    assert!(open.told(None).contains("not judged p99(total) < 1s: processors take no time"));
}

#[test]
fn what_the_world_has_no_fault_for_is_named() {
    let faults = "[[fault]]\nserver = \"slow-disk\"\nby = \"20ms\"\n\
                  [[fault]]\nserver = \"retry\"\nlasts = \"10s\"\n\
                  [[fault]]\nfleet = \"rebind share=20%\"\n[[fault]]\nfleet = \"loss rate=2%\"\n";
    let report = played(&minute(&format!("{SYNC}{faults}")), 20);
    let told = report.told(None);
    assert!(told.contains("not played fault slow-disk"), "{told}");
    assert!(told.contains("not played fault retry: retry: there are messages and no packets"));
    assert!(told.contains("not played fault rebind: rebind share=20%: connections have no"));
    assert_eq!(data(&report)["not_played"].as_array().unwrap().len(), 3);
    assert_eq!(report.verdict(), Verdict::Inconclusive, "{told}");
}

#[test]
fn a_fleet_comes_back_after_a_restart_and_after_a_kill() {
    for server in ["restart", "kill"] {
        let fault = format!("[[fault]]\nname = \"gone\"\nserver = \"{server}\"\nat = \"10s\"\n");
        let report = data(&played(&minute(&format!("{SYNC}{fault}")), 20));
        let event = &report["events"][0];
        assert_eq!((&event["devices"], &event["through"]), (&20.into(), &20.into()), "{server}");
        assert!(event["to_100_s"].as_f64().unwrap() > 0.5, "{server}: {event}");
    }
}

#[test]
fn a_wave_enrols_devices_that_the_server_has_not_known() {
    let wave = "[[enrolment-wave]]\nname = \"wave\"\nat = \"5s\"\nspread = \"0..20s\"\n";
    let report = data(&played(&minute(&format!("{SYNC}{wave}")), 20));
    let event = &report["events"][0];
    assert_eq!((&event["devices"], &event["through"]), (&20.into(), &20.into()), "{event}");
    let last = event["to_100_s"].as_f64().unwrap();
    assert!((10.0..25.0).contains(&last), "{last}");
}

#[test]
fn what_was_wiped_lies_there_until_somebody_sets_it_up() {
    let wipe = "[[cohort]]\nname = \"kiosks\"\nshare = \"100%\"\nmode = \"dedicated\"\n\
                [[mass-wipe]]\nname = \"wipe\"\nat = \"5s\"\n";
    let later = "[[broadcast]]\nname = \"later\"\nat = \"50s\"\ncommand = \"sync\"\n";
    let gone = data(&played(&minute(&format!("{wipe}{later}")), 20));
    assert_eq!(gone["events"][0]["through"], 20);
    assert_eq!(gone["commands"]["refused"], 20, "nobody is there to be asked");
    let again = format!("{wipe}enrol-again = \"10..20s\"\n{later}");
    let back = data(&played(&minute(&again), 20));
    assert_eq!(back["commands"]["refused"], 0);
    assert_eq!(back["events"][1]["through"], 20);
}

#[test]
fn a_storm_and_a_backlog_are_got_over_when_devices_are_back() {
    let storm = "[[reconnect-storm]]\nname = \"storm\"\nat = \"5s\"\naway = \"10..20s\"\n";
    let backlog = "[[backlog]]\nname = \"pile\"\nat = \"30s\"\naway = \"10s\"\n\
                   commands-each = 3\ncommands = \"sync\"\n";
    let report = data(&played(&minute(&format!("{storm}{backlog}")), 20));
    for event in report["events"].as_array().unwrap() {
        assert_eq!((&event["devices"], &event["through"]), (&20.into(), &20.into()), "{event}");
    }
    let storm = report["events"][0]["to_100_s"].as_f64().unwrap();
    assert!((10.0..25.0).contains(&storm), "{storm}");
    assert_eq!(report["commands"]["terminal"], 60);
}

#[test]
fn lost_pushes_make_woken_devices_late_and_lose_nothing() {
    let cohort = "[[cohort]]\nname = \"woken\"\nshare = \"100%\"\nconnectivity = \"woken\"\n\
                  mode = \"dedicated\"\n";
    let lost = "[[fault]]\nfleet = \"wake-lost rate=50%\"\n";
    let asked = "[[broadcast]]\nat = \"5s\"\ncommand = \"sync\"\n[limits]\ndrain = \"20m\"\n";
    let fair = data(&played(&minute(&format!("{cohort}{asked}")), 20));
    let foul = data(&played(&minute(&format!("{cohort}{lost}{asked}")), 20));
    let last = |report: &Value| report["events"][0]["to_100_s"].as_f64().unwrap();
    assert!(last(&fair) < 5.0, "{fair:#}");
    assert!(last(&foul) > last(&fair) + 1.0, "{} and {}", last(&foul), last(&fair));
    assert_eq!(foul["commands"]["lost"], 0);
}

#[test]
fn a_plan_that_is_too_large_says_how_many_devices_fit() {
    let scenario = Scenario::parse(&ready()["soak"]).unwrap();
    let plan = |devices| {
        scenario.plan(Run { devices: NonZeroU32::new(devices), ..Run::of(&scenario) }).unwrap()
    };
    let refused = TooLarge::check(&plan(20_000)).unwrap_err().to_string();
    let fitting = refused.split("--devices ").nth(1).unwrap();
    let fitting: u32 = fitting.split('`').next().unwrap().parse().unwrap();
    TooLarge::check(&plan(fitting)).unwrap();
    assert!(TooLarge::check(&plan(fitting + 100)).is_err(), "{refused}");
}

#[test]
fn what_a_world_is_asked_can_be_written_into_a_recording_and_read_again() {
    for name in ["first-minute", "mass-wipe-after-incident", "woken-fleet-under-push-loss"] {
        let scenario = Scenario::parse(&ready()[name]).unwrap();
        let devices = NonZeroU32::new(30);
        let plan = scenario.plan(Run { devices, ..Run::of(&scenario) }).unwrap();
        let world = Script::of(&plan, 1, CALM).unwrap().plan;
        let text = serde_json::to_string(&world).unwrap();
        assert!(serde_json::from_str::<muster_sim::Plan>(&text).unwrap() == world, "{name}");
    }
}

#[test]
fn a_threshold_tells_what_it_measured() {
    let text = minute(&format!(
        "{SYNC}[[broadcast]]\nname = \"all\"\nat = \"5s\"\ncommand = \"sync\"\n\
         [[threshold]]\nrequire = \"time_to_99(all) < 1s\"\n"
    ));
    let scenario = data(&played(&text, 20));
    let judged = &scenario["thresholds"][0];
    assert_eq!(judged["outcome"], Outcome::Pass.name(), "{judged}");
    assert!(judged["value"].as_f64().unwrap() > 10.0, "in milliseconds: {judged}");
}
