//! Sign-in and roles, from the form of a token to what it lets somebody do.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, Mood, id, record};

const TENANT: &str = "6d757374-6572-4000-8000-000000000001";
const AUTOMATION: &str = "6d757374-6572-4003-8000-000000000001";
const REPORTING: &str = "6d757374-6572-4003-8000-000000000002";
const INVENTORY: &str = "6d757374-6572-4003-8000-000000000003";
const CONSOLE: &str = "6d757374-6572-4003-8000-000000000004";
const SECRET: &str = "muster-automation-developer-secret";
const DEFAULT: &str = "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";
const GRAPH: &str = "/v1.0/deviceManagement";

/// One server for a whole test: its keys and codes are its own.
struct Tenant(Client);

impl Tenant {
    fn new() -> Self {
        Self(Client::new(&fleet(), muster_admin::AdminOptions::default()))
    }

    async fn form(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.0.call(request.expect("a request")).await
    }

    async fn token_answer(&self, form: &str) -> Answer {
        self.form(&format!("/{TENANT}/oauth2/v2.0/token"), form).await
    }

    /// The token of an application of its own.
    async fn application(&self, client: &str, secret: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={secret}&{DEFAULT}"
        );
        access_token(&self.token_answer(&form).await)
    }

    /// The token of a person who signed in to the console.
    async fn person(&self, name: &str) -> String {
        let form = format!(
            "grant_type=password&client_id={CONSOLE}&username={name}%40muster.example&password=x&\
             {DEFAULT}"
        );
        access_token(&self.token_answer(&form).await)
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(text));
        self.0.call(request.expect("a request")).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, "GET", path, &Value::Null).await
    }

    async fn act(&self, token: &str, action: &str) -> StatusCode {
        let path = format!("{GRAPH}/managedDevices/{}/{action}", id(1));
        self.send(token, "POST", &path, &Value::Null).await.status
    }
}

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice)])
}

fn access_token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().expect(&answer.text).to_owned()
}

