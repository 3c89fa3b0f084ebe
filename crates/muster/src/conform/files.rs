//! A run as files: JSON, JUnit, Markdown.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use muster_conformance::Verdict;
use muster_conformance::result::{CaseResult, Run};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// Writes `report.json`, `junit.xml` and `report.md` into a folder, which is made if it is not there.
pub(crate) fn write(run: &Run, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let junit = junit(run).to_string().context("failed to write JUnit")?;
    let json = format!("{}\n", serde_json::to_string_pretty(run)?);
    for (name, text) in [("report.json", json), ("junit.xml", junit), ("report.md", markdown(run))]
    {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// One suite for each group of cases.
fn junit(run: &Run) -> Report {
    let mut report = Report::new(format!("muster conform {}", run.target.name));
    for group in groups(run) {
        let mut suite = TestSuite::new(group);
        for result in run.results.iter().filter(|result| group_of(result) == group) {
            let mut case = TestCase::new(result.name.clone(), status(result));
            case.set_classname(group).set_time(std::time::Duration::from_micros(result.took_us));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report
}

fn status(result: &CaseResult) -> TestCaseStatus {
    let unlike = |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(sentence(result)).set_type(result.requirements.join(" "));
        status
    };
    match result.verdict {
        Verdict::Fail if result.counts_as_failed() => unlike(NonSuccessKind::Failure),
        Verdict::Error | Verdict::Inconclusive => unlike(NonSuccessKind::Error),
        Verdict::Pass | Verdict::Warn | Verdict::Flaky | Verdict::Fail => TestCaseStatus::success(),
        Verdict::Unsupported | Verdict::NotApplicable | Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(sentence(result));
            status
        }
    }
}

/// What came of a case, in one sentence.
pub(super) fn sentence(result: &CaseResult) -> String {
    match (&result.expected, &result.actual, &result.reason) {
        (Some(expected), Some(actual), _) => format!("expected {expected}, but: {actual}"),
        (_, _, Some(reason)) => reason.clone(),
        _ => result.promise.clone(),
    }
}

/// A table of groups and verdicts, and each case that did not pass.
fn markdown(run: &Run) -> String {
    let mut text = format!("# Conformance of {}\n\n", run.target.name);
    let stamp = &run.stamp;
    let worth = if stamp.complete { "complete" } else { "not complete" };
    let _written = writeln!(
        text,
        "{} of {} cases passed; suite {}, case set `{}`, seed {}, {worth}.\n",
        run.pass, run.cases, stamp.suite, stamp.case_set, stamp.seed
    );
    let verdicts: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.name()).collect();
    let _written = writeln!(text, "| group | {} |", verdicts.join(" | "));
    let _written = writeln!(text, "|---|{}", "---|".repeat(verdicts.len()));
    for group in groups(run) {
        let of = |verdict| {
            let these = run.results.iter().filter(|it| group_of(it) == group);
            these.filter(|it| it.verdict == verdict).count()
        };
        let counts: Vec<String> = Verdict::ALL.into_iter().map(of).map(told).collect();
        let _written = writeln!(text, "| {group} | {} |", counts.join(" | "));
    }
    let unusual = |it: &&CaseResult| !matches!(it.verdict, Verdict::Pass | Verdict::NotApplicable);
    if run.results.iter().any(|it| unusual(&it)) {
        text.push_str("\n| case | verdict | requirements | what |\n|---|---|---|---|\n");
    }
    for result in run.results.iter().filter(unusual) {
        let (verdict, tries) = (result.verdict.name(), result.requirements.join(" "));
        let what = sentence(result).replace('|', "\\|");
        let _written = writeln!(text, "| {} | {verdict} | {tries} | {what} |", result.name);
    }
    text
}

/// A zero says nothing.
fn told(count: usize) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

/// The groups in the order of their cases.
fn groups(run: &Run) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for group in run.results.iter().map(group_of) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

fn group_of(result: &CaseResult) -> &str {
    result.case.split('-').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::sample::{self, result};

    fn run() -> Run {
        sample::run(vec![
            result("MDM-ACK-001", Verdict::Pass),
            result("MDM-QUEUE-001", Verdict::Fail),
        ])
    }

    #[test]
    fn a_failure_is_one_in_junit_too() {
        let text = junit(&run()).to_string().unwrap();
        assert!(text.contains("failures=\"1\"") && text.contains("&lt;Welcome&gt;"), "{text}");
    }

    #[test]
    fn a_table_has_a_row_for_each_group_and_each_failure() {
        let text = markdown(&run());
        assert!(text.contains("| ACK | 1 |  |"), "{text}");
        assert!(text.contains("| MDM-QUEUE-001 | fail | REQ-ACK-006 |"), "{text}");
        assert!(text.contains("a \\| b"), "{text}");
    }

    #[test]
    fn a_folder_gets_three_files() {
        let folder = tempfile::tempdir().unwrap();
        write(&run(), &folder.path().join("new")).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 3);
    }
}
