//! Several targets side by side: a row for each case, a column for each target.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cases::cases;
use crate::requirement::{Level, Profile, Side};
use crate::result::{CaseResult, Run};
use crate::verdict::Verdict;

/// The format of [`Matrix`].
pub const FORMAT: &str = "muster.matrix/1";

/// Several targets, tried or not to be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// [`FORMAT`].
    pub format: String,
    /// The targets, in the order they were named.
    pub columns: Vec<Column>,
    /// The cases any of them was to play, in the order of the suite.
    pub rows: Vec<Row>,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// What it is called; no two columns share a name.
    pub name: String,
    /// What its report comes to.
    pub standing: Standing,
    /// Why it was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its report, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing speaks against the target.
    Conforms,
    /// It breaks a requirement, or its list of expected failures is wrong.
    Breaks,
    /// Something could not be told.
    Unclear,
    /// Nobody answered.
    Unreachable,
}

/// One case, and what came of it at each target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The name of the play: the id of the case, and what it was played over.
    pub name: String,
    /// The id of the case.
    pub case: String,
    /// Whom it tries.
    pub side: Side,
    /// The group of the case.
    pub group: String,
    /// The promise.
    pub promise: String,
    /// The requirements it tries.
    pub requirements: Vec<String>,
    /// How much they bind.
    pub level: Level,
    /// Which part of the protocol they belong to.
    pub profile: Profile,
    /// The verdicts, one for each column; none where the target's report has no such case.
    pub verdicts: Vec<Option<Verdict>>,
}

impl Standing {
    /// What a report comes to: a broken promise counts more than one nothing can be told about.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        if !run.fail.is_empty() || !run.list_faults.is_empty() {
            Self::Breaks
        } else if run.results.iter().any(|result| result.verdict.is_unclear()) {
            Self::Unclear
        } else {
            Self::Conforms
        }
    }

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Breaks => "breaks",
            Self::Unclear => "unclear",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Column {
    /// A target that was tried.
    #[must_use]
    pub fn tried(name: String, run: Run) -> Self {
        Self { name, standing: Standing::of(&run), why: None, run: Some(run) }
    }

    /// A target that was not, and why.
    #[must_use]
    pub const fn unreachable(name: String, why: String) -> Self {
        Self { name, standing: Standing::Unreachable, why: Some(why), run: None }
    }

    /// What came of a play of a case.
    #[must_use]
    pub fn result(&self, name: &str) -> Option<&CaseResult> {
        self.run.as_ref()?.results.iter().find(|result| result.name == name)
    }
}

impl Matrix {
    /// Puts targets side by side.
    #[must_use]
    pub fn of(mut columns: Vec<Column>) -> Self {
        name_apart(&mut columns);
        let rows = rows(&columns);
        Self { format: FORMAT.to_string(), columns, rows }
    }

    /// What it comes to: the worst of its columns.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let any = |standing| self.columns.iter().any(|column| column.standing == standing);
        [Standing::Breaks, Standing::Unreachable, Standing::Unclear]
            .into_iter()
            .find(|standing| any(*standing))
            .unwrap_or(Standing::Conforms)
    }

    /// Whether every report was made with the same cases: otherwise a row may mean two things.
    #[must_use]
    pub fn has_one_case_set(&self) -> bool {
        let runs = self.columns.iter().filter_map(|column| column.run.as_ref());
        let mut sets: BTreeMap<Side, BTreeSet<&str>> = BTreeMap::new();
        for run in runs {
            sets.entry(run.target.side).or_default().insert(&run.stamp.case_set);
        }
        sets.values().all(|sets| sets.len() == 1)
    }

    /// The schema of its JSON.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// Numbers those that share a name, but for the first.
fn name_apart(columns: &mut [Column]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for column in columns {
        let mut names = (2..).map(|times| format!("{} ({times})", column.name));
        let mut name = column.name.clone();
        while !taken.insert(name.clone()) {
            name = names.next().unwrap_or_default();
        }
        column.name = name;
    }
}

