//! Policies of the tenant drive the devices: from HTTPS to what a device is told over QUIC.

use std::ops::ControlFlow;

use muster_admin::Backend as _;
use muster_control::DeviceRecord;
use muster_protocol::management::ToDevice;
use muster_protocol::status::{PlatformStatus, Presence, ResetPasswordToken};
use muster_protocol::{
    ActivationLockPolicy, DeviceFacts, Mode, OperatingSystem, OsVersion, PasscodeRule, Policy,
};
use reqwest::{Method, StatusCode, Version};
use serde_json::{Value, json};

use crate::admin::Administrator;
use crate::device::Enrolled;
use crate::world::{World, eventually, iphone, status, within};

/// An administrator who writes policies.
pub(crate) struct Author {
    administrator: Administrator,
    management: String,
}

impl Author {
    pub(crate) fn new(world: &World) -> Self {
        let administrator = Administrator::new(world, Version::HTTP_2);
        let admin = world.server.endpoints().admin;
        Self { administrator, management: format!("https://{admin}/beta/deviceManagement") }
    }

    async fn send(&self, method: Method, below: &str, body: &Value) -> (StatusCode, Value) {
        let request =
            self.administrator.http.request(method, format!("{}{below}", self.management));
        let request = request.bearer_auth(&self.administrator.token).body(body.to_string());
        let answer = within(request.send()).await.unwrap();
        let status = answer.status();
        (status, serde_json::from_str(&within(answer.text()).await.unwrap()).unwrap_or_default())
    }

    /// Makes a policy for all devices and returns its place.
    pub(crate) async fn assign(&self, collection: &str, body: Value) -> String {
        let (status, made) = self.send(Method::POST, &format!("/{collection}"), &body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let place = format!("/{collection}/{}", made["id"].as_str().unwrap());
        let all = json!({ "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" });
        let body = json!({ "assignments": [{ "target": all }] });
        let (status, said) = self.send(Method::POST, &format!("{place}/assign"), &body).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        place
    }

    async fn compliance(&self, enrolled: &Enrolled) -> Value {
        let device = self.administrator.read(&format!("/{}", enrolled.id)).await;
        device["complianceState"].clone()
    }
}

pub(crate) fn restrictions(name: &str, value: impl Into<Value>) -> Value {
    let kind = "#microsoft.graph.iosGeneralDeviceConfiguration";
    let mut body = json!({ "@odata.type": kind, "displayName": "Restrictions" });
    body[name] = value.into();
    body
}

pub(crate) const NO_LOCK: Policy =
    Policy { activation_lock: ActivationLockPolicy::Disallowed, ..Policy::FULL };

#[tokio::test]
async fn a_connected_device_hears_of_a_policy_at_once_and_of_its_end() {
    let world = World::new().await;
    let (_enrolled, mut device) = world.ready().await;
    let author = Author::new(&world);
    let lock = restrictions("activationLockAllowWhenSupervised", false);
    let place = author.assign("deviceConfigurations", lock).await;
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(NO_LOCK));

    let longer = json!({ "passcodeRequired": true, "passcodeMinimumLength": 9 });
    let (status, _) = author.send(Method::PATCH, &place, &longer).await;
    assert_eq!(status, StatusCode::OK);
    let nine = Policy { device_passcode: Some(PasscodeRule { length_min: 9 }), ..NO_LOCK };
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(nine));

    let (status, _) = author.send(Method::DELETE, &place, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(Policy::FULL));
}

#[tokio::test]
async fn a_device_that_enrols_or_returns_is_asked_what_is_assigned() {
    let world = World::new().await;
    let away = world.enrol(iphone()).await;
    let author = Author::new(&world);
    let lock = restrictions("activationLockAllowWhenSupervised", false);
    let place = author.assign("deviceConfigurations", lock).await;
    // Devices that are away are brought up to date as well, before they come.
    eventually("asked of the device that is away", async || {
        world.record(away.id).await.policy == NO_LOCK
    })
    .await;
    let fresh = world.enrol(iphone()).await;
    for enrolled in [&away, &fresh] {
        let (_device, welcome) = world.site.welcomed(enrolled).await;
        assert_eq!(welcome.policy, NO_LOCK);
    }

    let world = world.restart().await;
    let (_device, welcome) = world.site.welcomed(&fresh).await;
    assert_eq!(welcome.policy, NO_LOCK);
    let author = Author::new(&world);
    author.send(Method::DELETE, &place, &Value::Null).await;
    eventually("the effect has gone", async || world.record(away.id).await.policy == Policy::FULL)
        .await;
}

#[tokio::test]
async fn a_device_without_the_password_a_policy_asks_for_is_no_longer_compliant() {
    let world = World::new().await;
    let facts = DeviceFacts {
        serial: "WORK-PROFILE".parse().unwrap(),
        model: "Pixel 8".to_owned(),
        operating_system: OperatingSystem::Android,
        os_version: OsVersion::major(14),
        mode: Mode::AndroidPersonallyOwnedWorkProfile,
    };
    let profile = muster_server::profile_named("no-policy").unwrap();
    let (kind, lifetime) = (muster_server::TokenKind::OneTime, std::time::Duration::from_secs(60));
    let request = muster_server::TokenRequest { profile, kind, lifetime };
    let token = world.server.issue_token(request).await.unwrap();
    let enrolled = world.site.enrol(&token, facts).await;
    let mut device = world.site.ready(&enrolled).await;
    let author = Author::new(&world);
    assert_eq!(author.compliance(&enrolled).await, "compliant");

    let work = json!({
        "@odata.type": "#microsoft.graph.androidWorkProfileGeneralDeviceConfiguration",
        "displayName": "Work profile",
        "workProfileRequirePassword": true,
        "workProfilePasswordMinimumLength": 8,
    });
    author.assign("deviceConfigurations", work).await;
    let asked =
        Policy { work_profile_password: Some(PasscodeRule { length_min: 8 }), ..Policy::NONE };
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(asked));
    assert_eq!(author.compliance(&enrolled).await, "noncompliant");
    let states = format!("/{}/deviceConfigurationStates", enrolled.id);
    assert_eq!(author.administrator.read(&states).await["value"][0]["state"], "nonCompliant");

    let mut status = status(enrolled.facts.mode);
    status.platform = PlatformStatus::Android {
        work_profile_password: Presence::Set,
        reset_password_token: ResetPasswordToken::Active,
    };
    device.say(&muster_protocol::management::ToServer::StatusReport(status)).await;
    eventually("compliant", async || author.compliance(&enrolled).await == "compliant").await;
}

#[tokio::test]
async fn a_change_for_many_devices_reaches_each_of_them() {
    let world = World::new().await;
    let mut enrolled = Vec::new();
    for _device in 0..150 {
        enrolled.push(world.enrol(iphone()).await);
    }
    let author = Author::new(&world);
    let lock = restrictions("activationLockAllowWhenSupervised", false);
    author.assign("deviceConfigurations", lock).await;
    eventually("all are asked", async || {
        let mut policies = Vec::new();
        let mut look = |record: &DeviceRecord| {
            policies.push(record.policy);
            ControlFlow::Continue(())
        };
        world.server.backend().scan(None, &mut look).await.unwrap();
        assert_eq!(policies.len(), enrolled.len());
        policies.into_iter().all(|policy| policy == NO_LOCK)
    })
    .await;
}
