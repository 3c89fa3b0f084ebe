//! Activation Locks removed by the activation service.

use muster_control::{
    Action, ActionKind, ActivationLockRoute, CancelOutcome, CancelReason, CommandState,
    DeviceRecord, Readings, Settled, VendorCall, VendorOutcome,
};
use muster_protocol::secret::BypassCode;
use muster_protocol::{AppleRequest, Request, Timestamp};

use super::{next, state, submit, tell_code};
use crate::start::{action, at, hello, id, iphone, secrets};

fn by_service() -> Readings {
    let activation_lock_route = ActivationLockRoute::ActivationService;
    Readings { activation_lock_route, ..Readings::default() }
}

/// An iPhone that has handed over its secrets and has a bypass waiting as command 1.
fn bypassed() -> DeviceRecord {
    let mut device = iphone();
    device.token_update(at(1), secrets());
    submit(&mut device, at(2), 1, Action::BypassActivationLock);
    device
}

fn call(device: &mut DeviceRecord, now: Timestamp) -> VendorCall {
    device.vendor_call(now, &by_service()).expect("a call to make")
}

#[test]
fn a_bypass_by_the_service_never_goes_to_the_device() {
    let mut device = bypassed();
    assert_eq!(device.next(at(3), &by_service()), None);
    let call = call(&mut device, at(3));
    assert_eq!((call.id, call.product_type.as_str()), (id(1), "iPhone15,2"));
    assert_eq!(call.serial, device.facts.serial);
    assert_eq!(call.escrow_key.expose(), "CODE");
    assert_eq!(device.next(at(3), &by_service()), None);
    assert!(!device.has_in_flight());
}

#[test]
fn an_unlocked_device_is_done_without_having_been_online() {
    let mut device = bypassed();
    call(&mut device, at(3));
    let settled = device.settle_vendor(at(4), id(1), VendorOutcome::Unlocked);
    assert_eq!(settled, Settled::Closed);
    assert_eq!(state(&device, 1), CommandState::Done { passcode: None });
    assert_eq!(device.escrow.bypass_code, None, "it unlocks nothing any more");
    assert!(device.escrow.unlock_token.is_some());
    let again = device.settle_vendor(at(5), id(1), VendorOutcome::KeyMismatch);
    assert_eq!(again, Settled::Duplicate);
}

#[test]
fn a_refused_code_fails_the_bypass_in_words() {
    let mut device = bypassed();
    call(&mut device, at(3));
    device.settle_vendor(at(4), id(1), VendorOutcome::KeyMismatch);
    let CommandState::Failed { errors } = state(&device, 1) else {
        panic!("failed");
    };
    assert_eq!(errors[0].code, 404);
    assert!(errors[0].description.contains("escrow key mismatch"));
    assert!(device.escrow.bypass_code.is_some(), "a person may still try it");
}

#[test]
fn the_code_before_is_tried_when_the_current_one_does_not_fit() {
    let mut device = iphone();
    tell_code(&mut device, at(1), "FIRST");
    tell_code(&mut device, at(2), "SECOND");
    submit(&mut device, at(3), 1, Action::BypassActivationLock);
    assert_eq!(call(&mut device, at(4)).escrow_key.expose(), "SECOND");
    let settled = device.settle_vendor(at(5), id(1), VendorOutcome::KeyMismatch);
    assert_eq!(settled, Settled::Deferred);
    let text = serde_json::to_string(&device).unwrap();
    let rows = device.commands().cloned().collect();
    let mut device = DeviceRecord::restore(serde_json::from_str(&text).unwrap(), rows);
    assert_eq!(call(&mut device, at(6)).escrow_key.expose(), "FIRST", "even after a restart");
    device.settle_vendor(at(7), id(1), VendorOutcome::KeyMismatch);
    assert!(matches!(state(&device, 1), CommandState::Failed { .. }));
}

#[test]
fn a_device_the_service_does_not_know_is_not_supported() {
    let mut device = bypassed();
    call(&mut device, at(3));
    device.settle_vendor(at(4), id(1), VendorOutcome::UnknownDevice);
    assert!(matches!(state(&device, 1), CommandState::NotSupported { .. }));
}

#[test]
fn an_unreachable_service_leaves_the_bypass_pending() {
    let mut device = bypassed();
    call(&mut device, at(3));
    let settled = device.settle_vendor(at(4), id(1), VendorOutcome::Unreachable);
    assert_eq!(settled, Settled::Deferred);
    assert_eq!(state(&device, 1), CommandState::Queued);
    assert_eq!(call(&mut device, at(5)).escrow_key.expose(), "CODE");
}

