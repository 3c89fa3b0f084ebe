//! Wipes that wait, and deletes.

use muster_control::{
    Action, ActionKind, CERTIFICATE_LIFETIME, CancelReason, CommandState, Lifecycle, Listing,
    ManagementState, NewCommand, RECORD_KEPT_AFTER_CERTIFICATE, Readings, SubmitRefusal,
    UnenrolReason,
};
use muster_protocol::management::CommandResult;
use muster_protocol::{AndroidRequest, AppleRequest, Command, Mode, Request};

use super::{DAY, HOUR, answer, done, next, refused, state, submit};
use crate::start::{action, at, enrolled, id, iphone};

#[test]
fn a_wipe_waits_longer_than_any_other_command() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::Wipe));
    device.expire(at(1).after(300 * DAY));
    assert_eq!(state(&device, 1), CommandState::Queued);
    assert_eq!(device.management_state(), ManagementState::WipePending);
    assert_eq!(next(&mut device, at(1).after(301 * DAY)).head.id, id(1), "done when it is back");
}

#[test]
fn a_wipe_without_an_answer_stays_pending() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::Wipe));
    next(&mut device, at(2));
    assert_eq!(device.management_state(), ManagementState::WipeIssued);
    device.disconnected(at(3));
    assert_eq!(device.management_state(), ManagementState::WipePending);
    device.expire(at(1).after(400 * DAY));
    assert_eq!(device.management_state(), ManagementState::WipePending);
    assert_eq!(device.lifecycle, Lifecycle::Enrolled);
}

#[test]
fn a_record_goes_half_a_year_after_its_certificate() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::Wipe));
    let end = at(0).after(CERTIFICATE_LIFETIME).after(RECORD_KEPT_AFTER_CERTIFICATE);
    assert_eq!(CERTIFICATE_LIFETIME + RECORD_KEPT_AFTER_CERTIFICATE, 545 * DAY);
    assert_eq!(device.next_deadline(), Some(end));
    device.expire(end);
    let reason = UnenrolReason::CertificateExpired;
    assert_eq!(device.lifecycle, Lifecycle::Unenrolled { reason, at: end });
    assert_eq!(device.live_commands(), 0);
    assert_eq!(device.next_deadline(), None);
    let late = NewCommand { id: id(2), action: Action::SyncDevice, lifetime: HOUR };
    let refused = device.submit(end, late, &Readings::default());
    assert_eq!(refused, Err(SubmitRefusal::NotEnrolled));
}

#[test]
fn a_device_that_is_heard_of_keeps_its_record() {
    let mut device = iphone();
    let late = at(0).after(540 * DAY);
    device.idle(late);
    device.expire(at(0).after(600 * DAY));
    assert_eq!(device.lifecycle, Lifecycle::Enrolled);
    assert_eq!(device.next_deadline(), Some(late.after(RECORD_KEPT_AFTER_CERTIFICATE)));
}

#[test]
fn the_same_hardware_enrolling_again_closes_a_pending_wipe() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, action(ActionKind::Wipe));
    next(&mut device, at(2));
    device.enrolled_again(at(3));
    let reason = CancelReason::Unenrolled;
    assert_eq!(state(&device, 1), CommandState::Canceled { reason });
    assert_eq!(device.management_state(), ManagementState::Left);
}

#[test]
fn a_deleted_device_is_off_the_list_at_once_and_managed_until_it_answers() {
    let mut device = iphone();
    assert_eq!(device.listing(), Listing::Listed);
    submit(&mut device, at(1), 1, Action::Delete);
    assert_eq!(device.listing(), Listing::Hidden);
    assert_eq!(device.lifecycle, Lifecycle::Enrolled, "its certificate is good until then");
    assert_eq!(device.management_state(), ManagementState::DeletePending);
    answer(&mut device, at(2), done());
    assert_eq!(device.listing(), Listing::Hidden);
    let reason = UnenrolReason::Retired;
    assert_eq!(device.lifecycle, Lifecycle::Unenrolled { reason, at: at(2) });
}

#[test]
fn a_delete_is_a_wipe_where_nothing_is_the_users_and_a_retire_elsewhere() {
    let wipe = AndroidRequest::Wipe { preserve_reset_protection_data: false, wipe_esims: true };
    for (mode, wanted, left) in [
        (Mode::AndroidCorporateOwnedWorkProfile, wipe.clone(), UnenrolReason::Wiped),
        (Mode::AospUserless, wipe, UnenrolReason::Wiped),
        (
            Mode::AndroidPersonallyOwnedWorkProfile,
            AndroidRequest::RelinquishOwnership,
            UnenrolReason::Retired,
        ),
    ] {
        let mut device = enrolled(mode);
        submit(&mut device, at(1), 1, Action::Delete);
        let Command { head, request } = next(&mut device, at(2));
        assert_eq!(request, Some(Request::Android(wanted)), "{mode}");
        let result = CommandResult { id: head.id, attempt: head.attempt, outcome: done() };
        device.settle(at(3), &result);
        assert_eq!(device.lifecycle, Lifecycle::Unenrolled { reason: left, at: at(3) }, "{mode}");
    }
}

#[test]
fn a_delete_supersedes_what_waits() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::SyncDevice);
    submit(&mut device, at(1), 2, action(ActionKind::Wipe));
    submit(&mut device, at(2), 3, Action::Delete);
    for number in [1, 2] {
        let reason = CancelReason::Superseded;
        assert_eq!(state(&device, number), CommandState::Canceled { reason });
    }
    assert_eq!(next(&mut device, at(3)).head.id, id(3));
}

#[test]
fn a_delete_the_device_refused_brings_it_back_to_the_list() {
    let mut device = iphone();
    submit(&mut device, at(1), 1, Action::Delete);
    answer(&mut device, at(2), refused());
    assert_eq!(device.listing(), Listing::Listed);
    assert_eq!(device.management_state(), ManagementState::RetireFailed);
}

#[test]
fn a_return_to_service_ends_this_life_like_any_wipe() {
    let mut device = iphone();
    let action = Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: true };
    submit(&mut device, at(1), 1, action);
    let Command { head, request } = next(&mut device, at(2));
    let Some(Request::Apple(AppleRequest::ReturnToService { preserve_data_plan, .. })) = request
    else {
        panic!("a return to service");
    };
    assert!(preserve_data_plan);
    let result = CommandResult { id: head.id, attempt: head.attempt, outcome: done() };
    device.settle(at(3), &result);
    let reason = UnenrolReason::Wiped;
    assert_eq!(device.lifecycle, Lifecycle::Unenrolled { reason, at: at(3) });
}
