use alloc::string::ToString as _;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::population::CohortSize;
use crate::scenario::{FaultKind, ServerFault};
use crate::threshold::{Event, Metric};
use crate::work::{Course, Pace, WorkKind};

/// The shortest scenario.
const SHORTEST: &str = r#"name = "shortest"
question = "What is the least one has to write?"
devices = 10
[[phase]]
name = "main"
lasts = "1m"
"#;

fn with(more: &str) -> Result<Scenario, ScenarioError> {
    read(&format!("{SHORTEST}{more}"))
}

/// What is wrong with the shortest scenario and something more: the marked text, and the problem.
fn refused(more: &str) -> (String, Problem) {
    let text = format!("{SHORTEST}{more}");
    let error = read(&text).expect_err(more);
    (text[error.span.clone()].to_string(), error.problem)
}

#[test]
fn the_shortest_scenario_has_one_cohort_of_everybody() {
    let scenario = with("").unwrap();
    assert_eq!((scenario.seed, scenario.devices), (1, 10));
    assert_eq!(scenario.cohorts.len(), 1);
    assert_eq!(scenario.cohorts[0].size, CohortSize::Share(Percent::ALL));
    assert_eq!(scenario.phases[0].lasts, Span::from_secs(60));
    assert_eq!(scenario.limits.deadline, Span::from_secs(30));
    assert_eq!(scenario.day_length, Span::from_secs(86_400));
}

#[test]
fn an_unknown_key_is_answered_with_the_one_that_was_meant() {
    let (marked, problem) = refused("[[arrivals]]\nraet = \"5/s\"\ncommands = \"sync\"\n");
    assert_eq!(marked, "raet");
    assert_eq!(problem.fix, "did you mean `rate`?");
}

#[test]
fn an_error_stands_at_its_line_and_column() {
    let error = with("[[broadcast]]\ncommand = \"lokc\"\n").unwrap_err();
    assert_eq!((error.line, error.column), (8, 11));
    let shown = error.to_string();
    assert!(shown.starts_with("line 8, column 11: no command is called `lokc`"), "{shown}");
    assert!(shown.ends_with("did you mean `lock`?"), "{shown}");
}

