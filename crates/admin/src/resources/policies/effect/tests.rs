use muster_control::{DeviceRecord, EnrolmentProfile, KeyFingerprint, NewLife};
use muster_protocol::{DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Timestamp};
use serde_json::json;

use super::*;
use crate::operation::path::Version;

const ALLOWED: ActivationLockPolicy = ActivationLockPolicy::Allowed;
const DISALLOWED: ActivationLockPolicy = ActivationLockPolicy::Disallowed;

fn device(mode: Mode) -> DeviceRecord {
    let facts = DeviceFacts {
        serial: "F17-1".parse().unwrap(),
        model: "any".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::major(17),
        mode,
    };
    let profile = EnrolmentProfile { name: "any".to_owned(), policy: Policy::NONE };
    let (id, key) = (DeviceId::from_bytes([1; 16]), KeyFingerprint([1; 32]));
    DeviceRecord::new(Timestamp::ZERO, NewLife { id, facts, key, profile })
}

fn rule(length_min: u8) -> Option<PasscodeRule> {
    Some(PasscodeRule { length_min })
}

/// A policy of this type with these settings, for these targets.
fn document(kind: &str, settings: Value, targets: Vec<Target>) -> Document {
    let kind = PolicyType::find(kind).unwrap();
    let mut body = settings;
    body["@odata.type"] = format!("#microsoft.graph.{}", kind.name).into();
    body["displayName"] = "any".into();
    if kind.family == Family::Compliance {
        let block = json!({ "actionType": "block", "gracePeriodHours": 0 });
        body["scheduledActionsForRule"] = json!([{ "scheduledActionConfigurations": [block] }]);
    }
    let made = PolicyRecord::made(
        kind.family,
        Version::Beta,
        body.as_object().unwrap(),
        "2026-01-01T00:00:00Z".to_owned(),
    );
    let record = made.unwrap().assigned(targets, "2026-01-01T00:00:00Z".to_owned());
    let body = Some(serde_json::to_string(&record).unwrap());
    Document { kind: kind.family.document(), id: record.id.to_string(), body }
}

fn for_all(kind: &str, settings: Value) -> Document {
    document(kind, settings, vec![Target::AllDevices])
}

/// What policies ask of a device whose profile says nothing, or everything.
fn effective(documents: &[Document], mode: Mode, profile: Policy) -> Policy {
    let policies = AssignedPolicies::default();
    policies.note(documents);
    policies.effective(&device(mode), profile)
}

#[test]
fn what_no_policy_speaks_of_comes_from_the_enrolment_profile() {
    for profile in [Policy::NONE, Policy::FULL] {
        let silent = for_all("iosGeneralDeviceConfiguration", json!({ "cameraBlocked": true }));
        assert_eq!(effective(&[silent], Mode::AppleDeviceSupervised, profile), profile);
        assert_eq!(effective(&[], Mode::AndroidFullyManaged, profile), profile);
    }
}

#[test]
fn every_setting_with_an_effect_reaches_its_devices() {
    let profile = Mode::AndroidPersonallyOwnedWorkProfile;
    let eight = json!({ "passwordRequired": true, "passwordMinimumLength": 8 });
    let device = |length| Policy { device_passcode: rule(length), ..Policy::NONE };
    let work = |length| Policy { work_profile_password: rule(length), ..Policy::NONE };
    let table = [
        (
            "iosGeneralDeviceConfiguration",
            json!({ "passcodeRequired": true }),
            Mode::AppleDevice,
            device(4),
        ),
        (
            "iosGeneralDeviceConfiguration",
            json!({ "activationLockAllowWhenSupervised": true }),
            Mode::AppleDeviceSupervised,
            Policy { activation_lock: ALLOWED, ..Policy::NONE },
        ),
        ("iosCompliancePolicy", json!({ "passcodeRequired": true }), Mode::AppleUser, device(4)),
        (
            "androidGeneralDeviceConfiguration",
            eight.clone(),
            Mode::AndroidDeviceAdministrator,
            device(8),
        ),
        ("androidCompliancePolicy", eight.clone(), Mode::AndroidDeviceAdministrator, device(8)),
        (
            "androidWorkProfileGeneralDeviceConfiguration",
            json!({ "workProfileRequirePassword": true, "workProfilePasswordMinimumLength": 10 }),
            profile,
            work(10),
        ),
        (
            "androidWorkProfileGeneralDeviceConfiguration",
            json!({ "passwordRequiredType": "numericComplex", "passwordMinimumLength": 6 }),
            profile,
            device(6),
        ),
        ("androidWorkProfileCompliancePolicy", eight.clone(), profile, device(8)),
        (
            "androidDeviceOwnerGeneralDeviceConfiguration",
            json!({ "workProfilePasswordRequiredType": "numeric" }),
            Mode::AndroidCorporateOwnedWorkProfile,
            work(4),
        ),
        (
            "androidDeviceOwnerGeneralDeviceConfiguration",
            json!({ "passwordRequiredType": "required", "passwordMinimumLength": 5 }),
            Mode::AndroidDedicated,
            device(5),
        ),
        ("androidDeviceOwnerCompliancePolicy", eight, Mode::AndroidFullyManaged, device(8)),
        (
            "aospDeviceOwnerDeviceConfiguration",
            json!({ "passwordRequiredType": "numeric", "passwordMinimumLength": 4 }),
            Mode::AospUserless,
            device(4),
        ),
    ];
    for (kind, settings, mode, expected) in table {
        let said = for_all(kind, settings);
        assert_eq!(effective(&[said], mode, Policy::NONE), expected, "{kind}");
    }
}

