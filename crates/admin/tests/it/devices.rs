//! Devices as JSON, alone and in lists.

use muster_control::{
    Action, BYPASS_CODE_KEPT_FOR, DeviceRecord, Lifecycle, LostMode, UnenrolReason,
};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{Mode, OsVersion, Timestamp};
use serde_json::{Value, json};

use crate::fake::{BYPASS_CODE, Fake, HOUR, id, record};

fn path(version: &str, rest: &str) -> String {
    format!("/{version}/deviceManagement/managedDevices{rest}")
}

fn device(number: u8, rest: &str) -> String {
    path("v1.0", &format!("/{}{rest}", id(number)))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}

#[tokio::test]
async fn a_supervised_iphone_in_v1() {
    let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
    insta::assert_snapshot!(pretty(&fake.get(&device(1, "")).await.json()));
}

#[tokio::test]
async fn an_aosp_device_in_beta() {
    let fake = Fake::new([record(2, Mode::AospUserless)]);
    let answer = fake.get(&path("beta", &format!("('{}')", id(2)))).await;
    insta::assert_snapshot!(pretty(&answer.json()));
}

#[tokio::test]
async fn every_mode_has_its_words_in_both_versions() {
    let mut lines = Vec::new();
    for mode in Mode::ALL {
        for version in ["v1.0", "beta"] {
            let fake = Fake::new([record(1, mode)]);
            let words = "isSupervised,managedDeviceOwnerType,deviceEnrollmentType,managementAgent,x-muster-mode";
            let beta = if version == "beta" { ",deviceType,chassisType" } else { "" };
            let names = format!("{words}{beta}");
            let answer = fake.get(&path(version, &format!("/{}?$select={names}", id(1)))).await;
            let device = answer.json();
            let words: Vec<String> =
                names.split(',').map(|name| device[name].to_string()).collect();
            lines.push(format!("{mode:24}{version:5} {}", words.join(" ")));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn the_bypass_code_is_told_by_id_and_by_name_only() {
    let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
    let select = "?$select=activationLockBypassCode";
    for (target, place, code) in [
        (device(1, select), "", json!(BYPASS_CODE)),
        (device(1, "?$select=ACTIVATIONLOCKBYPASSCODE,id"), "", json!(BYPASS_CODE)),
        (device(1, ""), "", Value::Null),
        (device(1, "?$select=*"), "", Value::Null),
        (path("v1.0", ""), "/value/0", Value::Null),
        (path("v1.0", select), "/value/0", Value::Null),
        (path("beta", select), "/value/0", Value::Null),
    ] {
        let answer = fake.get(&target).await.json();
        let shown = &answer.pointer(place).unwrap()["activationLockBypassCode"];
        assert_eq!(*shown, code, "{target}");
    }
}

#[tokio::test]
async fn select_gives_what_was_named_and_the_default_of_what_is_not_known() {
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let mut answer =
        fake.get(&device(1, "?$select=serialnumber,imei,x-muster-connected")).await.json();
    answer.as_object_mut().unwrap().remove("@odata.context");
    assert_eq!(answer, json!({"serialNumber": "F17-1", "imei": "", "x-muster-connected": true}));
}

#[tokio::test]
async fn following_the_links_meets_every_device_once() {
    let fake = Fake::new((1..=5).map(|number| record(number, Mode::AndroidDedicated)));
    let mut target = path("beta", "?$top=2&$select=id&$count=true");
    let mut met = Vec::new();
    let mut pages = 0;
    loop {
        let page = fake.get(&target).await.json();
        pages += 1;
        assert_eq!(page["@odata.count"], 5);
        met.extend(page["value"].as_array().unwrap().iter().map(|device| device["id"].clone()));
        let Some(next) = page["@odata.nextLink"].as_str() else {
            break;
        };
        target = next.strip_prefix("https://127.0.0.1:8443").expect("an absolute link").to_owned();
    }
    let all: Vec<Value> = (1..=5).map(|number| id(number).to_string().into()).collect();
    assert_eq!((met, pages), (all, 3));
}

#[tokio::test]
async fn a_last_full_page_has_no_link() {
    let fake = Fake::new((1..=2).map(|number| record(number, Mode::AppleDevice)));
    let page = fake.get(&path("v1.0", "?$top=2&$count=false")).await.json();
    assert_eq!(page.get("@odata.nextLink"), None);
    assert_eq!(page.get("@odata.count"), None);
    assert_eq!(page["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        page["@odata.context"],
        "https://127.0.0.1:8443/v1.0/$metadata#deviceManagement/managedDevices"
    );
}

fn with_lock(number: u8, mode: Mode, lock: Switch) -> DeviceRecord {
    let mut device = record(number, mode);
    device.status = Some(DeviceStatus {
        os_version: OsVersion::new(17, 4),
        passcode: Presence::Set,
        platform: PlatformStatus::Apple { find_my: lock, activation_lock: lock },
    });
    device
}

/// Five iPhones, the even ones locked, an Android device and one that never reported.
fn locked_and_not() -> Fake {
    let lock = |number: u8| if number.is_multiple_of(2) { Switch::On } else { Switch::Off };
    let iphones = (1..=5).map(|number| with_lock(number, Mode::AppleDevice, lock(number)));
    Fake::new(iphones.chain([record(6, Mode::AndroidDedicated), record(7, Mode::AppleDevice)]))
}

#[tokio::test]
async fn a_device_tells_whether_its_activation_lock_is_on() {
    let fake = locked_and_not();
    for (number, word) in [(1, json!("off")), (2, json!("on")), (6, json!(null)), (7, json!(null))]
    {
        let shown = fake.get(&device(number, "?$select=x-muster-activation-lock")).await.json();
        assert_eq!(shown["x-muster-activation-lock"], word, "{number}");
    }
}

#[tokio::test]
async fn all_devices_with_the_activation_lock_on_are_one_query() {
    let fake = locked_and_not();
    for (lock, numbers) in [("on", vec![2, 4]), ("off", vec![1, 3, 5])] {
        let mut target = path("v1.0", &format!("?x-muster-activation-lock={lock}&$top=1"));
        let mut met = Vec::new();
        loop {
            let page = fake.get(&target).await.json();
            assert_eq!(page["@odata.count"], numbers.len());
            met.push(page["value"][0]["id"].clone());
            let Some(next) = page["@odata.nextLink"].as_str() else {
                break;
            };
            target = next.strip_prefix("https://127.0.0.1:8443").expect("absolute").to_owned();
        }
        let all: Vec<Value> =
            numbers.into_iter().map(|number| id(number).to_string().into()).collect();
        assert_eq!(met, all, "{lock}");
    }
}

#[tokio::test]
async fn a_bypass_code_is_told_for_fifteen_days() {
    let mut iphone = record(1, Mode::AppleAutomatedDevice);
    let issued_at = Timestamp::ZERO.after(2 * HOUR);
    iphone.escrow.bypass_issued_at = Some(issued_at);
    let end = issued_at.after(BYPASS_CODE_KEPT_FOR);
    let last_moment = Timestamp::from_micros(end.as_micros() - 1);
    let fake = Fake::new([iphone]);
    for (now, code) in [(last_moment, json!(BYPASS_CODE)), (end, Value::Null)] {
        let target = device(1, "?$select=activationLockBypassCode");
        let shown = fake.clone().at(now).get(&target).await.json();
        assert_eq!(shown["activationLockBypassCode"], code);
    }
}

#[tokio::test]
async fn lost_mode_is_a_matter_of_beta() {
    let lost = Action::EnableLostMode { message: None, phone_number: None, footer: None };
    for (state, word) in [
        (LostMode::Off, "disabled"),
        (LostMode::On(Box::new(lost.clone())), "enabled"),
        (LostMode::Erased(Box::new(lost)), "disabled"),
    ] {
        let mut iphone = record(1, Mode::AppleAutomatedDevice);
        iphone.lost_mode = state;
        let fake = Fake::new([iphone]);
        let target = path("beta", &format!("/{}", id(1)));
        assert_eq!(fake.get(&target).await.json()["lostModeState"], word);
        assert_eq!(fake.get(&device(1, "")).await.json().get("lostModeState"), None);
    }
}

#[tokio::test]
async fn a_device_complies_once_it_reports_the_passcode_its_policy_asks_for() {
    let shown = async |passcode: Option<Presence>| {
        let mut iphone = with_lock(1, Mode::AppleDevice, Switch::Off);
        let reported = iphone.status.take();
        iphone.status = passcode.and_then(|passcode| Some(DeviceStatus { passcode, ..reported? }));
        Fake::new([iphone]).get(&device(1, "")).await.json()["complianceState"].take()
    };
    assert_eq!(shown(None).await, "unknown");
    assert_eq!(shown(Some(Presence::NotSet)).await, "noncompliant");
    assert_eq!(shown(Some(Presence::Set)).await, "compliant");
}

#[tokio::test]
async fn an_empty_page_is_a_page() {
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let page = fake.get(&path("v1.0", "?$top=0")).await.json();
    assert_eq!((&page["value"], &page["@odata.count"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn a_device_that_left_is_readable_and_not_listed() {
    let mut left = record(1, Mode::AppleDevice);
    let at = Timestamp::ZERO;
    left.lifecycle = Lifecycle::Unenrolled { reason: UnenrolReason::Wiped, at };
    let fake = Fake::new([left]);
    let shown = fake.get(&device(1, "")).await.json();
    assert_eq!(shown["deviceRegistrationState"], "notRegistered");
    assert_eq!(shown["managementState"], "wipeIssued");
    assert_eq!(fake.get(&path("v1.0", "")).await.json()["value"], json!([]));
    let refused = fake.send("POST", &device(1, "/syncDevice"), "").await;
    assert!(refused.reason().contains("no longer enrolled"));
}
