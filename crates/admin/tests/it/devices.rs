//! Devices as JSON, alone and in lists.

use muster_control::{Lifecycle, UnenrolReason};
use muster_protocol::{Mode, Timestamp};
use serde_json::{Value, json};

use crate::fake::{BYPASS_CODE, Fake, id, record};

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
            let names = "isSupervised,managedDeviceOwnerType,deviceEnrollmentType,managementAgent,deviceType";
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
async fn select_gives_what_was_named_and_null_for_what_is_not_known() {
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let mut answer =
        fake.get(&device(1, "?$select=serialnumber,imei,x-muster-connected")).await.json();
    answer.as_object_mut().unwrap().remove("@odata.context");
    assert_eq!(answer, json!({"serialNumber": "F17-1", "imei": null, "x-muster-connected": true}));
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
