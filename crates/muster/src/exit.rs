//! Exit codes: never the same for "the test failed" and "the tool failed".

use std::process::ExitCode;

use muster_report::Verdict;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything is as it should be.
    Ok,
    /// The run was made and its verdict is a failure.
    VerdictFailed,
    /// The run was made and nobody can tell what it shows.
    Inconclusive,
    /// The command line cannot be understood.
    Usage,
    /// A case, a recording, a scenario or a report that is none.
    BadFile,
    /// The server cannot be reached.
    Unreachable,
    /// The tool itself failed.
    Internal,
    /// Ended by Ctrl-C before its time.
    Interrupted,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::VerdictFailed => 1,
            Self::Inconclusive => 2,
            Self::Usage => 64,
            Self::BadFile => 65,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Ok,
            Verdict::Fail | Verdict::Aborted => Self::VerdictFailed,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that has an exit code of its own.
#[derive(Debug)]
pub(crate) struct ExitWith {
    /// The code.
    pub(crate) exit: Exit,
    /// What, why and what to do.
    pub(crate) message: String,
}

impl std::fmt::Display for ExitWith {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExitWith {}

/// An error of usage.
pub(crate) fn usage_error(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(ExitWith { exit: Exit::Usage, message: message.into() })
}

/// Prints what clap has to say: help is no error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}

/// Prints an error with its causes, each once.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    let mut text = String::from("error");
    for cause in error.chain() {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    eprintln!("{text}");
    let exit = error.downcast_ref::<ExitWith>().map_or(Exit::Internal, |with| with.exit);
    exit.into()
}
