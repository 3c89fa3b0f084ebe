//! A matrix as files: JSON, Markdown, one page.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use muster_conformance::matrix::Matrix;

use super::{markdown, page};

/// Writes `matrix.json`, `matrix.md` and `matrix.html` into a folder, which is made if it is not there.
pub(crate) fn write(matrix: &Matrix, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let json = format!("{}\n", serde_json::to_string_pretty(matrix)?);
    let page = page::page(matrix).context("failed to fill the page")?;
    let markdown = markdown::markdown(matrix);
    for (name, text) in [("matrix.json", json), ("matrix.md", markdown), ("matrix.html", page)] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}
