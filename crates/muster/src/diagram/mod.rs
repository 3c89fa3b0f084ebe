//! Sequence diagrams of a failure: text for an issue, and a page that needs nothing else.

mod html;
mod lanes;

pub(crate) use html::page;
pub(crate) use lanes::{lanes, text};

use crate::case_file::CaseFile;

/// What stands above either form.
fn headline(case: &CaseFile) -> String {
    let manifest = &case.manifest;
    format!(
        "seed {}, muster {} (commit {}), plan {:016x}",
        manifest.seed,
        manifest.version,
        manifest.commit,
        case.plan.digest(),
    )
}
