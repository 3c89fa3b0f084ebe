//! Policies of the tenant and the devices of a fleet, as processes of their own.

use std::path::Path;

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

use crate::process::{Place, until};

/// A client of the admin API.
struct Administrator {
    http: Client,
    management: String,
    token: String,
}

impl Administrator {
    fn of(place: &Place, data: &Path) -> Self {
        // Another test may have been first; all of them want the same provider.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        Self {
            http: http.build().unwrap(),
            management: format!("https://{}/v1.0/deviceManagement", place.admin()),
            token: token.trim().to_owned(),
        }
    }

    async fn send(&self, method: Method, below: &str, body: &Value) -> Value {
        let request = self.http.request(method, format!("{}/{below}", self.management));
        let answer = request.bearer_auth(&self.token).body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// A supervised device that Find My has locked. On others the lock is their owner's alone.
fn is_locked(device: &Value) -> bool {
    device["isSupervised"] == true && device["x-muster-activation-lock"] == "on"
}

fn locked(place: &Place) -> usize {
    place.devices().iter().filter(|device| is_locked(device)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn find_my_locks_devices_only_once_a_policy_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let administrator = Administrator::of(&place, folder.path());
    let forbidden = json!({
        "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
        "displayName": "No Activation Lock",
        "activationLockAllowWhenSupervised": false,
    });
    let made = administrator.send(Method::POST, "deviceConfigurations", &forbidden).await;
    let policy = format!("deviceConfigurations/{}", made["id"].as_str().unwrap());
    let all = json!({ "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" });
    let all = json!({ "assignments": [{ "target": all }] });
    administrator.send(Method::POST, &format!("{policy}/assign"), &all).await;

    // Their enrolment profile allows the lock; the policy outranks it.
    let _fleet = place.fleet(&["--devices", "40"]);
    until("all devices are here", async || place.connected() == 40).await;
    let supervised = |device: &&Value| device["isSupervised"] == true;
    assert!(place.devices().iter().filter(supervised).count() > 2);
    assert_eq!(locked(&place), 0);

    let allowed = json!({ "activationLockAllowWhenSupervised": true });
    administrator.send(Method::PATCH, &policy, &allowed).await;
    until("Find My has locked devices", async || locked(&place) > 0).await;
    let devices = place.devices();
    let phone = devices.iter().find(|device| is_locked(device)).unwrap();
    let code = format!(
        "managedDevices/{}?$select=activationLockBypassCode",
        phone["id"].as_str().unwrap()
    );
    until("the bypass code is in escrow", async || {
        administrator.send(Method::GET, &code, &Value::Null).await["activationLockBypassCode"]
            .is_string()
    })
    .await;
}
