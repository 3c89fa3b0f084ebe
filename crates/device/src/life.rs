//! The life cycle: phases and the only moves between them.

use serde::{Deserialize, Serialize};

/// Where a device stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// New or erased: the set-up has not enrolled it yet.
    SetupAssistant,
    /// Set up while an Activation Lock was on: asks for the owner's account.
    ActivationPrompt,
    /// Asked the server for an enrolment.
    Enrolling,
    /// Managed.
    Enrolled,
    /// Retired: stays out.
    Unenrolled,
}

impl Phase {
    /// Every phase, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::SetupAssistant,
        Self::ActivationPrompt,
        Self::Enrolling,
        Self::Enrolled,
        Self::Unenrolled,
    ];
}

/// Why a device moves from one phase to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The set-up reached the point where a managed device enrols.
    SetUp,
    /// The server granted the enrolment.
    Granted,
    /// The server refused it.
    Refused,
    /// Everything was erased.
    Erased,
    /// The vendor's service says that the device is locked.
    Locked,
    /// The vendor's service lets the set-up go on.
    Unlocked,
    /// The management ended.
    Left,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 7] = [
        Self::SetUp,
        Self::Granted,
        Self::Refused,
        Self::Erased,
        Self::Locked,
        Self::Unlocked,
        Self::Left,
    ];
}

/// The legal moves: from, why, to. There are no others.
const TRANSITIONS: &[(Phase, Cause, Phase)] = &[
    (Phase::SetupAssistant, Cause::SetUp, Phase::Enrolling),
    (Phase::Enrolling, Cause::Granted, Phase::Enrolled),
    (Phase::Enrolling, Cause::Refused, Phase::SetupAssistant),
    (Phase::Enrolled, Cause::Left, Phase::Unenrolled),
    (Phase::Enrolled, Cause::Erased, Phase::SetupAssistant),
    (Phase::Unenrolled, Cause::Erased, Phase::SetupAssistant),
    (Phase::SetupAssistant, Cause::Locked, Phase::ActivationPrompt),
    (Phase::ActivationPrompt, Cause::Unlocked, Phase::SetupAssistant),
];

/// Where `cause` leads from `phase`; `None` if it cannot happen there.
#[must_use]
pub fn next_phase(phase: Phase, cause: Cause) -> Option<Phase> {
    let found = TRANSITIONS.iter().find(|(from, why, _)| (*from, *why) == (phase, cause));
    found.map(|(_, _, to)| *to)
}
