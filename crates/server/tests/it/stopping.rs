//! How a server goes down.

use std::time::Duration;

use muster_admin::{Backend as _, Submission, SubmitError};
use muster_control::{Action, CommandState};
use muster_protocol::management::ToServer;
use muster_protocol::{Attempt, CloseCode};
use muster_transport::close_code;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::world::{World, iphone, within};

/// What an operator is promised.
const STOP_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_stop_sends_every_device_away_with_retry_later_in_time() {
    let world = World::new().await;
    let (_enrolled, working) = world.ready().await;
    let silent = world.enrol(iphone()).await;
    let silent = world.site.connect(&silent).await;
    let enrolling = world.site.dial(world.site.tls.enrolment()).await.unwrap();

    timeout(STOP_WITHIN, world.server.stop()).await.expect("a stop within two seconds");
    assert_eq!(working.closed().await, Some(CloseCode::RetryLater));
    assert_eq!(silent.closed().await, Some(CloseCode::RetryLater));
    let closed = within(enrolling.closed()).await;
    assert_eq!(close_code(&closed), Some(CloseCode::RetryLater));
}

#[tokio::test]
async fn a_stop_hands_back_what_is_in_flight() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    device.hear_command().await;
    let backend = world.server.backend();
    within(world.server.stop()).await;
    let record = backend.device(enrolled.id).await.unwrap().unwrap();
    assert_eq!(record.command(sync).unwrap().state, CommandState::Queued);
    assert!(!backend.connected(enrolled.id));
}

#[tokio::test]
async fn a_killed_server_tells_nobody_and_hands_nothing_back() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    device.hear_command().await;
    let backend = world.server.backend();
    within(world.server.kill()).await;
    assert_eq!(device.connection.close_reason(), None);
    let record = backend.device(enrolled.id).await.unwrap().unwrap();
    assert_eq!(record.command(sync).unwrap().state, CommandState::InFlight);

    let world = World::on(world.folder).await;
    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    device.say(&ToServer::Idle).await;
    let again = device.hear_command().await;
    assert_eq!((again.head.id, again.head.attempt), (sync, Attempt::new(2)));
}

#[tokio::test]
async fn a_server_that_stops_takes_no_command() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let backend = world.server.backend();
    within(world.server.stop()).await;
    let sync = Submission::new(backend.new_command_id().unwrap(), Action::SyncDevice);
    let refused = backend.submit(enrolled.id, sync).await;
    assert!(matches!(refused, Err(SubmitError::ShuttingDown)), "{refused:?}");
}

#[tokio::test]
async fn a_stop_refuses_who_waits_to_be_accepted_and_keeps_what_was() {
    let world = World::new().await;
    let mut devices = Vec::new();
    for _device in 0..6 {
        devices.push(world.enrol(iphone()).await.id);
    }
    let backend = world.server.backend();
    world.server.disk().slow(Duration::from_millis(20));
    let mut asked = JoinSet::new();
    // More than are accepted at once, and less than a queue holds for each.
    for device in devices.iter().copied().cycle().take(300) {
        let (backend, id) = (backend.clone(), backend.new_command_id().unwrap());
        let submission = Submission::new(id, Action::SyncDevice);
        asked.spawn(async move { (device, id, backend.submit(device, submission).await) });
    }
    let (device, id, accepted) = asked.join_next().await.unwrap().unwrap();
    accepted.unwrap();
    within(world.server.stop()).await;

    let knows = async |device, id| backend.device(device).await.unwrap().unwrap().knows(id);
    assert!(knows(device, id).await);
    let mut refused = 0;
    for (device, id, told) in asked.join_all().await {
        match told {
            Ok(()) => assert!(knows(device, id).await),
            Err(SubmitError::ShuttingDown) => {
                assert!(!knows(device, id).await);
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 0);
}
