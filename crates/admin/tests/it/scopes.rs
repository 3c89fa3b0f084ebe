//! Whoever holds a role for some devices has to do with no others, by whatever way they ask.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use muster_admin::AdminOptions;
use muster_protocol::Mode;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, TOKEN, id, record};

const ORIGIN: &str = "https://127.0.0.1:8443";
const GRAPH: &str = "/beta/deviceManagement";
const HELP_DESK: &str = "9e0cc482-82df-4ab2-a24c-0c23a3f52e1e";
const READ_ONLY: &str = "fa1d7878-e8cb-41a1-8254-0142355c9f84";
const NO_ROLE: &str = "6d757374-6572-4001-8000-000000000009";

/// People own devices under these numbers.
const PEOPLE: std::ops::Range<u16> = 100..112;

fn user(number: u16) -> String {
    format!("6d757374-6572-4001-8000-{number:012x}")
}

fn group(number: u8) -> String {
    format!("6d757374-6572-4002-8000-{number:012x}")
}

/// What an assignment may be limited to, with the people that means.
#[derive(Clone, Debug)]
enum Scope {
    User(u16),
    DeviceUsers,
    Administrators,
    North,
    South,
}

impl Scope {
    fn id(&self) -> String {
        match self {
            Self::User(number) => user(*number),
            Self::DeviceUsers => group(1),
            Self::Administrators => group(2),
            Self::North => group(3),
            Self::South => group(4),
        }
    }

    fn people(&self) -> BTreeSet<String> {
        let numbers = match self {
            Self::User(number) => *number..*number + 1,
            Self::DeviceUsers => PEOPLE,
            Self::Administrators => 0..0,
            Self::North => PEOPLE.start..106,
            Self::South => 106..PEOPLE.end,
        };
        numbers.map(user).collect()
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        4 => PEOPLE.prop_map(Scope::User),
        1 => Just(Scope::DeviceUsers),
        1 => Just(Scope::Administrators),
        1 => Just(Scope::North),
        1 => Just(Scope::South),
    ]
}

fn scopes() -> impl Strategy<Value = Vec<Scope>> {
    proptest::collection::vec(scope(), 1..4)
}

fn people(scopes: &[Scope]) -> BTreeSet<String> {
    scopes.iter().flat_map(Scope::people).collect()
}

/// A server with a fleet and somebody who has no role yet.
struct Office {
    client: Client,
    person: String,
}

impl Office {
    async fn open() -> Self {
        let modes = [Mode::AppleAutomatedDevice, Mode::AndroidFullyManaged, Mode::AndroidDedicated];
        let devices = (1..=18).map(|number| record(number, modes[usize::from(number) % 3]));
        let client = Client::new(&Fake::new(devices), AdminOptions::default());
        let person = signed_in(&client, "no.role").await;
        Self { client, person }
    }

    async fn send(&self, token: &str, line: &str, body: &Value) -> Answer {
        let (method, target) = line.split_once(' ').expect("a verb and a path");
        let target = if target.starts_with("https") {
            target.trim_start_matches(ORIGIN).to_owned()
        } else {
            format!("{GRAPH}/{target}")
        };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(target.replace(' ', "%20"))
            .header("authorization", format!("Bearer {token}"));
        self.client.call(request.body(Body::from(text)).expect("a request")).await
    }

    /// Asks as the holder of the data folder, who sees everything.
    async fn all(&self, line: &str, body: &Value) -> Answer {
        self.send(TOKEN, line, body).await
    }

    async fn ask(&self, line: &str) -> Answer {
        self.send(&self.person, line, &Value::Null).await
    }

    async fn assign(&self, token: &str, role: &str, scopes: &[Scope]) -> Answer {
        let ids: Vec<String> = scopes.iter().map(Scope::id).collect();
        let link =
            format!("https://graph.microsoft.com/beta/deviceManagement/roleDefinitions('{role}')");
        let body = json!({
            "displayName": "limited",
            "members": [NO_ROLE],
            "resourceScopes": ids,
            "roleDefinition@odata.bind": link,
        });
        self.send(token, "POST roleAssignments", &body).await
    }

