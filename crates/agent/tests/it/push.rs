//! Devices that keep no connection: they come when they are pushed, and leave.

use std::num::NonZeroUsize;
use std::time::Duration;

use muster_agent::{DevicePlan, Fleet, FleetConfig, WakeFault};
use muster_device::push::{Expiry, PushRefusal, PushRequest};
use muster_protocol::{PushService, PushTarget};

use crate::server::TestServer;
use crate::world::{config, plan, plans, start, until};

fn woken(plans: Vec<DevicePlan>) -> Vec<DevicePlan> {
    plans.into_iter().map(|plan| DevicePlan { spec: plan.spec.clone().woken(), ..plan }).collect()
}

/// Waits until so many visits are over.
async fn is_asleep(fleet: &Fleet, server: &TestServer, visits: usize) {
    server.until("all have come and left", |seen| seen.goodbyes >= visits).await;
    until(fleet, "all have left", |progress| progress.connected == 0).await;
    assert_eq!(server.seen().hellos.len(), visits);
}

fn request(target: &PushTarget, magic: &str) -> PushRequest {
    let PushTarget { service, topic, token, .. } = target.clone();
    let (magic, expiry) = (magic.to_owned(), Expiry::Unsaid);
    let payload_bytes = magic.len();
    PushRequest { service, topic, token, magic, payload_bytes, collapse_key: None, expiry }
}

fn push(fleet: &Fleet, target: &PushTarget) -> Result<(), PushRefusal> {
    fleet.push_services().accept(request(target, &target.magic)).map(drop)
}

async fn asleep(server: &TestServer) -> (Fleet, PushTarget) {
    let fleet = start(config(server, woken(vec![plan("WOKEN")]))).await;
    is_asleep(&fleet, server, 1).await;
    let targets = server.seen().targets;
    assert_eq!(targets.len(), 1);
    (fleet, targets[0].clone())
}

#[tokio::test]
async fn a_woken_device_says_where_it_is_reached_and_leaves() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    assert_eq!((target.service, target.token.len()), (PushService::Fcm, 64));
    let progress = fleet.progress();
    assert_eq!((progress.enrolled, progress.connected, progress.pushes), (1, 0, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_push_fetches_the_device_and_its_command() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    let command = server.command(7, 1);
    push(&fleet, &target).unwrap();
    let seen = server.until("an answer", |seen| !seen.results.is_empty()).await;
    assert_eq!(seen.results[0].1.id, command);
    is_asleep(&fleet, &server, 2).await;
    let progress = fleet.progress();
    assert_eq!((progress.pushes, progress.executed, progress.reconnects), (1, 1, 1));
    fleet.stop().await;
}

#[tokio::test]
async fn a_push_without_the_devices_word_moves_nobody() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    fleet.push_services().accept(request(&target, "another word")).unwrap();
    until(&fleet, "the push has arrived", |progress| progress.pushes == 1).await;
    push(&fleet, &target).unwrap();
    is_asleep(&fleet, &server, 2).await;
    fleet.stop().await;
}

#[tokio::test]
async fn the_newest_push_waits_for_a_device_that_is_offline() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    fleet.go_offline(0).await.unwrap();
    let keyed = PushRequest { collapse_key: Some("mdm".to_owned()), ..request(&target, "old") };
    fleet.push_services().accept(keyed.clone()).unwrap();
    let newest = PushRequest { magic: target.magic.clone(), ..keyed };
    fleet.push_services().accept(newest).unwrap();
    assert_eq!(fleet.progress().pushes, 0);
    fleet.go_online(0).await.unwrap();
    is_asleep(&fleet, &server, 2).await;
    assert_eq!(fleet.progress().pushes, 1);
    fleet.stop().await;
}

#[tokio::test]
async fn a_push_that_is_for_now_or_never_does_not_wait() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    fleet.go_offline(0).await.unwrap();
    let fleeting = PushRequest { expiry: Expiry::Now, ..request(&target, &target.magic) };
    fleet.push_services().accept(fleeting).unwrap();
    fleet.go_online(0).await.unwrap();
    fleet.view(0).await.unwrap();
    assert_eq!(fleet.progress().pushes, 0);
    fleet.stop().await;
}

#[tokio::test]
async fn a_token_nobody_has_is_refused() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    let strange = PushTarget { token: "00".to_owned(), ..target.clone() };
    assert_eq!(push(&fleet, &strange), Err(PushRefusal::BadToken));
    let other = PushTarget { topic: "another".to_owned(), ..target };
    assert_eq!(push(&fleet, &other), Err(PushRefusal::WrongTopic));
    fleet.stop().await;
}

#[tokio::test]
async fn a_broadcast_fetches_everybody_a_few_at_a_time() {
    let server = TestServer::start();
    let usual = config(&server, woken(plans(40)));
    let connects_in_flight = NonZeroUsize::new(2).unwrap();
    let fleet = start(FleetConfig { connects_in_flight, ..usual }).await;
    is_asleep(&fleet, &server, 40).await;
    for target in server.seen().targets {
        push(&fleet, &target).unwrap();
    }
    is_asleep(&fleet, &server, 80).await;
    let progress = fleet.progress();
    assert_eq!((progress.pushes, progress.connect_failures), (40, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_lost_push_moves_nobody_and_the_next_one_does() {
    let server = TestServer::start();
    let (fleet, target) = asleep(&server).await;
    fleet.spoil_push(0, WakeFault::Lost).await.unwrap();
    push(&fleet, &target).unwrap();
    fleet.view(0).await.unwrap();
    assert_eq!(fleet.progress().pushes, 0);
    push(&fleet, &target).unwrap();
    is_asleep(&fleet, &server, 2).await;
    assert_eq!(fleet.progress().pushes, 1);
    fleet.stop().await;
}

#[tokio::test]
async fn a_push_that_comes_twice_is_one_visit() {
    let server = TestServer::start();
    let usual = config(&server, woken(vec![plan("WOKEN")]));
    let faults = vec!["wake-duplicated".parse().unwrap()];
    let fleet = start(FleetConfig { faults, ..usual }).await;
    is_asleep(&fleet, &server, 1).await;
    push(&fleet, &server.seen().targets[0]).unwrap();
    is_asleep(&fleet, &server, 2).await;
    assert_eq!(fleet.progress().pushes, 2);
    fleet.stop().await;
}

#[tokio::test]
async fn a_late_push_comes_at_its_time() {
    let server = TestServer::start();
    let usual = config(&server, woken(vec![plan("WOKEN")]));
    let (skew, faults) = (usual.skew.clone(), vec!["wake-late by=10m".parse().unwrap()]);
    let fleet = start(FleetConfig { faults, ..usual }).await;
    is_asleep(&fleet, &server, 1).await;
    push(&fleet, &server.seen().targets[0]).unwrap();
    fleet.view(0).await.unwrap();
    skew.advance(Duration::from_secs(599));
    fleet.view(0).await.unwrap();
    assert_eq!(fleet.progress().pushes, 0);
    skew.advance(Duration::from_secs(1));
    fleet.view(0).await.unwrap();
    is_asleep(&fleet, &server, 2).await;
    fleet.stop().await;
}
