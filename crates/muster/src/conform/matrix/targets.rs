//! Which targets stand side by side: `targets.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Longest file, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Most targets: more columns do not fit any page.
const TARGETS_MAX: usize = 8;

/// The targets of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Targets(pub(crate) Vec<Entry>);

/// One target, and how it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What its column is called; none: what it calls itself.
    pub(crate) name: Option<String>,
    /// Who it is.
    pub(crate) source: Source,
    /// What it claims.
    pub(crate) capabilities: Option<PathBuf>,
    /// What it is excused from.
    pub(crate) expected_failures: Option<PathBuf>,
}

/// Who a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// muster's own server.
    Own(Own),
    /// A muster server that runs on this folder.
    Data(PathBuf),
    /// Somebody's server.
    Server {
        /// Where it is.
        address: SocketAddr,
        /// The certificate of its CA.
        ca: PathBuf,
        /// Where its hook is.
        hook: String,
    },
    /// A report that was made before.
    Report(PathBuf),
}

/// How muster's own server is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Own {
    /// Over UDP.
    Live,
    /// In virtual time.
    Sim,
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    target: Vec<Row>,
}

/// A target as it stands in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    name: Option<String>,
    own: Option<Own>,
    data: Option<PathBuf>,
    server: Option<SocketAddr>,
    ca: Option<PathBuf>,
    hook: Option<String>,
    report: Option<PathBuf>,
    capabilities: Option<PathBuf>,
    expected_failures: Option<PathBuf>,
}

/// A file that names no targets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetsError {
    /// Longer than any such file.
    #[error("the file is longer than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or with members that mean nothing.
    #[error("{0}")]
    Malformed(String),
    /// None, or too many.
    #[error("{0} targets; there may be 1 to {TARGETS_MAX}")]
    Count(usize),
    /// Nobody, or several at once.
    #[error("target {0} needs one of own, data, server and report")]
    WhoIsIt(usize),
    /// A server that cannot be spoken with.
    #[error("target {0} needs ca and hook as well, and only a server has them")]
    Incomplete(usize),
    /// A report is judged already.
    #[error("target {0} is a report: what it claims and is excused from was said when it was made")]
    Judged(usize),
}

impl Targets {
    /// Reads a file; its paths begin at `folder`.
    ///
    /// # Errors
    /// [`TargetsError`].
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, TargetsError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(TargetsError::TooLarge);
        }
        let malformed = |error: toml::de::Error| TargetsError::Malformed(error.to_string());
        let rows = toml::from_str::<File>(text).map_err(malformed)?.target;
        if !(1..=TARGETS_MAX).contains(&rows.len()) {
            return Err(TargetsError::Count(rows.len()));
        }
        let entries = rows.into_iter().zip(1..).map(|(row, number)| row.entry(number, folder));
        Ok(Self(entries.collect::<Result<_, _>>()?))
    }
}

impl Row {
    fn entry(self, number: usize, folder: &Path) -> Result<Entry, TargetsError> {
        let at = |path: PathBuf| folder.join(path);
        let has_server_parts = self.ca.is_some() || self.hook.is_some();
        let source = match (self.own, self.data, self.server, self.report) {
            (Some(own), None, None, None) => Source::Own(own),
            (None, Some(data), None, None) => Source::Data(at(data)),
            (None, None, Some(address), None) => match (self.ca, self.hook) {
                (Some(ca), Some(hook)) => Source::Server { address, ca: at(ca), hook },
                (_, _) => return Err(TargetsError::Incomplete(number)),
            },
            (None, None, None, Some(report)) => Source::Report(at(report)),
            (_, _, _, _) => return Err(TargetsError::WhoIsIt(number)),
        };
        let is_judged_here = self.capabilities.is_some() || self.expected_failures.is_some();
        match source {
            Source::Own(_) | Source::Data(_) | Source::Report(_) if has_server_parts => {
                return Err(TargetsError::Incomplete(number));
            }
            Source::Report(_) if is_judged_here => return Err(TargetsError::Judged(number)),
            Source::Own(_) | Source::Data(_) | Source::Report(_) | Source::Server { .. } => {}
        }
        Ok(Entry {
            name: self.name,
            source,
            capabilities: self.capabilities.map(at),
            expected_failures: self.expected_failures.map(at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
        [[target]]
        own = "sim"
        [[target]]
        name = "mine"
        server = "127.0.0.1:4433"
        ca = "ca.pem"
        hook = "http://127.0.0.1:9000"
        capabilities = "capabilities.toml"
        [[target]]
        report = "before/report.json"
    "#;

    fn refused(text: &str) -> TargetsError {
        Targets::parse(text, Path::new("")).unwrap_err()
    }

    #[test]
    fn the_paths_of_a_file_begin_where_it_lies() {
        let Targets(entries) = Targets::parse(TEXT, Path::new("there")).unwrap();
        assert_eq!(entries[0].source, Source::Own(Own::Sim));
        assert_eq!(entries[1].capabilities, Some(PathBuf::from("there/capabilities.toml")));
        assert_eq!(entries[2].source, Source::Report("there/before/report.json".into()));
    }

    #[test]
    fn a_target_is_somebody_and_nobody_else() {
        assert_eq!(refused("[[target]]\nname = \"a\""), TargetsError::WhoIsIt(1));
        assert_eq!(refused("[[target]]\nown = \"live\"\ndata = \"a\""), TargetsError::WhoIsIt(1));
        assert_eq!(refused("target = []"), TargetsError::Count(0));
        let many = "[[target]]\nown = \"sim\"\n".repeat(TARGETS_MAX + 1);
        assert_eq!(refused(&many), TargetsError::Count(TARGETS_MAX + 1));
    }

    #[test]
    fn a_server_needs_its_ca_and_its_hook_and_nobody_else_has_them() {
        assert_eq!(refused(&TEXT.replace("ca = \"ca.pem\"", "")), TargetsError::Incomplete(2));
        assert_eq!(refused("[[target]]\nown = \"sim\"\nhook = \"a\""), TargetsError::Incomplete(1));
        let judged = "[[target]]\nreport = \"a\"\ncapabilities = \"b\"";
        assert_eq!(refused(judged), TargetsError::Judged(1));
    }

    #[test]
    fn a_member_that_means_nothing_is_refused() {
        assert!(matches!(refused(&TEXT.replace("hook", "hoook")), TargetsError::Malformed(_)));
        assert_eq!(refused(&" ".repeat(FILE_BYTES_MAX + 1)), TargetsError::TooLarge);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,400}") {
            let _judged = Targets::parse(&text, Path::new(""));
        }
    }
}
