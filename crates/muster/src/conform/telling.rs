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
        text.push_str(&said(&result.transcript));
    }
}

/// The lines of a transcript; what is asked again and again, with the same answer, is told twice.
pub(super) fn said(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut like_these = 0;
    for (index, entry) in entries.iter().enumerate() {
        let before = index.checked_sub(2).and_then(|before| entries.get(before));
        let is_alike = |other: Option<&Entry>| {
            other.is_some_and(|it| {
                (it.line, it.from, &it.what) == (entry.line, entry.from, &entry.what)
            })
        };
        if is_alike(before) && is_alike(entries.get(index + 2)) {
            like_these += 1;
            continue;
        }
        if like_these > 0 {
            let _written = writeln!(text, "  {:>10}    {like_these} lines like these", "...");
            like_these = 0;
        }
        tell_entry(&mut text, entry);
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_us: u64, what: &str) -> Entry {
        Entry { at_us, line: Some(0), from: From::Suite, what: what.into() }
    }

    #[test]
    fn what_is_asked_again_and_again_is_told_twice() {
        let words = ["hello", "ask", "no", "ask", "no", "ask", "no", "ask", "no", "ask", "yes"];
        let entries: Vec<Entry> = words.iter().zip(0..).map(|(it, at)| entry(at, it)).collect();
        let said = said(&entries);
        assert_eq!(said.matches("ask").count(), 2, "{said}");
        assert!(said.contains("lines like these") && said.contains("yes"), "{said}");
    }

    #[test]
    fn what_is_said_once_or_twice_is_told_in_full() {
        let entries = ["idle", "empty", "idle", "empty"].map(|it| entry(0, it));
        assert_eq!(said(&entries).lines().count(), 4);
    }
}
