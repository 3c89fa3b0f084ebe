//! Recorded traces: who was asked for what, and when, as the logs of others tell it.

mod clock;
mod columns;
mod csv;
mod json;
mod taken;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use clock::{Clock, When};
pub(crate) use columns::Columns;
pub(crate) use taken::{LeftOut, Taken, Taking};
pub(crate) use words::Words;

use columns::Cells;

/// Most rows of a trace: a multiple of what a scenario holds, and what fits into memory.
const ROWS_MAX: usize = 2_000_000;

/// Longest row of a CSV file, in bytes; one that is longer has a quotation mark too many.
const ROW_BYTES_MAX: usize = 1 << 20;

/// How the text of a trace is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layout {
    /// Cells with something between them, below a row with the names of the columns.
    Csv,
    /// JSON: an array, the answer of a server with its array as `value`, or one object after
    /// another.
    Json,
}

impl Layout {
    /// The layout that a text seems to have.
    pub(crate) fn of(text: &str) -> Self {
        let first = text.trim_start_matches('\u{feff}').trim_start().chars().next();
        if matches!(first, Some('{' | '[')) { Self::Json } else { Self::Csv }
    }
}

/// A row of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When it was asked for.
    pub(crate) when: When,
    /// What was asked for, in the words of the log; nothing if it does not say.
    pub(crate) action: Option<String>,
    /// Of which device, if it says.
    pub(crate) device: Option<String>,
}

/// A trace that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// A row of a CSV file that is none.
    #[error("line {line}: {problem}")]
    Line {
        /// The line it begins in, from 1.
        line: usize,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// No CSV.
    #[error("it cannot be read as CSV")]
    Csv(#[source] ::csv::Error),
    /// No JSON, or a row in it that is none.
    #[error("it cannot be read as JSON")]
    Json(#[source] serde_json::Error),
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowProblem {
    /// None of the columns that could say when has something in it.
    #[error("nothing says when: there are {present}; name the column with --time-column")]
    NoTime {
        /// The columns there are.
        present: String,
    },
    /// Something that is no instant.
    #[error(
        "`{0}` is no instant: expected 2026-01-02T03:04:05Z, a span since the beginning such as \
         12ms, or a number of seconds"
    )]
    Instant(String),
    /// A date in a trace of spans, or the other way round.
    #[error("`{0}`: a trace has dates, or spans since its beginning, not both")]
    Clocks(String),
    /// Too many rows.
    #[error("a trace has {most} rows at most: divide it")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// A quotation mark that opens and never closes.
    #[error("the quotation mark that opens here is never closed")]
    NeverClosed,
    /// A row that is longer than a row can be.
    #[error("a row of more than {ROW_BYTES_MAX} bytes: is a quotation mark never closed?")]
    TooLong,
    /// A row with other columns than the first.
    #[error("{found} cells, and the row with the names of the columns has {wanted}")]
    Cells {
        /// How many it has.
        found: u64,
        /// How many there are names for.
        wanted: u64,
    },
}

/// The rows of one or more texts.
pub(crate) struct Rows {
    columns: Columns,
    rows: Vec<Row>,
    /// How many there may be.
    most: usize,
    /// Whether one of the pages says that another follows it.
    has_followed: bool,
    /// Whether one of the pages is the last.
    has_last: bool,
}

impl Rows {
    /// None yet.
    pub(crate) const fn new(columns: Columns) -> Self {
        let (has_followed, has_last) = (false, false);
        Self { columns, rows: Vec::new(), most: ROWS_MAX, has_followed, has_last }
    }

    /// Adds those of a text.
    ///
    /// # Errors
    /// [`ReadError`] with the line of what is wrong.
    pub(crate) fn read(&mut self, text: &str, layout: Layout) -> Result<(), ReadError> {
        let text = text.trim_start_matches('\u{feff}');
        match layout {
            Layout::Csv => csv::read(text, self),
            Layout::Json => json::read(text, self),
        }
    }

    /// All that were read.
    pub(crate) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// Whether there are pages that were not read.
    pub(crate) const fn has_more(&self) -> bool {
        self.has_followed && !self.has_last
    }

    fn push(&mut self, cells: &impl Cells) -> Result<(), RowProblem> {
        let row = self.columns.row(cells)?;
        let clock = self.rows.first().map_or(row.when.clock, |first| first.when.clock);
        if row.when.clock != clock {
            return Err(RowProblem::Clocks(row.when.to_string()));
        }
        if self.rows.len() >= self.most {
            return Err(RowProblem::TooMany { most: self.most });
        }
        self.rows.push(row);
        Ok(())
    }
}
