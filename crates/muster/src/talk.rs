//! How the command line speaks: data on stdout, talk on stderr.

use std::io::{self, Write as _};

use serde::Serialize;

/// Whom the output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// People: text and tables.
    Text,
    /// Programs: one JSON value.
    Json,
}

/// Writes data to stdout. A reader that has gone away is not an error.
pub(crate) fn print(text: &str) {
    drop(io::stdout().write_all(text.as_bytes()));
}

/// Writes one JSON value to stdout.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text);
    Ok(())
}

/// Says something to the person at the terminal, if there still is one.
pub(crate) fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
