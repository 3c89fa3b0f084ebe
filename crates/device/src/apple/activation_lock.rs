//! What the device believes of its Activation Lock, and the code it made for one.

use core::time::Duration;

use muster_protocol::secret::BypassCode;
use muster_protocol::{OsVersion, Timestamp};
use serde::{Deserialize, Serialize};

use crate::activation::{BypassKey, LockType};
use crate::recording::SecretMut;
use crate::system::Situation;

/// How long after supervision a device tells its code.
///
/// Source: ActivationLockBypassCode, github.com/apple/device-management,
/// `mdm/commands/activationlock.bypasscode.yaml`.
const TOLD_FOR: Duration = Duration::from_hours(15 * 24);

/// From here on a cleared code is not used again.
const NEW_CODE_AFTER_CLEARING: OsVersion = OsVersion::major(11);

/// The device's side of the Activation Lock. Whether there is one, the service knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActivationLock {
    belief: Belief,
    /// From supervision on, whether a lock uses it or not.
    code: Option<DeviceCode>,
    /// The code of the life before the last erase, as a backup of this device has it.
    in_backup: Option<BypassKey>,
}

/// What the device heard last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Belief {
    /// Not locked.
    #[default]
    Off,
    /// Not locked any more, while Find My goes on.
    ///
    /// It does not come back by itself, only when Find My is started again.
    ///
    /// Source: "Disable Activation Lock on Supervised iOS/iPadOS devices with Intune", How to use.
    Lifted,
    /// Locked to its owner's account.
    ToItsUser,
    /// Locked to its organisation.
    ToItsOrganisation,
}

/// A code a supervised device made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DeviceCode {
    key: BypassKey,
    told_until: Timestamp,
    reading: Reading,
    wear: Wear,
}

/// Whether a device tells its code. A lock takes the code either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Reading {
    /// To whoever asks by command.
    Told,
    /// Not any more: the time is over.
    Over,
    /// Cleared by the organisation.
    Cleared,
}

/// Whether a code can serve the next lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Wear {
    /// No lock with it has been removed.
    Fresh,
    /// A lock with it was removed: the next one has a new code.
    Spent,
}

impl ActivationLock {
    /// Shows every secret in a fixed order.
    pub(super) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        let code = self.code.as_mut().map(|code| &mut code.key);
        for key in code.into_iter().chain(&mut self.in_backup) {
            see(SecretMut::BypassKey(key));
        }
    }

    /// Whether the device believes that it is locked.
    pub(crate) const fn is_on(&self) -> bool {
        match self.belief {
            Belief::ToItsUser | Belief::ToItsOrganisation => true,
            Belief::Off | Belief::Lifted => false,
        }
    }

    /// Whether Find My may lock the device by itself, because nobody has removed a lock.
    pub(super) const fn is_off(&self) -> bool {
        matches!(self.belief, Belief::Off)
    }

    /// Whether `entry` is the code of the lock the device believes in.
    pub(crate) fn opens_with(&self, entry: &str) -> bool {
        self.belief == Belief::ToItsUser
            && self.code.as_ref().is_some_and(|code| code.key.matches(entry))
    }

    /// The code, if there is one the device tells.
    pub(crate) fn readable_code(&self) -> Option<BypassCode> {
        let told = self.code.as_ref().filter(|code| code.reading == Reading::Told);
        told.map(|code| code.key.code())
    }

    /// Keeps the code to itself from now on.
    pub(crate) fn clear_code(&mut self) {
        if let Some(code) = &mut self.code {
            code.reading = Reading::Cleared;
        }
    }

    /// Stops telling the code when its time is over.
    pub(super) fn let_time_pass(&mut self, now: Timestamp) {
        if let Some(code) = &mut self.code
            && code.reading == Reading::Told
            && now >= code.told_until
        {
            code.reading = Reading::Over;
        }
    }

    /// Makes the code of a device that has just been supervised.
    pub(super) fn make_code(&mut self, situation: &mut Situation<'_>) {
        let key = BypassKey::from_bytes(situation.chance.bytes());
        self.code = Some(DeviceCode {
            key,
            told_until: situation.now.after(TOLD_FOR),
            reading: Reading::Told,
            wear: Wear::Fresh,
        });
    }

    /// The key for a new lock, which is a new one if the last was used up or cleared.
    pub(super) fn key_for_a_lock(&mut self, situation: &mut Situation<'_>) -> Option<BypassKey> {
        self.let_time_pass(situation.now);
        let code = self.code.as_mut()?;
        let cleared = code.reading == Reading::Cleared
            && situation.facts.os_version >= NEW_CODE_AFTER_CLEARING;
        if code.wear == Wear::Spent || cleared {
            code.renew(situation);
        }
        Some(code.key)
    }

    /// The device's own backup brings back the code of its last life. One that is in use stays.
    ///
    /// Source: Apple, "Creating and using bypass codes".
    pub(super) fn restore_code(&mut self) {
        let on = self.is_on();
        if let (Some(code), Some(old), false) = (&mut self.code, self.in_backup, on) {
            code.key = old;
            code.wear = Wear::Fresh;
        }
    }

    /// A backup of another device brings no code: this one makes a new one.
    ///
    /// Source: as for [`Self::restore_code`].
    pub(super) fn replace_code(&mut self, situation: &mut Situation<'_>) {
        let on = self.is_on();
        if let (Some(code), false) = (&mut self.code, on) {
            code.renew(situation);
        }
    }

    /// Takes over what the service says.
    pub(super) fn believe(&mut self, lock: LockType) {
        self.belief = match lock {
            LockType::User => Belief::ToItsUser,
            LockType::Mdm => Belief::ToItsOrganisation,
            LockType::None if self.is_on() => return self.lift(),
            LockType::None => return,
        };
    }

    /// Believes that the lock was removed while Find My goes on.
    pub(super) fn lift(&mut self) {
        self.belief = Belief::Lifted;
        self.spend_code();
    }

    /// Believes that Find My has taken its lock away with it.
    pub(super) fn release(&mut self) {
        match self.belief {
            Belief::ToItsUser => {
                self.belief = Belief::Off;
                self.spend_code();
            }
            Belief::Lifted => self.belief = Belief::Off,
            Belief::Off | Belief::ToItsOrganisation => {}
        }
    }

    /// Believes that nothing is locked, as at the beginning of a life.
    pub(super) fn begin(&mut self) {
        self.belief = Belief::Off;
    }

    /// What outlives an erase: the code of this life, in a backup.
    pub(super) fn erased(self) -> Self {
        let in_backup = self.code.map(|code| code.key).or(self.in_backup);
        Self { in_backup, ..Self::default() }
    }

    fn spend_code(&mut self) {
        if let Some(code) = &mut self.code {
            code.wear = Wear::Spent;
        }
    }
}

impl DeviceCode {
    /// The time in which it is told does not begin again.
    fn renew(&mut self, situation: &mut Situation<'_>) {
        self.key = BypassKey::from_bytes(situation.chance.bytes());
        self.wear = Wear::Fresh;
        self.reading = if situation.now < self.told_until { Reading::Told } else { Reading::Over };
    }
}
