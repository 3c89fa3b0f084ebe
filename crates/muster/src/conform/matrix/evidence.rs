//! What a verdict rests on: expected against actual, and what was said.

use muster_conformance::Verdict;
use muster_conformance::matrix::{Column, Row};
use muster_conformance::result::CaseResult;
use muster_conformance::transcript::Entry;

use crate::conform::telling::said;

/// How much is kept of what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keep {
    /// Lines of a case that passed: the first ones.
    passed: usize,
    /// Lines of any other: the last ones, since it ends with what was wrong.
    unusual: usize,
}

/// What a cell rests on.
pub(super) struct Evidence<'a> {
    /// Which target, counted from 1.
    pub(super) number: usize,
    /// What it is called.
    pub(super) target: &'a str,
    /// What came of the case.
    pub(super) result: &'a CaseResult,
    /// What was said, in lines.
    pub(super) said: String,
    /// How many lines are not shown.
    pub(super) left_out: usize,
    /// What plays it once more.
    pub(super) again: String,
}

impl Keep {
    /// From everything to what tells of the faults alone.
    pub(super) const ALL: [Self; 4] = [
        Self { passed: usize::MAX, unusual: usize::MAX },
        Self { passed: 60, unusual: 200 },
        Self { passed: 0, unusual: 60 },
        Self { passed: 0, unusual: 12 },
    ];
}

impl<'a> Evidence<'a> {
    /// What a target's cell of a row rests on, if it has one.
    pub(super) fn of(
        row: &'a Row,
        (column, number): (&'a Column, usize),
        keep: Keep,
    ) -> Option<Self> {
        let run = column.run.as_ref()?;
        let result = column.result(&row.name)?;
        let kept = kept(result, keep);
        let (name, seed) = (&result.name, run.stamp.seed);
        Some(Self {
            number,
            target: &column.name,
            result,
            said: said(kept),
            left_out: result.transcript.len() - kept.len(),
            again: format!("{name} --seed {seed} -v"),
        })
    }
}

fn kept(result: &CaseResult, keep: Keep) -> &[Entry] {
    let all = &result.transcript[..];
    let bound = if result.verdict == Verdict::Pass { keep.passed } else { keep.unusual };
    let count = bound.min(all.len());
    let kept = if result.verdict == Verdict::Pass {
        all.get(..count)
    } else {
        all.get(all.len() - count..)
    };
    kept.unwrap_or_default()
}
