//! Lists of devices: filtered, sorted, page by page.

use std::collections::BTreeSet;

use muster_control::{Lifecycle, UnenrolReason};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{Mode, OsVersion, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Fake, HOUR, id, record};

const LIST: &str = "/beta/deviceManagement/managedDevices";

/// Twelve devices of three kinds; the first enrolled last.
fn fleet() -> Fake {
    let modes = [Mode::AppleAutomatedDevice, Mode::AndroidFullyManaged, Mode::AppleUser];
    Fake::new((1..=12_u8).map(|number| {
        let mut device = record(number, modes[usize::from(number % 3)]);
        device.enrolled_at = Timestamp::ZERO.after(HOUR * u32::from(20 - number));
        if number.is_multiple_of(4) {
            device.status = Some(DeviceStatus {
                os_version: OsVersion::new(17, u16::from(number)),
                passcode: Presence::Set,
                platform: PlatformStatus::Apple {
                    find_my: Switch::On,
                    activation_lock: Switch::On,
                },
            });
        }
        device
    }))
}

fn encoded(options: &str) -> String {
    format!("{LIST}?{}", options.replace(' ', "%20").replace('\'', "%27"))
}

/// The numbers of the devices of all pages.
async fn met(fake: &Fake, options: &str) -> Vec<u8> {
    let mut target = encoded(options);
    let mut met = Vec::new();
    for _page in 0..30 {
        let answer = fake.get(&target).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text);
        let page = answer.json();
        for device in page["value"].as_array().expect("a list") {
            let text = device["id"].as_str().expect("an id");
            met.push(u8::from_str_radix(&text[..2], 16).expect("digits"));
        }
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return met;
        };
        target = next.strip_prefix("https://127.0.0.1:8443").expect("an absolute link").to_owned();
    }
    panic!("{options} has no end")
}

#[tokio::test]
async fn filters_of_scripts_find_their_devices() {
    let fake = fleet();
    for (filter, numbers) in [
        ("deviceName eq 'f17-3'", vec![3]),
        ("operatingSystem eq 'iOS' and isSupervised eq false", vec![2, 5, 8, 11]),
        ("startswith(deviceName,'F17-1')", vec![1, 10, 11, 12]),
        ("contains(tolower(model),'pixel')", vec![1, 4, 7, 10]),
        ("enrolledDateTime gt 2026-01-01T17:00:00Z", vec![1, 2]),
        ("enrolledDateTime ge '2026-01-01T17:00:00Z'", vec![1, 2, 3]),
        ("managementAgent eq 'googleCloudDevicePolicyController'", vec![1, 4, 7, 10]),
        ("managementAgent eq 'mdm' and managementAgent eq 'easmdm'", vec![]),
        ("deviceType eq 'iPad' or deviceType eq 'androidEnterprise'", vec![1, 4, 7, 10]),
        ("x-muster-activation-lock eq 'on'", vec![4, 8, 12]),
        ("x-muster-activation-lock eq null and x-muster-mode eq 'user-enrollment'", vec![2, 5, 11]),
        ("x-muster-connected", vec![1]),
        ("complianceState in ('compliant','unknown') and osVersion eq '17.12'", vec![12]),
        ("not (isSupervised or manufacturer eq 'Google')", vec![2, 5, 8, 11]),
        ("id eq '03030303-0303-0303-0303-030303030303'", vec![3]),
        ("isof('microsoft.graph.managedDevice') and serialNumber in ('F17-2','F17-9')", vec![2, 9]),
        ("managementCertificateExpirationDate gt 2027-01-01T18:30:00Z", vec![1]),
    ] {
        assert_eq!(met(&fake, &format!("$filter={filter}&$top=2")).await, numbers, "{filter}");
        let count = fake.get(&encoded(&format!("$filter={filter}&$top=0"))).await.json();
        assert_eq!(count["@odata.count"], numbers.len(), "{filter}");
    }
}

#[tokio::test]
async fn a_count_can_be_of_a_filter() {
    let target = format!("{LIST}/$count?$filter=operatingSystem%20eq%20%27Android%27");
    assert_eq!(fleet().get(&target).await.text, "4");
}

#[tokio::test]
async fn lists_are_sorted_by_whatever_was_asked_for() {
    let fake = fleet();
    let backwards: Vec<u8> = (1..=12).rev().collect();
    for (order, numbers) in [
        ("enrolledDateTime", backwards.clone()),
        ("id desc", backwards),
        ("operatingSystem,deviceName", vec![1, 10, 4, 7, 11, 12, 2, 3, 5, 6, 8, 9]),
        ("isSupervised desc,enrolledDateTime", vec![12, 9, 6, 3, 11, 10, 8, 7, 5, 4, 2, 1]),
    ] {
        for top in [1, 5, 100] {
            let options = format!("$orderby={order}&$top={top}");
            assert_eq!(met(&fake, &options).await, numbers, "{options}");
        }
        let skipped = met(&fake, &format!("$orderby={order}&$top=4&$skip=7")).await;
        assert_eq!(skipped, numbers[7..], "{order}");
    }
    assert_eq!(met(&fake, "$skip=10&$top=1").await, [11, 12]);
    assert_eq!(met(&fake, "$skip=100").await, [0_u8; 0]);
}

