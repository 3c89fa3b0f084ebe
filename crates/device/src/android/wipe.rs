//! What a wipe takes with it: by mode, version, target of the agent and vendor.

use muster_protocol::{DeviceFacts, Mode};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal};
use super::decide::Decision;
use crate::spec::{AgentTarget, Quirk, Traits};

/// Agents from this target on may not call `wipeData` for the user a device starts with.
const TARGET_OF_WIPE_DEVICE: AgentTarget = AgentTarget::new(34);

/// Decides what a wipe does.
///
/// # Errors
/// A [`Refusal`] if Android throws.
pub(super) fn wipe(facts: &DeviceFacts, traits: Traits) -> Result<Decision, Refusal> {
    if facts.mode == Mode::AndroidPersonallyOwnedWorkProfile {
        // `wipeData` removes the caller's own user, which is the profile.
        return Ok(Decision::Leave);
    }
    match traits.quirk {
        Some(Quirk::SamsungFactoryResetBlocked) if facts.mode == Mode::AndroidFullyManaged => {
            Ok(Decision::DropOff)
        }
        Some(Quirk::ZebraPartialWipe) => Ok(Decision::Leave),
        Some(Quirk::AgentTarget34WipeData) if is_wipe_data_refused(facts, traits) => {
            Err(SYSTEM_USER)
        }
        Some(
            Quirk::SamsungFactoryResetBlocked
            | Quirk::AgentTarget34WipeData
            | Quirk::AgentWithoutTokens
            | Quirk::ShortResetToken
            | Quirk::FourDigitPasscodes
            | Quirk::NoEscrowKeybag
            | Quirk::NoPositionFix
            | Quirk::BrokenSpeaker
            | Quirk::SetupAssistantWantsAUserName,
        )
        | None => Ok(Decision::Erase),
    }
}

/// The owner of a corporate work profile calls it for the parent of its own user, and may.
///
/// Source: `DevicePolicyManager.wipeData` and `wipeDevice`, Android 14.
fn is_wipe_data_refused(facts: &DeviceFacts, traits: Traits) -> bool {
    facts.mode != Mode::AndroidCorporateOwnedWorkProfile
        && ApiLevel::of(facts.os_version) >= ApiLevel::UPSIDE_DOWN_CAKE
        && traits.agent_target >= TARGET_OF_WIPE_DEVICE
}

const SYSTEM_USER: Refusal = Refusal::new(
    CommandErrorCode::Unknown,
    "SecurityException: User 0 is a system user and cannot be removed",
);
