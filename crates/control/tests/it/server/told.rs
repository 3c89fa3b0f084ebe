//! What administrators read.

use std::collections::BTreeSet;

use muster_control::{ActionKind, Compliance, DeviceRecord, ManagementState};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{Mode, OsVersion, Outcome, Policy};

use super::{answer, next, refused, submit};
use crate::start::{action, at, enrolled, hello, id, iphone};

#[test]
fn the_management_state_follows_the_action_that_ends_the_enrolment() {
    for (kind, words) in [
        (ActionKind::Wipe, ["wipePending", "wipeIssued", "wipeFailed", "wipeCanceled"]),
        (ActionKind::Retire, ["retirePending", "retireIssued", "retireFailed", "retireCanceled"]),
        (ActionKind::Delete, ["deletePending", "deletePending", "retireFailed", "managed"]),
    ] {
        let word = |device: &DeviceRecord| device.management_state().graph_name();
        let mut device = iphone();
        assert_eq!(word(&device), "managed");
        submit(&mut device, at(1), 1, action(kind));
        assert_eq!(word(&device), words[0], "{kind:?}");
        next(&mut device, at(2));
        assert_eq!(word(&device), words[1], "{kind:?}");
        device.disconnected(at(3));
        answer(&mut device, at(4), refused());
        assert_eq!(word(&device), words[2], "{kind:?}");
        submit(&mut device, at(5), 2, action(kind));
        device.cancel(at(6), id(2));
        assert_eq!(word(&device), words[3], "{kind:?}");
        submit(&mut device, at(7), 3, action(kind));
        answer(&mut device, at(8), Outcome::NotSupported(vec![]));
        assert_eq!(word(&device), "managed", "{kind:?}");
    }
    let names: BTreeSet<&str> = ManagementState::ALL.iter().map(|it| it.graph_name()).collect();
    assert_eq!(names.len(), ManagementState::ALL.len());
}

#[test]
fn a_missing_password_that_is_asked_for_is_not_compliant() {
    let mut device = iphone();
    assert_eq!(device.compliance(), Compliance::Unknown);
    device.hello(at(1), &hello());
    assert_eq!(device.compliance(), Compliance::Compliant);
    device.report(at(2), DeviceStatus { passcode: Presence::NotSet, ..hello().status });
    assert_eq!(device.compliance(), Compliance::NonCompliant);
    device.policy = Policy::NONE;
    assert_eq!(device.compliance(), Compliance::Compliant);
}

#[test]
fn a_missing_work_profile_password_is_not_compliant_where_there_is_a_profile() {
    let status = DeviceStatus {
        os_version: OsVersion::major(14),
        passcode: Presence::Set,
        platform: PlatformStatus::Android {
            work_profile_password: Presence::NotSet,
            reset_password_token: ResetPasswordToken::None,
        },
    };
    for (mode, wanted) in [
        (Mode::AndroidPersonallyOwnedWorkProfile, Compliance::NonCompliant),
        (Mode::AndroidCorporateOwnedWorkProfile, Compliance::NonCompliant),
        (Mode::AndroidFullyManaged, Compliance::Compliant),
    ] {
        let mut device = enrolled(mode);
        device.report(at(1), status);
        assert_eq!(device.compliance(), wanted, "{mode}");
    }
    let apple = PlatformStatus::Apple { find_my: Switch::On, activation_lock: Switch::On };
    let mut phone = iphone();
    phone.report(at(1), DeviceStatus { platform: apple, ..status });
    assert_eq!(phone.compliance(), Compliance::Compliant);
}
