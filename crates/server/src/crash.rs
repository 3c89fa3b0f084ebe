//! A fault injector: a server that dies at a named point.
//!
//! What a power cut does at a bad moment cannot be tried by killing a process from outside: the
//! moment is never hit. A server that is told `--crash-at POINT[:N]` aborts the N-th time it passes
//! the point, without a word to anyone; what was durable then is all the next server on its folder
//! finds. A server that is told nothing keeps no list and pays one look at an empty place.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use muster_control::{CommandState, DeviceRecord, Writes};
use tracing::warn;

/// Where a server can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// It has decided and written nothing.
    Before(Step),
    /// It has written and told nobody.
    After(Step),
    /// It is about to hand a command to the connection of its device.
    Sending,
    /// It has handed it over.
    Sent,
    /// An answer has come, and nothing is made of it yet.
    ResultReceived,
    /// The certificate of a new device is on its way.
    EnrolmentReplied,
}

/// What becomes durable. One transaction may be several steps: an answer and the next command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A command an administrator has asked for.
    Command,
    /// An attempt that goes to the device.
    HandOver,
    /// What an answer, or the activation service, makes of a command.
    Settle,
    /// A command whose session ended before its answer.
    HandBack,
    /// The end of a command that is not carried out: overdue, superseded or taken back.
    Cancel,
    /// A new device, or the new life of a known one.
    Enrolment,
    /// Secrets a device has handed over.
    TokenUpdate,
    /// What a device says of itself.
    Report,
}

/// A server is to die the n-th time it passes a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    /// Where.
    pub point: CrashPoint,
    /// Which time, counted from one over the life of the process.
    pub nth: NonZeroU32,
}

impl CrashPoint {
    /// Every point.
    pub const ALL: [Self; 20] = [
        Self::Before(Step::Command),
        Self::After(Step::Command),
        Self::Before(Step::HandOver),
        Self::After(Step::HandOver),
        Self::Sending,
        Self::Sent,
        Self::ResultReceived,
        Self::Before(Step::Settle),
        Self::After(Step::Settle),
        Self::Before(Step::HandBack),
        Self::After(Step::HandBack),
        Self::Before(Step::Cancel),
        Self::After(Step::Cancel),
        Self::Before(Step::Enrolment),
        Self::After(Step::Enrolment),
        Self::EnrolmentReplied,
        Self::Before(Step::TokenUpdate),
        Self::After(Step::TokenUpdate),
        Self::Before(Step::Report),
        Self::After(Step::Report),
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before(step) => step.names().0,
            Self::After(step) => step.names().1,
            Self::Sending => "before-command-sent",
            Self::Sent => "after-command-sent",
            Self::ResultReceived => "result-received",
            Self::EnrolmentReplied => "after-enrolment-reply",
        }
    }
}

impl Step {
    /// The points before and after it.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Command => ("before-command-commit", "after-command-commit"),
            Self::HandOver => ("before-hand-over-commit", "after-hand-over-commit"),
            Self::Settle => ("before-settle-commit", "after-settle-commit"),
            Self::HandBack => ("before-hand-back-commit", "after-hand-back-commit"),
            Self::Cancel => ("before-cancel-commit", "after-cancel-commit"),
            Self::Enrolment => ("before-enrolment-commit", "after-enrolment-commit"),
            Self::TokenUpdate => ("before-token-update-commit", "after-token-update-commit"),
            Self::Report => ("before-report-commit", "after-report-commit"),
        }
    }

    /// What a command's row says of it, against the row before.
    fn of_command(was: Option<&CommandState>, is: &CommandState) -> Vec<Self> {
        match (was, is) {
            (None, CommandState::InFlight) => vec![Self::Command, Self::HandOver],
            (None, _) => vec![Self::Command],
            (Some(CommandState::InFlight), CommandState::InFlight) => Vec::new(),
            (Some(_), CommandState::InFlight) => vec![Self::HandOver],
            (Some(CommandState::InFlight), CommandState::Queued) => vec![Self::HandBack],
            (Some(_), CommandState::Queued | CommandState::AtService) => Vec::new(),
            (Some(was), _) if was.is_terminal() => Vec::new(),
            (Some(_), CommandState::Canceled { .. }) => vec![Self::Cancel],
            (
                Some(_),
                CommandState::NotNow
                | CommandState::Done { .. }
                | CommandState::Failed { .. }
                | CommandState::NotSupported { .. },
            ) => vec![Self::Settle],
        }
    }
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that names no point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrashAtError {
    /// There is no such point.
    #[error("no point is called {name:?}: expected one of {}", CrashPoint::ALL.map(CrashPoint::name).join(", "))]
    UnknownPoint {
        /// What was written.
        name: String,
    },
    /// A count that is none.
    #[error("{count:?} is no number of times above zero")]
    BadCount {
        /// What was written.
        count: String,
    },
}

/// Reads `POINT` or `POINT:N`.
impl FromStr for CrashAt {
    type Err = CrashAtError;

