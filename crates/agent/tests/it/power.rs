//! Devices that restart or are switched off by command.

use muster_agent::{DevicePlan, Fleet};
use muster_device::UserAction;
use muster_protocol::{AppleRequest, Mode, OperatingSystem, OsVersion, Request};

use crate::server::TestServer;
use crate::world::{config, plan, start, until};

pub(crate) fn iphone() -> DevicePlan {
    let mut plan = plan("PHONE");
    let facts = &mut plan.spec.facts;
    facts.model = "iPhone15,2".to_owned();
    facts.operating_system = OperatingSystem::Ios;
    facts.os_version = OsVersion::new(17, 4);
    facts.mode = Mode::AppleDeviceSupervised;
    plan
}

/// A device that has answered `request` and gone.
async fn gone_after(server: &TestServer, request: AppleRequest) -> Fleet {
    server.ask(1, 1, Request::Apple(request));
    let fleet = start(config(server, vec![iphone()])).await;
    server.until("the answer", |seen| seen.results.len() == 1).await;
    until(&fleet, "the device goes", |progress| progress.connected == 0).await;
    fleet
}

#[tokio::test]
async fn a_restarted_device_answers_goes_and_comes_back_when_unlocked() {
    let server = TestServer::start();
    let fleet = gone_after(&server, AppleRequest::RestartDevice).await;
    let before = fleet.view(0).await.unwrap();
    assert!(!before.connected);
    fleet.user(0, UserAction::Unlock).await.unwrap();
    let progress = until(&fleet, "back", |progress| progress.reconnects == 1).await;
    assert_eq!((progress.enrolled, progress.executed), (1, 1));
    assert_eq!(fleet.view(0).await.unwrap().id, before.id, "the same enrolment");
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_switched_off_stays_away_whatever_the_network_does() {
    let server = TestServer::start();
    let fleet = gone_after(&server, AppleRequest::ShutDownDevice).await;
    fleet.go_offline(0).await.unwrap();
    fleet.go_online(0).await.unwrap();
    assert!(!fleet.view(0).await.unwrap().connected);
    assert_eq!(server.seen().hellos.len(), 1);
    for action in [UserAction::PowerOn, UserAction::Unlock] {
        fleet.user(0, action).await.unwrap();
    }
    until(&fleet, "back", |progress| progress.reconnects == 1).await;
    assert_eq!(server.seen().enrolments, 1);
    fleet.stop().await;
}
