//! A run made up for tests of what is written about runs.

use muster_conformance::result::{About, CaseResult, Run, Target};
use muster_conformance::{Level, Profile, Rigour, Side, Verdict};

/// A case that expected a welcome.
pub(super) fn result(name: &str, verdict: Verdict) -> CaseResult {
    CaseResult {
        name: name.into(),
        case: name.into(),
        promise: "it works".into(),
        requirements: vec!["REQ-ACK-006".into()],
        level: Level::Must,
        profile: Profile::Core,
        verdict,
        expected: Some("<Welcome>".into()),
        actual: Some("a | b".into()),
        reason: None,
        excused: None,
        took_us: 1,
        transcript: Vec::new(),
    }
}

/// A run of these.
pub(super) fn run(results: Vec<CaseResult>) -> Run {
    let target =
        Target { name: "a".into(), side: Side::Server, place: "b".into(), simulated: true };
    let about = About { target, rigour: Rigour::Usual, seed: 1, took_ms: 1, is_partial: false };
    Run::sum_up(about, results, Vec::new())
}
