//! What is kept, and for how long.

use muster_control::{
    Action, ActionKind, BYPASS_CODE_KEPT_FOR, Escrow, LOCATION_SHOWN_FOR, UNLOCK_PIN_SHOWN_FOR,
};
use muster_protocol::secret::BypassCode;
use muster_protocol::{Answer, Location, Mode, Outcome, Timestamp};

use super::{DAY, answer, done, submit, tell_code};
use crate::start::{action, at, id, iphone, secrets};

#[test]
fn a_bypass_code_is_cleared_after_fifteen_days() {
    let mut device = iphone();
    device.token_update(at(1), secrets());
    let _ = device.take_writes();
    let end = at(1).after(BYPASS_CODE_KEPT_FOR);
    assert_eq!(BYPASS_CODE_KEPT_FOR, 15 * DAY);
    assert_eq!(device.next_deadline(), Some(end));
    device.expire(Timestamp::from_micros(end.as_micros() - 1));
    assert!(device.escrow.bypass_code.is_some());
    device.expire(end);
    assert_eq!(device.escrow.bypass_code, None);
    assert!(device.escrow.unlock_token.is_some());
    assert!(device.take_writes().device_changed);
}

#[test]
fn the_same_code_told_again_is_no_younger_for_it() {
    let mut device = iphone();
    tell_code(&mut device, at(1), "FIRST");
    tell_code(&mut device, at(500), "FIRST");
    assert_eq!(device.next_deadline(), Some(at(1).after(BYPASS_CODE_KEPT_FOR)));
    assert_eq!(device.escrow.earlier_bypass_code, None);
}

#[test]
fn the_code_before_is_cleared_in_its_own_time() {
    let mut device = iphone();
    tell_code(&mut device, at(1), "FIRST");
    tell_code(&mut device, at(500), "SECOND");
    device.expire(at(1).after(BYPASS_CODE_KEPT_FOR));
    assert_eq!(device.escrow.earlier_bypass_code, None);
    assert!(device.escrow.bypass_code.is_some());
}

#[test]
fn a_wipe_clears_the_bypass_codes() {
    let mut device = iphone();
    tell_code(&mut device, at(1), "FIRST");
    tell_code(&mut device, at(2), "SECOND");
    submit(&mut device, at(3), 1, action(ActionKind::Wipe));
    answer(&mut device, at(4), done());
    assert_eq!(device.escrow, Escrow::default());
    assert_eq!(device.next_deadline(), None);
}

#[test]
fn a_code_in_an_answer_is_kept() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::SyncDevice);
    let code = Some(BypassCode::new("TOLD".into()));
    answer(&mut device, at(2), Outcome::Acknowledged(Answer::ActivationLockBypassCode(code)));
    assert_eq!(device.escrow.bypass_code, Some(BypassCode::new("TOLD".into())));
}

#[test]
fn a_location_is_shown_for_a_day() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::LocateDevice);
    let location = Location {
        latitude_microdegrees: 52_520_000,
        longitude_microdegrees: 13_405_000,
        horizontal_accuracy_metres: 30,
    };
    answer(&mut device, at(2), Outcome::Acknowledged(Answer::Location(location)));
    let end = at(2).after(LOCATION_SHOWN_FOR);
    assert_eq!(LOCATION_SHOWN_FOR, DAY);
    let shown = device.located_by(id(1), at(3)).map(|found| &found.location);
    assert_eq!(shown, Some(&location));
    assert_eq!(device.located_by(id(2), at(3)), None, "another command's answer");
    assert_eq!(device.located_by(id(1), end), None);
    assert_eq!(device.next_deadline(), Some(end));
    device.expire(end);
    assert_eq!(device.located, None);
}

#[test]
fn a_place_nobody_asked_for_is_not_kept() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::SyncDevice);
    let location = Location {
        latitude_microdegrees: 1,
        longitude_microdegrees: 1,
        horizontal_accuracy_metres: 1,
    };
    answer(&mut device, at(2), Outcome::Acknowledged(Answer::Location(location)));
    assert_eq!(device.located, None);
}

#[test]
fn an_unlock_pin_is_for_macos_only() {
    assert_eq!(UNLOCK_PIN_SHOWN_FOR, 30 * DAY);
    assert!(Mode::ALL.iter().all(|mode| !mode.name().contains("mac")));
}
