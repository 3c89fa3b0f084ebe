//! What a device is made of: its hardware and the person who uses it.

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
