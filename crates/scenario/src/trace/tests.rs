use alloc::borrow::ToOwned as _;
use alloc::vec;

use muster_protocol::{Platform, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::plan::{Run, What};
use crate::work::{Pace, WorkKind};

fn trace(instants: &[(Action, &[u64])]) -> Trace {
    let spans = |millis: &[u64]| millis.iter().copied().map(Span::from_millis).collect();
    Trace {
        name: "recorded".to_owned(),
        question: "Does it hold?".to_owned(),
        devices: 100,
        lasts: Span::ZERO,
        remarks: vec!["made from a log\nname = 7".to_owned()],
        instants: instants.iter().map(|(command, millis)| (*command, spans(millis))).collect(),
    }
}

fn anybody(_mode: Mode, _command: Action) -> bool {
    true
}

/// When each command of the plan is asked for, in the order of time.
fn played(scenario: &Scenario) -> Vec<(Span, Action)> {
    let plan = scenario.plan(Run::of(scenario)).unwrap();
    let submits = plan.moments().filter_map(|moment| {
        let What::Submit { command, .. } = moment.what else { return None };
        Some((moment.at.since(Timestamp::ZERO), command))
    });
    submits.collect()
}

#[test]
fn every_command_of_a_trace_is_played_at_its_instant() {
    let trace = trace(&[(Action::Lock, &[1_700, 0, 12]), (Action::Sync, &[3_600_000, 12])]);
    let text = trace.scenario(anybody).unwrap();
    let millis = Span::from_millis;
    let mut found = played(&Scenario::parse(&text).unwrap());
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (millis(0), Action::Lock),
            (millis(12), Action::Lock),
            (millis(12), Action::Sync),
            (millis(1_700), Action::Lock),
            (millis(3_600_000), Action::Sync),
        ]
    );
}

#[test]
fn a_run_lasts_until_the_last_command_or_as_long_as_is_said() {
    let short = trace(&[(Action::Lock, &[1_000])]);
    let length =
        |trace: &Trace| Scenario::parse(&trace.scenario(anybody).unwrap()).unwrap().length();
    assert_eq!(length(&short), Span::from_secs(2));
    assert_eq!(length(&Trace { lasts: Span::from_secs(60), ..short }), Span::from_secs(60));
}

#[test]
fn what_only_some_devices_take_goes_to_them() {
    let takes = |mode: Mode, command: Action| {
        command != Action::EnableLostMode || mode.platform() == Platform::Apple
    };
    let trace = trace(&[(Action::EnableLostMode, &[0]), (Action::Sync, &[0])]);
    let scenario = Scenario::parse(&trace.scenario(takes).unwrap()).unwrap();
    assert_eq!(scenario.cohorts.len(), 2);
    let of = |name: &str| scenario.works.iter().find(|work| work.name == name).unwrap();
    assert!(of("sync").devices.cohorts.is_empty());
    let [lost] = of("enable-lost-mode").devices.cohorts[..] else { panic!("one cohort") };
    assert!(
        scenario.cohorts[lost]
            .modes
            .choices()
            .iter()
            .all(|(mode, _)| takes(*mode, Action::EnableLostMode))
    );
}

#[test]
fn what_a_scenario_cannot_hold_is_refused_with_what_would_fit() {
    let nothing = trace(&[]).scenario(anybody);
    assert_eq!(nothing, Err(TraceError::Empty));
    let many: Vec<u64> = vec![0; INSTANTS_MAX + 1];
    let crowded = trace(&[(Action::Sync, &many)]).scenario(anybody).unwrap_err();
    assert_eq!(crowded, TraceError::TooMany { command: Action::Sync, count: INSTANTS_MAX + 1 });
    assert_eq!(crowded.fitting(), Some(Percent::per_million(990_000)));
    let long = trace(&[(Action::Sync, &[86_400_000 * 31])]).scenario(anybody).unwrap_err();
    assert!(long.to_string().starts_with("it lasts 32 days"), "{long}");
    let precise: Vec<u64> = (0..90_000).map(|nth| nth * 1_001).collect();
    let large = trace(&[(Action::Sync, &precise)]).scenario(anybody).unwrap_err();
    let TraceError::TooLarge { bytes } = large else { panic!("{large}") };
    assert!(bytes > BYTES_MAX && large.fitting() < Some(Percent::ALL));
    let unnamed = Trace { name: "No Name".to_owned(), ..trace(&[(Action::Sync, &[0])]) };
    assert!(matches!(unnamed.scenario(anybody), Err(TraceError::Refused(_))));
}

proptest! {
    #[test]
    fn whatever_was_recorded_is_what_the_scenario_says(
        micros in proptest::collection::vec(0..2_000_000_000_000_u64, 1..50),
        remarks in proptest::collection::vec(".*", 0..4),
        question in "[^\n\r]{0,50}\\?",
    ) {
        let mut wanted: Vec<Span> = micros.into_iter().map(Span::from_micros).collect();
        let instants = BTreeMap::from([(Action::Sync, wanted.clone())]);
        let trace = Trace { remarks, question, instants, ..trace(&[]) };
        let scenario = Scenario::parse(&trace.scenario(anybody).unwrap()).unwrap();
        wanted.sort_unstable();
        let WorkKind::Arrivals(arrivals) = &scenario.works[0].kind else { panic!("arrivals") };
        prop_assert_eq!(&arrivals.pace, &Pace::Trace(wanted));
    }
}
