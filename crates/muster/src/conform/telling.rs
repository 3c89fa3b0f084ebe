//! A run in words.

use std::fmt::Write as _;

use muster_conformance::result::{CaseResult, Run};
use muster_conformance::transcript::{Entry, From};
use muster_conformance::{Verdict, exceptions};
use muster_report::Table;

/// How much is told of each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A line for each that did not pass.
    Short,
    /// The transcript as well.
    Whole,
}

/// What came of a run.
pub(crate) fn told(run: &Run, detail: Detail) -> String {
    let mut text = String::new();
    let worth_telling = |result: &&CaseResult| match result.verdict {
        Verdict::Pass | Verdict::NotApplicable => detail == Detail::Whole,
        Verdict::Fail
        | Verdict::Warn
        | Verdict::Unsupported
        | Verdict::Inconclusive
        | Verdict::Skipped
        | Verdict::Error
        | Verdict::Flaky => true,
    };
    for result in run.results.iter().filter(worth_telling) {
        tell(&mut text, result, detail);
    }
    let mut table = Table::new(&["verdict", "cases"]);
    for (verdict, count) in &run.verdicts {
        table.row([verdict.clone(), count.to_string()]);
    }
    let _written = write!(text, "{table}");
    for fault in &run.list_faults {
        let _written = writeln!(text, "expected failures: {fault}");
    }
    let (stamp, target) = (&run.stamp, &run.target);
    let worth = if stamp.complete { "complete" } else { "not complete" };
    let _written = writeln!(
        text,
        "{} at {}: {} of {} cases passed in {:.1} s; suite {}, case set {}, seed {}, {worth}",
        target.name,
        target.place,
        run.pass,
        run.cases,
        std::time::Duration::from_millis(run.took_ms).as_secs_f64(),
        stamp.suite,
        stamp.case_set,
        stamp.seed,
    );
    text
}

fn tell(text: &mut String, result: &CaseResult, detail: Detail) {
    let (verdict, tries) = (result.verdict.name(), result.requirements.join(", "));
    let _written = writeln!(text, "{verdict}: {}: {} ({tries})", result.name, result.promise);
    if let (Some(expected), Some(actual)) = (&result.expected, &result.actual) {
        let _written = writeln!(text, "  expected {expected}, but: {actual}");
        if result.counts_as_failed() && detail == Detail::Whole {
            let _written = writeln!(text, "{}", exceptions::template(&result.name, actual));
        }
    }
    for (what, why) in [("because", &result.reason), ("excused", &result.excused)] {
        if let Some(why) = why {
            let _written = writeln!(text, "  {what} {why}");
        }
    }
    if detail == Detail::Whole || result.counts_as_failed() {
        result.transcript.iter().for_each(|entry| tell_entry(text, entry));
    }
}

fn tell_entry(text: &mut String, entry: &Entry) {
    let Entry { at_us, line, from, what } = entry;
    let arrow = match from {
        From::Suite => "-->",
        From::Target => "<--",
    };
    let line = line.map_or_else(String::new, |line| line.to_string());
    let _written = writeln!(text, "  {at_us:>10} us {line:>2} {arrow} {what}");
}
