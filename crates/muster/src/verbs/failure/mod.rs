//! `muster case replay`, `shrink`, `timeline` and `explain`: a case file taken apart.

mod explain;
mod hurry;
mod recorded;
mod replay;
mod shrink;
mod timeline;

use std::path::Path;

pub(super) use explain::explain;
pub(super) use recorded::cut;
pub(super) use replay::replay;
pub(super) use shrink::shrink;
pub(super) use timeline::timeline;

use crate::case_file::{CaseFile, CaseFileError};
use crate::exit::{Exit, ExitWith};
use crate::planted;
use crate::talk::say;

/// Reads a case file, and plants the fault it was found with, if this build has it.
fn open(path: &Path) -> anyhow::Result<CaseFile> {
    let case = CaseFile::read(path).map_err(|error| refused(path, error))?;
    let fault = case.manifest.planted.as_deref();
    if !planted::sow(fault.unwrap_or_default())
        && let Some(fault) = fault
    {
        say(&format!(
            "{}: found with the planted fault {fault}, which this build does not have",
            path.display()
        ));
    }
    Ok(case)
}

fn refused(path: &Path, error: CaseFileError) -> anyhow::Error {
    let message = format!("{:?} cannot be used", path.display().to_string());
    anyhow::Error::new(error).context(ExitWith { exit: Exit::BadCase, message })
}