#[test]
fn what_is_wrong_is_marked_and_mended() {
    let cases = [
        ("[[broadcast]]\ncommand = \"lock\"\nat = \"2m\"\n", "\"2m\"", "write less than 60s"),
        (
            "[[broadcast]]\ncommand = \"lock\"\nphase = \"mian\"\n",
            "\"mian\"",
            "did you mean `main`?",
        ),
        ("[[arrivals]]\nrate = 5\ncommands = \"sync\"\n", "5", "write /s, /m, /h or /d"),
        ("[[arrivals]]\nrate = \"5/s\"\ncommands = { lokc = 1 }\n", "lokc", "did you mean `lock`?"),
        (
            "[[arrivals]]\nrate = \"5/s\"\ncommands = { lock = 0 }\n",
            "{ lock = 0 }",
            "a weight above zero",
        ),
        (
            "[[arrivals]]\nname = \"x\"\ncommands = \"lock\"\n",
            "[[arrivals]]",
            "add rate = \"10/s\"",
        ),
        ("[[phase]]\nname = \"main\"\nlasts = \"1s\"\n", "\"main\"", "give it a name"),
        ("[[phase]]\nname = \"Main\"\nlasts = \"1s\"\n", "\"Main\"", "write for example"),
        ("[[phase]]\nname = \"x\"\nlasts = \"0s\"\n", "\"0s\"", "write a span above zero"),
        ("[[phase]]\nname = \"x\"\nlasts = 10\n", "10", "such as \"10s\""),
        ("[[fault]]\nfleet = \"cut at=5s\"\n", "\"cut at=5s\"", "add at = \"10s\""),
        ("[[fault]]\nfleet = \"cut until=5s\"\n", "\"cut until=5s\"", "add phase"),
        ("[[fault]]\nat = \"1s\"\n", "[[fault]]", "add fleet"),
        ("[[fault]]\nserver = \"restrat\"\n", "\"restrat\"", "did you mean `restart`?"),
        ("[[fault]]\nserver = \"slow-disk\"\n", "\"slow-disk\"", "add by = \"20ms\""),
        ("[[fault]]\nserver = \"retry\"\nby = \"1s\"\n", "\"retry\"", "leave it out"),
        ("[[fault]]\nserver = \"kill\"\nlasts = \"5s\"\n", "\"5s\"", "write away instead"),
        ("[[fault]]\nfleet = \"cut\"\nevery = \"5s\"\n", "\"5s\"", "add lasts"),
        ("[[threshold]]\nrequire = \"p99(stord) < 1s\"\n", "stord", "did you mean `stored`?"),
        ("[[threshold]]\nrequire = \"lost == 0\"\nfor = \"5s\"\n", "\"5s\"", "add abort-on-fail"),
        (
            "[[threshold]]\nrequire = \"rss < 1GB\"\ncommand = \"lock\"\n",
            "\"rss < 1GB\"",
            "leave out",
        ),
        ("[[cohort]]\nname = \"a\"\nshare = \"40%\"\n", "\"a\"", "make it 100%"),
        ("[[cohort]]\nname = \"a\"\ncount = 11\n", "10", "leave out devices"),
        ("[[cohort]]\nname = \"a\"\n", "\"a\"", "add share"),
        ("[[mass-wipe]]\ncommand = \"lock\"\n", "\"lock\"", ""),
        ("[[reconnect-storm]]\naway = { normal = \"1s\" }\n", "{ normal = \"1s\" }", "exponential"),
        ("[[reconnect-storm]]\naway = \"1s\"\ndevices = \"0%\"\n", "\"0%\"", "above 0%"),
        ("[[reconnect-storm]]\naway = \"1s\"\ndevices = { cohorts = [\"x\"] }\n", "\"x\"", ""),
    ];
    for (more, marked, fix) in cases {
        let (found, problem) = refused(more);
        assert_eq!(found, marked, "{more}{problem:?}");
        assert!(problem.fix.contains(fix), "{more}{problem:?}");
    }
}

#[test]
fn a_missing_key_is_named() {
    let (_, problem) = refused("[[broadcast]]\nat = \"1s\"\n");
    assert_eq!(problem.what, "`command` is missing");
}

#[test]
fn a_scenario_without_anything_to_measure_is_refused() {
    let warm_up = SHORTEST.replace("lasts = \"1m\"", "lasts = \"1m\"\nwarm-up = true");
    assert_eq!(read(&warm_up).unwrap_err().problem.what, "nothing to measure");
    let question = SHORTEST.replace("write?", "write.");
    assert_eq!(read(&question).unwrap_err().problem.what, "this is no question");
}

#[test]
fn what_is_too_large_is_refused() {
    assert!(read(&" ".repeat(BYTES_MAX + 1)).unwrap_err().problem.what.contains("bytes"));
    let phase = |index| format!("[[phase]]\nname = \"p{index}\"\nlasts = \"1s\"\n");
    let phases: String = (0..64).map(phase).collect();
    assert!(with(&phases).unwrap_err().problem.what.contains("65 phases"));
    let (marked, _) = refused("[[phase]]\nname = \"long\"\nlasts = \"32d\"\n");
    assert_eq!(marked, "\"32d\"");
    assert!(read(&SHORTEST.replace("= 10", "= 2_000_000")).is_err());
    assert!(read(&SHORTEST.replace("= 10", "= 0")).is_err());
    assert!(read(&SHORTEST.replace("= 10", "= -1")).is_err());
}

#[test]
fn counts_make_up_the_devices() {
    let text = SHORTEST.replace("devices = 10\n", "");
    let cohorts = "[[cohort]]\nname = \"a\"\ncount = 7\n[[cohort]]\nname = \"b\"\ncount = 5\n";
    assert_eq!(read(&format!("{text}{cohorts}")).unwrap().devices, 12);
    assert_eq!(read(&text).unwrap_err().problem.what, "no number of devices");
    let mixed = cohorts.replace("count = 5", "share = \"5%\"");
    assert_eq!(read(&format!("{text}{mixed}")).unwrap_err().problem.what, "sizes do not add up");
}