#[test]
fn a_bypass_without_a_code_fails_with_the_reason() {
    let mut device = iphone();
    device.idle(at(1));
    submit(&mut device, at(2), 1, Action::BypassActivationLock);
    assert_eq!(device.vendor_call(at(3), &by_service()), None);
    let CommandState::Failed { errors } = state(&device, 1) else {
        panic!("failed");
    };
    assert!(errors[0].description.contains("no Activation Lock bypass code"));
}

#[test]
fn a_bypass_asked_before_the_device_has_told_its_code_waits_for_it() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::BypassActivationLock);
    assert_eq!(device.vendor_call(at(2), &by_service()), None);
    assert_eq!(state(&device, 1), CommandState::Queued);
    device.token_update(at(3), secrets());
    assert_eq!(call(&mut device, at(3)).escrow_key.expose(), "CODE");
}

#[test]
fn after_a_restart_a_bypass_waits_only_for_a_device_that_never_came() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::BypassActivationLock);
    let rows = |device: &DeviceRecord| device.commands().cloned().collect();
    let mut never_came = DeviceRecord::restore(device.clone(), rows(&device));
    assert_eq!(never_came.vendor_call(at(2), &by_service()), None);
    assert_eq!(state(&never_came, 1), CommandState::Queued);
    device.hello(at(2), &hello());
    let mut came = DeviceRecord::restore(device.clone(), rows(&device));
    assert_eq!(came.vendor_call(at(3), &by_service()), None);
    assert!(matches!(state(&came, 1), CommandState::Failed { .. }));
}

#[test]
fn a_call_and_the_commands_of_the_device_do_not_wait_for_each_other() {
    let mut device = bypassed();
    submit(&mut device, at(2), 2, Action::SyncDevice);
    call(&mut device, at(3));
    let sync = device.next(at(3), &by_service()).expect("the sync goes out");
    assert_eq!(sync.head.id, id(2));
    submit(&mut device, at(4), 3, action(ActionKind::Wipe));
    submit(&mut device, at(5), 4, Action::BypassActivationLock);
    device.settle_vendor(at(6), id(1), VendorOutcome::KeyMismatch);
    assert_eq!(call(&mut device, at(7)).id, id(4), "not held back by the wipe");
}

#[test]
fn one_call_is_out_at_a_time_and_a_restart_makes_it_again() {
    let mut device = bypassed();
    submit(&mut device, at(2), 2, Action::BypassActivationLock);
    call(&mut device, at(3));
    assert_eq!(device.vendor_call(at(4), &by_service()), None);
    let rows = device.commands().cloned().collect();
    let mut device = DeviceRecord::restore(device, rows);
    assert_eq!(state(&device, 1), CommandState::Queued);
    assert_eq!(call(&mut device, at(5)).id, id(1));
}

#[test]
fn a_call_taken_back_is_decided_by_its_answer_and_not_made_again() {
    let mut device = bypassed();
    call(&mut device, at(3));
    assert_eq!(device.cancel(at(4), id(1)), CancelOutcome::Raced);
    device.settle_vendor(at(5), id(1), VendorOutcome::Unreachable);
    let reason = CancelReason::Administrator;
    assert_eq!(state(&device, 1), CommandState::Canceled { reason });
    assert_eq!(device.vendor_call(at(6), &by_service()), None);
}

#[test]
fn an_answer_of_the_service_after_the_device_left_changes_nothing() {
    let mut device = bypassed();
    call(&mut device, at(3));
    device.enrolled_again(at(4));
    let settled = device.settle_vendor(at(5), id(1), VendorOutcome::Unlocked);
    assert_eq!(settled, Settled::Duplicate);
    let reason = CancelReason::Unenrolled;
    assert_eq!(state(&device, 1), CommandState::Canceled { reason });
}

#[test]
fn without_a_service_the_device_removes_its_lock_itself() {
    let mut device = bypassed();
    assert_eq!(device.vendor_call(at(3), &Readings::default()), None);
    let command = next(&mut device, at(3));
    let request = Request::Apple(AppleRequest::DisableActivationLock {
        bypass_code: BypassCode::new("CODE".into()),
    });
    assert_eq!(command.request, Some(request));
}
