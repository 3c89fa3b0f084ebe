//! Programs and people that sign in over HTTPS, and what they may do then.

use muster_admin::{AdminOptions, Strictness, Throttling};
use muster_server::{Exposure, Server, ServerConfig};
use reqwest::{Method, StatusCode, Version};
use serde_json::{Value, json};

use crate::admin::Administrator;
use crate::durability::as_killed;
use crate::world::{World, config, iphone, within};

const TENANT: &str = "6d757374-6572-4000-8000-000000000001";
const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";

/// A client of one server that asks at the address it likes.
struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    fn new(world: &World) -> Self {
        let base = format!("https://{}", world.server.endpoints().admin);
        Self { http: Administrator::new(world, Version::HTTP_11).http, base }
    }

    /// The same by another name of the server.
    fn by_name(mut self, name: &str) -> Self {
        self.base = self.base.replace("127.0.0.1", name);
        self
    }

    /// Asks the token endpoint.
    async fn ask_token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let url = format!("{}/{TENANT}/oauth2/v2.0/token", self.base);
        let answer = within(self.http.post(url).form(form).send()).await.unwrap();
        (answer.status(), within(answer.json()).await.unwrap())
    }

    async fn token(&self, form: &[(&str, &str)]) -> String {
        let (status, answer) = self.ask_token(form).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The token of a program, by its place and name in the tenant.
    async fn program(&self, place: u8, name: &str) -> String {
        let id = application(place);
        let secret = format!("muster-{name}-developer-secret");
        self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &id),
            ("client_secret", &secret),
            ("scope", GRAPH_SCOPE),
        ])
        .await
    }

    /// The token of somebody who signed in to the Console.
    async fn person(&self, name: &str) -> String {
        let (id, upn) = (application(4), format!("{name}@muster.example"));
        self.token(&[
            ("grant_type", "password"),
            ("client_id", &id),
            ("username", &upn),
            ("password", "any"),
            ("scope", GRAPH_SCOPE),
        ])
        .await
    }

    async fn ask(&self, token: &str, method: Method, path: &str) -> (StatusCode, Value) {
        let url = format!("{}/v1.0/deviceManagement/{path}", self.base);
        let answer = within(self.http.request(method, url).bearer_auth(token).send()).await;
        let answer = answer.unwrap();
        let status = answer.status();
        let body = within(answer.bytes()).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

fn application(place: u8) -> String {
    format!("6d757374-6572-4003-8000-00000000000{place}")
}

#[tokio::test]
async fn a_program_may_ask_for_what_its_scopes_allow_and_a_person_for_what_their_role_allows() {
    let world = World::new().await;
    let device = world.enrol(iphone()).await.id;
    let client = Client::new(&world);
    let (all, reads) =
        (client.program(1, "automation").await, client.program(2, "reporting").await);
    let (administrator, help_desk) =
        (client.person("global.admin").await, client.person("helpdesk").await);

    let lock = format!("managedDevices/{device}/remoteLock");
    let bypass = format!("managedDevices/{device}/bypassActivationLock");
    for (token, path, expected) in [
        (&all, &lock, StatusCode::NO_CONTENT),
        (&reads, &lock, StatusCode::FORBIDDEN),
        (&help_desk, &lock, StatusCode::NO_CONTENT),
        (&help_desk, &bypass, StatusCode::FORBIDDEN),
        (&administrator, &bypass, StatusCode::NO_CONTENT),
    ] {
        let (status, answer) = client.ask(token, Method::POST, path).await;
        assert_eq!(status, expected, "{path} {answer}");
    }
    let (status, list) = client.ask(&reads, Method::GET, "managedDevices").await;
    assert_eq!((status, list["value"].as_array().unwrap().len()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn a_token_outlives_the_server_that_made_it() {
    let world = World::new().await;
    let token = Client::new(&world).program(2, "reporting").await;
    let world = world.restart().await;
    let (status, _list) = Client::new(&world).ask(&token, Method::GET, "managedDevices").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn links_stay_with_the_name_of_the_server_that_the_client_uses() {
    let world = World::new().await;
    for name in ["127.0.0.1", "localhost"] {
        let client = Client::new(&world).by_name(name);
        let token = client.program(1, "automation").await;
        let (_status, list) = client.ask(&token, Method::GET, "managedDevices").await;
        let context = list["@odata.context"].as_str().unwrap();
        assert!(context.starts_with(&format!("{}/v1.0/$metadata", client.base)), "{context}");
        let url = format!("{}/{TENANT}/v2.0/.well-known/openid-configuration", client.base);
        let metadata: Value =
            within(within(client.http.get(url).send()).await.unwrap().json()).await.unwrap();
        let endpoint = metadata["token_endpoint"].as_str().unwrap();
        assert_eq!(endpoint, format!("{}/{TENANT}/oauth2/v2.0/token", client.base));
    }
}

#[tokio::test]
async fn what_was_accepted_or_changed_is_in_the_audit_log_of_the_server_after_a_kill() {
    let killed = World::new().await;
    let device = killed.enrol(iphone()).await.id;
    let client = Client::new(&killed);
    let token = client.person("global.admin").await;
    let (status, _none) =
        client.ask(&token, Method::POST, &format!("managedDevices/{device}/remoteLock")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let url = format!("{}/v1.0/deviceManagement/roleDefinitions", client.base);
    let role = json!({ "displayName": "Night shift", "rolePermissions": [] });
    let made = within(client.http.post(url).bearer_auth(&token).json(&role).send()).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    let client = Client::new(&world);
    let (status, log) = client.ask(&token, Method::GET, "auditEvents").await;
    assert_eq!(status, StatusCode::OK, "{log}");
    let entries = log["value"].as_array().unwrap();
    let who = |entry: &Value| entry["actor"]["userPrincipalName"].as_str().map(str::to_owned);
    assert_eq!(entries.len(), 2, "{log}");
    assert!(
        entries.iter().all(|entry| who(entry).as_deref() == Some("global.admin@muster.example"))
    );
    let (_status, roles) = client.ask(&token, Method::GET, "roleDefinitions").await;
    let roles = roles["value"].as_array().unwrap();
    assert!(roles.iter().any(|role| role["displayName"] == "Night shift"));
}

#[tokio::test]
async fn a_server_others_can_reach_has_secrets_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let usual = config(&folder.path().join("data"));
    let world =
        World::started(folder, ServerConfig { exposure: Exposure::Anywhere, ..usual }).await;
    let client = Client::new(&world);
    let known = world.server.sign_ins().clone();
    let own = known.applications[0].client_secret.clone().unwrap();
    let grant = |secret| {
        let id = known.applications[0].client_id.to_string();
        let client = &client;
        async move {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &id),
                ("client_secret", secret),
                ("scope", GRAPH_SCOPE),
            ];
            client.ask_token(&form).await
        }
    };
    let (refused, answer) = grant("muster-automation-developer-secret").await;
    assert_eq!((refused, &answer["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    let (granted, _answer) = grant(&own).await;
    assert_eq!(granted, StatusCode::OK);
    let written = std::fs::read_to_string(world.server.data().sign_ins()).unwrap();
    assert!(written.contains(&own), "whoever may read the folder finds them there");
}

#[tokio::test]
async fn a_strict_server_says_no_more_than_the_service_and_one_with_limits_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let api = AdminOptions {
        strictness: Strictness::Strict,
        throttling: Throttling::Documented,
        ..AdminOptions::default()
    };
    let usual = config(&folder.path().join("data"));
    let world = World::started(folder, ServerConfig { api, ..usual }).await;
    let client = Client::new(&world);
    let token = client.program(1, "automation").await;
    let nobody = "managedDevices/00000000-0000-0000-0000-000000000001";
    let (status, answer) = client.ask(&token, Method::GET, nobody).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(answer["error"]["innerError"]["x-muster-reason"], Value::Null);
    let mut statuses = Vec::new();
    for _request in 0..=200 {
        let path = "roleDefinitions/00000000-0000-0000-0000-000000000001";
        statuses.push(client.ask(&token, Method::DELETE, path).await.0);
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}

#[tokio::test]
async fn a_folder_whose_signing_key_is_no_key_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(config(&data)).await.unwrap();
    let kept = muster_admin::Document {
        kind: muster_admin::DocumentKind::Identity,
        id: "signing-key".to_owned(),
        body: Some("{\"pem\":\"nonsense\"}".to_owned()),
    };
    muster_admin::Backend::keep(&server.backend(), vec![kept]).await.unwrap();
    within(server.stop()).await;
    match Server::start(config(&data)).await {
        Err(error) => assert!(error.to_string().contains("who may use the admin API"), "{error}"),
        Ok(_server) => panic!("it starts without a key"),
    }
}
