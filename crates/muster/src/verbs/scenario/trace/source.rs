//! The files of a trace.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::Context as _;

use crate::cli::ScenarioTraceArgs;
use crate::exit::{Exit, ExitWith, usage_error};
use crate::trace::{Columns, Layout, Rows};

/// Most bytes of a file: some 150,000 entries of an audit log.
const BYTES_MAX: u64 = 256 << 20;

/// What stands for stdin.
const STDIN: &str = "-";

/// The rows of all files.
pub(super) fn rows(args: &ScenarioTraceArgs) -> anyhow::Result<Rows> {
    let told = &args.rows;
    let columns = Columns::new(
        told.time_column.as_deref(),
        told.action_column.as_deref(),
        told.device_column.as_deref(),
    );
    let mut rows = Rows::new(columns);
    for path in &args.files {
        let text = text(path)?;
        let layout = args.format.or_else(|| by_name(path)).unwrap_or_else(|| Layout::of(&text));
        rows.read(&text, layout)
            .map_err(|error| bad(path, &format!("{:#}", anyhow::Error::new(error))))?;
    }
    Ok(rows)
}

/// The layout that the name of a file tells.
fn by_name(path: &Path) -> Option<Layout> {
    match path.extension().and_then(OsStr::to_str)?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Layout::Csv),
        "json" | "jsonl" | "ndjson" => Some(Layout::Json),
        _ => None,
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    opened(path)?
        .take(BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("failed to read {}", path.display()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        let most = BYTES_MAX >> 20;
        return Err(bad(path, &format!("more than {most} MiB: divide it, and give the parts")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        bad(
            path,
            &format!("no text in UTF-8 from byte {valid} on: convert it, with iconv for example"),
        )
    })
}

fn opened(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path.as_os_str() == STDIN {
        return Ok(Box::new(stdin().lock()));
    }
    let file = File::open(path)
        .map_err(|error| usage_error(format!("failed to open {}: {error}", path.display())))?;
    Ok(Box::new(file))
}

/// What a file is called when it is spoken of.
pub(super) fn shown(path: &Path) -> String {
    if path.as_os_str() == STDIN { "stdin".to_owned() } else { path.display().to_string() }
}

fn bad(path: &Path, what: &str) -> anyhow::Error {
    let message = format!("{}: {what}", shown(path));
    anyhow::Error::new(ExitWith { exit: Exit::BadFile, message })
}
