//! The files of the repository, as git sees them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// One text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the root of the repository, with `/` between folders.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// All files that are tracked, or would be with the next `git add`.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// In the order of their paths.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the repository this crate stands in.
    ///
    /// # Errors
    /// If git cannot list the files or one of them cannot be read.
    pub fn load() -> io::Result<Self> {
        let root = root();
        let mut paths = git_lines(&root, &["--cached", "--others", "--exclude-standard"])?;
        paths.sort();
        paths.dedup();
        // A file deleted in the work tree is still listed; one that is no text is no concern.
        let read = |path: String| {
            let bytes = fs::read(root.join(&path)).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            Some(File { path, text })
        };
        Ok(Self { files: paths.into_iter().filter_map(read).collect() })
    }

    /// A tree made by hand, for the tests of the rules.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self { files: files.iter().map(file).collect() }
    }

    /// The file at this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every file whose name ends so.
    pub fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }

    /// Whether a file or a folder stands at this path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let stands = |file: &File| file.path == path || file.path.starts_with(&folder);
        self.files.iter().any(stands)
    }

    /// The names of the folders in `crates`.
    #[must_use]
    pub fn crates(&self) -> Vec<&str> {
        let name = |file: &'_ File| {
            file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").map(str::len)
        };
        let mut names: Vec<&str> = self
            .files
            .iter()
            .filter_map(|file| name(file).map(|length| &file.path["crates/".len()..][..length]))
            .filter(|name| !name.contains('/'))
            .collect();
        names.sort_unstable();
        names
    }
}

/// Whether git tracks this path already.
///
/// # Errors
/// If git cannot be asked.
pub fn is_tracked(path: &str) -> io::Result<bool> {
    Ok(!git_lines(&root(), &["--cached", "--", path])?.is_empty())
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn git_lines(root: &Path, arguments: &[&str]) -> io::Result<Vec<String>> {
    let listing = Command::new("git").arg("ls-files").args(arguments).current_dir(root).output()?;
    if listing.status.success() {
        let text = String::from_utf8_lossy(&listing.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    } else {
        Err(io::Error::other(format!(
            "git ls-files failed: {}",
            String::from_utf8_lossy(&listing.stderr)
        )))
    }
}
