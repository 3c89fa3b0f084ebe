//! Thresholds as JUnit tests, for continuous integration.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::judge::{Judged, Outcome};
use crate::numbers::in_unit;
use crate::run_report::{RunReport, Verdict};
use crate::told::measured;

impl RunReport {
    /// The thresholds as a JUnit file: a test for each, and one for the verdict itself.
    ///
    /// What does not hold is a failure; what is inconclusive is an error, so that nothing passes
    /// that nobody could tell.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut suite = TestSuite::new(self.run.scenario.as_str());
        suite.set_time(Duration::from_millis(self.run.took_ms));
        for (name, value) in [
            ("verdict", self.verdict.name().to_owned()),
            ("seed", self.run.seed.to_string()),
            ("devices", self.devices.to_string()),
            ("version", self.run.version.clone()),
        ] {
            suite.add_property(Property::new(name, value.as_str()));
        }
        suite.add_test_cases(self.thresholds.iter().map(|judged| self.case(judged)));
        suite.add_test_case(self.verdict_case());
        let mut report = Report::new("muster load");
        report.add_test_suite(suite);
        report.to_string().expect("a report of plain text is written")
    }

    fn case(&self, judged: &Judged) -> TestCase {
        let mut status = status(match judged.outcome {
            Outcome::Pass => None,
            Outcome::Fail => Some(NonSuccessKind::Failure),
            Outcome::Inconclusive => Some(NonSuccessKind::Error),
        });
        if judged.outcome != Outcome::Pass {
            let limit = in_unit(judged.limit, judged.unit);
            let note = judged.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
            let message = format!("measured {}, limit {limit}{note}", measured(judged));
            status.set_type(judged.outcome.name()).set_message(message.as_str());
        }
        let name = match &judged.phase {
            Some(phase) => format!("{} in {phase}", judged.text),
            None => judged.text.clone(),
        };
        let mut case = TestCase::new(name.as_str(), status);
        case.set_classname(format!("muster.load.{}", self.run.scenario).as_str());
        case
    }

    fn verdict_case(&self) -> TestCase {
        let mut status = status(match self.verdict {
            Verdict::Pass => None,
            Verdict::Fail | Verdict::Aborted => Some(NonSuccessKind::Failure),
            Verdict::Inconclusive | Verdict::Interrupted => Some(NonSuccessKind::Error),
        });
        if self.verdict != Verdict::Pass {
            status.set_type(self.verdict.name()).set_message(self.reason.as_str());
        }
        let mut case = TestCase::new("verdict", status);
        case.set_classname(format!("muster.load.{}", self.run.scenario).as_str());
        case
    }
}

fn status(kind: Option<NonSuccessKind>) -> TestCaseStatus {
    kind.map_or_else(TestCaseStatus::success, TestCaseStatus::non_success)
}
