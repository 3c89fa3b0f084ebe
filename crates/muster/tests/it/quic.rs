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

/// What bites in the server around its core, where the other tier does not reach.
#[cfg(feature = "planted")]
#[test]
fn a_fault_planted_in_the_server_is_found_within_ten_seeds() {
    use muster_protocol::planted::{Plant, Tier};
    let size = ["sim", "--quic", "--devices", "10", "--minutes", "10", "--seeds", "10"];
    for (fault, promise) in [
        (Plant::SessionKeepsInFlight, "was not handed back by its session"),
        (Plant::DeliverWakesNobody, "did not end within"),
    ] {
        assert_eq!(fault.tier(), Tier::Server);
        let found = run(&[&size[..], &["--plant", fault.name(), "--json"]].concat());
        assert_eq!(found.status.code(), Some(1), "{}", fault.name());
        assert!(json(&found).to_string().contains(promise), "{}", fault.name());
    }
}
