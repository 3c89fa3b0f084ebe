//! The admin API over HTTPS, as any client sees it.

use muster_control::Lifecycle;
use muster_protocol::{Answer, Outcome};
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, Version};
use serde_json::Value;

use crate::world::{World, android, eventually, within};

/// An administrator with the token of the data folder.
pub(crate) struct Administrator {
    pub(crate) http: Client,
    devices: String,
    pub(crate) token: String,
}

impl Administrator {
    pub(crate) fn new(world: &World, version: Version) -> Self {
        // Another test may have been first; all of them want the same provider.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let data = world.server.data();
        let ca = std::fs::read(data.ca_certificate()).unwrap();
        let builder = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        let builder = match version {
            Version::HTTP_11 => builder.http1_only(),
            Version::HTTP_2 => builder.http2_prior_knowledge(),
            other => panic!("no client for {other:?}"),
        };
        let admin = world.server.endpoints().admin;
        Self {
            http: builder.build().unwrap(),
            devices: format!("https://{admin}/v1.0/deviceManagement/managedDevices"),
            token: std::fs::read_to_string(data.admin_token()).unwrap().trim().to_owned(),
        }
    }

    /// A request below the list of devices, without credentials.
    fn request(&self, method: Method, below: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{below}", self.devices))
    }

    pub(crate) async fn read(&self, below: &str) -> Value {
        let request = self.request(Method::GET, below).bearer_auth(&self.token);
        let answer = within(request.send()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        within(answer.json()).await.unwrap()
    }

    /// Asks for an action and returns the id of the accepted command.
    pub(crate) async fn act(&self, below: &str) -> String {
        let request = self.request(Method::POST, below).bearer_auth(&self.token);
        let answer = within(request.send()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        answer.headers()["x-muster-command-id"].to_str().unwrap().to_owned()
    }
}

async fn an_administrator_manages_a_device(version: Version) {
    let world = World::new().await;
    let enrolled = world.enrol(android()).await;
    let mut device = world.site.ready(&enrolled).await;
    let administrator = Administrator::new(&world, version);

    let list = administrator.read("").await;
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    let listed = &list["value"][0];
    assert_eq!(listed["id"], enrolled.id.to_string());
    assert_eq!(listed["serialNumber"], enrolled.facts.serial.as_str());
    assert_eq!(listed["x-muster-connected"], true);

    let accepted = administrator.act(&format!("/{}/resetPasscode", enrolled.id)).await;
    let command = device.hear_command().await;
    assert_eq!(command.head.id.to_string(), accepted);
    let passcode = muster_protocol::secret::Passcode::new("483920".to_owned());
    let outcome = Outcome::Acknowledged(Answer::TemporaryPasscode(passcode));
    device.answer(&command, outcome).await;

    let one = format!("/{}", enrolled.id);
    eventually("the result is visible", async || {
        administrator.read(&one).await["deviceActionResults"][0]["actionState"] == "done"
    })
    .await;
    let result = &administrator.read(&one).await["deviceActionResults"][0];
    assert_eq!(result["actionName"], "resetPasscode");
    assert_eq!(result["passcode"], "483920");
    assert_eq!(result["x-muster-command-id"], accepted);
}

#[tokio::test]
async fn a_deleted_device_is_off_the_list_at_once_and_back_if_it_refuses_to_go() {
    let world = World::new().await;
    let enrolled = world.enrol(android()).await;
    let mut device = world.site.ready(&enrolled).await;
    let administrator = Administrator::new(&world, Version::HTTP_2);
    let one = format!("/{}", enrolled.id);
    let delete = async || {
        let request = administrator.request(Method::DELETE, &one).bearer_auth(&administrator.token);
        within(request.send()).await.unwrap().status()
    };
    let count = async || administrator.read("").await["@odata.count"].clone();

    assert_eq!(delete().await, StatusCode::NO_CONTENT);
    assert_eq!(count().await, 0);
    assert_eq!(delete().await, StatusCode::NOT_FOUND);

    let command = device.hear_command().await;
    device.answer(&command, Outcome::Error(Vec::new())).await;
    eventually("the device is back", async || count().await == 1).await;

    assert_eq!(delete().await, StatusCode::NO_CONTENT);
    let command = device.hear_command().await;
    device.answer(&command, Outcome::Acknowledged(Answer::Done)).await;
    eventually("the device has left", async || {
        world.record(enrolled.id).await.lifecycle != Lifecycle::Enrolled
    })
    .await;
    assert_eq!(count().await, 0);
}

async fn nobody_gets_in_without_the_token(version: Version) {
    let world = World::new().await;
    let enrolled = world.enrol(android()).await;
    let administrator = Administrator::new(&world, version);
    let wipe = format!("/{}/wipe", enrolled.id);
    for (method, below) in [(Method::GET, ""), (Method::POST, wipe.as_str())] {
        let plain = administrator.request(method.clone(), below);
        let wrong = administrator.request(method, below).bearer_auth("0".repeat(64));
        for request in [plain, wrong] {
            let answer = within(request.send()).await.unwrap();
            assert_eq!((answer.status(), answer.version()), (StatusCode::UNAUTHORIZED, version));
        }
    }
    assert_eq!(world.record(enrolled.id).await.live_commands(), 0);
}

#[tokio::test]
async fn an_action_goes_from_http_1_to_the_device_and_its_result_back() {
    an_administrator_manages_a_device(Version::HTTP_11).await;
}

#[tokio::test]
async fn an_action_goes_from_http_2_to_the_device_and_its_result_back() {
    an_administrator_manages_a_device(Version::HTTP_2).await;
}

#[tokio::test]
async fn without_the_token_nothing_is_told_and_nothing_is_done() {
    nobody_gets_in_without_the_token(Version::HTTP_11).await;
    nobody_gets_in_without_the_token(Version::HTTP_2).await;
}
