//! Lost Mode, as far as the server knows.

use muster_control::{
    Action, ActionKind, DeviceRecord, LostModeAfterErase, LostModeState, Readings,
};

use super::{answer, done, refused, submit};
use crate::start::{action, at, iphone};

fn lost() -> DeviceRecord {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::EnableLostMode));
    answer(&mut device, at(2), done());
    device
}

fn reapplying() -> Readings {
    Readings { lost_mode_after_erase: LostModeAfterErase::Reapplied, ..Readings::default() }
}

#[test]
fn lost_mode_is_what_the_device_acknowledged() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::EnableLostMode));
    assert_eq!(device.lost_mode_state(), LostModeState::Disabled, "only asked for");
    answer(&mut device, at(2), done());
    assert_eq!(device.lost_mode_state(), LostModeState::Enabled);
    submit(&mut device, at(3), 2, Action::DisableLostMode);
    answer(&mut device, at(4), refused());
    assert_eq!(device.lost_mode_state(), LostModeState::Enabled);
    submit(&mut device, at(5), 3, Action::DisableLostMode);
    answer(&mut device, at(6), done());
    assert_eq!(device.lost_mode_state(), LostModeState::Disabled);
}

#[test]
fn lost_mode_ends_with_an_erase_and_is_forgotten_by_default() {
    let mut device = lost();
    submit(&mut device, at(3), 2, action(ActionKind::Wipe));
    answer(&mut device, at(4), done());
    assert_eq!(device.lost_mode_state(), LostModeState::Disabled);
    assert_eq!(device.lost_mode_to_reapply(&Readings::default()), None);
}

#[test]
fn lost_mode_can_be_applied_again_after_an_erase() {
    let mut wiped = lost();
    submit(&mut wiped, at(3), 2, action(ActionKind::Wipe));
    answer(&mut wiped, at(4), done());
    // Or the device erased itself and never said so.
    let mut silent = lost();
    silent.enrolled_again(at(4));
    for device in [wiped, silent] {
        let again = device.lost_mode_to_reapply(&reapplying());
        assert_eq!(again, Some(action(ActionKind::EnableLostMode)));
    }
}

#[test]
fn lost_mode_does_not_come_back_after_a_retire() {
    let mut device = lost();
    submit(&mut device, at(3), 2, Action::Retire);
    answer(&mut device, at(4), done());
    assert_eq!(device.lost_mode_to_reapply(&reapplying()), None);
}
