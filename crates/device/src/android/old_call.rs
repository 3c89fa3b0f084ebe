//! `resetPassword`: the call that set passcodes before there were tokens, and who may still use it.

use muster_protocol::status::Presence;
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal};
use crate::spec::AgentTarget;

use Caller::{Administrator, DeviceOwner, ProfileOwner};
use TurnDown::{SaysNo, Throws};
use Verdict::{Refuses, Sets, SetsIfNone, SetsWhileUnlocked};

/// What an agent is to Android.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A device administrator, the legacy mode.
    Administrator,
    /// The owner of a work profile.
    ProfileOwner,
    /// The owner of the whole device.
    DeviceOwner,
}

/// Whether the user has unlocked the device since it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FirstUnlock {
    /// The user's storage is still sealed.
    Awaited,
    /// It is open until the next restart.
    Done,
}

/// What Android does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Sets the passcode.
    Sets,
    /// Sets one where there is none, otherwise turns the call down so.
    SetsIfNone(TurnDown),
    /// Sets it after the first unlock.
    SetsWhileUnlocked,
    /// Turns the call down.
    Refuses(TurnDown),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TurnDown {
    /// Throws a `SecurityException`.
    Throws,
    /// Returns `false`.
    SaysNo,
}

/// One line: who calls, lowest and highest API level, lowest and highest target of the agent.
type Line = (Caller, [u16; 2], [u16; 2], Verdict);

/// No upper bound.
const MAX: u16 = u16::MAX;

/// Who may still call it.
///
/// Source: `DevicePolicyManager.resetPassword` and `DevicePolicyManagerService`.
const LINES: &[Line] = &[
    (Administrator, [0, 23], [0, MAX], Sets),
    (Administrator, [24, 29], [0, 23], SetsIfNone(SaysNo)),
    (Administrator, [24, 29], [24, MAX], SetsIfNone(Throws)),
    (Administrator, [30, MAX], [0, 23], Refuses(SaysNo)),
    (Administrator, [30, MAX], [24, MAX], Refuses(Throws)),
    (ProfileOwner, [0, 23], [0, MAX], Sets),
    (ProfileOwner, [24, 25], [0, MAX], SetsWhileUnlocked),
    (ProfileOwner, [26, 29], [0, 25], SetsWhileUnlocked),
    (ProfileOwner, [26, 29], [26, MAX], Refuses(Throws)),
    (ProfileOwner, [30, MAX], [0, 25], Refuses(SaysNo)),
    (ProfileOwner, [30, MAX], [26, MAX], Refuses(Throws)),
    (DeviceOwner, [0, 23], [0, MAX], Sets),
    (DeviceOwner, [24, 25], [0, MAX], SetsWhileUnlocked),
    (DeviceOwner, [26, 29], [0, 25], SetsWhileUnlocked),
    (DeviceOwner, [26, 29], [26, MAX], Refuses(Throws)),
    (DeviceOwner, [30, MAX], [0, 25], Refuses(SaysNo)),
    (DeviceOwner, [30, MAX], [26, MAX], Refuses(Throws)),
];

/// Whether the call sets a passcode where `credential` is set now.
///
/// # Errors
/// A [`Refusal`] with what the agent makes of Android's answer: an exception tells it that this
/// version rules the call out, `false` only that it failed.
pub(super) fn judge(
    caller: Caller,
    api: ApiLevel,
    target: AgentTarget,
    credential: Presence,
    first_unlock: FirstUnlock,
) -> Result<(), Refusal> {
    let verdict = verdicts(caller, api, target).next();
    match verdict.expect("every caller, level and target stands in a line") {
        Sets => Ok(()),
        SetsIfNone(_) if credential == Presence::NotSet => Ok(()),
        SetsWhileUnlocked if first_unlock == FirstUnlock::Done => Ok(()),
        SetsIfNone(Throws) | Refuses(Throws) => Err(NO_RIGHT),
        SetsIfNone(SaysNo) | Refuses(SaysNo) | SetsWhileUnlocked => Err(SAID_NO),
    }
}

fn verdicts(caller: Caller, api: ApiLevel, target: AgentTarget) -> impl Iterator<Item = Verdict> {
    let fits = |[low, high]: [u16; 2], level| low <= level && level <= high;
    let found = LINES.iter().filter(move |(who, levels, targets, _)| {
        *who == caller && fits(*levels, api.number()) && fits(*targets, target.level())
    });
    found.map(|(_, _, _, verdict)| *verdict)
}

const NO_RIGHT: Refusal = Refusal::new(
    CommandErrorCode::ApiLevel,
    "SecurityException: this agent may not reset the passcode on this version",
);
const SAID_NO: Refusal = Refusal::new(CommandErrorCode::Unknown, "resetPassword returned false");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_level_and_target_stands_in_exactly_one_line() {
        for caller in [Administrator, ProfileOwner, DeviceOwner] {
            for api in (0..=40).chain([MAX]) {
                for target in (0..=40).chain([MAX]) {
                    let found = verdicts(caller, ApiLevel::new(api), AgentTarget::new(target));
                    assert_eq!(found.count(), 1, "{caller:?} {api} {target}");
                }
            }
        }
    }
}
