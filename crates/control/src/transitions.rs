//! The legal moves of a command: the one table every change of state is checked against.

use crate::command::CommandState;

/// A [`CommandState`] without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// See [`CommandState::Queued`].
    Queued,
    /// See [`CommandState::InFlight`].
    InFlight,
    /// See [`CommandState::NotNow`].
    NotNow,
    /// See [`CommandState::AtService`].
    AtService,
    /// See [`CommandState::Done`].
    Done,
    /// See [`CommandState::Failed`].
    Failed,
    /// See [`CommandState::NotSupported`].
    NotSupported,
    /// See [`CommandState::Canceled`].
    Canceled,
}

impl Stage {
    /// Every stage, in the order of a command's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::InFlight,
        Self::NotNow,
        Self::AtService,
        Self::Done,
        Self::Failed,
        Self::NotSupported,
        Self::Canceled,
    ];

    /// The name in tables and columns.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "inFlight",
            Self::NotNow => "notNow",
            Self::AtService => "atService",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotSupported => "notSupported",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the command is not over.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Queued | Self::InFlight | Self::NotNow | Self::AtService => true,
            Self::Done | Self::Failed | Self::NotSupported | Self::Canceled => false,
        }
    }
}

/// What can happen to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A wipe, retire or delete was accepted after it.
    FinalSubmitted,
    /// Its turn has come and the request was composed.
    Leased,
    /// Its turn has come and the request cannot be composed.
    Unsendable,
    /// The current attempt was answered `Acknowledged`.
    Acknowledged,
    /// The current attempt was answered `Error`.
    Error,
    /// The current attempt was answered `NotSupported`.
    NotSupported,
    /// The current attempt was answered `CommandFormatError`.
    FormatError,
    /// The current attempt was answered `NotNow`.
    NotNow,
    /// An attempt that is not the current one was answered.
    StaleAnswer,
    /// The answer that brought it here came once more.
    DuplicateAnswer,
    /// An administrator took it back.
    CancelRequested,
    /// Its time ran out.
    Expired,
    /// The connection broke.
    Disconnected,
    /// The device connected anew.
    Hello,
    /// The server started anew.
    Restored,
    /// Released or to be tried again after it was taken back or superseded in flight.
    Withdrawn,
    /// The device began a new run.
    Idle,
    /// The device was wiped, retired or enrolled anew.
    DeviceLeft,
    /// A call to the activation service was handed out for it.
    Called,
    /// The activation service removed the lock.
    ServiceUnlocked,
    /// The activation service refused every code there is.
    ServiceRefused,
    /// The activation service knows no such device.
    ServiceUnknown,
    /// The activation service could not be reached, or refused a code and there is another.
    ServiceAgain,
}

type Moves = &'static [(Stage, Stage)];

const LIVE_TO_CANCELED: Moves = &[
    (Stage::Queued, Stage::Canceled),
    (Stage::InFlight, Stage::Canceled),
    (Stage::NotNow, Stage::Canceled),
    (Stage::AtService, Stage::Canceled),
];

const WAITING_TO_CANCELED: Moves =
    &[(Stage::Queued, Stage::Canceled), (Stage::NotNow, Stage::Canceled)];

/// Every legal move. A stage an event does not name stays as it is.
pub(crate) const TRANSITIONS: &[(Event, Moves)] = &[
    (Event::FinalSubmitted, WAITING_TO_CANCELED),
    (Event::Leased, &[(Stage::Queued, Stage::InFlight), (Stage::NotNow, Stage::InFlight)]),
    (Event::Unsendable, &[(Stage::Queued, Stage::Failed), (Stage::NotNow, Stage::Failed)]),
    (Event::Acknowledged, &[(Stage::InFlight, Stage::Done)]),
    (Event::Error, &[(Stage::InFlight, Stage::Failed)]),
    (Event::NotSupported, &[(Stage::InFlight, Stage::NotSupported)]),
    (Event::FormatError, &[(Stage::InFlight, Stage::NotSupported)]),
    (Event::NotNow, &[(Stage::InFlight, Stage::NotNow)]),
    (Event::StaleAnswer, &[]),
    (Event::DuplicateAnswer, &[]),
    (Event::CancelRequested, WAITING_TO_CANCELED),
    (Event::Expired, LIVE_TO_CANCELED),
    (Event::Disconnected, &[(Stage::InFlight, Stage::Queued)]),
    (Event::Hello, &[(Stage::InFlight, Stage::Queued)]),
    (Event::Restored, &[(Stage::InFlight, Stage::Queued), (Stage::AtService, Stage::Queued)]),
    (Event::Withdrawn, &[(Stage::InFlight, Stage::Canceled), (Stage::AtService, Stage::Canceled)]),
    (Event::Idle, &[]),
    (Event::DeviceLeft, LIVE_TO_CANCELED),
    (Event::Called, &[(Stage::Queued, Stage::AtService), (Stage::NotNow, Stage::AtService)]),
    (Event::ServiceUnlocked, &[(Stage::AtService, Stage::Done)]),
    (Event::ServiceRefused, &[(Stage::AtService, Stage::Failed)]),
    (Event::ServiceUnknown, &[(Stage::AtService, Stage::NotSupported)]),
    (Event::ServiceAgain, &[(Stage::AtService, Stage::Queued)]),
];

/// Where `event` takes a command from `from`; `None` if it stays.
pub(crate) fn successor(event: Event, from: Stage) -> Option<Stage> {
    let (_, moves) = TRANSITIONS.iter().find(|(named, _)| *named == event)?;
    let found = moves.iter().find(|(before, _)| *before == from);
    found.map(|(_, after)| *after)
}

impl CommandState {
    /// The state without its data.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Queued => Stage::Queued,
            Self::InFlight => Stage::InFlight,
            Self::NotNow => Stage::NotNow,
            Self::AtService => Stage::AtService,
            Self::Done { .. } => Stage::Done,
            Self::Failed { .. } => Stage::Failed,
            Self::NotSupported { .. } => Stage::NotSupported,
            Self::Canceled { .. } => Stage::Canceled,
        }
    }
}

#[cfg(test)]
mod tests;
