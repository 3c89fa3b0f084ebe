//! The vendor's activation service beside a fleet.

use std::fs;

use muster_agent::DevicePlan;
use muster_device::activation::{
    BypassKey, EscrowHash, LockRequest, LockResponse, LockType, Unlocking,
};
use muster_device::{Note, Phase, UserAction};
use muster_protocol::status::Switch;
use muster_protocol::{Mode, SerialNumber};
use tempfile::TempDir;

use crate::power::iphone;
use crate::server::TestServer;
use crate::world::{config, kept_in, start, until};

const FILE: &str = "fleet.redb";
const KEY: BypassKey = BypassKey::from_bytes([9; 16]);

fn serial() -> SerialNumber {
    "PHONE".parse().unwrap()
}

/// A device in the organisation's account with the vendor.
fn owned() -> DevicePlan {
    let mut plan = iphone();
    plan.spec.facts.mode = Mode::AppleAutomatedDevice;
    plan
}

/// One that locks itself as soon as it is set up.
fn private() -> DevicePlan {
    let mut plan = iphone();
    plan.spec.facts.mode = Mode::AppleDevice;
    plan.spec.persona.find_my = Switch::On;
    plan
}

fn request() -> LockRequest {
    LockRequest {
        serial: serial(),
        escrow_key: Some(EscrowHash::of(&KEY)),
        lost_message: Some("Call us".to_owned()),
    }
}

#[tokio::test]
async fn a_lock_outlives_the_fleet_that_set_it() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let kept = || kept_in(dir.path(), config(&server, vec![private()]));
    let fleet = start(kept()).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.stop().await;
    let fleet = start(kept()).await;
    let status = fleet.activation_service().status(&serial()).unwrap();
    assert_eq!(status.lock_type, LockType::User);
    fleet.stop().await;
}

#[tokio::test]
async fn what_a_server_does_to_a_lock_survives_a_kill() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let kept = |dir: &TempDir| kept_in(dir.path(), config(&server, vec![owned()]));
    let killed = start(kept(&dir)).await;
    let service = killed.activation_service();
    assert_eq!(service.lock(request()).await.unwrap(), LockResponse::Success);
    let (locked, unlocked) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::copy(dir.path().join(FILE), locked.path().join(FILE)).unwrap();
    let code = KEY.code();
    let unlocking = service.escrow_key_unlock(&serial(), code.expose()).await.unwrap();
    assert_eq!(unlocking, Unlocking::Unlocked);
    fs::copy(dir.path().join(FILE), unlocked.path().join(FILE)).unwrap();
    drop(killed);

    for (dir, lock_type) in [(&locked, LockType::Mdm), (&unlocked, LockType::None)] {
        let fleet = start(kept(dir)).await;
        assert_eq!(fleet.activation_service().status(&serial()).unwrap().lock_type, lock_type);
        fleet.stop().await;
    }
}

#[tokio::test]
async fn a_wiped_device_waits_until_the_vendor_lets_it_go() {
    let server = TestServer::start();
    let fleet = start(config(&server, vec![owned()])).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    let service = fleet.activation_service();
    service.lock(request()).await.unwrap();
    let notes = fleet.user(0, UserAction::EraseAllContent).await.unwrap();
    assert_eq!(notes, [Note::LockScreenMessage("Call us".to_owned()), Note::ActivationPrompt]);
    assert_eq!(fleet.view(0).await.unwrap().phase, Phase::ActivationPrompt);
    service.escrow_key_unlock(&serial(), KEY.code().expose()).await.unwrap();
    let notes = fleet.user(0, UserAction::Reboot).await.unwrap();
    assert_eq!(notes, [Note::ActivationLockRemoved]);
    until(&fleet, "a new life", |progress| progress.connected == 1).await;
    assert_eq!(server.seen().enrolments, 2);
    fleet.stop().await;
}

#[tokio::test]
async fn a_stopped_fleet_keeps_nothing_more_and_its_folder_is_free() {
    let (server, dir) = (TestServer::start(), TempDir::new().unwrap());
    let kept = || kept_in(dir.path(), config(&server, vec![owned()]));
    let fleet = start(kept()).await;
    let service = fleet.activation_service();
    fleet.stop().await;
    assert!(service.lock(request()).await.is_err());
    start(kept()).await.stop().await;
}
