//! Compliance policies and configurations: what is kept, what is refused and what is shown.

use muster_control::DeviceRecord;
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{Mode, OsVersion};
use serde_json::{Value, json};

use crate::fake::{Answer, Fake, id, record};

const CONFIGURATIONS: &str = "/v1.0/deviceManagement/deviceConfigurations";
const POLICIES: &str = "/v1.0/deviceManagement/deviceCompliancePolicies";

fn restrictions() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
        "displayName": "Restrictions",
        "passcodeRequired": true,
        "passcodeMinimumLength": 8,
        "safariCookieSettings": "BLOCKALWAYS",
        "emailInDomainSuffixes": ["example.org"],
        "kioskModeManagedAppId": null,
    })
}

fn compliance() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.iosCompliancePolicy",
        "displayName": "Compliance",
        "passcodeRequired": true,
        "scheduledActionsForRule": [{
            "ruleName": "PasswordRequired",
            "scheduledActionConfigurations": [{ "actionType": "block", "gracePeriodHours": 0 }],
        }],
    })
}

async fn post(fake: &Fake, target: &str, body: &Value) -> Answer {
    fake.send("POST", target, &body.to_string()).await
}

async fn made(fake: &Fake, target: &str, body: &Value) -> Value {
    let answer = post(fake, target, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// The address of a policy that was made.
async fn place(fake: &Fake, target: &str, body: &Value) -> String {
    let made = made(fake, target, body).await;
    format!("{target}/{}", made["id"].as_str().expect("an id"))
}

fn to(kind: &str) -> Value {
    json!({ "assignments": [{ "target": { "@odata.type": format!("#microsoft.graph.{kind}") } }] })
}

/// A supervised iPhone that has reported no passcode.
fn without_passcode(number: u8) -> DeviceRecord {
    let mut record = record(number, Mode::AppleDeviceSupervised);
    record.status = Some(DeviceStatus {
        os_version: OsVersion::major(17),
        passcode: Presence::NotSet,
        platform: PlatformStatus::Apple { find_my: Switch::Off, activation_lock: Switch::Off },
    });
    record
}

#[tokio::test]
async fn a_configuration_is_kept_as_it_was_given() {
    let fake = Fake::new([]);
    let created = made(&fake, CONFIGURATIONS, &restrictions()).await;
    assert_eq!(created["version"], 1);
    assert_eq!(created["passcodeMinimumLength"], 8);
    assert_eq!(created["safariCookieSettings"], "blockAlways");
    assert_eq!(created["emailInDomainSuffixes"], json!(["example.org"]));
    assert_eq!(created["createdDateTime"], created["lastModifiedDateTime"]);
    let place = format!("{CONFIGURATIONS}/{}", created["id"].as_str().unwrap());

    let changed = json!({ "passcodeMinimumLength": 10, "passcodeRequired": null, "id": "mine" });
    let changed = fake.send("PATCH", &place, &changed.to_string()).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let shown = fake.get(&place).await.json();
    assert_eq!(shown, changed.json());
    assert_eq!((&shown["version"], &shown["passcodeMinimumLength"]), (&2.into(), &10.into()));
    assert_eq!((shown.get("passcodeRequired"), &shown["id"]), (None, &created["id"]));

    assert_eq!(fake.send("DELETE", &place, "").await.status, 204);
    assert_eq!(fake.get(&place).await.status, 404);
    assert_eq!(fake.send("DELETE", &place, "").await.status, 404);
}

#[tokio::test]
async fn what_no_policy_can_be_is_refused_by_name() {
    let fake = Fake::new([]);
    let with = |name: &str, value: Value| {
        let mut body = restrictions();
        body[name] = value;
        body
    };
    let table = [
        (json!({ "displayName": "no type" }), "@odata.type"),
        (with("@odata.type", "#microsoft.graph.windows10GeneralConfiguration".into()), "windows10"),
        (with("@odata.type", "#microsoft.graph.iosCompliancePolicy".into()), "iosCompliance"),
        (
            with("@odata.type", "#microsoft.graph.aospDeviceOwnerDeviceConfiguration".into()),
            "aospDeviceOwner",
        ),
        (with("displayName", Value::Null), "displayName"),
        (with("displayName", " ".into()), "displayName"),
        (with("passcodeLength", 8.into()), "passcodeLength"),
        (with("passcodeMinimumLength", 3.into()), "from 4 to 14"),
        (with("passcodeMinimumLength", 8.5.into()), "passcodeMinimumLength"),
        (with("passcodeMinimumLength", i64::MAX.into()), "passcodeMinimumLength"),
        (with("passcodeRequired", "yes".into()), "true or false"),
        (with("passcodeRequiredType", "secret".into()), "one of deviceDefault"),
        (with("description", 1.into()), "description"),
        (with("assignments", json!([])), "assign action"),
        (with("scheduledActionsForRule", json!([])), "scheduledActionsForRule"),
        // Beta has it, v1.0 has not.
        (with("airPrintBlocked", true.into()), "airPrintBlocked"),
    ];
    for (body, told) in table {
        let answer = post(&fake, CONFIGURATIONS, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.reason().contains(told), "{}", answer.reason());
    }
    assert_eq!(fake.get(CONFIGURATIONS).await.json()["value"], json!([]));
}

#[tokio::test]
async fn a_compliance_policy_needs_to_say_that_it_blocks() {
    let fake = Fake::new([]);
    let mut silent = compliance();
    silent.as_object_mut().unwrap().remove("scheduledActionsForRule");
    let mut notifies = compliance();
    notifies["scheduledActionsForRule"][0]["scheduledActionConfigurations"][0]["actionType"] =
        "notification".into();
    for body in [silent, notifies] {
        let answer = post(&fake, POLICIES, &body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.reason().contains("block"), "{}", answer.reason());
    }
    let place = place(&fake, POLICIES, &compliance()).await;
    let rules = fake.get(&format!("{place}/scheduledActionsForRule")).await.json();
    assert_eq!(rules["value"][0]["ruleName"], "PasswordRequired");
    let rule = &compliance()["scheduledActionsForRule"][0];
    let rescheduled = json!({ "deviceComplianceScheduledActionForRules": [rule] });
    let rescheduled = post(&fake, &format!("{place}/scheduleActionsForRules"), &rescheduled).await;
    assert_eq!(rescheduled.status, 204, "{}", rescheduled.text);
    assert_eq!(fake.get(&place).await.json()["version"], 2);
    let expanded = fake.get(&format!("{place}?$expand=scheduledActionsForRule")).await.json();
    assert_eq!(expanded["scheduledActionsForRule"], rules["value"]);
}

#[tokio::test]
async fn lists_are_filtered_by_type_and_name() {
    let fake = Fake::new([]);
    made(&fake, CONFIGURATIONS, &restrictions()).await;
    let beta = CONFIGURATIONS.replace("v1.0", "beta");
    let owned = json!({
        "@odata.type": "#microsoft.graph.androidDeviceOwnerGeneralDeviceConfiguration",
        "displayName": "Owned",
        "passwordRequiredType": "numeric",
    });
    made(&fake, &beta, &owned).await;
    let names = async |target: &str, query: &str| {
        let page = fake.get(&format!("{target}?{query}")).await.json();
        let named = page["value"].as_array().unwrap().iter();
        named.map(|one| one["displayName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // They were made at the same moment of the fake clock.
    assert_eq!(
        names(CONFIGURATIONS, "$orderby=displayName%20desc").await,
        ["Restrictions", "Owned"]
    );
    let ios = "$filter=isof('microsoft.graph.iosGeneralDeviceConfiguration')";
    assert_eq!(names(CONFIGURATIONS, ios).await, ["Restrictions"]);
    assert_eq!(names(CONFIGURATIONS, "$filter=displayName%20eq%20'owned'").await, ["Owned"]);
    assert_eq!(names(&beta, "$orderby=displayName").await, ["Owned", "Restrictions"]);
    // v1.0 has no word for the type: it shows what every configuration has.
    let owned = "$filter=displayName%20eq%20'Owned'";
    let shown = fake.get(&format!("{CONFIGURATIONS}?{owned}")).await.json()["value"][0].clone();
    assert_eq!(shown["@odata.type"], "#microsoft.graph.deviceConfiguration");
    assert_eq!(shown.get("passwordRequiredType"), None);
    let select = "$select=displayName&$expand=assignments";
    let selected = fake.get(&format!("{CONFIGURATIONS}?{select}")).await.json();
    assert_eq!(selected["value"][0]["assignments"], json!([]));
    assert_eq!(selected["value"][0].get("version"), None);
}

#[tokio::test]
async fn assigning_takes_the_place_of_earlier_assignments() {
    let fake = Fake::new([]);
    let place = place(&fake, CONFIGURATIONS, &restrictions()).await;
    let assign = format!("{place}/microsoft.graph.assign");
    let assigned = post(&fake, &assign, &to("allDevicesAssignmentTarget")).await;
    assert_eq!(assigned.status, 200, "{}", assigned.text);
    let assigned = post(&fake, &assign, &to("allLicensedUsersAssignmentTarget")).await.json();
    assert_eq!(assigned["value"].as_array().unwrap().len(), 1);
    let listed = fake.get(&format!("{place}/assignments")).await.json();
    assert_eq!(listed["value"], assigned["value"]);
    let expanded = fake.get(&format!("{place}?$expand=assignments")).await.json();
    assert_eq!(expanded["assignments"], assigned["value"]);

    let group = "6d757374-6572-4002-8000-000000000009";
    for (target, told) in [
        (json!({ "@odata.type": "#microsoft.graph.configurationManagerCollection" }), "target"),
        (json!({ "@odata.type": "#microsoft.graph.groupAssignmentTarget" }), "no group"),
        (
            json!({ "@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group }),
            group,
        ),
        (Value::Null, "target"),
    ] {
        let refused = post(&fake, &assign, &json!({ "assignments": [{ "target": target }] })).await;
        assert_eq!(refused.status, 400);
        assert!(refused.reason().contains(told), "{}", refused.reason());
    }
    assert_eq!(post(&fake, &assign, &json!({})).await.status, 400);
    assert_eq!(fake.get(&format!("{place}/assignments")).await.json()["value"], listed["value"]);
    let none = post(&fake, &assign, &json!({ "assignments": [] })).await;
    assert_eq!(none.json()["value"], json!([]));
}

#[tokio::test]
async fn devices_are_judged_by_the_policies_that_reach_them() {
    let phones = [without_passcode(1), record(2, Mode::AppleDevice)];
    let fake = Fake::new(phones.into_iter().chain([record(3, Mode::AndroidFullyManaged)]));
    let place = place(&fake, POLICIES, &compliance()).await;
    let states_of = async |number: u8| {
        let device = format!("/v1.0/deviceManagement/managedDevices/{}", id(number));
        fake.get(&format!("{device}/deviceCompliancePolicyStates")).await.json()["value"].clone()
    };
    assert_eq!(states_of(1).await, json!([]));
    post(&fake, &format!("{place}/assign"), &to("allDevicesAssignmentTarget")).await;

    let state = states_of(1).await[0].clone();
    assert_eq!((&state["state"], &state["platformType"]), (&"nonCompliant".into(), &"iOS".into()));
    assert_eq!(state["settingStates"][0]["settingName"], "passcodeRequired");
    assert_eq!(states_of(2).await[0]["state"], "unknown");
    assert_eq!(states_of(3).await, json!([]));

    let statuses = fake.get(&format!("{place}/deviceStatuses?$top=1&$count=true")).await.json();
    assert_eq!(
        (&statuses["@odata.count"], &statuses["value"][0]["status"]),
        (&2.into(), &"nonCompliant".into())
    );
    let next = statuses["@odata.nextLink"].as_str().unwrap();
    let rest = fake.get(next.strip_prefix("https://127.0.0.1:8443").unwrap()).await.json();
    assert_eq!(rest["value"][0]["status"], "unknown");
    assert_eq!(rest.get("@odata.nextLink"), None);
    let failing = format!("{place}/deviceStatuses?$filter=status%20eq%20'nonCompliant'");
    assert_eq!(fake.get(&failing).await.json()["value"].as_array().unwrap().len(), 1);
    let overview = fake.get(&format!("{place}/deviceStatusOverview")).await.json();
    assert_eq!((&overview["failedCount"], &overview["pendingCount"]), (&1.into(), &1.into()));
    assert_eq!(fake.get(&format!("{POLICIES}/nonsense/deviceStatuses")).await.status, 404);
}

#[tokio::test]
async fn every_change_of_a_policy_is_in_the_audit_log() {
    let fake = Fake::new([]);
    let place = place(&fake, CONFIGURATIONS, &restrictions()).await;
    let change = json!({ "passcodeMinimumLength": 9, "kioskModeManagedAppId": "hidden-one" });
    fake.send("PATCH", &place, &change.to_string()).await;
    post(&fake, &format!("{place}/assign"), &to("allDevicesAssignmentTarget")).await;
    fake.send("DELETE", &place, "").await;
    // What is refused leaves no trace.
    post(&fake, CONFIGURATIONS, &json!({})).await;

    let log = fake.get("/v1.0/deviceManagement/auditEvents").await;
    assert!(!log.text.contains("hidden-one"));
    let events = log.json()["value"].as_array().unwrap().clone();
    let deeds: Vec<_> =
        events.iter().rev().map(|one| one["activityOperationType"].clone()).collect();
    assert_eq!(deeds, ["Create", "Patch", "Assign", "Delete"]);
    assert!(events.iter().all(|one| one["category"] == "DeviceConfiguration"));
    let changed = &events[2]["resources"][0]["modifiedProperties"];
    assert_eq!(
        changed[1],
        json!({ "displayName": "passcodeMinimumLength", "oldValue": "8", "newValue": "9" })
    );
}
