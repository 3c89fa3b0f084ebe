//! What becomes due when time is moved.

use std::time::Duration;

use muster_control::{Action, CancelReason, CommandState};
use muster_server::ServerConfig;
use muster_transport::Skew;
use quinn::ConnectionError;

use crate::world::{World, config, done, iphone};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A server whose time the test can move.
async fn world() -> (World, Skew) {
    let folder = tempfile::tempdir().unwrap();
    let skew = Skew::default();
    let config = ServerConfig { skew: skew.clone(), ..config(&folder.path().join("data")) };
    (World::started(folder, config).await, skew)
}

#[tokio::test]
async fn a_command_that_a_move_makes_overdue_ends_by_itself() {
    let (world, skew) = world().await;
    let enrolled = world.enrol(iphone()).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    skew.advance(DAY * 29);
    assert_eq!(world.state(enrolled.id, sync).await, CommandState::Queued);
    skew.advance(DAY * 2);
    let reason = CancelReason::Expired;
    world.reaches(enrolled.id, sync, CommandState::Canceled { reason }).await;
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_refused_and_one_issued_now_is_not() {
    let (world, skew) = world().await;
    let old = world.enrol(iphone()).await;
    skew.advance(DAY * 364);
    drop(world.site.ready(&old).await);
    skew.advance(DAY * 2);
    let refused = world.site.refusal(world.site.tls.management(&old.identity).unwrap()).await;
    assert!(matches!(refused, ConnectionError::ConnectionClosed(_)), "{refused:?}");
    let (new, mut device) = world.ready().await;
    let sync = world.submit(new.id, Action::SyncDevice).await;
    let command = device.hear_command().await;
    device.acknowledge(&command).await;
    world.reaches(new.id, sync, done()).await;
}

#[tokio::test]
async fn moved_time_stays_moved_when_the_server_is_started_again() {
    let (world, skew) = world().await;
    let enrolled = world.enrol(iphone()).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    world.server.stop().await;
    skew.advance(DAY * 31);
    let config = ServerConfig { skew, ..config(&world.folder.path().join("data")) };
    let world = World::started(world.folder, config).await;
    let reason = CancelReason::Expired;
    world.reaches(enrolled.id, sync, CommandState::Canceled { reason }).await;
}
