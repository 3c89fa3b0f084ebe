//! From enrolment to the first command that is carried out.

use std::time::Duration;

use muster_control::Action;
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::status::{DeviceStatus, Presence};
use muster_protocol::{Answer, AppleRequest, Attempt, CloseCode, Outcome, Policy, Request, alpn};
use muster_server::{TokenKind, TokenRequest, profiles};
use muster_transport::close;

use crate::world::{World, done, eventually, iphone, status};

#[tokio::test]
async fn a_device_is_welcomed_with_the_policy_of_its_profile() {
    let world = World::new().await;
    for (profile, policy) in profiles().into_iter().zip([Policy::FULL, Policy::NONE]) {
        let lifetime = Duration::from_secs(60);
        let request = TokenRequest { profile, kind: TokenKind::OneTime, lifetime };
        let token = world.server.issue_token(request).await.unwrap();
        let enrolled = world.site.enrol(&token, iphone()).await;
        let (_device, welcome) = world.site.welcomed(&enrolled).await;
        assert_eq!((welcome.minor, welcome.policy), (alpn::MINOR, policy));
    }
    let totals = world.server.totals();
    assert_eq!((totals.enrolled, totals.sessions), (2, 2));
}

#[tokio::test]
async fn secrets_are_acknowledged_once_they_are_in_the_record() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let unlock_token = Some(UnlockToken::new(vec![7; 4_096]));
    let bypass_code = Some(BypassCode::new("CODE-1".to_owned()));
    let update = TokenUpdate { sequence: 1, unlock_token, bypass_code };
    let TokenUpdate { unlock_token, bypass_code, .. } = update.clone();
    device.say(&ToServer::TokenUpdate(update)).await;
    assert_eq!(device.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    let full = world.record(enrolled.id).await.escrow;
    assert_eq!((&full.unlock_token, &full.bypass_code), (&unlock_token, &bypass_code));

    device.hears_nothing_more(2).await;
    assert_eq!(world.record(enrolled.id).await.escrow, full, "absent secrets change nothing");
}

#[tokio::test]
async fn a_sync_goes_out_as_attempt_one_and_its_answer_ends_it() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let command = device.hear_command().await;
    assert_eq!((command.head.id, command.head.attempt), (sync, Attempt::new(1)));
    assert_eq!(command.request, Some(Request::Apple(AppleRequest::SecurityInfo)));

    let reported = DeviceStatus { passcode: Presence::NotSet, ..status(enrolled.facts.mode) };
    device.answer(&command, Outcome::Acknowledged(Answer::Status(reported))).await;
    world.reaches(enrolled.id, sync, done()).await;
    assert_eq!(world.record(enrolled.id).await.status, Some(reported));
    let totals = world.server.totals();
    assert_eq!((totals.accepted, totals.attempts, totals.terminal), (1, 1, 1));
}

#[tokio::test]
async fn a_status_report_is_the_status_from_then_on() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let reported = DeviceStatus { passcode: Presence::NotSet, ..status(enrolled.facts.mode) };
    device.say(&ToServer::StatusReport(reported)).await;
    device.hears_nothing_more(1).await;
    assert_eq!(world.record(enrolled.id).await.status, Some(reported));
}

#[tokio::test]
async fn a_device_that_ends_its_stream_is_let_go_with_done() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    assert!(world.connected(enrolled.id));
    device.send.finish().unwrap();
    assert_eq!(device.closed().await, Some(CloseCode::Done));
    assert!(!world.connected(enrolled.id));
}

#[tokio::test]
async fn a_device_that_vanishes_while_it_is_greeted_is_not_shown_as_connected() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let mut device = world.site.connect(&enrolled).await;
    device.say(&enrolled.hello()).await;
    eventually("the hello is on its way", async || device.connection.stats().frame_tx.stream > 0)
        .await;
    close(&device.connection, CloseCode::Done);
    eventually("the hello is taken", async || world.record(enrolled.id).await.status.is_some())
        .await;
    eventually("the device is away", async || !world.connected(enrolled.id)).await;
}
