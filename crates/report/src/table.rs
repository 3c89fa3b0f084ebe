//! Tables for people.

use std::fmt;

use comfy_table::{CellAlignment, TableStyle};

/// A table with a heading, drawn with as little ink as possible.
#[derive(Debug)]
pub struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// A table with these column headings.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(TableStyle::new());
        inner.set_header(headings);
        Self { inner }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.inner.add_row(cells);
    }

    /// Sets a column of numbers flush right; `column` counts from 0.
    pub fn right(&mut self, column: usize) {
        if let Some(column) = self.inner.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.inner.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_without_blanks() {
        let mut table = Table::new(&["device", "ms"]);
        table.right(1);
        table.row(["iPhone 1".to_owned(), "7".to_owned()]);
        table.row(["Pixel".to_owned(), "1200".to_owned()]);
        insta::assert_snapshot!(table.to_string());
    }
}
