//! What a scenario asks for, as the server understands it.

use muster_control::Action;
use muster_scenario::Action as Asked;

/// What a device in Lost Mode shows, and what a scenario has no words for.
const LOST_MESSAGE: &str = "Lost by a load test. Please keep it running.";

/// How long a sound is played, in minutes.
const SOUND_MINUTES: u8 = 1;

/// The action with the arguments every run gives it.
pub(crate) fn action(asked: Asked) -> Action {
    match asked {
        Asked::Wipe => Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false },
        Asked::Retire => Action::Retire,
        Asked::ResetPasscode => Action::ResetPasscode,
        Asked::Lock => Action::RemoteLock,
        Asked::Sync => Action::SyncDevice,
        Asked::BypassActivationLock => Action::BypassActivationLock,
        Asked::Reboot => Action::RebootNow,
        Asked::ShutDown => Action::ShutDown,
        Asked::EnableLostMode => Action::EnableLostMode {
            message: Some(LOST_MESSAGE.to_owned()),
            phone_number: None,
            footer: None,
        },
        Asked::DisableLostMode => Action::DisableLostMode,
        Asked::Locate => Action::LocateDevice,
        Asked::PlayLostModeSound => Action::PlayLostModeSound { duration_minutes: SOUND_MINUTES },
        Asked::Delete => Action::Delete,
        Asked::DeviceConfigured => Action::DeviceConfigured,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_of_a_scenario_is_an_action_of_its_own() {
        let kinds: BTreeSet<_> = Asked::ALL.into_iter().map(|asked| action(asked).kind()).collect();
        assert_eq!(kinds.len(), Asked::ALL.len());
    }
}
