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
}

impl DeviceSpec {
    /// A device as it should be: a current agent, no quirk, honest answers.
    #[must_use]
    pub fn new(facts: DeviceFacts, persona: Persona) -> Self {
        Self { facts, persona, traits: Traits::default() }
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
