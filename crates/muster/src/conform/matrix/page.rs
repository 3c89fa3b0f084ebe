//! A matrix as one page that needs nothing else: no network, no script.

use askama::Template as _;
use muster_conformance::matrix::{Column, Matrix, Row, Standing};
use muster_conformance::result::Run;
use muster_conformance::{Side, Verdict};

use super::evidence::{Evidence, Keep};
use super::told::{groups, share};

/// A page is smaller than this, in bytes, or tells less: mail and issue trackers take it then.
const PAGE_BYTES_MAX: usize = 2_000_000;

/// The page as its template sees it.
#[derive(askama::Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    standing: &'static str,
    verdict: String,
    matrix: &'a Matrix,
    targets: Vec<Target<'a>>,
    groups: Vec<Group<'a>>,
    evidence: Vec<Evidence<'a>>,
    left_out: bool,
}

/// A target and what its report is worth.
struct Target<'a> {
    column: &'a Column,
    side: &'static str,
    took: String,
    claimed: usize,
}

/// The cases of a group.
struct Group<'a> {
    name: &'a str,
    shares: Vec<Share>,
    rows: Vec<Line<'a>>,
}

/// What a target did with a group.
struct Share {
    told: String,
    parts: Vec<Part>,
}

/// A stretch of a bar.
struct Part {
    verdict: Verdict,
    percent: f64,
}

/// A case.
struct Line<'a> {
    row: &'a Row,
    over: Option<&'a str>,
    classes: String,
    cells: Vec<Option<Cell>>,
}

/// What came of a case at a target.
struct Cell {
    verdict: Verdict,
    is_excused: bool,
}

/// The matrix as one HTML file. It holds as much of the transcripts as fits.
pub(super) fn page(matrix: &Matrix) -> Result<String, askama::Error> {
    let mut text = String::new();
    for keep in Keep::ALL {
        text = of(matrix, keep).render()?;
        if text.len() < PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(text)
}

fn of(matrix: &Matrix, keep: Keep) -> Page<'_> {
    let evidence: Vec<Evidence<'_>> = matrix
        .rows
        .iter()
        .flat_map(|row| {
            let columns = matrix.columns.iter().zip(1..);
            columns.filter_map(move |(column, number)| Evidence::of(row, (column, number), keep))
        })
        .collect();
    Page {
        standing: matrix.standing().name(),
        verdict: verdict(matrix),
        matrix,
        targets: matrix.columns.iter().map(target).collect(),
        groups: groups(matrix).into_iter().map(|name| group(matrix, name)).collect(),
        left_out: evidence.iter().any(|it| it.left_out > 0),
        evidence,
    }
}

/// What the page comes to, in one sentence.
fn verdict(matrix: &Matrix) -> String {
    let named = |standing: Standing| {
        let these = matrix.columns.iter().filter(|column| column.standing == standing);
        these.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match matrix.standing() {
        Standing::Conforms => "nothing speaks against any of them".to_owned(),
        Standing::Breaks => named(Standing::Breaks),
        Standing::Unreachable => format!("nobody answered at {}", named(Standing::Unreachable)),
        Standing::Unclear => {
            format!("not everything could be told of {}", named(Standing::Unclear))
        }
    }
}

fn target(column: &Column) -> Target<'_> {
    let side = column.run.as_ref().map_or("", |run| match run.target.side {
        Side::Server => "server",
        Side::Device => "agent",
        Side::Both | Side::Authors => "",
    });
    let took =
        |run: &Run| format!("{:.1} s", std::time::Duration::from_millis(run.took_ms).as_secs_f64());
    Target {
        column,
        side,
        took: column.run.as_ref().map(took).unwrap_or_default(),
        claimed: column.run.as_ref().map_or(0, |run| run.cases - run.not_applicable),
    }
}

fn group<'a>(matrix: &'a Matrix, name: &'a str) -> Group<'a> {
    let rows = || matrix.rows.iter().filter(|row| row.group == name);
    let shares = (0..matrix.columns.len()).map(|index| Share {
        told: share(matrix, name, index),
        parts: parts(&rows().filter_map(|row| *row.verdicts.get(index)?).collect::<Vec<_>>()),
    });
    Group { name, shares: shares.collect(), rows: rows().map(|row| line(matrix, row)).collect() }
}

fn parts(verdicts: &[Verdict]) -> Vec<Part> {
    let all = verdicts.len().max(1) as f64;
    let count = |of: Verdict| verdicts.iter().filter(|verdict| **verdict == of).count();
    let parts = Verdict::ALL.into_iter().map(|verdict| (verdict, count(verdict)));
    let parts = parts.filter(|(_verdict, count)| *count > 0);
    parts.map(|(verdict, count)| Part { verdict, percent: count as f64 / all * 100.0 }).collect()
}

