//! What a device is made of: its hardware, the person who uses it and what its makers did to it.

use muster_protocol::DeviceFacts;
use muster_protocol::status::{Presence, Switch};
use serde::{Deserialize, Serialize};

/// A device before its first day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSpec {
    /// The hardware, its system and how it is to be managed.
    pub facts: DeviceFacts,
    /// The habits of its user.
    pub persona: Persona,
    /// What its makers did to it.
    #[serde(default)]
    pub traits: Traits,
    /// Whether it keeps a connection.
    #[serde(default)]
    pub contact: Contact,
}

/// How a device hears that its server wants something.
///
/// Source: docs/protocol/push.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Contact {
    /// Over the connection it keeps.
    #[default]
    Connected,
    /// By a push, on which it connects, takes what waits, and leaves.
    Woken,
}

impl DeviceSpec {
    /// A device as it should be: a current agent, no quirk, honest answers, always connected.
    #[must_use]
    pub fn new(facts: DeviceFacts, persona: Persona) -> Self {
        Self { facts, persona, traits: Traits::default(), contact: Contact::Connected }
    }

    /// The same, woken by pushes.
    #[must_use]
    pub fn woken(self) -> Self {
        Self { contact: Contact::Woken, ..self }
    }
}

/// The habits of a user, applied each time the device is set up.
///
/// A wipe erases what the user had set; whoever sets the device up again does it the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// The device passcode.
    pub passcode: Presence,
    /// A password of the work profile's own. Without one the profile shares the device's lock.
    pub work_profile_password: Presence,
    /// What happens to a request to confirm the credential.
    pub prompt: PromptHabit,
    /// Find My on Apple devices.
    pub find_my: Switch,
    /// How the device lies around when it is set up.
    pub screen: Screen,
}

/// What a user does when Android asks to activate the reset-passcode token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PromptHabit {
    /// Confirms at once.
    Accepts,
    /// Leaves it there, until [`UserAction::AcceptPrompt`](crate::UserAction::AcceptPrompt).
    Ignores,
}

/// Whether a screen is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Screen {
    /// In use.
    Unlocked,
    /// Locked; without a passcode it only sleeps and anyone can wake it.
    Locked,
}

/// What the vendor of the hardware and the maker of the agent did to a device.
///
/// The defaults are a device that does as its platform documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traits {
    /// What the Android agent was built for.
    pub agent_target: AgentTarget,
    /// The named failure this device shows, if it has one.
    pub quirk: Option<Quirk>,
    /// How it reports what it does.
    pub acknowledgement: Acknowledgement,
    /// What Automated Device Enrollment says of its set-up.
    pub await_configuration: AwaitConfiguration,
    /// What its management profile grants the server. Only unsupervised Apple devices heed it.
    pub access_rights: AccessRights,
    /// When the user of an account-driven enrolment signs in.
    pub account_sign_in: AccountSignIn,
    /// What an Android device tells of where it is.
    pub location: LocationAccess,
}

/// Whether Setup Assistant holds an automatically enrolled Apple device until its server lets it
/// go on.
///
/// Source: `await_device_configured`, Apple, Automated Device Enrollment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AwaitConfiguration {
    /// The set-up goes on by itself.
    #[default]
    No,
    /// It waits for DeviceConfigured. Devices enrolled in another way do not wait.
    Yes,
}

/// When the user of an account-driven Apple enrolment signs in with the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AccountSignIn {
    /// While the device enrols.
    #[default]
    AtOnce,
    /// With [`UserAction::SignIn`](crate::UserAction::SignIn); until then the enrolment is
    /// unfinished.
    Later,
}

/// `AccessRights` of a management profile: what the server may do on an unsupervised device.
///
/// Source: github.com/apple/device-management, `mdm/profiles/com.apple.mdm.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub struct AccessRights(u16);

impl AccessRights {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Inspects installed profiles.
    pub const INSPECT_PROFILES: Self = Self(1);
    /// Installs and removes profiles; worth nothing without [`Self::INSPECT_PROFILES`].
    pub const INSTALL_PROFILES: Self = Self(2);
    /// Locks the device and removes its passcode.
    pub const LOCK_AND_PASSCODE: Self = Self(4);
    /// Erases the device.
    pub const ERASE: Self = Self(8);
    /// Asks for device information.
    pub const DEVICE_INFORMATION: Self = Self(16);
    /// Asks for network information.
    pub const NETWORK_INFORMATION: Self = Self(32);
    /// Inspects provisioning profiles.
    pub const INSPECT_PROVISIONING: Self = Self(64);
    /// Installs and removes them; worth nothing without [`Self::INSPECT_PROVISIONING`].
    pub const INSTALL_PROVISIONING: Self = Self(128);
    /// Lists installed applications.
    pub const LIST_APPLICATIONS: Self = Self(256);
    /// Asks for restrictions.
    pub const RESTRICTIONS: Self = Self(512);
    /// Asks for security information.
    pub const SECURITY: Self = Self(1_024);
    /// Changes settings.
    pub const SETTINGS: Self = Self(2_048);
    /// Manages applications.
    pub const APPLICATIONS: Self = Self(4_096);
    /// Everything.
    pub const ALL: Self = Self(8_191);

