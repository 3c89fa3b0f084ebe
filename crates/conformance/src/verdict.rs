//! What comes of a case.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::requirement::Level;

/// How a script ended, before anybody weighs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything came as expected.
    Kept,
    /// The right thing happened in a wrong way: the connection was closed, with another code.
    Bent {
        /// What should have come.
        expected: String,
        /// What came.
        actual: String,
    },
    /// Something else happened.
    Broken {
        /// What should have come.
        expected: String,
        /// What came.
        actual: String,
    },
    /// The target does not offer what the case needs.
    Unsupported(String),
    /// It cannot be told, and why.
    Unclear(String),
    /// The suite itself failed.
    Trouble(String),
}

/// What a run says about a case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The target keeps to the requirement.
    Pass,
    /// The target breaks it.
    Fail,
    /// The target breaks what it should do, or does the right thing in a wrong way.
    Warn,
    /// The target claims to offer it, and says it does not.
    Unsupported,
    /// The target does not claim to offer it.
    NotApplicable,
    /// It cannot be told.
    Inconclusive,
    /// It was not played.
    Skipped,
    /// The suite itself failed.
    Error,
    /// It came out otherwise when it was played again.
    Flaky,
}

/// How hard a run judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rigour {
    /// What SHOULD be and is not is a warning; so is the right outcome with a wrong code.
    Usual,
    /// Both are failures.
    Strict,
}

impl Outcome {
    /// What it means for a requirement of this level.
    #[must_use]
    pub const fn weigh(&self, level: Level, rigour: Rigour) -> Verdict {
        match self {
            Self::Kept => Verdict::Pass,
            Self::Broken { .. } => match (level, rigour) {
                (Level::Must, _) | (Level::Should, Rigour::Strict) => Verdict::Fail,
                (Level::Should, Rigour::Usual) | (Level::May, _) => Verdict::Warn,
            },
            Self::Bent { .. } => match rigour {
                Rigour::Strict => Verdict::Fail,
                Rigour::Usual => Verdict::Warn,
            },
            Self::Unsupported(_) => Verdict::Unsupported,
            Self::Unclear(_) => Verdict::Inconclusive,
            Self::Trouble(_) => Verdict::Error,
        }
    }
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Unsupported,
        Self::NotApplicable,
        Self::Inconclusive,
        Self::Skipped,
        Self::Error,
        Self::Flaky,
    ];

    /// Whether nothing can be told about the target, through a fault of the run.
    #[must_use]
    pub const fn is_unclear(self) -> bool {
        match self {
            Self::Inconclusive | Self::Error => true,
            Self::Pass
            | Self::Fail
            | Self::Warn
            | Self::Unsupported
            | Self::NotApplicable
            | Self::Skipped
            | Self::Flaky => false,
        }
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unsupported => "unsupported",
            Self::NotApplicable => "not applicable",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
            Self::Error => "error",
            Self::Flaky => "flaky",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Outcome {
        Outcome::Broken { expected: "a".into(), actual: "b".into() }
    }

    #[test]
    fn only_what_must_be_fails_a_usual_run() {
        assert_eq!(broken().weigh(Level::Must, Rigour::Usual), Verdict::Fail);
        assert_eq!(broken().weigh(Level::Should, Rigour::Usual), Verdict::Warn);
        assert_eq!(broken().weigh(Level::Should, Rigour::Strict), Verdict::Fail);
        assert_eq!(broken().weigh(Level::May, Rigour::Strict), Verdict::Warn);
    }

    #[test]
    fn a_wrong_code_for_the_right_end_fails_a_strict_run_only() {
        let bent = Outcome::Bent { expected: "a".into(), actual: "b".into() };
        assert_eq!(bent.weigh(Level::Must, Rigour::Usual), Verdict::Warn);
        assert_eq!(bent.weigh(Level::Must, Rigour::Strict), Verdict::Fail);
    }
}
