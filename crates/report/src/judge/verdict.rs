//! What a run comes to.

use super::judged::{Judged, Outcome};
use crate::run_report::{Ending, Verdict};

/// The verdict, and why, in one sentence.
pub(crate) fn verdict(ending: Ending, judged: &[Judged], reasons: &[String]) -> (Verdict, String) {
    let first = |outcome| judged.iter().find(|judged| judged.outcome == outcome);
    match (ending, first(Outcome::Fail), first(Outcome::Inconclusive)) {
        (Ending::Interrupted, _, _) => {
            (Verdict::Interrupted, "stopped before its plan was played".to_owned())
        }
        (Ending::Aborted, failed, _) => {
            let why = failed.map_or("a threshold", |failed| failed.text.as_str());
            (Verdict::Aborted, format!("ended early: {why} did not hold"))
        }
        (Ending::Complete, Some(failed), _) => (Verdict::Fail, failure(judged, failed)),
        (Ending::Complete, None, unclear) => match (reasons.first(), unclear) {
            (Some(reason), _) => {
                (Verdict::Inconclusive, format!("the generator was the bottleneck: {reason}"))
            }
            (None, Some(unclear)) => (Verdict::Inconclusive, unclear_because(unclear)),
            (None, None) => (Verdict::Pass, "every threshold holds".to_owned()),
        },
    }
}

fn failure(judged: &[Judged], first: &Judged) -> String {
    let failed = judged.iter().filter(|judged| judged.outcome == Outcome::Fail).count();
    match failed {
        1 => format!("{} does not hold", first.text),
        _ => format!("{} and {} more do not hold", first.text, failed - 1),
    }
}

fn unclear_because(judged: &Judged) -> String {
    let note = judged.note.as_deref().unwrap_or("waits were cut off before the limit");
    format!("nobody can tell whether {} holds: {note}", judged.text)
}