    /// The rights of these bits; bits without a meaning are dropped, and so are rights that lack
    /// the one they need.
    #[must_use]
    pub const fn new(bits: u16) -> Self {
        let known = Self(bits & Self::ALL.0);
        known
            .needing(Self::INSTALL_PROFILES, Self::INSPECT_PROFILES)
            .needing(Self::INSTALL_PROVISIONING, Self::INSPECT_PROVISIONING)
    }

    const fn needing(self, right: Self, needed: Self) -> Self {
        if self.grant(needed) { self } else { self.without(right) }
    }

    /// These rights but for `right`.
    #[must_use]
    pub const fn without(self, right: Self) -> Self {
        Self(self.0 & !right.0)
    }

    /// Whether all of `right` is among them.
    #[must_use]
    pub const fn grant(self, right: Self) -> bool {
        self.0 & right.0 == right.0
    }
}

impl Default for AccessRights {
    fn default() -> Self {
        Self::ALL
    }
}

impl From<u16> for AccessRights {
    fn from(bits: u16) -> Self {
        Self::new(bits)
    }
}

impl From<AccessRights> for u16 {
    fn from(rights: AccessRights) -> Self {
        rights.0
    }
}

/// Whether an Android device may be located when its management begins.
///
/// Source: Intune, remote actions, locate device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LocationAccess {
    /// Policy allows it, location is on, and the user of a corporate work profile agrees.
    #[default]
    Granted,
    /// The user has switched location off.
    SwitchedOff,
    /// The user of a corporate work profile has not agreed. Other devices need no consent.
    NotConsented,
    /// Policy of the organisation does not allow it.
    RuledOut,
}

/// The API level an Android agent declares it was built for; Android withdraws old rights from
/// agents that declare a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentTarget(u16);

impl AgentTarget {
    /// The level with this number.
    #[must_use]
    pub const fn new(level: u16) -> Self {
        Self(level)
    }

    pub(crate) const fn level(self) -> u16 {
        self.0
    }
}

impl Default for AgentTarget {
    /// Android 15.
    fn default() -> Self {
        Self(35)
    }
}

/// One failure with a name. On a device it does not fit it has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Quirk {
    /// A fully managed Samsung on which factory reset is blocked: asked to wipe, it drops off the
    /// service and nothing is heard of it again.
    ///
    /// Source: Intune, remote actions, wipe.
    SamsungFactoryResetBlocked,
    /// A Zebra: a wipe takes the organisation's data only.
    ///
    /// Source: Intune, remote actions, wipe.
    ZebraPartialWipe,
    /// The agent calls `wipeData` where Android 14 wants `wipeDevice`.
    ///
    /// Source: `DevicePolicyManager.wipeData`, agents that target API level 34.
    AgentTarget34WipeData,
    /// The agent calls `resetPassword` though it targets a level from which tokens are needed.
    ///
    /// Source: `DevicePolicyManager.resetPassword`.
    AgentWithoutTokens,
    /// The agent makes tokens of sixteen bytes, which Android refuses.
    ///
    /// Source: `DevicePolicyManager.setResetPasswordToken`.
    ShortResetToken,
    /// The agent makes four digits whatever policy asks.
    ///
    /// Source: `DevicePolicyManager.resetPasswordWithToken`.
    FourDigitPasscodes,
    /// An Apple device whose Setup Assistant takes a bypass code only with some text as the user
    /// name.
    ///
    /// Source: reports of users of Intune's page about Activation Lock.
    SetupAssistantWantsAUserName,
    /// An Apple device that cannot make an escrow keybag: it enrols without an unlock token.
    ///
    /// Source: error codes 12017 to 12019, Apple MDM protocol reference.
    NoEscrowKeybag,
    /// An Apple device that does not find out where it is.
    ///
    /// Source: error code 12068, Apple MDM protocol reference.
    NoPositionFix,
    /// An Apple device that cannot play a sound.
    ///
    /// Source: error code 12080, Apple MDM protocol reference.
    BrokenSpeaker,
}

/// How a device reports what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acknowledgement {
    /// Reports what came of it; of a reset, before what it would report with is gone.
    #[default]
    BeforeReset,
    /// Is erased before it reports, so that the wipe stays pending for ever.
    ///
    /// Source: Intune, troubleshooting of device actions.
    ResetsWithoutReporting,
    /// An agent that confirms a wipe first and then tries it.
    ///
    /// Source: Headwind MDM, `ConfigUpdater` of its launcher.
    ConfirmsBeforeExecuting,
    /// An agent that confirms a passcode reset whatever came of it.
    ///
    /// Source: Headwind MDM, `ConfigUpdater` of its launcher.
    ConfirmsWhateverHappens,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_counts_only_with_the_one_it_needs() {
        let alone = AccessRights::new(2 | 128 | 0x8000);
        assert_eq!(alone, AccessRights::NONE);
        assert!(AccessRights::new(3).grant(AccessRights::INSTALL_PROFILES));
        assert!(AccessRights::default().grant(AccessRights::ALL));
    }
}
