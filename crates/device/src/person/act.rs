//! What people do by habit, small enough to be kept for a whole day.

use serde::{Deserialize, Serialize};

use super::{Attention, Connectivity, PersonEvent};
use crate::user::UserAction;

/// One event of a day. Nobody ends the management by habit: that takes a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Act {
    Lock,
    Unlock,
    SetPasscode,
    ForgetPasscode,
    StartFindMy,
    AcceptPrompt,
    Reboot,
    PowerOff,
    PowerOn,
    DrainBattery,
    ChargeBattery,
    GoOffline,
    GoOnline,
}

impl Act {
    pub(super) const fn event(self) -> PersonEvent {
        PersonEvent::User(match self {
            Self::Lock => UserAction::Lock,
            Self::Unlock => UserAction::Unlock,
            Self::SetPasscode => UserAction::SetPasscode,
            Self::ForgetPasscode => UserAction::ForgetPasscode,
            Self::StartFindMy => UserAction::StartFindMy,
            Self::AcceptPrompt => UserAction::AcceptPrompt,
            Self::Reboot => UserAction::Reboot,
            Self::PowerOff => UserAction::PowerOff,
            Self::PowerOn => UserAction::PowerOn,
            Self::DrainBattery => UserAction::UseBattery { left_percent: 0 },
            Self::ChargeBattery => UserAction::ChargeBattery,
            Self::GoOffline => return PersonEvent::Network(Connectivity::Offline),
            Self::GoOnline => return PersonEvent::Network(Connectivity::Online),
        })
    }

    /// What the act does to the person's attention, if anything.
    pub(super) const fn attention(self) -> Option<Attention> {
        match self {
            Self::Unlock => Some(Attention::OnDevice),
            Self::Lock | Self::Reboot | Self::PowerOff | Self::DrainBattery => {
                Some(Attention::Elsewhere)
            }
            Self::SetPasscode
            | Self::ForgetPasscode
            | Self::StartFindMy
            | Self::AcceptPrompt
            | Self::PowerOn
            | Self::ChargeBattery
            | Self::GoOffline
            | Self::GoOnline => None,
        }
    }
}
