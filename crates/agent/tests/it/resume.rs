use std::fs;

use muster_agent::{FleetError, StateError};
use muster_protocol::Seed;
use tempfile::TempDir;

use crate::server::TestServer;
use crate::world::{config, kept_in, plans, start, until};

const FILE: &str = "fleet.redb";

#[tokio::test]
async fn a_stopped_fleet_goes_on_with_its_certificates_and_journals() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let kept = || kept_in(dir.path(), config(&server, plans(2)));
    let fleet = start(kept()).await;
    until(&fleet, "connected", |progress| progress.connected == 2).await;
    let before = fleet.view(0).await.unwrap();
    fleet.stop().await;

    let fleet = start(kept()).await;
    until(&fleet, "resumed", |progress| progress.connected == 2).await;
    assert_eq!(fleet.view(0).await.unwrap().id, before.id);
    assert_eq!(server.seen().enrolments, 2);
    fleet.stop().await;
}

#[tokio::test]
async fn a_fleet_killed_after_an_effect_does_not_have_it_again() {
    let server = TestServer::start();
    let (dir, after_kill) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    server.command(1, 1);
    let killed = start(kept_in(dir.path(), config(&server, plans(1)))).await;
    server.until("the answer", |seen| seen.results.len() == 1).await;
    // A copy of the open file is what a kill leaves; then the rest goes without a word.
    fs::copy(dir.path().join(FILE), after_kill.path().join(FILE)).unwrap();
    drop(killed);

    server.command(1, 2);
    let fleet = start(kept_in(after_kill.path(), config(&server, plans(1)))).await;
    let seen = server.until("the stored answer", |seen| seen.results.len() == 2).await;
    assert_eq!(seen.results[0].1.outcome, seen.results[1].1.outcome);
    assert_eq!(seen.results[0].0, seen.results[1].0);
    assert_eq!(fleet.progress().executed, 0);
    assert_eq!(seen.enrolments, 1);
    fleet.stop().await;
}

#[tokio::test]
async fn new_devices_join_a_fleet_that_resumes() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let fleet = start(kept_in(dir.path(), config(&server, plans(1)))).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.stop().await;
    let fleet = start(kept_in(dir.path(), config(&server, plans(3)))).await;
    until(&fleet, "all connected", |progress| progress.connected == 3).await;
    assert_eq!(server.seen().enrolments, 3);
    fleet.stop().await;
}

#[tokio::test]
async fn a_state_folder_of_another_seed_is_a_clear_error() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let fleet = start(kept_in(dir.path(), config(&server, plans(1)))).await;
    fleet.stop().await;
    let mut other = kept_in(dir.path(), config(&server, plans(1)));
    other.seed = Seed::root(2);
    let refused = muster_agent::Fleet::start(other).await;
    assert!(matches!(refused.err(), Some(FleetError::State { source: StateError::OtherSeed })));
}
