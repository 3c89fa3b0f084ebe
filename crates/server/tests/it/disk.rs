//! A server on a disk that is slow or full.

use std::time::{Duration, Instant};

use muster_admin::SubmitError;
use muster_control::{Action, CommandState};
use muster_protocol::management::ToServer;

use crate::world::{World, done};

#[tokio::test]
async fn on_a_slow_disk_acceptance_waits_until_it_is_durable() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let (delay, began) = (Duration::from_millis(100), Instant::now());
    world.server.disk().slow(delay);
    let command = world.submit(enrolled.id, Action::SyncDevice).await;
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    let heard = device.hear_command().await;
    device.acknowledge(&heard).await;
    world.reaches(enrolled.id, command, done()).await;
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_accepted_and_nothing_accepted_is_lost() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let before = world.submit(enrolled.id, Action::SyncDevice).await;
    let heard = device.hear_command().await;

    world.server.disk().fill();
    let refused = world.try_submit(enrolled.id, Action::RebootNow).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable(_))), "{refused:?}");
    // Its answer cannot be made durable: the device is not told that it was.
    device.acknowledge(&heard).await;
    device.closed().await;
    assert_eq!(world.state(enrolled.id, before).await, CommandState::InFlight);

    world.server.disk().make_room();
    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    device.say(&ToServer::Idle).await;
    let again = device.hear_command().await;
    assert_eq!(again.head.id, before);
    device.acknowledge(&again).await;
    world.reaches(enrolled.id, before, done()).await;
    let after = world.submit(enrolled.id, Action::SyncDevice).await;
    assert_eq!(device.hear_command().await.head.id, after);
}
