//! What a rule has to say.

use std::fmt;

/// One breach of one rule: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// File, from the root of the repository; with its line if there is one.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn new(
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }

    /// The same, about one line, counted from 1.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.place = format!("{}:{line}", self.place);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    -> {}", self.place, self.what, self.remedy)
    }
}

/// Fails the test that calls it, with every finding in the message.
///
/// # Panics
/// If there is a finding.
pub fn assert_none(mut findings: Vec<Finding>) {
    findings.sort();
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        findings.is_empty(),
        "{} breach(es) of a house rule:\n{}",
        findings.len(),
        list.join("\n")
    );
}
