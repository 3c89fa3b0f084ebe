//! A server that has devices show first that they receive where they say they are.

use muster_control::Action;
use muster_server::{RetryFault, ServerConfig};
use muster_transport::{SERVER_NAME, client_endpoint};

use crate::device::Enrolled;
use crate::world::{World, config, done, iphone, within};

/// A server, and the switch of what it lets devices do at once.
async fn world() -> (World, RetryFault) {
    let folder = tempfile::tempdir().unwrap();
    let retry = RetryFault::default();
    let usual = config(&folder.path().join("data"));
    let config = ServerConfig { retry: retry.clone(), ..usual };
    (World::started(folder, config).await, retry)
}

/// How many Retry packets one connect costs: one, or more where the device sent twice.
async fn retries_of_a_connect(world: &World, enrolled: &Enrolled) -> u64 {
    let before = world.server.totals().retries_sent;
    drop(world.site.ready(enrolled).await);
    world.server.totals().retries_sent - before
}

#[tokio::test]
async fn a_device_that_is_answered_with_a_retry_enrols_connects_and_is_managed() {
    let (world, retry) = world().await;
    retry.begin();
    let enrolled = world.enrol(iphone()).await;
    assert!(world.server.totals().retries_sent >= 1);
    let before = world.server.totals().retries_sent;
    let mut device = world.site.ready(&enrolled).await;
    assert!(world.server.totals().retries_sent > before);
    let command = world.submit(enrolled.id, Action::SyncDevice).await;
    let heard = device.hear_command().await;
    device.acknowledge(&heard).await;
    world.reaches(enrolled.id, command, done()).await;
    assert_eq!(world.server.totals().handshakes_failed, 0);
}

#[tokio::test]
async fn devices_are_answered_with_a_retry_only_while_it_lasts() {
    let (world, retry) = world().await;
    let enrolled = world.enrol(iphone()).await;
    assert_eq!(retries_of_a_connect(&world, &enrolled).await, 0);
    retry.begin();
    assert!(retries_of_a_connect(&world, &enrolled).await >= 1);
    retry.end();
    assert_eq!(retries_of_a_connect(&world, &enrolled).await, 0);
}

#[tokio::test]
async fn the_switch_is_that_of_the_next_server_too() {
    let (world, retry) = world().await;
    let enrolled = world.enrol(iphone()).await;
    retry.begin();
    let World { server, folder, .. } = world;
    let data = server.data().root().to_owned();
    server.stop().await;
    let next = ServerConfig { retry, ..config(&data) };
    let world = World::started(folder, next).await;
    assert!(retries_of_a_connect(&world, &enrolled).await >= 1);
}

#[tokio::test]
async fn who_gives_up_before_it_was_answered_is_not_answered_for_ever() {
    let (world, retry) = world().await;
    retry.begin();
    let (endpoint, _buffers) = client_endpoint(world.site.quic).unwrap();
    let config = world.site.tls.enrolment();
    drop(endpoint.connect_with(config, world.site.quic, SERVER_NAME).unwrap());
    within(endpoint.wait_idle()).await;
    assert!((1..=8).contains(&world.server.totals().retries_sent));
}