    /// Everything a list shows the person, over all of its pages.
    async fn listed(&self, list: &str, member: &str) -> BTreeSet<String> {
        let mut line = format!("GET {list}");
        let mut found = BTreeSet::new();
        loop {
            let answer = self.ask(&line).await;
            assert_eq!(answer.status, 200, "{line}: {}", answer.text);
            let page = answer.json();
            for row in page["value"].as_array().expect("a list") {
                found.insert(row[member].as_str().expect("a text").to_owned());
            }
            let Some(next) = page["@odata.nextLink"].as_str() else { return found };
            line = format!("GET {next}");
        }
    }

    /// Devices whose owner is one of these people.
    async fn of(&self, people: &BTreeSet<String>) -> BTreeSet<String> {
        let page = self.all("GET managedDevices?$select=id,userId", &Value::Null).await.json();
        let rows = page["value"].as_array().expect("a list").iter();
        let theirs =
            rows.filter(|row| row["userId"].as_str().is_some_and(|id| people.contains(id)));
        theirs.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    }
}

async fn signed_in(client: &Client, name: &str) -> String {
    let form = format!(
        "grant_type=password&client_id=6d757374-6572-4003-8000-000000000004&password=x&\
         username={name}%40muster.example&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    let request = Request::post("/6d757374-6572-4000-8000-000000000001/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = client.call(request.body(Body::from(form)).expect("a request")).await;
    answer.json()["access_token"].as_str().expect(&answer.text).to_owned()
}

/// Every way to see devices shows those within the scope and none outside of it.
async fn sees_no_more_than(office: &Office, seen: &BTreeSet<String>) {
    for list in [
        "managedDevices",
        "managedDevices?$top=2",
        "managedDevices?$orderby=serialNumber desc&$top=3",
        "managedDevices?$filter=startswith(serialNumber,'F17')&$top=1",
    ] {
        assert_eq!(office.listed(list, "id").await, *seen, "{list}");
    }
    let count = seen.len().to_string();
    assert_eq!(office.ask("GET managedDevices/$count").await.text, count);
    let page = office.ask("GET managedDevices?$count=true&$top=1").await.json();
    assert_eq!(page["@odata.count"].to_string(), count);
    let overview = office.ask("GET managedDeviceOverview").await.json();
    assert_eq!(overview["enrolledDeviceCount"].to_string(), count);
    let logged = office.listed("remoteActionAudits?$top=2", "managedDeviceId").await;
    assert_eq!(logged, *seen);
    let filter = "auditEvents?$filter=category eq 'Device'&$top=4";
    assert_eq!(office.listed(filter, "id").await.len(), seen.len(), "one entry a device");
}

/// Acting answers 204 within the scope of acting, 403 within that of seeing only, 404 elsewhere.
async fn acts_on_no_more_than(office: &Office, seen: &BTreeSet<String>, own: &BTreeSet<String>) {
    for number in 1..=18 {
        let device = id(number).to_string();
        let (there, mine) = (seen.contains(&device), own.contains(&device));
        let shown = office.ask(&format!("GET managedDevices/{device}")).await;
        assert_eq!(shown.status, if there { 200 } else { 404 });
        for path in ["users", "deviceCompliancePolicyStates"] {
            let shown = office.ask(&format!("GET managedDevices/{device}/{path}")).await;
            assert_eq!(shown.status, if there { 200 } else { 404 });
        }
        let expected = if mine {
            204
        } else if there {
            403
        } else {
            404
        };
        let acted = office.ask(&format!("POST managedDevices/{device}/syncDevice")).await;
        assert_eq!(acted.status, expected, "{}", acted.text);
        let batch = json!({ "requests": [{
            "id": "1", "method": "POST",
            "url": format!("/deviceManagement/managedDevices/{device}/rebootNow"),
        }] });
        let batched =
            office.send(&office.person, "POST https://127.0.0.1:8443/beta/$batch", &batch);
        assert_eq!(batched.await.json()["responses"][0]["status"], expected);
    }
    let every: Vec<String> = (1..=18).map(|number| id(number).to_string()).collect();
    let bulk = json!({ "actionName": "syncDevice", "deviceIds": every });
    let told = office.send(&office.person, "POST managedDevices/executeAction", &bulk).await.json();
    let told = |list: &str| -> BTreeSet<String> {
        let ids = told[list].as_array().expect("a list").iter();
        ids.map(|id| id.as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(told("successfulDeviceIds"), *own);
    assert_eq!(told("failedDeviceIds"), seen.difference(own).cloned().collect());
    assert_eq!(told("notFoundDeviceIds").len(), every.len() - seen.len());
}

async fn keeps_to(acting: &[Scope], reading: &[Scope]) {
    let office = Office::open().await;
    for number in 1..=18 {
        let line = format!("POST managedDevices/{}/syncDevice", id(number));
        assert_eq!(office.all(&line, &Value::Null).await.status, 204);
    }
    for (role, scopes) in [(HELP_DESK, acting), (READ_ONLY, reading)] {
        let answer = office.assign(TOKEN, role, scopes).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    let mine = people(acting);
    let seen = office.of(&mine.union(&people(reading)).cloned().collect()).await;
    let own = office.of(&mine).await;
    sees_no_more_than(&office, &seen).await;
    acts_on_no_more_than(&office, &seen, &own).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nothing_of_one_scope_is_visible_in_another(acting in scopes(), reading in scopes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(keeps_to(&acting, &reading));
    }
}

#[tokio::test]
async fn an_assignment_for_all_devices_reaches_those_of_nobody_too() {
    for (kind, expected) in [
        ("allDevices", 18),
        ("allDevicesAndLicensedUsers", 18),
        ("allLicensedUsers", 12),
        ("resourceScope", 0),
    ] {
        let office = Office::open().await;
        let body = json!({
            "displayName": kind,
            "members": [NO_ROLE],
            "scopeType": kind,
            "roleDefinition@odata.bind": format!("/roleDefinitions/{READ_ONLY}"),
        });
        let made = office.all("POST roleAssignments", &body).await;
        assert_eq!((made.status.as_u16(), &made.json()["scopeType"]), (201, &json!(kind)));
        assert_eq!(office.listed("managedDevices", "id").await.len(), expected, "{kind}");
    }
}

#[tokio::test]
async fn a_scope_that_names_nobody_of_the_tenant_is_refused() {
    let office = Office::open().await;
    for (member, value) in [
        ("resourceScopes", json!(["0"])),
        ("scopeMembers", json!([id(1).to_string()])),
        ("scopeType", json!("everything")),
    ] {
        let mut body =
            json!({ "roleDefinition@odata.bind": format!("/roleDefinitions/{READ_ONLY}") });
        body[member] = value;
        let refused = office.all("POST roleAssignments", &body).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.reason().starts_with(member), "{}", refused.reason());
    }
}

#[tokio::test]
async fn nobody_gives_a_role_further_than_their_own_scope_reaches() {
    let office = Office::open().await;
    let actions = ["Roles_Read", "Roles_Assign", "ManagedDevices_Read"]
        .map(|name| format!("Microsoft.Intune_{name}"));
    let role = json!({
        "displayName": "Local administrators",
        "rolePermissions": [{ "resourceActions": [{ "allowedResourceActions": actions }] }],
    });
    let made = office.all("POST roleDefinitions", &role).await.json();
    let role = made["id"].as_str().expect("an id");
    let own = office.assign(TOKEN, role, &[Scope::North]).await;
    assert_eq!(own.status, 201, "{}", own.text);
    for (scopes, expected) in [
        (&[Scope::User(101)][..], 201),
        (&[Scope::North], 201),
        (&[Scope::User(108)], 403),
        (&[Scope::User(101), Scope::South], 403),
        (&[], 403),
    ] {
        let answer = office.assign(&office.person, HELP_DESK, scopes).await;
        assert_eq!(answer.status, expected, "{scopes:?}: {}", answer.text);
    }
    let wide = office.assign(TOKEN, HELP_DESK, &[]).await.json();
    let path = format!("roleAssignments/{}", wide["id"].as_str().expect("an id"));
    let narrowed = json!({ "resourceScopes": [group(3)] });
    let changed = office.send(&office.person, &format!("PATCH {path}"), &narrowed).await;
    assert_eq!(changed.status, 403, "{}", changed.text);
    assert_eq!(office.ask(&format!("DELETE {path}")).await.status, 403);
}
