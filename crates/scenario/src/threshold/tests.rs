use alloc::string::ToString as _;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::text::FromText as _;

fn event(name: &str) -> Result<Event, Problem> {
    match name {
        "broadcast" => Ok(Event::EveryBroadcast),
        "storm" => Ok(Event::Work(2)),
        _ => Err(Problem::unknown("work or fault", name, ["broadcast", "storm"])),
    }
}

fn read(text: &str) -> (Metric, Comparison, Limit) {
    parse(text, event).unwrap()
}

fn refused(text: &str) -> (Problem, &str) {
    let (problem, part) = parse(text, event).unwrap_err();
    (problem, &text[part])
}

fn percent(text: &str) -> Percent {
    Percent::from_text(text).unwrap()
}

#[test]
fn latencies_are_compared_with_spans() {
    let (metric, comparison, limit) = read("p99.9(stored) < 50ms");
    assert_eq!(metric, Metric::Latency { stage: Stage::Stored, quantile: percent("99.9%") });
    assert_eq!((comparison, limit), (Comparison::Below, Limit::Span(Span::from_millis(50))));
    let (metric, ..) = read("max(total)<=1s");
    assert_eq!(metric, Metric::Latency { stage: Stage::Total, quantile: Percent::ALL });
    let (metric, ..) = read("  p50 ( lag )  <  1ms ");
    assert_eq!(metric, Metric::Lag { quantile: percent("50%") });
}

#[test]
fn counts_shares_rates_and_memory_have_their_units() {
    assert_eq!(
        read("lost == 0"),
        (Metric::Count(Counted::Lost), Comparison::Equal, Limit::Count(0))
    );
    let (metric, _, limit) = read("share(errors) <= 0.1%");
    assert_eq!((metric, limit), (Metric::Share(Counted::Errors), Limit::Share(percent("0.1%"))));
    let (metric, comparison, limit) = read("rate(terminal) >= 10_000/s");
    assert_eq!((metric, comparison), (Metric::PerSecond(Counted::Terminal), Comparison::AtLeast));
    assert!((limit.number() - 10_000.0).abs() < 1e-6);
    assert_eq!(read("rss < 7GB").2, Limit::Bytes(7_000_000_000));
    assert_eq!(read("rss_growth < 10MB/h").2, Limit::BytesPerHour(10_000_000));
}

#[test]
fn a_fleet_has_to_get_over_an_event_in_time() {
    let (metric, _, limit) = read("time_to_99(broadcast) < 10s");
    let share = percent("99%");
    assert_eq!(metric, Metric::TimeTo { share, event: Event::EveryBroadcast });
    assert_eq!(limit, Limit::Span(Span::from_secs(10)));
    assert_eq!(
        read("time_to_100(storm) < 15s").0,
        Metric::TimeTo { share: Percent::ALL, event: Event::Work(2) }
    );
}

#[test]
fn every_count_has_a_word() {
    for counted in Counted::ALL {
        let text = alloc::format!("{} >= 0", counted.name());
        assert_eq!(read(&text).0, Metric::Count(counted));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_part_of_the_text() {
    let cases = [
        ("p99(stord) < 50ms", "stord", "did you mean `stored`?"),
        ("p99(stored) < 50", "50", "write us, ms, s, m, h or d after it, such as \"50s\""),
        ("lots == 0", "lots", "did you mean `lost`?"),
        ("time_to_99(strom) < 1s", "strom", "did you mean `storm`?"),
        ("shar(lost) < 1%", "shar", "did you mean `share`?"),
        ("p101(stored) < 1s", "p101", ""),
        ("p0(stored) < 1s", "p0", ""),
        ("p99(stored < 1s", "p99(stored", "close it with `)`"),
        ("rate(terminal) >= 50ms", "50ms", ""),
        ("lost == 0.5", "0.5", "write a whole number, such as 0"),
        ("share(lost) == 0", "0", ""),
        ("lost = 0", "= 0", ""),
        ("lost", "lost", ""),
        ("", "", ""),
    ];
    for (text, part, fix) in cases {
        let (problem, found) = refused(text);
        assert!(found == part || part == "= 0" && found == text, "{text}: {found}");
        assert!(problem.fix.contains(fix), "{text}: {problem:?}");
    }
}

#[test]
fn a_scope_fits_what_is_measured() {
    let threshold = |text: &str, scope: Scope| {
        let (metric, comparison, limit) = read(text);
        Threshold { text: text.to_string(), metric, comparison, limit, scope, abort_after: None }
    };
    let of_command = Scope { command: Some(Action::Lock), ..Scope::default() };
    let of_phase = Scope { phase: Some(0), ..Scope::default() };
    assert!(threshold("p99(stored) < 1s", of_command.clone()).check().is_ok());
    assert!(threshold("lost == 0", of_command.clone()).check().is_ok());
    assert!(threshold("udp_drops == 0", of_command.clone()).check().is_err());
    assert!(threshold("rss < 1GB", of_command).check().is_err());
    assert!(threshold("p99(lag) < 1ms", of_phase.clone()).check().is_ok());
    assert!(threshold("time_to_99(storm) < 1s", of_phase).check().is_err());
    let in_windows = Scope { window: Some(Span::from_secs(5)), ..Scope::default() };
    assert!(threshold("p99(stored) < 1s", in_windows.clone()).check().is_ok());
    assert!(threshold("rate(terminal) >= 5/s", in_windows.clone()).check().is_ok());
    assert!(threshold("lost == 0", in_windows.clone()).check().is_err());
    let of_both = Scope { command: Some(Action::Lock), ..in_windows };
    assert!(threshold("p99(stored) < 1s", of_both).check().is_err());
}

#[test]
fn comparisons_hold_as_they_are_written() {
    let holds = |comparison: Comparison| [1.0, 2.0, 3.0].map(|value| comparison.holds(value, 2.0));
    assert_eq!(holds(Comparison::Below), [true, false, false]);
    assert_eq!(holds(Comparison::AtMost), [true, true, false]);
    assert_eq!(holds(Comparison::Equal), [false, true, false]);
    assert_eq!(holds(Comparison::AtLeast), [false, true, true]);
    assert_eq!(holds(Comparison::Above), [false, false, true]);
    let all = [Comparison::Below, Comparison::AtMost, Comparison::Equal, Comparison::AtLeast];
    let nan: Vec<bool> = all.map(|comparison| comparison.holds(f64::NAN, 2.0)).to_vec();
    assert_eq!(nan, [false; 4]);
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "\\PC{0,60}") {
        drop(parse(&text, event));
    }

    #[test]
    fn no_text_of_the_right_words_is_too_much(
        text in "(p99|max|time_to_|share|rate|lost|rss|\\(|\\)|<|>|=| |stored|50ms|0|%|/s|GB|é){0,9}"
    ) {
        if let Err((_, part)) = parse(&text, event) {
            prop_assert!(text.get(part).is_some());
        }
    }
}