/// A row for each play of a case that stands in a report.
fn rows(columns: &[Column]) -> Vec<Row> {
    let place_of: BTreeMap<&str, usize> = cases().map(|case| case.id).zip(0..).collect();
    let mut rows: BTreeMap<(usize, String), Row> = BTreeMap::new();
    for (index, run) in columns.iter().map(|column| column.run.as_ref()).enumerate() {
        for result in run.iter().flat_map(|run| &run.results) {
            // A case of another version of the suite stands at the end.
            let place = place_of.get(result.case.as_str()).copied().unwrap_or(usize::MAX);
            let side = run.map_or(Side::Server, |run| run.target.side);
            let row = rows.entry((place, result.name.clone()));
            let row = row.or_insert_with(|| blank(result, side, columns.len()));
            if let Some(cell) = row.verdicts.get_mut(index) {
                *cell = Some(result.verdict);
            }
        }
    }
    rows.into_values().collect()
}

fn blank(result: &CaseResult, side: Side, columns: usize) -> Row {
    Row {
        name: result.name.clone(),
        case: result.case.clone(),
        side,
        group: result.case.split('-').nth(1).unwrap_or_default().to_string(),
        promise: result.promise.clone(),
        requirements: result.requirements.clone(),
        level: result.level,
        profile: result.profile,
        verdicts: Vec::from_iter(core::iter::repeat_n(None, columns)),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::result::{About, Target};
    use crate::verdict::Rigour;

    fn run(results: &[(&str, Verdict)]) -> Run {
        let target =
            Target { name: "a".into(), side: Side::Server, place: "b".into(), simulated: true };
        let about = About { target, rigour: Rigour::Usual, seed: 1, took_ms: 1, is_partial: false };
        let results = results.iter().map(|(name, verdict)| CaseResult {
            name: (*name).into(),
            case: name.split('/').next().unwrap_or(name).into(),
            promise: "it works".into(),
            requirements: vec!["REQ-ACK-006".into()],
            level: Level::Must,
            profile: Profile::Core,
            verdict: *verdict,
            expected: None,
            actual: None,
            reason: None,
            excused: None,
            took_us: 1,
            transcript: Vec::new(),
        });
        Run::sum_up(about, results.collect(), Vec::new())
    }

    #[test]
    fn rows_stand_in_the_order_of_the_suite_and_a_missing_case_is_blank() {
        let first = run(&[("MDM-ACK-002", Verdict::Pass), ("MDM-GONE-001", Verdict::Pass)]);
        let second = run(&[("MDM-ACK-001", Verdict::Fail), ("MDM-ACK-002", Verdict::Warn)]);
        let columns = vec![Column::tried("a".into(), first), Column::tried("b".into(), second)];
        let matrix = Matrix::of(columns);
        let rows: Vec<_> =
            matrix.rows.iter().map(|row| (row.name.as_str(), row.verdicts.clone())).collect();
        assert_eq!(
            rows,
            [
                ("MDM-ACK-001", vec![None, Some(Verdict::Fail)]),
                ("MDM-ACK-002", vec![Some(Verdict::Pass), Some(Verdict::Warn)]),
                ("MDM-GONE-001", vec![Some(Verdict::Pass), None]),
            ]
        );
    }

    #[test]
    fn the_worst_column_decides_and_none_is_worse_than_one_that_breaks_a_promise() {
        let passes = Column::tried("a".into(), run(&[("MDM-ACK-001", Verdict::Pass)]));
        let unclear = Column::tried("b".into(), run(&[("MDM-ACK-001", Verdict::Error)]));
        let away = Column::unreachable("c".into(), "nobody answers".into());
        let breaks = Column::tried("d".into(), run(&[("MDM-ACK-001", Verdict::Fail)]));
        let mut columns = Vec::new();
        for (column, wanted) in [
            (passes, Standing::Conforms),
            (unclear, Standing::Unclear),
            (away, Standing::Unreachable),
            (breaks, Standing::Breaks),
        ] {
            columns.push(column);
            assert_eq!(Matrix::of(columns.clone()).standing(), wanted);
        }
    }

    #[test]
    fn two_targets_of_one_name_are_told_apart() {
        let away = || Column::unreachable("muster".into(), String::new());
        let matrix = Matrix::of(vec![away(), away()]);
        let names: Vec<_> = matrix.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["muster", "muster (2)"]);
    }

    #[test]
    fn reports_of_different_suites_are_noticed() {
        let one = run(&[("MDM-ACK-001", Verdict::Pass)]);
        let mut other = one.clone();
        other.stamp.case_set = "another".into();
        let tried = |run: &Run| Column::tried("a".into(), run.clone());
        assert!(Matrix::of(vec![tried(&one), tried(&one)]).has_one_case_set());
        assert!(!Matrix::of(vec![tried(&one), tried(&other)]).has_one_case_set());
    }
}
