//! What a target is excused from: `expected-failures.toml`.
//!
//! An entry needs a reason, a link and a day on which it ends, so that no list rots: a case that
//! passes although it is expected to fail is a failure of the run, and so is an entry nothing
//! answers to.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Deserialize;

use crate::verdict::Verdict;

/// Longest file, in bytes.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// The entries of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    entries: Vec<Exception>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The name of a case, in which `*` stands for anything.
    pub case: String,
    /// What is expected of it.
    #[serde(default)]
    pub kind: Kind,
    /// Why.
    pub reason: String,
    /// Where it is being worked on.
    pub link: String,
    /// The last day it holds: `2026-12-31`.
    pub until: String,
}

/// What is expected of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It fails.
    #[default]
    Fails,
    /// It fails now and then: its verdict never counts.
    Flaky,
}

/// What an entry makes of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excused<'a> {
    /// There is none for this case.
    No,
    /// It fails, as expected.
    AsExpected(&'a Exception),
    /// It passes: the entry has to go.
    PassesAfterAll(&'a Exception),
    /// Whatever it does, it is known to be flaky.
    Flaky(&'a Exception),
}

/// A file that excuses nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionError {
    /// Longer than any such file.
    #[error("the file is longer than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or with members that mean nothing or are missing.
    #[error("{0}")]
    Malformed(String),
    /// No date.
    #[error("{0:?} is no day; write it as 2026-12-31")]
    NoDay(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionFile {
    #[serde(default)]
    expected: Vec<Exception>,
}

impl Exceptions {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ExceptionError`].
    pub fn parse(text: &str) -> Result<Self, ExceptionError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(ExceptionError::TooLarge);
        }
        let malformed = |error: toml::de::Error| ExceptionError::Malformed(error.to_string());
        let file: ExceptionFile = toml::from_str(text).map_err(malformed)?;
        match file.expected.iter().find(|entry| !is_day(&entry.until)) {
            Some(entry) => Err(ExceptionError::NoDay(entry.until.clone())),
            None => Ok(Self { entries: file.expected }),
        }
    }

    /// What becomes of the verdict on the case called `name`, on the day `today`.
    #[must_use]
    pub fn excuse(&self, name: &str, verdict: Verdict, today: &str) -> Excused<'_> {
        let holds = |entry: &&Exception| today <= entry.until.as_str() && fits(&entry.case, name);
        let Some(entry) = self.entries.iter().find(holds) else { return Excused::No };
        match (entry.kind, verdict) {
            (Kind::Flaky, _) => Excused::Flaky(entry),
            (Kind::Fails, Verdict::Fail | Verdict::Warn) => Excused::AsExpected(entry),
            (Kind::Fails, Verdict::Pass) => Excused::PassesAfterAll(entry),
            (
                Kind::Fails,
                Verdict::Unsupported
                | Verdict::NotApplicable
                | Verdict::Inconclusive
                | Verdict::Skipped
                | Verdict::Error
                | Verdict::Flaky,
            ) => Excused::No,
        }
    }

    /// The entries no case of these answers to, and those whose time is over.
    pub fn idle<'a>(
        &'a self,
        names: &'a [String],
        today: &'a str,
    ) -> impl Iterator<Item = &'a Exception> {
        self.entries.iter().filter(move |entry| {
            today > entry.until.as_str() || !names.iter().any(|name| fits(&entry.case, name))
        })
    }
}

/// An entry to copy for a case that fails.
#[must_use]
pub fn template(name: &str, actual: &str) -> String {
    format!(
        "[[expected]]\ncase = {name:?}\nreason = {actual:?}\nlink = \"\"\nuntil = \"YYYY-MM-DD\"\n"
    )
}

/// Whether a pattern with stars fits a name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

fn is_day(text: &str) -> bool {
    let numbers: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let is_shaped = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    is_shaped
        && matches!(numbers[..], [Some(_), Some(1..=12), Some(1..=31)])
        && !text.to_string().contains('+')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
        [[expected]]
        case = "MDM-QUEUE-*"
        reason = "the queue is being written anew"
        link = "https://example.com/1"
        until = "2026-12-31"
    "#;

    #[test]
    fn a_failure_is_excused_until_its_day_is_over() {
        let list = Exceptions::parse(TEXT).unwrap();
        let on = |day| list.excuse("MDM-QUEUE-003", Verdict::Fail, day);
        assert!(matches!(on("2026-12-31"), Excused::AsExpected(_)));
        assert_eq!(on("2027-01-01"), Excused::No);
    }

    #[test]
    fn a_pass_nobody_expected_is_told() {
        let list = Exceptions::parse(TEXT).unwrap();
        let excused = list.excuse("MDM-QUEUE-003", Verdict::Pass, "2026-12-01");
        assert!(matches!(excused, Excused::PassesAfterAll(_)));
    }

    #[test]
    fn an_entry_nothing_answers_to_is_told() {
        let list = Exceptions::parse(TEXT).unwrap();
        let names = [String::from("MDM-ACK-001")];
        assert_eq!(list.idle(&names, "2026-12-01").count(), 1);
        let names = [String::from("MDM-QUEUE-001")];
        assert_eq!(list.idle(&names, "2026-12-01").count(), 0);
        assert_eq!(list.idle(&names, "2027-12-01").count(), 1);
    }

    #[test]
    fn an_entry_without_reason_link_or_day_is_refused() {
        for member in ["reason", "link", "until"] {
            let wrong = TEXT.replace(member, "note");
            assert!(matches!(Exceptions::parse(&wrong), Err(ExceptionError::Malformed(_))));
        }
        let wrong = TEXT.replace("2026-12-31", "31.12.2026");
        assert!(matches!(Exceptions::parse(&wrong), Err(ExceptionError::NoDay(_))));
    }

    #[test]
    fn a_template_becomes_an_entry_with_a_link_and_a_day() {
        let text =
            template("MDM-ACK-001", "closed with BadFrame").replace("YYYY-MM-DD", "2026-12-31");
        let list = Exceptions::parse(&text).unwrap();
        let excused = list.excuse("MDM-ACK-001", Verdict::Fail, "2026-12-01");
        assert!(matches!(excused, Excused::AsExpected(_)));
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, wanted) in [
            ("*", "MDM-ACK-001", true),
            ("MDM-*-001", "MDM-ACK-001", true),
            ("MDM-*-001", "MDM-ACK-0011", false),
            ("MDM-ACK-001", "MDM-ACK-001/mode:device", false),
            ("MDM-ACK-001*", "MDM-ACK-001/mode:device", true),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,400}", name in "\\PC{0,20}") {
            if let Ok(list) = Exceptions::parse(&text) {
                let _excused = list.excuse(&name, Verdict::Fail, "2026-01-01");
            }
            let _fits = fits(&text, &name);
        }
    }
}
