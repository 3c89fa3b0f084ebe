//! What went wrong is in the report, with its cause.

use serde_json::Value;

use super::{count, play};
use crate::process::json;

/// Commands for three seconds.
const STEADY: &str = r#"
[[phase]]
name = "all"
lasts = "3s"

[[arrivals]]
rate = "40/s"
commands = "sync"

[limits]
drain = "30s"
deadline = "60s"
"#;

fn play_with(faults: &str) -> Value {
    json(&play(&format!("{STEADY}{faults}"), &[]))
}

/// The errors of a report that have this code.
fn met<'a>(report: &'a Value, code: &str) -> &'a Value {
    let mut errors = report["errors"].as_array().unwrap().iter();
    let met = errors.find(|error| error["code"] == code);
    met.unwrap_or_else(|| panic!("no {code}: {}", report["errors"]))
}

#[test]
fn answers_that_change_nothing_are_counted_by_why() {
    for (fault, code, name) in [
        ("repeat-answer", "E0204", "duplicate-ack"),
        ("unknown-answer", "E0203", "unexpected-message"),
    ] {
        let report = play_with(&format!("[[fault]]\nfleet = \"{fault} rate=100%\"\n"));
        let error = met(&report, code);
        assert_eq!(error["name"], name);
        let terminal = count(&report["commands"]["terminal"]);
        assert!(count(&error["count"]) >= terminal, "{fault}: {error} of {terminal}");
    }
}

#[test]
fn an_answer_to_another_attempt_is_stale() {
    // The right answer is never given: nobody waits for it.
    let short = STEADY.replace("30s", "1s");
    let fault = "[[fault]]\nfleet = \"old-attempt rate=100%\"\n";
    let report = json(&play(&format!("{short}{fault}"), &[]));
    assert!(count(&met(&report, "E0205")["count"]) >= 10, "{}", report["errors"]);
}

#[test]
fn a_session_the_server_has_forgotten_is_an_error_that_says_so() {
    // Whoever is about to answer when it is killed finds out with that.
    let slow = "[[fault]]\nfleet = \"slow rate=100% by=800ms\"\nlasts = \"2s\"\n";
    let killed = "[[fault]]\nserver = \"kill\"\nat = \"1s\"\naway = \"200ms\"\n";
    // The others find out with their next ping, for which nobody waits.
    let short = STEADY.replace("30s", "2s");
    let report = json(&play(&format!("{short}{slow}{killed}"), &[]));
    let error = met(&report, "E0110");
    assert!(count(&error["count"]) > 0, "{error}");
    let example = error["example"].as_str().unwrap();
    assert!(example.ends_with("the server has forgotten the connection"), "{example}");
}

#[test]
fn a_session_the_server_closes_is_an_error_with_the_code_it_closed_with() {
    let report = play_with("[[fault]]\nserver = \"restart\"\nat = \"1s\"\naway = \"200ms\"\n");
    let error = met(&report, "E0109");
    assert!(count(&error["count"]) >= 20, "{error}");
    let example = error["example"].as_str().unwrap();
    assert!(example.contains("the server closed with"), "{example}");
}