fn line<'a>(matrix: &'a Matrix, row: &'a Row) -> Line<'a> {
    let cells = matrix.columns.iter().zip(&row.verdicts).map(|(column, verdict)| {
        let is_excused = column.result(&row.name).is_some_and(|it| it.excused.is_some());
        verdict.map(|verdict| Cell { verdict, is_excused })
    });
    let over = row.name.split_once('/').map(|(_case, over)| over);
    Line { row, over, classes: classes(row), cells: cells.collect() }
}

/// What the page can be narrowed down to.
fn classes(row: &Row) -> String {
    let verdicts = || row.verdicts.iter().copied().flatten();
    let is_wrong = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Flaky);
    let is_untold = |verdict: Verdict| {
        verdict.is_unclear() || matches!(verdict, Verdict::Skipped | Verdict::Unsupported)
    };
    let was_played = |it: &Verdict| !matches!(it, Verdict::NotApplicable | Verdict::Skipped);
    let mut played = verdicts().filter(was_played);
    let first = played.next();
    let kinds = [
        ("wrong", verdicts().any(is_wrong)),
        ("untold", verdicts().any(is_untold)),
        ("unlike", played.any(|verdict| Some(verdict) != first)),
    ];
    let kinds = kinds.into_iter().filter(|(_name, holds)| *holds).map(|(name, _holds)| name);
    kinds.collect::<Vec<_>>().join(" ")
}

impl Cell {
    const fn class(&self) -> &'static str {
        class(self.verdict)
    }

    const fn sign(&self) -> &'static str {
        sign(self.verdict)
    }
}

impl Part {
    const fn class(&self) -> &'static str {
        class(self.verdict)
    }
}

impl Evidence<'_> {
    const fn class(&self) -> &'static str {
        class(self.result.verdict)
    }

    const fn sign(&self) -> &'static str {
        sign(self.result.verdict)
    }
}

/// The verdict as a name without blanks.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not-applicable",
        Verdict::Pass
        | Verdict::Fail
        | Verdict::Warn
        | Verdict::Unsupported
        | Verdict::Inconclusive
        | Verdict::Skipped
        | Verdict::Error
        | Verdict::Flaky => verdict.name(),
    }
}

/// The verdict as a sign.
const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Warn => "!",
        Verdict::Unsupported => "∅",
        Verdict::NotApplicable => "–",
        Verdict::Inconclusive => "?",
        Verdict::Skipped => "»",
        Verdict::Error => "‽",
        Verdict::Flaky => "≈",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::sample;
    use muster_conformance::result::CaseResult;
    use muster_conformance::transcript::{Entry, From};

    /// A run of this many cases, each with this long a transcript, whose verdict is this.
    fn run(cases: usize, lines: u64, verdict: Verdict) -> Run {
        let entry = |at_us| Entry {
            at_us,
            line: Some(0),
            from: From::Target,
            what: format!(
                "<script> says {at_us}, and so on for as long as a line may be, or nearly so"
            ),
        };
        let result = |number: usize| CaseResult {
            transcript: (0..lines).map(entry).collect(),
            ..sample::result(&format!("MDM-ACK-{number:03}"), verdict)
        };
        sample::run((1..=cases).map(result).collect())
    }

    fn page_of(runs: Vec<Run>) -> String {
        let columns = runs.into_iter().map(|run| Column::tried("a".to_owned(), run));
        page(&Matrix::of(columns.collect())).unwrap()
    }

    #[test]
    fn every_cell_leads_to_its_evidence() {
        let text = page_of(vec![run(3, 2, Verdict::Pass), run(2, 2, Verdict::Fail)]);
        let links = text
            .match_indices("href=\"#")
            .filter_map(|(at, found)| text.get(at + found.len()..)?.split('"').next());
        let links: Vec<&str> = links.collect();
        assert_eq!(links.iter().filter(|link| link.contains("-MDM-")).count(), 5);
        for link in links {
            assert!(text.contains(&format!("id=\"{link}\"")), "{link} leads nowhere");
        }
    }

    #[test]
    fn what_a_target_says_is_no_markup() {
        let text = page_of(vec![run(1, 2, Verdict::Fail)]);
        assert!(!text.contains("<script") && !text.contains("<Welcome>"));
    }

    #[test]
    fn a_page_stays_small_however_much_was_said() {
        let failing = || run(200, 400, Verdict::Fail);
        let text = page_of(vec![failing(), failing(), failing()]);
        assert!(text.len() < PAGE_BYTES_MAX, "{} bytes", text.len());
        assert!(text.contains("more lines stand in the report"));
        let passing = || run(200, 30, Verdict::Pass);
        let text = page_of(vec![passing(), passing(), passing()]);
        assert!(text.len() < PAGE_BYTES_MAX, "{} bytes", text.len());
    }

    #[test]
    fn a_target_that_is_not_there_has_a_column_that_says_so() {
        let there = Column::tried("a".to_owned(), run(1, 2, Verdict::Pass));
        let away = Column::unreachable("c".to_owned(), "nobody answers".to_owned());
        let text = page(&Matrix::of(vec![there, away])).unwrap();
        assert!(text.contains("unreachable") && text.contains("nobody answers"));
    }
}