    fn from_str(text: &str) -> Result<Self, CrashAtError> {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let point = CrashPoint::ALL.into_iter().find(|point| point.name() == name);
        let point = point.ok_or_else(|| CrashAtError::UnknownPoint { name: name.to_owned() })?;
        let nth = count.parse().ok();
        let nth = nth.ok_or_else(|| CrashAtError::BadCount { count: count.to_owned() })?;
        Ok(Self { point, nth })
    }
}

/// As it is read.
impl fmt::Display for CrashAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.point, self.nth)
    }
}

/// The points of a running server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crashes(Option<Arc<[Armed]>>);

#[derive(Debug)]
struct Armed {
    point: CrashPoint,
    /// How often it is still passed; past zero it counts on, which no process lives to see.
    left: AtomicU32,
}

impl Crashes {
    pub(crate) fn at(wanted: &[CrashAt]) -> Self {
        let armed = |at: &CrashAt| Armed { point: at.point, left: AtomicU32::new(at.nth.get()) };
        Self((!wanted.is_empty()).then(|| wanted.iter().map(armed).collect()))
    }

    /// The server passes a point, and may not come out on the other side.
    pub(crate) fn pass(&self, point: CrashPoint) {
        if self.is_last(point) {
            warn!(%point, "the server dies here because it was told to");
            std::process::abort();
        }
    }

    /// What a decision makes durable, if anybody wants to know.
    pub(crate) fn steps(
        &self,
        before: &DeviceRecord,
        after: &DeviceRecord,
        writes: &Writes,
    ) -> Vec<Step> {
        if self.0.is_none() {
            return Vec::new();
        }
        let mut steps: Vec<Step> = Vec::new();
        for command in &writes.commands {
            let was = before.commands().find(|row| row.sequence == command.sequence);
            steps.extend(Step::of_command(was.map(|row| &row.state), &command.state));
        }
        steps.extend((before.escrow != after.escrow).then_some(Step::TokenUpdate));
        steps.extend((before.status != after.status).then_some(Step::Report));
        steps
    }

    /// The points before these steps.
    pub(crate) fn before(&self, steps: &[Step]) {
        steps.iter().for_each(|step| self.pass(CrashPoint::Before(*step)));
    }

    /// The points after them.
    pub(crate) fn after(&self, steps: &[Step]) {
        steps.iter().for_each(|step| self.pass(CrashPoint::After(*step)));
    }

    fn is_last(&self, point: CrashPoint) -> bool {
        let Some(armed) = &self.0 else { return false };
        let passed = armed.iter().filter(|armed| armed.point == point);
        passed.fold(false, |last, armed| last | (armed.left.fetch_sub(1, Ordering::Relaxed) == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_control::CancelReason;

    fn read(text: &str) -> Result<CrashAt, CrashAtError> {
        text.parse()
    }

    #[test]
    fn every_point_is_read_as_it_is_written_and_no_name_stands_twice() {
        for (at, point) in CrashPoint::ALL.into_iter().enumerate() {
            let third = CrashAt { point, nth: NonZeroU32::new(3).unwrap() };
            assert_eq!(read(&third.to_string()), Ok(third));
            assert_eq!(read(point.name()).unwrap().nth, NonZeroU32::MIN);
            assert!(!CrashPoint::ALL[..at].contains(&point));
        }
    }

    #[test]
    fn a_mistake_is_named_and_what_would_do_instead() {
        let unknown = read("commit").unwrap_err().to_string();
        assert!(
            unknown.starts_with("no point is called \"commit\": expected one of before-command")
        );
        let zero = read("result-received:0").unwrap_err().to_string();
        assert_eq!(zero, "\"0\" is no number of times above zero");
    }

    #[test]
    fn the_nth_time_is_the_last_one_and_other_points_do_not_count() {
        let crashes = Crashes::at(&[read("result-received:3").unwrap()]);
        assert!(!crashes.is_last(CrashPoint::Sent));
        let passes = [(); 3].map(|()| crashes.is_last(CrashPoint::ResultReceived));
        assert_eq!(passes, [false, false, true]);
    }

    #[test]
    fn without_points_nothing_is_ever_the_last_time() {
        assert!(!Crashes::at(&[]).is_last(CrashPoint::ResultReceived));
        assert!(Crashes::default().0.is_none());
    }

    #[test]
    fn the_steps_of_a_command_follow_from_its_rows() {
        let done = CommandState::Done { passcode: None };
        let canceled = CommandState::Canceled { reason: CancelReason::Expired };
        let (queued, in_flight) = (CommandState::Queued, CommandState::InFlight);
        let steps = Step::of_command;
        assert_eq!(steps(None, &queued), [Step::Command]);
        assert_eq!(steps(None, &in_flight), [Step::Command, Step::HandOver]);
        assert_eq!(steps(Some(&queued), &in_flight), [Step::HandOver]);
        assert_eq!(steps(Some(&in_flight), &queued), [Step::HandBack]);
        assert_eq!(steps(Some(&in_flight), &done), [Step::Settle]);
        assert_eq!(steps(Some(&queued), &canceled), [Step::Cancel]);
        // A passcode that is blanked writes a row that has ended before.
        assert_eq!(steps(Some(&done), &done), []);
    }
}
