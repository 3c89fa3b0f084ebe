//! `muster sim --quic`: the whole system in virtual time.

use crate::process::{json, run};

const RUN: [&str; 9] =
    ["sim", "--quic", "--devices", "6", "--minutes", "10", "--seed", "3", "--json"];

#[test]
fn two_processes_tell_the_same_story_of_one_seed() {
    let (first, again) = (run(&RUN), run(&RUN));
    assert_eq!(first.status.code(), Some(0));
    let (first, again) = (&json(&first)[0], &json(&again)[0]);
    for number in ["events", "packets", "timeline_digest", "packet_digest", "accepted"] {
        assert_eq!(first[number], again[number], "{number}");
    }
    assert!(first["events"].as_u64().unwrap() > 0);
    assert_eq!(first["violations"], serde_json::json!([]));
}

#[test]
fn what_belongs_to_the_other_tier_is_an_error_of_usage() {
    let refused = run(&["sim", "--quic", "--hours", "3"]);
    assert_eq!(refused.status.code(), Some(64));
    let refused = run(&["sim", "--minutes", "20"]);
    assert_eq!(refused.status.code(), Some(64));
}

/// What bites in the server around its core, where the other tier does not reach. Each in most of
/// the runs: one seed is enough for whoever has changed something.
#[cfg(feature = "planted")]
#[test]
fn a_fault_planted_in_the_server_is_found_by_most_seeds() {
    use muster_protocol::planted::{Plant, Tier};
    let size = ["sim", "--quic", "--devices", "10", "--minutes", "10", "--seeds", "10"];
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().to_str().unwrap();
    for (fault, promise) in [
        (Plant::SessionKeepsInFlight, "was not handed back by its session"),
        (Plant::DeliverWakesNobody, "did not end within"),
        (Plant::FirstIdleOffersNothing, "was not offered again within"),
    ] {
        assert_eq!(fault.tier(), Tier::Server);
        let planted = ["--plant", fault.name(), "--case-dir", cases, "--json"];
        let found = run(&[&size[..], &planted].concat());
        assert_eq!(found.status.code(), Some(1), "{}", fault.name());
        let runs = json(&found);
        let has_it = |run: &&serde_json::Value| run["violations"].to_string().contains(promise);
        let count = runs.as_array().unwrap().iter().filter(has_it).count();
        assert!(count > 6, "{}: {count} of 10 seeds", fault.name());
    }
}
