//! A matrix as Markdown, for pages that people review.

use std::fmt::Write as _;

use muster_conformance::Verdict;
use muster_conformance::matrix::{Column, Matrix, Row};

use super::told::{groups, in_a_line, is_unusual, share};
use crate::conform::files::sentence;

/// The targets with their stamps, a table of groups, one of the cases that tell targets apart, and
/// what was wrong.
pub(super) fn markdown(matrix: &Matrix) -> String {
    let mut text = format!("# Conformance of {} targets\n\n", matrix.columns.len());
    for column in &matrix.columns {
        let _written = writeln!(text, "* {}{}", cell(&in_a_line(column)), stamp(column));
    }
    heading(&mut text, "group", matrix);
    for group in groups(matrix) {
        let cells = (0..matrix.columns.len()).map(|index| share(matrix, group, index));
        line(&mut text, group, cells);
    }
    if matrix.rows.iter().any(is_unusual) {
        heading(&mut text, "case", matrix);
    }
    for row in matrix.rows.iter().filter(|row| is_unusual(row)) {
        let name_of = |verdict: &Option<Verdict>| verdict.map_or("", Verdict::name).to_owned();
        line(&mut text, &row.name, row.verdicts.iter().map(name_of));
    }
    for row in matrix.rows.iter().filter(|row| is_unusual(row)) {
        faults(&mut text, matrix, row);
    }
    text
}

fn stamp(column: &Column) -> String {
    column.run.as_ref().map_or_else(String::new, |run| {
        let stamp = &run.stamp;
        let worth = if stamp.complete { "complete" } else { "not complete" };
        let (suite, set, seed) = (&stamp.suite, &stamp.case_set, stamp.seed);
        format!("; suite {suite}, case set `{set}`, seed {seed}, {worth}")
    })
}

fn heading(text: &mut String, first: &str, matrix: &Matrix) {
    text.push('\n');
    line(text, first, matrix.columns.iter().map(|column| cell(&column.name)));
    let _written = writeln!(text, "|---|{}", "---|".repeat(matrix.columns.len()));
}

fn line(text: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    let _written = writeln!(text, "| {first} | {} |", cells.join(" | "));
}

/// The promise, and at which targets it was not kept.
fn faults(text: &mut String, matrix: &Matrix, row: &Row) {
    let (name, promise, tries) = (&row.name, &row.promise, row.requirements.join(", "));
    let _written = writeln!(text, "\n**{name}**: {promise} ({tries})\n");
    for column in &matrix.columns {
        let Some(result) = column.result(name) else { continue };
        if result.verdict != Verdict::Pass {
            let (who, verdict, what) = (&column.name, result.verdict.name(), sentence(result));
            let _written = writeln!(text, "* {}: {verdict}: {}", cell(who), cell(&what));
        }
    }
}

/// Text that ends no cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
