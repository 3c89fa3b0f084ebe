//! The audit log, as those see it who may.

use axum::http::StatusCode;
use muster_admin::{Backend as _, Document, DocumentKind, DocumentPage, Purged, purge_audit_log};
use muster_protocol::{Mode, Timestamp};
use serde_json::{Value, json};

use crate::fake::{Fake, HOUR, id, record};

const LOG: &str = "/v1.0/deviceManagement/auditEvents";
const ACTIONS: &str = "/beta/deviceManagement/remoteActionAudits";

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AndroidDedicated)])
}

async fn act(fake: &Fake, number: u8, action: &str) {
    let path = format!("/v1.0/deviceManagement/managedDevices/{}/{action}", id(number));
    let answer = fake.send("POST", &path, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
}

async fn rows(fake: &Fake, target: &str) -> Vec<Value> {
    let answer = fake.get(target).await;
    assert_eq!(answer.status, StatusCode::OK, "{target}: {}", answer.text);
    answer.json()["value"].as_array().expect("a list").clone()
}

async fn activities(fake: &Fake, query: &str) -> Vec<String> {
    let rows = rows(fake, &format!("{LOG}{query}")).await;
    rows.iter().map(|row| row["activity"].as_str().expect("a text").to_owned()).collect()
}

/// So many entries, a second apart, of an action each.
async fn fill(fake: &Fake, count: u64) {
    let entry = |number: u64| {
        let id = format!("00000000-0000-7000-8000-{number:012x}");
        let at =
            fake.wall(Timestamp::ZERO.after(HOUR * 2)) + std::time::Duration::from_secs(number);
        let body = json!({
            "id": id,
            "activity": format!("action {}", number % 10),
            "activityDateTime": format!("{at:.6}"),
            "category": "Device",
        });
        Document { kind: DocumentKind::AuditEvent, id, body: Some(body.to_string()) }
    };
    fake.keep((0..count).map(entry).collect()).await.expect("kept");
}

#[tokio::test]
async fn everything_that_was_done_is_there_newest_first() {
    let fake = fleet();
    act(&fake, 1, "wipe").await;
    act(&fake, 2, "remoteLock").await;
    let device = format!("/v1.0/deviceManagement/managedDevices/{}", id(1));
    fake.send("PATCH", &device, r#"{"managedDeviceName":"front desk"}"#).await;
    let roles = "/v1.0/deviceManagement/roleDefinitions";
    fake.send("POST", roles, r#"{"displayName":"Lockers","rolePermissions":[]}"#).await;
    let expected = [
        "Create RoleDefinition",
        "Patch ManagedDevice",
        "remoteLock ManagedDevice",
        "wipe ManagedDevice",
    ];
    assert_eq!(activities(&fake, "").await, expected);
    for (query, places) in [
        ("?$filter=category%20eq%20'Role'", &[0][..]),
        ("?$filter=contains(activity,'ManagedDevice')&$top=2", &[1, 2]),
        ("?$orderby=activityDateTime", &[3, 2, 1, 0]),
        ("?$orderby=activityDateTime%20desc&$skip=3", &[3]),
        ("?$orderby=activity", &[0, 1, 2, 3]),
        ("?$orderby=activity%20desc&$top=1", &[3]),
        ("?$filter=actor/applicationDisplayName%20eq%20'muster'&$top=1", &[0]),
        ("?$filter=activityDateTime%20gt%202030-01-01", &[]),
    ] {
        let wanted: Vec<&str> = places.iter().map(|place| expected[*place]).collect();
        assert_eq!(activities(&fake, query).await, wanted, "{query}");
    }
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_what() {
    let fake = fleet();
    act(&fake, 1, "wipe").await;
    let listed = rows(&fake, LOG).await.remove(0);
    let path = format!("{LOG}('{}')", listed["id"].as_str().unwrap());
    let mut shown = fake.get(&path).await.json();
    let context = shown.as_object_mut().unwrap().remove("@odata.context").unwrap();
    assert!(context.as_str().unwrap().ends_with("#deviceManagement/auditEvents/$entity"));
    assert_eq!(shown, listed);
    assert_eq!(shown["actor"]["applicationDisplayName"], "muster");
    assert_eq!(shown["resources"][0]["resourceId"], id(1).to_string());
    assert_eq!(shown["activityResult"], "Success");
    assert!(!shown.to_string().contains("x-muster-remote-action"), "{shown}");
    for unknown in [id(7).to_string(), "nonsense".to_owned()] {
        assert_eq!(fake.get(&format!("{LOG}/{unknown}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn every_entry_is_on_exactly_one_page() {
    let fake = fleet();
    fill(&fake, 2500).await;
    for query in ["", "?$top=7&$filter=activity%20eq%20'action%203'", "?$orderby=activity&$top=600"]
    {
        let mut target = format!("{LOG}{query}");
        let mut ids = Vec::new();
        for _page in 0..60 {
            let page = fake.get(&target).await.json();
            let shown = page["value"].as_array().unwrap().iter();
            ids.extend(shown.map(|row| row["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["@odata.nextLink"].as_str() else { break };
            target = next.trim_start_matches("https://127.0.0.1:8443").to_owned();
        }
        let seen = ids.len();
        ids.sort_unstable();
        ids.dedup();
        let expected = if query.contains("filter") { 250 } else { 2500 };
        assert_eq!((seen, ids.len()), (expected, expected), "{query}");
    }
}

#[tokio::test]
async fn a_filter_that_fits_little_looks_at_a_bounded_part_and_says_where_to_go_on() {
    let fake = fleet();
    fill(&fake, 20_600).await;
    let oldest = "00000000-0000-7000-8000-000000000000";
    let first = fake.get(&format!("{LOG}?$filter=id%20eq%20{oldest}")).await.json();
    assert_eq!(first["value"], json!([]));
    let next = first["@odata.nextLink"].as_str().expect("a link");
    let second = fake.get(next.trim_start_matches("https://127.0.0.1:8443")).await.json();
    assert_eq!(second["value"][0]["id"], oldest);
    assert_eq!(second["@odata.nextLink"], Value::Null);
    let counted = fake.get(&format!("{LOG}?$count=true&$top=1")).await.json();
    assert_eq!(counted["@odata.count"], 20_600);
}

#[tokio::test]
async fn entries_are_readable_for_a_year_and_then_removed() {
    let fake = fleet();
    act(&fake, 1, "syncDevice").await;
    let entry = rows(&fake, LOG).await.remove(0);
    let path = format!("{LOG}/{}", entry["id"].as_str().unwrap());
    let day = HOUR * 24;
    let nearly = fake.clone().at(fake.now().after(day * 365));
    assert_eq!(activities(&nearly, "").await.len(), 1);
    let late = fake.clone().at(fake.now().after(day * 365 + HOUR));
    assert_eq!(late.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(activities(&late, "?$orderby=activityDateTime").await, [""; 0]);
    assert_eq!(kept(&fake).await, 1, "who reads writes nothing");
    assert_eq!(purge_audit_log(&nearly).await.expect("purged"), Purged::Everything);
    assert_eq!(kept(&fake).await, 1);
    assert_eq!(purge_audit_log(&late).await.expect("purged"), Purged::Everything);
    assert_eq!(kept(&fake).await, 0);
}

async fn kept(fake: &Fake) -> usize {
    let page = DocumentPage::After(None);
    let kept = fake.documents(DocumentKind::AuditEvent, page, 10_000).await;
    kept.expect("documents").len()
}

#[tokio::test]
async fn a_long_log_is_removed_in_steps_and_what_may_be_read_stays() {
    let fake = fleet();
    fill(&fake, 3600 + 1700).await;
    // Entries begin two hours into the run and are a second apart; the year of the first hour ends.
    let late = fake.clone().at(Timestamp::ZERO.after(HOUR * 3 + HOUR * 24 * 365));
    for left in [4300, 3300, 2300] {
        assert_eq!(purge_audit_log(&late).await.expect("purged"), Purged::Some);
        assert_eq!(kept(&fake).await, left);
    }
    assert_eq!(purge_audit_log(&late).await.expect("purged"), Purged::Everything);
    assert_eq!(kept(&fake).await, 1700);
    assert_eq!(purge_audit_log(&late).await.expect("purged"), Purged::Everything);
    assert_eq!(kept(&fake).await, 1700);
}

#[tokio::test]
async fn remote_actions_are_listed_with_the_state_of_their_command() {
    let fake = fleet();
    act(&fake, 1, "wipe").await;
    act(&fake, 2, "remoteLock").await;
    let body = json!({ "actionName": "syncDevice", "deviceIds": [id(2).to_string()] });
    let bulk = "/beta/deviceManagement/managedDevices/executeAction";
    fake.send("POST", bulk, &body.to_string()).await;
    let rows = rows(&fake, ACTIONS).await;
    let told: Vec<[&str; 3]> = rows
        .iter()
        .map(|row| {
            ["action", "actionState", "deviceActionCategory"]
                .map(|name| row[name].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ["syncDevice", "pending", "bulk"],
            ["remoteLock", "pending", "single"],
            ["factoryReset", "pending", "single"],
        ]
    );
    assert_eq!(rows[2]["managedDeviceId"], id(1).to_string());
    assert_eq!(rows[2]["initiatedByUserPrincipalName"], "muster");
    let query = format!("{ACTIONS}?$filter=action%20eq%20'remoteLock'&$select=action");
    assert_eq!(self::rows(&fake, &query).await, [json!({ "action": "remoteLock" })]);
}

#[tokio::test]
async fn categories_and_activity_types_are_those_of_the_entries() {
    let fake = fleet();
    let words = |answer: &Value| -> Vec<String> {
        let words = answer["value"].as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let categories = words(&fake.get(&format!("{LOG}/getAuditCategories()")).await.json());
    assert!(categories.contains(&"Device".to_owned()));
    for category in &categories {
        let path = format!("{LOG}/getAuditActivityTypes(category='{category}')");
        assert!(!words(&fake.get(&path).await.json()).is_empty(), "{category}");
    }
    let path = format!("{LOG}/getAuditActivityTypes(category='device')");
    let types = words(&fake.get(&path).await.json());
    assert!(types.contains(&"wipe ManagedDevice".to_owned()), "{types:?}");
    let unknown = fake.get(&format!("{LOG}/getAuditActivityTypes(category='x')")).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

/// Filters by time look at a part of the log only; what they find is what a look at all would.
#[tokio::test]
async fn a_filter_by_time_finds_what_is_there_however_long_the_log_is() {
    let fake = fleet();
    fill(&fake, 3_000).await;
    let start = fake.wall(Timestamp::ZERO.after(HOUR * 2));
    let time = |second: u64| format!("{:.6}", start + std::time::Duration::from_secs(second));
    for (filter, expected) in [
        (format!("activityDateTime gt {}", time(2_989)), 10),
        (format!("activityDateTime lt {}", time(10)), 10),
        (
            format!("activityDateTime ge {} and {} ge activityDateTime", time(1_000), time(1_009)),
            10,
        ),
        (format!("activityDateTime eq {}", time(77)), 1),
        (format!("activityDateTime lt {} or activityDateTime gt {}", time(5), time(2_994)), 10),
        (format!("activityDateTime gt {} and category eq 'Role'", time(0)), 0),
    ] {
        for order in ["", "&$orderby=activityDateTime", "&$orderby=activity"] {
            let query = format!("{LOG}?$filter={filter}{order}&$count=true").replace(' ', "%20");
            let (mut target, mut found) = (query.clone(), 0);
            let counted = loop {
                let page = fake.get(&target).await.json();
                found += page["value"].as_array().expect("a list").len();
                let count = page["@odata.count"].clone();
                let Some(next) = page["@odata.nextLink"].as_str() else { break count };
                target = next.trim_start_matches("https://127.0.0.1:8443").to_owned();
            };
            assert_eq!((found, counted), (expected, json!(expected)), "{query}");
        }
    }
}