#[test]
fn works_have_the_name_of_their_kind_unless_they_are_given_one() {
    let two =
        "[[broadcast]]\ncommand = \"lock\"\n[[broadcast]]\nname = \"again\"\ncommand = \"lock\"\n";
    let names: Vec<String> = with(two).unwrap().works.into_iter().map(|work| work.name).collect();
    assert_eq!(names, ["broadcast", "again"]);
    let same = two.replace("name = \"again\"\n", "");
    assert!(with(&same).unwrap_err().problem.what.contains("`broadcast` is there already"));
}

#[test]
fn thresholds_speak_of_works_and_faults_by_name() {
    let outage = "[[fault]]\nname = \"outage\"\nserver = \"kill\"\naway = \"5s\"\n";
    let killed = FaultKind::Server(ServerFault::Kill { away: Span::from_secs(5) });
    assert_eq!(with(outage).unwrap().faults[0].kind, killed);
    let text = "[[broadcast]]\nname = \"lock-all\"\ncommand = \"lock\"\n\
        [[fault]]\nname = \"outage\"\nserver = \"kill\"\n\
        [[threshold]]\nrequire = \"time_to_99(lock-all) < 10s\"\n\
        [[threshold]]\nrequire = \"time_to_99(outage) < 10s\"\n\
        [[threshold]]\nrequire = \"time_to_99(broadcast) < 10s\"\nabort-on-fail = false\n";
    let events = with(text).unwrap().thresholds.into_iter().filter_map(|threshold| {
        let Metric::TimeTo { event, .. } = threshold.metric else { return None };
        Some(event)
    });
    let expected = [Event::Work(0), Event::Fault(0), Event::EveryBroadcast];
    assert_eq!(events.collect::<Vec<_>>(), expected);
}

#[test]
fn every_way_to_arrive_is_read() {
    let course = |way: &str| {
        let text = format!("[[arrivals]]\ncommands = \"sync\"\n{way}\n");
        let WorkKind::Arrivals(arrivals) = with(&text).unwrap().works.remove(0).kind else {
            panic!("no arrivals")
        };
        arrivals.pace
    };
    assert!(matches!(course("rate = \"5/s\""), Pace::Rate(Course::Constant(_), _)));
    assert!(matches!(
        course("ramp = { from = \"1/s\", to = \"5/s\" }"),
        Pace::Rate(Course::Ramp(..), _)
    ));
    let steps = "steps = [{ rate = \"1/s\", lasts = \"10s\" }, { rate = \"5/s\" }]";
    assert!(matches!(course(steps), Pace::Rate(Course::Steps(_), _)));
    let spike = "spike = { base = \"1/s\", peak = \"9/s\", at = \"10s\", lasts = \"5s\" }";
    assert!(matches!(course(spike), Pace::Rate(Course::Spike { .. }, _)));
    assert!(matches!(course("day = { peak = \"5/s\" }"), Pace::Rate(Course::Day { .. }, _)));
    let trace = Pace::Trace([1, 2].map(Span::from_secs).to_vec());
    assert_eq!(course("instants = [\"2s\", \"1s\"]"), trace);
    for wrong in [
        "rate = \"5/s\"\nday = { peak = \"5/s\" }",
        "steps = []",
        "day = { peak = \"5/s\", hours = [1.0] }",
    ] {
        assert!(with(&format!("[[arrivals]]\ncommands = \"sync\"\n{wrong}\n")).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "\\PC{0,200}") {
        drop(read(&text));
    }

    #[test]
    fn a_scenario_with_something_cut_out_is_read_or_refused_within_itself(
        from in 0_usize..SHORTEST.len(), length in 0_usize..20, instead in "\\PC{0,3}"
    ) {
        let end = (from + length).min(SHORTEST.len());
        let text = format!("{}{instead}{}", &SHORTEST[..from], &SHORTEST[end..]);
        if let Err(error) = read(&text) {
            prop_assert!(text.get(error.span.clone()).is_some());
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
