//! The suite of conformance can fail: a fault that shows on the wire is caught by a case that tries
//! the requirement it breaks.
//!
//! `cargo test -p muster --features planted --test it -- mutants:: --nocapture` prints the table.

use std::collections::BTreeSet;
use std::process::Output;

use muster_protocol::planted::{Plant, Side};
use serde_json::Value;

use crate::process::{json, run};

/// Faults no case can catch, and why: `muster sim` finds them.
const UNSEEN: &[(Plant, &str)] = &[
    (Plant::FourthCrashLosesWrite, "It takes four crashes of one device at the right times."),
    (Plant::PushedOnce, "A push goes to the service of a vendor."),
];

#[test]
fn every_fault_of_a_server_is_caught_by_a_case_of_the_requirement_it_breaks() {
    every_fault_is_caught(Side::Server, "server");
}

#[test]
fn every_fault_of_an_agent_is_caught_by_a_case_of_the_requirement_it_breaks() {
    every_fault_is_caught(Side::Device, "agent");
}

#[test]
fn a_report_says_what_was_planted() {
    let case = "MDM-ACK-005";
    assert_eq!(play(&["server", "--sim"], &[case], 0)["target"]["name"], "muster");
    let planted = play(&["server", "--sim", "--plant", "stale-attempt-closes"], &[case], 1);
    assert_eq!(planted["target"]["name"], "muster with stale-attempt-closes");
    assert_eq!(planted["fail"], serde_json::json!([case]));
}

#[test]
fn a_fault_nobody_knows_is_an_error_of_usage() {
    let refused = run(&["conform", "server", "--sim", "--plant", "nonsense"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("stale-attempt-closes"));
}

/// Plays the cases of each fault's requirements without the fault, where all pass, and with it,
/// where one fails; prints who does.
fn every_fault_is_caught(side: Side, verb: &str) {
    let suite = Suite::listed(side);
    let faults: Vec<Plant> = Plant::ALL.into_iter().filter(|fault| fault.side() == side).collect();
    let all: BTreeSet<&str> = faults.iter().flat_map(|fault| suite.trying(*fault)).collect();
    play(&[verb, "--sim"], &all.into_iter().collect::<Vec<_>>(), 0);
    println!("\n{}", row(["mutant", "breaks", "caught by", "in words"]));
    let mut hidden = Vec::new();
    for fault in faults {
        let breaks = fault.breaks().join(" ");
        if let Some((_fault, why)) = UNSEEN.iter().find(|(unseen, _why)| *unseen == fault) {
            let words = format!("{} ({why})", fault.words());
            println!("{}", row([fault.name(), &breaks, "simulation alone", &words]));
            continue;
        }
        let caught = suite.catch(verb, fault);
        let shown = caught.as_deref().unwrap_or("nobody");
        println!("{}", row([fault.name(), &breaks, shown, fault.words()]));
        hidden.extend(caught.is_none().then(|| fault.name()));
    }
    assert_eq!(hidden, Vec::<&str>::new(), "nobody catches them");
}

fn row([mutant, breaks, caught, words]: [&str; 4]) -> String {
    format!("{mutant:<26} {breaks:<18} {caught:<18} {words}")
}

/// The cases of one direction, and what each tries.
struct Suite(Vec<Value>);

impl Suite {
    fn listed(side: Side) -> Self {
        let side = match side {
            Side::Server => "server",
            Side::Device => "device",
        };
        let listed = json(&run(&["conform", "list", "--json"]));
        let mut cases = listed.as_array().unwrap().clone();
        cases.retain(|case| case["side"] == side);
        Self(cases)
    }

    /// The cases that try what a fault breaks.
    fn trying(&self, fault: Plant) -> Vec<&str> {
        let tries = |case: &&Value| {
            let tried = case["requirements"].as_array().unwrap();
            tried.iter().any(|id| fault.breaks().contains(&id.as_str().unwrap()))
        };
        self.0.iter().filter(tries).map(|case| case["id"].as_str().unwrap()).collect()
    }

    /// The first case that fails with a fault and passes without: over UDP if it takes that.
    fn catch(&self, verb: &str, fault: Plant) -> Option<String> {
        let trying = self.trying(fault);
        if trying.is_empty() {
            return None;
        }
        let planted = ["--plant", fault.name()];
        [&[verb, "--sim"][..], &[verb]].into_iter().find_map(|how| {
            let played = report(&[how, &planted].concat(), &trying);
            let told = json(&played);
            let first = told["fail"][0].as_str()?.split('/').next()?;
            play(how, &[first], 0);
            Some(first.to_owned())
        })
    }
}

/// The report of a run of these cases, which must have ended like this.
fn play(how: &[&str], cases: &[&str], code: i32) -> Value {
    let played = report(how, cases);
    let told = json(&played);
    assert_eq!(played.status.code(), Some(code), "{how:?}: {} {}", told["fail"], told["verdicts"]);
    told
}

/// A run of these cases in which a broken SHOULD fails as well.
fn report(how: &[&str], cases: &[&str]) -> Output {
    run(&[&["conform"], how, &["--strict", "--seed", "1", "--json"], cases].concat())
}