#[tokio::test]
async fn a_link_goes_on_in_its_place_though_devices_left() {
    let leave = |number: u8| {
        let mut left = record(number, Mode::AppleDevice);
        let (reason, at) = (UnenrolReason::Retired, Timestamp::ZERO);
        left.lifecycle = Lifecycle::Unenrolled { reason, at };
        left
    };
    let before = Fake::new((1..=6).map(|number| record(number, Mode::AppleDevice)));
    let first = before.get(&encoded("$top=2&$orderby=deviceName")).await.json();
    let link = first["@odata.nextLink"].as_str().unwrap().replace("https://127.0.0.1:8443", "");
    let here = [1, 4, 5, 6].map(|number| record(number, Mode::AppleDevice));
    let after = Fake::new(here.into_iter().chain([leave(2), leave(3)]));
    let page = after.get(&link).await.json();
    let names: Vec<&Value> =
        page["value"].as_array().unwrap().iter().map(|device| &device["deviceName"]).collect();
    assert_eq!(names, [&json!("F17-4"), &json!("F17-5")]);
    assert_eq!(page["@odata.count"], 4);
}

#[tokio::test]
async fn there_is_no_delta_query() {
    for form in ["delta", "delta()", "microsoft.graph.delta()"] {
        let answer = fleet().get(&format!("{LIST}/{form}")).await;
        assert_eq!((answer.status.as_u16(), answer.reason().contains("delta")), (400, true));
    }
}

#[tokio::test]
async fn a_filter_with_a_mistake_says_where_it_is() {
    let answer = fleet().get(&encoded("$filter=deviceNme eq 'a'")).await;
    assert_eq!(
        answer.reason(),
        "$filter: could not find a property named 'deviceNme' on type \
         'microsoft.graph.managedDevice' at position 1, near \"deviceNme\""
    );
}

#[tokio::test]
async fn what_lists_do_not_tell_filters_do_not_tell_either() {
    for name in ["activationLockBypassCode", "notes", "udid", "iccid", "deviceActionResults"] {
        for options in [format!("$filter={name} eq null"), format!("$orderby={name}")] {
            let answer = fleet().get(&encoded(&options)).await;
            assert_eq!(answer.status, 400, "{options}");
            assert!(answer.reason().contains("cannot be filtered or sorted by"), "{options}");
        }
    }
}

#[tokio::test]
async fn a_property_of_beta_is_none_of_v1() {
    for options in ["$select=deviceType", "$filter=lostModeState%20eq%20%27enabled%27"] {
        let target = format!("{LIST}?{options}");
        assert_eq!(fleet().get(&target).await.status, 200, "{options}");
        let refused = fleet().get(&target.replace("beta", "v1.0")).await;
        assert!(refused.reason().contains("could not find a property"), "{options}");
    }
}

#[tokio::test]
async fn a_token_of_another_list_is_refused() {
    let fake = fleet();
    let page = fake.get(&encoded("$top=1&$filter=isSupervised")).await.json();
    let link = page["@odata.nextLink"].as_str().unwrap();
    let token = link.split_once("$skiptoken=").unwrap().1;
    let refused = fake.get(&encoded(&format!("$top=1&$skiptoken={token}"))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.reason().contains("$skiptoken is not one this server gave out"));
}

#[tokio::test]
async fn the_devices_of_a_user_are_a_list_of_their_own() {
    let fake = Fake::new((1..=12).map(|number| record(number, Mode::AppleDevice)));
    let all = fake.get(&encoded("$select=id,userId,userPrincipalName")).await.json();
    let owner = &all["value"][0];
    let (id, upn) = (owner["userId"].as_str().unwrap(), &owner["userPrincipalName"]);
    let same = all["value"].as_array().unwrap().iter().filter(|it| it["userId"] == id).count();
    for key in [id, upn.as_str().unwrap()] {
        let target = format!("/beta/users/{key}/managedDevices");
        let page = fake.get(&target).await.json();
        assert_eq!(
            (&page["@odata.count"], &page["value"][0]["userId"]),
            (&json!(same), &json!(id))
        );
        assert_eq!(page["value"].as_array().map(Vec::len), Some(same));
        let first = fake.get(&format!("{target}?$top=1&$filter=true")).await.json();
        let link = first["@odata.nextLink"].as_str().unwrap_or_default();
        let start = format!("https://127.0.0.1:8443/beta/users/{id}/managedDevices?");
        assert_eq!(link.starts_with(&start), same > 1, "{link}");
    }
    assert_eq!(fake.get("/v1.0/users/nobody@nowhere/managedDevices").await.status, 404);
}

#[tokio::test]
async fn hardware_is_told_by_id_and_by_name_only() {
    let fake = Fake::new([record(1, Mode::AppleSharedIpad)]);
    let device = format!("{LIST}/{}?$select=hardwareInformation", id(1));
    let shown = fake.get(&device).await.json();
    assert_eq!(shown["hardwareInformation"]["serialNumber"], "F17-1");
    assert_eq!(shown["hardwareInformation"]["isSharedDevice"], true);
    for target in [encoded("$select=hardwareInformation"), LIST.to_owned()] {
        let listed = fake.get(&target).await.json();
        assert_eq!(listed["value"][0]["hardwareInformation"]["serialNumber"], Value::Null);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        ..ProptestConfig::default()
    })]

    #[test]
    fn however_a_list_is_asked_for_every_device_is_met_once(
        top in 1_usize..15,
        order in prop::sample::select(vec![
            "", "$orderby=model", "$orderby=osVersion desc", "$orderby=isSupervised,model desc",
            "$orderby=x-muster-activation-lock", "$orderby=userPrincipalName",
        ]),
        filter in prop::sample::select(vec!["", "&$filter=true", "&$filter=isSupervised or not isSupervised"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let numbers = runtime.block_on(met(&fleet(), &format!("{order}{filter}&$top={top}")));
        let distinct: BTreeSet<u8> = numbers.iter().copied().collect();
        prop_assert_eq!((numbers.len(), distinct.len()), (12, 12));
    }
}
