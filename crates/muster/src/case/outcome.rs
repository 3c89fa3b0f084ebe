//! What a step has to come to, and what it came to, in the same words.

use muster_agent::DeviceView;
use muster_device::{Contact, Note, Phase};
use muster_protocol::DeviceId;
use muster_protocol::status::{PlatformStatus, Presence, Switch};
use schemars::JsonSchema;
use serde::Deserialize;

/// What has to come of asking for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The server refuses at once: the platform can never do this.
    Refused,
    /// The server accepts, and the action is pending: the device is away, or says not now.
    Waits,
    /// The server accepts, and shows no more of it; this can be seen on the device itself.
    Accepted(Truth),
    /// The device has it and has not answered, and this can be seen on the device itself.
    Runs(Truth),
    /// The action ends in this state, and this can be seen on the device itself.
    Ends(&'static str, Truth),
}

/// What can be seen on the device itself. An acknowledgement alone proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Truth {
    /// The action has no effect that stays.
    #[default]
    Nothing,
    /// There is no passcode any more.
    PasscodeRemoved,
    /// The passcode is still there.
    PasscodeKept,
    /// The passcode shown to the administrator opens the device or the profile.
    TemporaryPasscodeOpens,
    /// The Activation Lock is on.
    LockOn,
    /// The Activation Lock is off.
    LockOff,
    /// Setup Assistant asks for the owner.
    AsksForOwner,
    /// The same hardware has enrolled as a new device.
    EnrolledAnew,
    /// The device is no longer managed and stays away.
    LeftManagement,
    /// The device is managed, and has no connection for a while.
    StaysAway,
    /// The device is managed, and has just left.
    Away,
    /// The device is connected.
    Connected,
    /// The server shows a temporary passcode.
    PasscodeShown,
    /// The server shows none any more.
    PasscodeGone,
    /// The server shows a bypass code.
    BypassCodeShown,
    /// The server shows none any more.
    BypassCodeGone,
    /// The server shows where the device is.
    LocationShown,
    /// The server does not show it any more.
    LocationGone,
    /// The device is not on the server's list.
    OffTheList,
    /// The device is in Lost Mode.
    Lost,
    /// It is not.
    NotLost,
}

/// What the server shows an administrator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// A temporary passcode.
    pub(crate) passcode: bool,
    /// Where the device is.
    pub(crate) location: bool,
    /// The bypass code.
    pub(crate) bypass_code: bool,
    /// The device, on its list.
    pub(crate) listed: bool,
}

/// What is there to judge by.
pub(crate) struct Evidence<'a> {
    /// The device now.
    pub(crate) view: &'a DeviceView,
    /// Whether it stays connected at all.
    pub(crate) contact: Contact,
    /// Who it was before the step.
    pub(crate) before: Option<DeviceId>,
    /// What a person saw when typing the temporary passcode.
    pub(crate) notes: &'a [Note],
    /// What the server shows, for truths of the server's.
    pub(crate) shown: Shown,
}

impl Truth {
    /// The truth in words, as they follow the state of an action.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::PasscodeRemoved => "passcode removed",
            Self::PasscodeKept => "passcode unchanged",
            Self::TemporaryPasscodeOpens => "temporary passcode opens it",
            Self::LockOn => "Activation Lock on",
            Self::LockOff => "Activation Lock off",
            Self::AsksForOwner => "asks for the owner",
            Self::EnrolledAnew => "enrolled anew",
            Self::LeftManagement => "left management",
            Self::StaysAway => "stays away",
            Self::Away => "away",
            Self::Connected => "connected",
            Self::PasscodeShown => "passcode shown",
            Self::PasscodeGone => "passcode not shown",
            Self::BypassCodeShown => "bypass code shown",
            Self::BypassCodeGone => "bypass code not shown",
            Self::LocationShown => "location shown",
            Self::LocationGone => "location not shown",
            Self::OffTheList => "off the list",
            Self::Lost => "in Lost Mode",
            Self::NotLost => "not in Lost Mode",
        }
    }

    /// Whether it can be seen.
    pub(crate) fn holds(self, evidence: &Evidence<'_>) -> bool {
        let Evidence { view, contact, before, notes, shown } = evidence;
        match self {
            Self::Nothing => true,
            Self::PasscodeRemoved => view.status.passcode == Presence::NotSet,
            Self::PasscodeKept => view.status.passcode == Presence::Set,
            Self::TemporaryPasscodeOpens => notes.contains(&Note::TemporaryPasscodeAccepted),
            Self::LockOn => lock(view) == Some(Switch::On),
            Self::LockOff => lock(view) == Some(Switch::Off),
            Self::AsksForOwner => view.phase == Phase::ActivationPrompt,
            Self::EnrolledAnew => {
                let has_come = view.connected || *contact == Contact::Woken;
                view.phase == Phase::Enrolled && has_come && view.id != *before
            }
            Self::LeftManagement => view.phase == Phase::Unenrolled && !view.connected,
            Self::StaysAway | Self::Away => view.phase == Phase::Enrolled && !view.connected,
            Self::Connected => view.connected,
            Self::PasscodeShown => shown.passcode,
            Self::PasscodeGone => !shown.passcode,
            Self::BypassCodeShown => shown.bypass_code,
            Self::BypassCodeGone => !shown.bypass_code,
            Self::LocationShown => shown.location,
            Self::LocationGone => !shown.location,
            Self::OffTheList => !shown.listed,
            Self::Lost => view.lost,
            Self::NotLost => !view.lost,
        }
    }

    /// Whether it is the server that shows it.
    pub(crate) fn is_the_servers(self) -> bool {
        matches!(
            self,
            Self::PasscodeShown
                | Self::PasscodeGone
                | Self::BypassCodeShown
                | Self::BypassCodeGone
                | Self::LocationShown
                | Self::LocationGone
                | Self::OffTheList
        )
    }

    /// Whether it only counts if it lasts.
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::StaysAway | Self::BypassCodeGone)
    }
}

fn lock(view: &DeviceView) -> Option<Switch> {
    match view.status.platform {
        PlatformStatus::Apple { activation_lock, .. } => Some(activation_lock),
        PlatformStatus::Android { .. } => None,
    }
}

/// The expected outcome in words.
pub(crate) fn expected(expect: Expect) -> String {
    match expect {
        Expect::Refused => "refused (400)".to_owned(),
        Expect::Waits => "pending".to_owned(),
        Expect::Accepted(truth) => sentence("accepted", truth.words()),
        Expect::Runs(truth) => sentence("active", truth.words()),
        Expect::Ends(state, truth) => sentence(state, truth.words()),
    }
}

/// A state and what can be seen beside it.
pub(crate) fn sentence(state: &str, seen: &str) -> String {
    match (state, seen) {
        (state, "") => state.to_owned(),
        ("", seen) => seen.to_owned(),
        (state, seen) => format!("{state}, {seen}"),
    }
}