#[test]
fn the_strictest_of_several_policies_wins() {
    let ios = |settings| for_all("iosGeneralDeviceConfiguration", settings);
    let policies = [
        ios(json!({ "passcodeRequired": true, "passcodeMinimumLength": 6 })),
        ios(json!({ "passcodeRequired": false, "activationLockAllowWhenSupervised": true })),
        ios(json!({ "activationLockAllowWhenSupervised": false })),
        for_all(
            "iosCompliancePolicy",
            json!({ "passcodeRequired": true, "passcodeMinimumLength": 9 }),
        ),
    ];
    let asked = effective(&policies, Mode::AppleDeviceSupervised, Policy::FULL);
    assert_eq!((asked.device_passcode, asked.activation_lock), (rule(9), DISALLOWED));
}

#[test]
fn a_configuration_may_lift_what_the_profile_asks_and_a_compliance_policy_may_not() {
    let lifted = for_all("iosGeneralDeviceConfiguration", json!({ "passcodeRequired": false }));
    assert_eq!(effective(&[lifted], Mode::AppleDevice, Policy::FULL).device_passcode, None);
    let judged = for_all("iosCompliancePolicy", json!({ "passcodeRequired": false }));
    assert_eq!(effective(&[judged], Mode::AppleDevice, Policy::FULL), Policy::FULL);
    let by_itself = for_all(
        "aospDeviceOwnerDeviceConfiguration",
        json!({ "passwordRequiredType": "deviceDefault", "passwordMinimumLength": 9 }),
    );
    assert_eq!(effective(&[by_itself], Mode::AospUserless, Policy::FULL), Policy::FULL);
}

#[test]
fn policies_reach_the_devices_they_are_for_and_no_others() {
    let tenant = Tenant::seeded();
    let (owners, nobody) = (tenant.groups[1].id, tenant.groups[2].id);
    let lock = json!({ "activationLockAllowWhenSupervised": true });
    let reaches = |targets: Vec<Target>, mode| {
        let policy = document("iosGeneralDeviceConfiguration", lock.clone(), targets);
        effective(&[policy], mode, Policy::NONE).activation_lock == ALLOWED
    };
    let (with_user, without) = (Mode::AppleDeviceSupervised, Mode::AppleSharedIpad);
    assert!(reaches(vec![Target::AllDevices], with_user));
    assert!(reaches(vec![Target::AllDevices], without));
    assert!(reaches(vec![Target::AllLicensedUsers], with_user));
    assert!(!reaches(vec![Target::AllLicensedUsers], without));
    assert!(reaches(vec![Target::Group(owners)], with_user));
    assert!(!reaches(vec![Target::Group(nobody)], with_user));
    assert!(!reaches(vec![Target::AllDevices, Target::Exclusion(owners)], with_user));
    assert!(reaches(vec![Target::AllDevices, Target::Exclusion(nobody)], with_user));
    assert!(!reaches(vec![], with_user));
    assert!(!reaches(vec![Target::AllDevices], Mode::AndroidFullyManaged));
}

#[test]
fn a_policy_that_goes_takes_its_effect_along() {
    let policies = AssignedPolicies::default();
    let lock = json!({ "activationLockAllowWhenSupervised": true });
    let policy = for_all("iosGeneralDeviceConfiguration", lock);
    assert_eq!(policies.note(core::slice::from_ref(&policy)), Noted::Changed);
    let phone = device(Mode::AppleDeviceSupervised);
    assert_eq!(policies.effective(&phone, Policy::NONE).activation_lock, ALLOWED);
    for body in [Some("no policy at all".to_owned()), None] {
        policies.note(core::slice::from_ref(&policy));
        policies.note(&[Document { body, ..policy.clone() }]);
        assert_eq!(policies.effective(&phone, Policy::NONE), Policy::NONE);
    }
    let other = Document { kind: DocumentKind::AuditEvent, ..policy };
    assert_eq!(policies.note(&[other]), Noted::Same);
}
