//! What survives a kill and a restart.

use std::fs;
use std::path::Path;

use muster_admin::Backend as _;
use muster_control::{Action, CancelReason, CommandState};
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::{Attempt, CloseCode};
use tempfile::TempDir;

use crate::device::{Device, Enrolled, some_request};
use crate::world::{World, done, eventually, iphone};

/// The data as they are on disk at this moment: what a kill would leave.
pub(crate) fn as_killed(world: &World) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&world.folder.path().join("data"), &copy.path().join("data"));
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Connects a device for which this much must be waiting.
async fn first_command(world: &World, enrolled: &Enrolled) -> (Device, muster_protocol::Command) {
    let (mut device, _welcome) = world.site.welcomed(enrolled).await;
    device.say(&ToServer::Idle).await;
    let command = device.hear_command().await;
    (device, command)
}

#[tokio::test]
async fn a_command_is_durable_when_its_acceptance_is_confirmed() {
    let killed = World::new().await;
    let enrolled = killed.enrol(iphone()).await;
    let sync = killed.submit(enrolled.id, Action::SyncDevice).await;
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    assert_eq!(world.state(enrolled.id, sync).await, CommandState::Queued);
    let (mut device, command) = first_command(&world, &enrolled).await;
    assert_eq!((command.head.id, command.head.attempt), (sync, Attempt::new(1)));
    device.acknowledge(&command).await;
    world.reaches(enrolled.id, sync, done()).await;
}

#[tokio::test]
async fn a_command_in_flight_at_a_kill_comes_again_with_a_higher_attempt() {
    let killed = World::new().await;
    let (enrolled, mut device) = killed.ready().await;
    let sync = killed.submit(enrolled.id, Action::SyncDevice).await;
    let lost = device.hear_command().await;
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    assert_eq!(world.state(enrolled.id, sync).await, CommandState::Queued);
    let (_device, again) = first_command(&world, &enrolled).await;
    assert_eq!((again.head.id, again.head.attempt), (sync, lost.head.attempt.next()));
}

#[tokio::test]
async fn what_was_superseded_in_flight_at_a_kill_ends_once_though_its_device_stays_away() {
    let killed = World::new().await;
    let (enrolled, mut device) = killed.ready().await;
    let sync = killed.submit(enrolled.id, Action::SyncDevice).await;
    device.hear_command().await;
    killed.submit(enrolled.id, Action::Retire).await;
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    let superseded = CommandState::Canceled { reason: CancelReason::Superseded };
    assert_eq!(world.state(enrolled.id, sync).await, superseded);
    let ended = async || world.server.totals().terminal == 1;
    eventually("the server counts what it has ended", ended).await;
    assert_eq!(world.server.counts().await.unwrap().by_state.canceled, 1);
    drop(world.site.welcomed(&enrolled).await);
    assert_eq!(world.server.totals().terminal, 1);

    let world = world.restart().await;
    assert_eq!(world.state(enrolled.id, sync).await, superseded);
    drop(world.site.welcomed(&enrolled).await);
    assert_eq!(world.server.totals().terminal, 0);
}

#[tokio::test]
async fn an_enrolment_is_durable_when_its_certificate_is_handed_out() {
    let killed = World::new().await;
    let token = killed.one_time().await;
    let enrolled = killed.site.enrol(&token, iphone()).await;
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    drop(world.site.ready(&enrolled).await);
    let refused = world.site.try_enrol(&some_request(&token)).await;
    assert_eq!(refused, Err(CloseCode::TokenUsed));
}

#[tokio::test]
async fn secrets_are_durable_when_they_are_acknowledged() {
    let killed = World::new().await;
    let (enrolled, mut device) = killed.ready().await;
    let update = TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![7; 64])),
        bypass_code: Some(BypassCode::new("CODE".to_owned())),
    };
    device.say(&ToServer::TokenUpdate(update.clone())).await;
    assert_eq!(device.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    let world = World::on(as_killed(&killed)).await;
    drop(killed);

    let escrow = world.record(enrolled.id).await.escrow;
    assert_eq!(
        (escrow.unlock_token, escrow.bypass_code),
        (update.unlock_token, update.bypass_code)
    );
}

#[tokio::test]
async fn a_restart_hands_back_what_is_in_flight_and_keeps_the_end_of_what_ended() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let lock = world.submit(enrolled.id, Action::RemoteLock).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let command = device.hear_command().await;
    device.acknowledge(&command).await;
    let lost = device.hear_command().await;
    assert_eq!(lost.head.id, sync);

    let world = world.restart().await;
    assert_eq!(world.state(enrolled.id, lock).await, done());
    assert_eq!(world.state(enrolled.id, sync).await, CommandState::Queued);
    let (mut device, again) = first_command(&world, &enrolled).await;
    assert_eq!((again.head.id, again.head.attempt), (sync, Attempt::new(2)));
    device.acknowledge(&again).await;
    world.reaches(enrolled.id, sync, done()).await;
}

#[tokio::test]
async fn a_restart_changes_no_token_no_certificate_and_not_the_clock() {
    let world = World::new().await;
    let (one_time, reusable) = (world.one_time().await, world.reusable().await);
    let enrolled = world.enrol(iphone()).await;
    let files = ["ca.pem", "ca-key.pem", "admin-token", "enrolment-tokens/default"];
    let read = |world: &World| {
        files.map(|file| fs::read_to_string(world.server.data().root().join(file)).unwrap())
    };
    let (before, then) = (read(&world), world.server.backend().now());

    let world = world.restart().await;
    assert_eq!(read(&world), before);
    assert!(world.server.backend().now() > then);
    drop(world.site.ready(&enrolled).await);
    assert!(world.site.try_enrol(&some_request(&reusable)).await.is_ok());
    assert!(world.site.try_enrol(&some_request(&one_time)).await.is_ok());
    let refused = world.site.try_enrol(&some_request(&one_time)).await;
    assert_eq!(refused, Err(CloseCode::TokenUsed));
}