#[tokio::test]
async fn an_application_gets_a_token_and_may_what_its_scopes_say() {
    let tenant = Tenant::new();
    let form = format!(
        "client_id={AUTOMATION}&client_secret={SECRET}&{DEFAULT}&grant_type=client_credentials&\
         client_info=1&claims=%7B%22access_token%22%3A%7B%7D%7D"
    );
    let answer = tenant.token_answer(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["ext_expires_in"], 3599);
    assert_eq!(tenant.act(&access_token(&answer), "syncDevice").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named() {
    let tenant = Tenant::new();
    let reporting = tenant.application(REPORTING, "muster-reporting-developer-secret").await;
    let inventory = tenant.application(INVENTORY, "muster-inventory-developer-secret").await;
    for token in [&reporting, &inventory] {
        let list = tenant.get(token, &format!("{GRAPH}/managedDevices")).await;
        assert_eq!(list.status, StatusCode::OK);
        assert_eq!(tenant.act(token, "wipe").await, StatusCode::FORBIDDEN);
    }
    let path = format!("{GRAPH}/managedDevices/{}", id(1));
    let refused = tenant.send(&reporting, "DELETE", &path, &Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["error"]["code"], "Forbidden");
    let deleted = tenant.send(&inventory, "DELETE", &path, &Value::Null).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
}

/// Sources: sources/reset-passcode.md (who may reset); Microsoft Intune, bypass Activation Lock.
#[tokio::test]
async fn the_help_desk_resets_passcodes_and_bypasses_no_activation_lock() {
    let tenant = Tenant::new();
    for (name, reset, bypass) in [
        ("global.admin", true, true),
        ("intune.admin", true, true),
        ("helpdesk", true, false),
        ("school.admin", true, false),
        ("security.manager", false, false),
        ("read.only", false, false),
        ("policy.manager", false, false),
        ("app.manager", false, false),
        ("role.admin", false, false),
        ("no.role", false, false),
    ] {
        let token = tenant.person(name).await;
        for (action, allowed) in [("resetPasscode", reset), ("bypassActivationLock", bypass)] {
            let expected = if allowed { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN };
            assert_eq!(tenant.act(&token, action).await, expected, "{name} {action}");
        }
    }
}

#[tokio::test]
async fn a_person_needs_the_scope_and_then_the_role() {
    let tenant = Tenant::new();
    let form = format!(
        "grant_type=password&client_id={CONSOLE}&username=intune.admin%40muster.example&\
         scope=DeviceManagementManagedDevices.Read.All"
    );
    let narrow = access_token(&tenant.token_answer(&form).await);
    assert_eq!(tenant.act(&narrow, "syncDevice").await, StatusCode::FORBIDDEN);
    let list = format!("{GRAPH}/managedDevices");
    assert_eq!(tenant.get(&narrow, &list).await.status, StatusCode::OK);
    let nobody = tenant.person("no.role").await;
    let refused = tenant.get(&nobody, &list).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.reason().contains("Microsoft.Intune_ManagedDevices_Read"));
}

#[tokio::test]
async fn a_person_is_me_and_has_devices_of_their_own_only() {
    let tenant = Tenant::new();
    let admin = tenant.person("intune.admin").await;
    let me = tenant.get(&admin, "/v1.0/me").await.json();
    assert_eq!(me["userPrincipalName"], "intune.admin@muster.example");
    let mine = tenant.get(&admin, "/v1.0/me/managedDevices").await;
    assert_eq!(mine.status, StatusCode::OK, "{}", mine.text);
    assert_eq!(mine.json()["value"], json!([]), "accounts for administration own none");
    let place = format!("$metadata#users('{}')/managedDevices", me["id"].as_str().unwrap());
    assert!(mine.json()["@odata.context"].as_str().unwrap().ends_with(&place));
}

/// Forms nobody gets a token for, with status, word and number of the answer.
fn refused_forms() -> Vec<(String, u16, &'static str, u32)> {
    let credentials = "grant_type=client_credentials";
    vec![
        (String::new(), 400, "invalid_request", 900_144),
        ("grant_type=x".to_owned(), 400, "invalid_request", 900_144),
        (format!("grant_type=x&client_id={CONSOLE}"), 400, "unsupported_grant_type", 70003),
        ("grant_type=x&client_id=7".to_owned(), 400, "unauthorized_client", 700_016),
        (
            format!("{credentials}&client_id={AUTOMATION}&{DEFAULT}"),
            401,
            "invalid_client",
            7_000_216,
        ),
        (format!("{credentials}&client_id={CONSOLE}&{DEFAULT}"), 401, "invalid_client", 7_000_216),
        (
            format!("{credentials}&client_id={AUTOMATION}&client_secret=x&{DEFAULT}"),
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            format!("{credentials}&client_id={CONSOLE}&client_secret=x&{DEFAULT}"),
            401,
            "invalid_client",
            700_025,
        ),
        (
            format!("{credentials}&client_id={AUTOMATION}&client_assertion=a.b.c&{DEFAULT}"),
            400,
            "invalid_request",
            900_144,
        ),
        (
            format!("{credentials}&client_id={AUTOMATION}&client_secret={SECRET}&scope=User.Read"),
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            format!(
                "{credentials}&client_id={AUTOMATION}&client_secret={SECRET}&\
                 scope=https://vault.azure.net/.default"
            ),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            format!("grant_type=password&client_id={CONSOLE}&username=x&{DEFAULT}"),
            400,
            "invalid_grant",
            50034,
        ),
        (
            format!("grant_type=refresh_token&client_id={CONSOLE}&refresh_token=a.b.c"),
            400,
            "invalid_grant",
            70000,
        ),
        (
            format!("grant_type=device_code&client_id={CONSOLE}&device_code=x"),
            400,
            "bad_verification_code",
            70018,
        ),
        ("a=1&a=2".to_owned(), 400, "invalid_request", 90014),
        ("x".repeat(17_000), 413, "invalid_request", 90014),
    ]
}

#[tokio::test]
async fn who_gets_no_token_is_told_with_the_number_of_the_service() {
    let tenant = Tenant::new();
    for (form, status, word, number) in refused_forms() {
        let shown: String = form.chars().take(200).collect();
        let answer = tenant.token_answer(&form).await;
        let body = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{shown}: {}", answer.text);
        assert_eq!(body["error"], word, "{shown}");
        assert_eq!(body["error_codes"], json!([number]), "{shown}");
        let start = format!("AADSTS{number}: ");
        assert!(body["error_description"].as_str().unwrap().starts_with(&start), "{shown}");
        assert!(!answer.text.contains("developer-secret"), "{shown}");
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_here_has_no_tokens() {
    let tenant = Tenant::new();
    let form = format!(
        "grant_type=client_credentials&client_id={AUTOMATION}&client_secret={SECRET}&{DEFAULT}"
    );
    for (path, number) in [("contoso.example", 90002), ("common", 50059), ("x%2F", 90002)] {
        let answer = tenant.form(&format!("/{path}/oauth2/v2.0/token"), &form).await;
        assert_eq!(answer.json()["error_codes"], json!([number]), "{path}");
    }
    let named = tenant.form("/muster.example/oauth2/v2.0/token", &form).await;
    assert_eq!(named.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_code_leads_to_tokens_once_its_person_agrees() {
    let tenant = Tenant::new();
    let begun = tenant
        .form(
            "/organizations/oauth2/v2.0/devicecode",
            &format!("client_id={CONSOLE}&{DEFAULT}%20openid%20profile%20offline_access"),
        )
        .await
        .json();
    assert_eq!(begun["verification_uri"], "https://127.0.0.1:8443/devicelogin");
    let (device, user) =
        (begun["device_code"].as_str().unwrap(), begun["user_code"].as_str().unwrap());
    let poll = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id={CONSOLE}&\
         device_code={device}&client_info=1"
    );
    let pending = tenant.token_answer(&poll).await;
    assert_eq!(pending.json()["error"], "authorization_pending");
    let page = tenant.get("", "/devicelogin").await;
    assert!(page.text.contains("helpdesk@muster.example"), "{}", page.text);
    let agreed = format!("user_code={user}&username=helpdesk%40muster.example&decision=approve");
    assert_eq!(tenant.form("/devicelogin", &agreed).await.status, StatusCode::OK);
    let answer = tenant.token_answer(&poll).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for member in ["id_token", "refresh_token", "client_info", "scope"] {
        assert!(answer.json()[member].is_string(), "{member}");
    }
    assert_eq!(tenant.act(&access_token(&answer), "remoteLock").await, StatusCode::NO_CONTENT);
    assert_eq!(tenant.token_answer(&poll).await.json()["error"], "bad_verification_code");

    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let form = format!("grant_type=refresh_token&client_id={CONSOLE}&refresh_token={refresh}");
    let renewed = access_token(&tenant.token_answer(&form).await);
    assert_eq!(tenant.act(&renewed, "remoteLock").await, StatusCode::NO_CONTENT);
    // A refresh token is no access token, and an access token no refresh token.
    assert_eq!(tenant.act(&refresh, "remoteLock").await, StatusCode::UNAUTHORIZED);
    let form = format!("grant_type=refresh_token&client_id={CONSOLE}&refresh_token={renewed}");
    assert_eq!(tenant.token_answer(&form).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_developer_signs_in_with_a_name_alone() {
    let tenant = Tenant::new();
    let form = format!("client_id={CONSOLE}&username=read.only%40muster.example&{DEFAULT}");
    let begun = tenant.form(&format!("/{TENANT}/oauth2/v2.0/devicecode"), &form).await.json();
    let device = begun["device_code"].as_str().unwrap();
    let form = format!("grant_type=device_code&client_id={CONSOLE}&device_code={device}");
    let token = access_token(&tenant.token_answer(&form).await);
    assert_eq!(tenant.get(&token, &format!("{GRAPH}/managedDevices")).await.status, 200);
    assert_eq!(tenant.act(&token, "syncDevice").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn discovery_leads_to_the_key_of_the_tokens() {
    let tenant = Tenant::new();
    let path = format!("/{TENANT}/v2.0/.well-known/openid-configuration");
    let configuration = tenant.get("", &path).await.json();
    let origin = "https://127.0.0.1:8443";
    for (member, rest) in [
        ("token_endpoint", format!("/{TENANT}/oauth2/v2.0/token")),
        ("device_authorization_endpoint", format!("/{TENANT}/oauth2/v2.0/devicecode")),
        ("jwks_uri", format!("/{TENANT}/discovery/v2.0/keys")),
        ("issuer", format!("/{TENANT}/v2.0")),
    ] {
        assert_eq!(configuration[member], format!("{origin}{rest}"));
    }
    let keys = tenant.get("", &format!("/{TENANT}/discovery/v2.0/keys")).await.json();
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["e"]),
        (&json!("RSA"), &json!("RS256"), &json!("AQAB"))
    );
    assert!(key.get("d").is_none() && key.get("p").is_none());
    let instances = tenant.get("", "/common/discovery/instance?api-version=1.1").await.json();
    assert_eq!(instances["metadata"][0]["preferred_network"], "127.0.0.1:8443");
    let wrong = tenant.form(&path, "").await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET"));
}

#[tokio::test]
async fn a_role_of_ones_own_counts_from_its_assignment_to_its_end() {
    let tenant = Tenant::new();
    let admin = tenant.person("role.admin").await;
    let nobody = tenant.person("no.role").await;
    let role = json!({
        "displayName": "Locksmith",
        "rolePermissions": [{ "resourceActions": [{ "allowedResourceActions": [
            "Microsoft.Intune_ManagedDevices_Read", "Microsoft.Intune_RemoteTasks_RemoteLock",
        ] }] }],
    });
    let made = tenant.send(&admin, "POST", &format!("{GRAPH}/roleDefinitions"), &role).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let role = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(tenant.act(&nobody, "remoteLock").await, StatusCode::FORBIDDEN);

    let holder = "6d757374-6572-4001-8000-000000000009";
    let assignment = json!({
        "displayName": "Locksmiths",
        "members": [holder],
        "roleDefinition@odata.bind":
            format!("https://graph.microsoft.com/beta/deviceManagement/roleDefinitions('{role}')"),
    });
    let path = format!("{GRAPH}/roleAssignments");
    let given = tenant.send(&admin, "POST", &path, &assignment).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
    assert_eq!(tenant.act(&nobody, "remoteLock").await, StatusCode::NO_CONTENT);
    assert_eq!(tenant.act(&nobody, "wipe").await, StatusCode::FORBIDDEN);

    let definition = format!("{GRAPH}/roleDefinitions('{role}')");
    let early = tenant.send(&admin, "DELETE", &definition, &Value::Null).await;
    assert_eq!(early.status, StatusCode::BAD_REQUEST);
    let held = tenant.get(&admin, &format!("{GRAPH}/roleDefinitions/{role}/roleAssignments")).await;
    assert_eq!(held.json()["value"].as_array().unwrap().len(), 1);
    let one = format!("{path}/{}", given.json()["id"].as_str().unwrap());
    let taken = tenant.send(&admin, "DELETE", &one, &Value::Null).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT);
    assert_eq!(tenant.act(&nobody, "remoteLock").await, StatusCode::FORBIDDEN);
    let gone = tenant.send(&admin, "DELETE", &definition, &Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(tenant.get(&admin, &definition).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn built_in_roles_stay_as_they_are_and_their_holders_may_change() {
    let tenant = Tenant::new();
    let admin = tenant.person("intune.admin").await;
    let list = tenant.get(&admin, &format!("{GRAPH}/roleDefinitions")).await.json();
    assert_eq!(list["value"].as_array().unwrap().len(), 7);
    let filter = "$filter=startswith(displayName,'Help')&$select=id&$count=true";
    let one = tenant.get(&admin, &format!("{GRAPH}/roleDefinitions?{filter}")).await.json();
    assert_eq!(one["@odata.count"], 1, "{one}");
    assert_eq!(one["value"][0]["id"], "9e0cc482-82df-4ab2-a24c-0c23a3f52e1e");
    let help_desk = format!("{GRAPH}/roleDefinitions/9e0cc482-82df-4ab2-a24c-0c23a3f52e1e");
    for method in ["PATCH", "DELETE"] {
        let body = if method == "PATCH" { json!({ "displayName": "x" }) } else { Value::Null };
        let refused = tenant.send(&admin, method, &help_desk, &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{method}");
    }
    let helpdesk = tenant.person("helpdesk").await;
    let seeded = format!("{GRAPH}/roleAssignments/6d757374-6572-4005-8000-000000000000");
    let renamed = tenant.send(&admin, "PATCH", &seeded, &json!({ "displayName": "Desk" })).await;
    assert_eq!(renamed.json()["displayName"], "Desk", "{}", renamed.text);
    assert_eq!(tenant.act(&helpdesk, "remoteLock").await, StatusCode::NO_CONTENT);
    let removed = tenant.send(&admin, "DELETE", &seeded, &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(tenant.act(&helpdesk, "remoteLock").await, StatusCode::FORBIDDEN);
    assert_eq!(tenant.get(&admin, &seeded).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn effective_permissions_are_those_of_the_person_signed_in() {
    let tenant = Tenant::new();
    let path = format!("{GRAPH}/getEffectivePermissions(scope='*')");
    let actions = |answer: Answer| {
        let row = &answer.json()["value"][0]["resourceActions"][0];
        row["allowedResourceActions"].as_array().expect(&answer.text).len()
    };
    let admin = actions(tenant.get(&tenant.person("intune.admin").await, &path).await);
    let read_only = actions(tenant.get(&tenant.person("read.only").await, &path).await);
    assert!(read_only < admin, "{read_only} {admin}");
    let operations = tenant
        .get(&tenant.person("read.only").await, &format!("{GRAPH}/resourceOperations"))
        .await
        .json();
    assert_eq!(operations["value"].as_array().unwrap().len(), admin);
}

#[tokio::test]
async fn roles_that_cannot_be_read_let_nobody_in() {
    let fake = fleet().in_mood(Mood::Unreadable);
    let tenant = Tenant(Client::new(&fake, muster_admin::AdminOptions::default()));
    let token = tenant.person("intune.admin").await;
    assert_eq!(tenant.act(&token, "wipe").await, StatusCode::SERVICE_UNAVAILABLE);
}
