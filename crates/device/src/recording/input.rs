//! Inputs without their secrets.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::management::{ToDevice, Welcome};
use muster_protocol::{AppleRequest, Command, CommandHead, DeviceId, Policy, PushTarget, Request};
use serde::{Deserialize, Serialize};

use super::push::{disguise, name};
use super::secret::{Own, Reference, SecretMut};
use crate::activation::ActivationReply;
use crate::input::Input;
use crate::user::UserAction;

/// What is written where a person entered the name of an account.
const SOMEONE: &str = "someone";

/// An input as a recording has it: secrets are blank, references say what was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedInput {
    /// The event.
    pub event: RecordedEvent,
    /// What the blanks stand for, in their order.
    pub secrets: Vec<Reference>,
}

/// The same as [`Input`], in a form that can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordedEvent {
    /// See [`Input::Start`].
    Start,
    /// See [`Input::Enrolled`].
    Enrolled {
        /// Who the device is from now on.
        device: DeviceId,
    },
    /// See [`Input::EnrolmentRefused`].
    EnrolmentRefused,
    /// See [`Input::Connected`].
    Connected {
        /// Minor version of the server.
        minor: u16,
    },
    /// See [`Input::Disconnected`].
    Disconnected,
    /// See [`Input::Unenrolled`].
    Unenrolled,
    /// See [`ToDevice::Welcome`].
    Welcome(Welcome),
    /// See [`ToDevice::TokenUpdateAck`].
    TokenUpdateAck {
        /// Which update.
        sequence: u32,
    },
    /// See [`ToDevice::Command`].
    Command {
        /// Which command and attempt.
        head: CommandHead,
        /// What is asked; `None` if it could not be read.
        request: Option<Request>,
    },
    /// See [`ToDevice::Empty`].
    Empty,
    /// See [`Input::User`].
    User(UserAction),
    /// See [`Input::Activation`].
    Activation(ActivationReply),
    /// See [`Input::Deadline`].
    Deadline,
    /// See [`ToDevice::PolicyUpdate`].
    PolicyUpdate(Policy),
    /// See [`Input::PushTarget`]; with names for token and magic.
    PushTarget(PushTarget),
    /// See [`Input::Pushed`].
    Pushed {
        /// A name for the magic.
        magic: String,
    },
}

impl RecordedInput {
    /// The input without its secrets, named by what the device has shown so far.
    pub(super) fn of(input: &Input, own: &Own) -> Self {
        let mut input = input.clone();
        let mut secrets = Vec::new();
        visit(&mut input, &mut |mut place| {
            secrets.push(own.reference(&place.content()));
            let blank = place.unknown(0);
            place.set(&blank);
        });
        Self { event: RecordedEvent::of(input), secrets }
    }

    /// The input with the secrets of the device that is to take it.
    pub(super) fn restored(&self, own: &Own) -> Input {
        let mut input = self.event.clone().into_input();
        let mut secrets = self.secrets.iter();
        visit(&mut input, &mut |mut place| {
            if let Some(reference) = secrets.next() {
                own.restore(*reference, &mut place);
            }
        });
        input
    }

    /// The name of the event.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.event.clone().into_input().name()
    }
}

impl RecordedEvent {
    fn of(input: Input) -> Self {
        match input {
            Input::Start => Self::Start,
            Input::Enrolled { device } => Self::Enrolled { device },
            Input::EnrolmentRefused => Self::EnrolmentRefused,
            Input::Connected { minor } => Self::Connected { minor },
            Input::Disconnected => Self::Disconnected,
            Input::Unenrolled => Self::Unenrolled,
            Input::Message(ToDevice::Welcome(welcome)) => Self::Welcome(welcome),
            Input::Message(ToDevice::TokenUpdateAck { sequence }) => {
                Self::TokenUpdateAck { sequence }
            }
            Input::Message(ToDevice::Command(Command { head, request })) => {
                Self::Command { head, request }
            }
            Input::Message(ToDevice::Empty) => Self::Empty,
            Input::Message(ToDevice::PolicyUpdate(policy)) => Self::PolicyUpdate(policy),
            Input::User(action) => Self::User(nameless(action)),
            Input::Activation(reply) => Self::Activation(reply),
            Input::Deadline => Self::Deadline,
            Input::PushTarget(mut target) => {
                disguise(&mut target);
                Self::PushTarget(target)
            }
            Input::Pushed { magic } => Self::Pushed { magic: name(&magic) },
        }
    }

    fn into_input(self) -> Input {
        match self {
            Self::Start => Input::Start,
            Self::PolicyUpdate(policy) => Input::Message(ToDevice::PolicyUpdate(policy)),
            Self::Enrolled { device } => Input::Enrolled { device },
            Self::EnrolmentRefused => Input::EnrolmentRefused,
            Self::Connected { minor } => Input::Connected { minor },
            Self::Disconnected => Input::Disconnected,
            Self::Unenrolled => Input::Unenrolled,
            Self::Welcome(welcome) => Input::Message(ToDevice::Welcome(welcome)),
            Self::TokenUpdateAck { sequence } => {
                Input::Message(ToDevice::TokenUpdateAck { sequence })
            }
            Self::Command { head, request } => {
                Input::Message(ToDevice::Command(Command { head, request }))
            }
            Self::Empty => Input::Message(ToDevice::Empty),
            Self::User(action) => Input::User(action),
            Self::Activation(reply) => Input::Activation(reply),
            Self::Deadline => Input::Deadline,
            Self::PushTarget(target) => Input::PushTarget(target),
            Self::Pushed { magic } => Input::Pushed { magic },
        }
    }
}

