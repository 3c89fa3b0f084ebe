//! Traces as CSV: a row with the names of the columns, and the rows below it.
//!
//! Source: RFC 4180; semicolons and tabs as spreadsheets write them.

use std::borrow::Cow;

use ::csv::{ErrorKind, Position, ReaderBuilder, StringRecord};

use super::columns::{Cells, same};
use super::{ROW_BYTES_MAX, ReadError, RowProblem, Rows};

/// What may stand between cells; the first is meant if a header has none of them.
const SEPARATORS: [u8; 3] = *b",;\t";

/// Reads the rows of a text.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<(), ReadError> {
    let mut reader = ReaderBuilder::new().delimiter(separator(text)).from_reader(text.as_bytes());
    let header = reader.headers().map_err(ReadError::Csv)?.clone();
    let mut record = StringRecord::new();
    loop {
        let begins = at(reader.position());
        let read = reader.read_record(&mut record);
        let rest = text.get(begins..).unwrap_or_default();
        let pushed = match read {
            // The reader takes a text that ends within quotation marks for one that closes them.
            _ if at(reader.position()) >= text.len() && ends_quoted(rest) => {
                Err(RowProblem::NeverClosed)
            }
            Ok(false) => return Ok(()),
            Ok(true) => push(rows, &header, &record),
            Err(error) => Err(problem(error)?),
        };
        pushed.map_err(|problem| ReadError::Line { line: line(text, begins), problem })?;
    }
}

fn ends_quoted(rest: &str) -> bool {
    rest.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

/// The line, from 1, in which the row stands that the reader looks for from here on.
fn line(text: &str, from: usize) -> usize {
    let empty = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let skipped = text.bytes().skip(from).take_while(empty).count();
    1 + text.bytes().take(from + skipped).filter(|byte| *byte == b'\n').count()
}

fn push(rows: &mut Rows, header: &StringRecord, record: &StringRecord) -> Result<(), RowProblem> {
    if record.as_slice().len() > ROW_BYTES_MAX {
        return Err(RowProblem::TooLong);
    }
    rows.push(&Named { header, record })
}

/// The separator that the first line has most of.
fn separator(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // Of several with as many, `max_by_key` takes the last.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(SEPARATORS[0])
}

/// What is wrong with a row, if it is the row.
fn problem(error: ::csv::Error) -> Result<RowProblem, ReadError> {
    if let ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        return Ok(RowProblem::Cells { found: *len, wanted: *expected_len });
    }
    Err(ReadError::Csv(error))
}

fn at(position: &Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

/// The cells of a record, by the names in the header.
struct Named<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl Cells for Named<'_> {
    fn cell(&self, column: &str) -> Option<Cow<'_, str>> {
        let at = self.header.iter().position(|name| same(name, column))?;
        let cell = self.record.get(at).map(str::trim);
        cell.filter(|cell| !cell.is_empty()).map(Cow::Borrowed)
    }

    fn names(&self) -> Vec<&str> {
        self.header.iter().collect()
    }
}
