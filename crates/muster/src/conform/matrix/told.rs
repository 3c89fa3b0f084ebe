//! A matrix in a screenful.

use std::fmt::Write as _;

use muster_conformance::Verdict;
use muster_conformance::matrix::{Column, Matrix, Row};
use muster_report::Table;

/// What came of the targets: by group, and each case that is not a pass everywhere it was played.
pub(crate) fn told(matrix: &Matrix) -> String {
    let mut text = by_group(matrix).to_string();
    let unusual: Vec<&Row> = matrix.rows.iter().filter(|row| is_unusual(row)).collect();
    if !unusual.is_empty() {
        let _written = write!(text, "\n{}", by_case(matrix, &unusual));
    }
    text.push('\n');
    for column in &matrix.columns {
        let _written = writeln!(text, "{}", in_a_line(column));
    }
    if !matrix.has_one_case_set() {
        text.push_str("the reports were made with different cases: a row may mean two things\n");
    }
    text
}

fn by_group(matrix: &Matrix) -> Table {
    let names = matrix.columns.iter().map(|column| column.name.as_str());
    let mut table = Table::new(&std::iter::once("group").chain(names).collect::<Vec<_>>());
    for group in groups(matrix) {
        let cells = (0..matrix.columns.len()).map(|index| share(matrix, group, index));
        table.row(std::iter::once(group.to_owned()).chain(cells));
    }
    table
}

fn by_case(matrix: &Matrix, rows: &[&Row]) -> Table {
    let names = matrix.columns.iter().map(|column| column.name.as_str());
    let mut table = Table::new(&["case"].into_iter().chain(names).collect::<Vec<_>>());
    for row in rows {
        let cells = row.verdicts.iter().map(|verdict| verdict.map_or("", Verdict::name).to_owned());
        table.row(std::iter::once(row.name.clone()).chain(cells));
    }
    table
}

/// What a target comes to.
pub(super) fn in_a_line(column: &Column) -> String {
    let (name, standing) = (&column.name, column.standing.name());
    let Some(run) = &column.run else {
        return format!("{name}: {standing}: {}", column.why.as_deref().unwrap_or_default());
    };
    let faults: String = run.list_faults.iter().map(|fault| format!("; {fault}")).collect();
    format!(
        "{name}: {standing}: {} passed, {} failed, {} warned of, {} not applicable, {} not told{faults}",
        run.pass,
        run.fail.len(),
        run.warn.len(),
        run.not_applicable,
        run.stamp.not_run.len(),
    )
}

/// The groups in the order of the rows.
pub(super) fn groups(matrix: &Matrix) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for row in &matrix.rows {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    groups
}

/// How many cases of a group a target passed, of those it claims.
pub(super) fn share(matrix: &Matrix, group: &str, column: usize) -> String {
    let rows = matrix.rows.iter().filter(|row| row.group == group);
    let verdicts = rows.filter_map(|row| row.verdicts.get(column).copied().flatten());
    let claimed: Vec<Verdict> = verdicts.filter(|it| *it != Verdict::NotApplicable).collect();
    if claimed.is_empty() {
        return "–".to_owned();
    }
    let passed = claimed.iter().filter(|verdict| **verdict == Verdict::Pass).count();
    format!("{passed}/{}", claimed.len())
}

/// Whether a row is worth a line of its own.
pub(super) fn is_unusual(row: &Row) -> bool {
    row.verdicts.iter().flatten().any(|verdict| match verdict {
        Verdict::Pass | Verdict::NotApplicable => false,
        Verdict::Fail
        | Verdict::Warn
        | Verdict::Unsupported
        | Verdict::Inconclusive
        | Verdict::Skipped
        | Verdict::Error
        | Verdict::Flaky => true,
    })
}