/// The same without the name of an account; whether one was entered is all that matters.
fn nameless(action: UserAction) -> UserAction {
    match action {
        UserAction::EnterAtSetupAssistant { user_name, password } => {
            let is_blank = user_name.trim().is_empty();
            let user_name = if is_blank { String::new() } else { SOMEONE.to_owned() };
            UserAction::EnterAtSetupAssistant { user_name, password }
        }
        UserAction::Lock
        | UserAction::Unlock
        | UserAction::SetPasscode
        | UserAction::StartFindMy
        | UserAction::StopFindMy
        | UserAction::AcceptPrompt
        | UserAction::Reboot
        | UserAction::SignInAsOwner
        | UserAction::EraseAllContent
        | UserAction::RestoreFromBackup
        | UserAction::RestoreFromAnotherBackup
        | UserAction::ClearPasscode
        | UserAction::ForgetPasscode
        | UserAction::RemoveWorkProfile
        | UserAction::EnterPasscode(_)
        | UserAction::PowerOn
        | UserAction::PowerOff
        | UserAction::UseBattery { .. }
        | UserAction::ChargeBattery
        | UserAction::SignIn
        | UserAction::InstallProfile { .. }
        | UserAction::HoldManagement
        | UserAction::ReleaseManagement
        | UserAction::ExitLostMode
        | UserAction::TurnLocationOn
        | UserAction::TurnLocationOff
        | UserAction::ConsentToLocation
        | UserAction::LogIn { .. }
        | UserAction::LogOut
        | UserAction::WorkOffline => action,
    }
}

/// Shows every secret of an input, in a fixed order.
fn visit(input: &mut Input, see: &mut dyn FnMut(SecretMut<'_>)) {
    match input {
        Input::Message(ToDevice::Command(Command { request: Some(request), .. })) => {
            visit_request(request, see);
        }
        Input::User(
            UserAction::EnterAtSetupAssistant { password, .. }
            | UserAction::EnterPasscode(password),
        ) => see(SecretMut::Passcode(password)),
        Input::Message(
            ToDevice::Command(Command { request: None, .. })
            | ToDevice::Welcome(_)
            | ToDevice::TokenUpdateAck { .. }
            | ToDevice::Empty
            | ToDevice::PolicyUpdate(_),
        )
        | Input::User(_)
        | Input::Start
        | Input::Enrolled { .. }
        | Input::EnrolmentRefused
        | Input::Connected { .. }
        | Input::Disconnected
        | Input::Unenrolled
        | Input::Activation(_)
        | Input::Deadline
        | Input::PushTarget(_)
        | Input::Pushed { .. } => {}
    }
}

fn visit_request(request: &mut Request, see: &mut dyn FnMut(SecretMut<'_>)) {
    match request {
        Request::Apple(AppleRequest::ClearPasscode { unlock_token }) => {
            see(SecretMut::UnlockToken(unlock_token));
        }
        Request::Apple(AppleRequest::DisableActivationLock { bypass_code }) => {
            see(SecretMut::BypassCode(bypass_code));
        }
        Request::Apple(AppleRequest::InstallProfile { payload, .. }) => {
            see(SecretMut::Profile(payload));
        }
        Request::Apple(AppleRequest::ReturnToService { wifi_profile, mdm_profile, .. }) => {
            for payload in wifi_profile.iter_mut().chain(mdm_profile) {
                see(SecretMut::Profile(payload));
            }
        }
        Request::Apple(
            AppleRequest::EraseDevice { .. }
            | AppleRequest::DeviceLock { .. }
            | AppleRequest::SecurityInfo
            | AppleRequest::RemoveProfile { .. }
            | AppleRequest::DeviceInformation { .. }
            | AppleRequest::RestartDevice
            | AppleRequest::ShutDownDevice
            | AppleRequest::EnableLostMode { .. }
            | AppleRequest::DisableLostMode
            | AppleRequest::DeviceLocation
            | AppleRequest::PlayLostModeSound
            | AppleRequest::ActivationLockBypassCode
            | AppleRequest::ClearActivationLockBypassCode
            | AppleRequest::Settings { .. }
            | AppleRequest::ProfileList
            | AppleRequest::DeviceConfigured
            | AppleRequest::InstalledApplicationList
            | AppleRequest::RequestUnlockToken
            | AppleRequest::CertificateList
            | AppleRequest::InstallApplication { .. }
            | AppleRequest::ClearRestrictionsPassword
            | AppleRequest::SetDeviceName { .. }
            | AppleRequest::LogOutUser
            | AppleRequest::DeleteUser { .. },
        )
        | Request::Android(_) => {}
    }
}
