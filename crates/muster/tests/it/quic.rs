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
