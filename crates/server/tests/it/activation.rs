//! Bypass codes that go to the vendor's activation service.

use muster_control::{Action, CommandState};
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::BypassCode;
use muster_protocol::{AppleRequest, CommandId, Request};
use muster_server::ServerConfig;
use tempfile::TempDir;

use crate::device::{Device, Enrolled};
use crate::vendor::{self, CODE, Manner, Vendor};
use crate::world::{World, config, done, eventually};

/// A run whose server is a customer of a vendor, which need not be there yet.
async fn customer(run: TempDir) -> World {
    let data = config(&run.path().join("data"));
    let activation = Some(vendor::access(run.path()));
    World::started(run, ServerConfig { activation, ..data }).await
}

fn open(world: &World, manner: Manner) -> Vendor {
    Vendor::open(&vendor::folder(world.folder.path()), manner)
}

/// A device that has handed over a bypass code.
async fn escrowed(world: &World, code: &str) -> (Enrolled, Device) {
    let (enrolled, mut device) = world.ready().await;
    let bypass_code = Some(BypassCode::new(code.to_owned()));
    let update = TokenUpdate { sequence: 1, unlock_token: None, bypass_code };
    device.say(&ToServer::TokenUpdate(update)).await;
    assert_eq!(device.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    (enrolled, device)
}

/// A device that has handed over a bypass code and gone.
async fn away(world: &World, code: &str) -> Enrolled {
    let (enrolled, device) = escrowed(world, code).await;
    drop(device);
    eventually("the device is gone", async || !world.connected(enrolled.id)).await;
    enrolled
}

async fn bypass(world: &World, enrolled: &Enrolled) -> CommandId {
    world.submit(enrolled.id, Action::BypassActivationLock).await
}

/// A server hands a code in, right or wrong, until it is told what came of it.
pub(crate) async fn hand_in(code: &str) {
    let world = customer(run()).await;
    let vendor = open(&world, Manner::BusyOnce);
    let enrolled = away(&world, code).await;
    let command = bypass(&world, &enrolled).await;
    eventually("the command has ended", async || {
        world.state(enrolled.id, command).await.is_terminal()
    })
    .await;
    assert!(vendor.heard().iter().all(|(_query, form)| form.contains(code)));
}

async fn stop(world: World) -> TempDir {
    world.server.stop().await;
    world.folder
}

fn run() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn the_service_removes_the_lock_while_the_device_is_offline() {
    let world = customer(run()).await;
    let vendor = open(&world, Manner::Truthful);
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    world.reaches(enrolled.id, command, done()).await;
    let serial = enrolled.facts.serial.as_str();
    let query = format!("serial={serial}&productType=iPhone15%2C2");
    let form = format!("escrowKey={CODE}&orgName=muster&guid={command}");
    assert_eq!(vendor.heard(), [(query, form)]);
}

#[tokio::test]
async fn a_device_that_is_there_has_no_part_in_it() {
    let world = customer(run()).await;
    let vendor = open(&world, Manner::Truthful);
    let (enrolled, mut device) = escrowed(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    world.reaches(enrolled.id, command, done()).await;
    device.hears_nothing_more(2).await;
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn without_a_service_the_code_goes_to_the_device() {
    let world = World::new().await;
    let (enrolled, mut device) = escrowed(&world, CODE).await;
    bypass(&world, &enrolled).await;
    let bypass_code = BypassCode::new(CODE.to_owned());
    let request = Request::Apple(AppleRequest::DisableActivationLock { bypass_code });
    assert_eq!(device.hear_command().await.request, Some(request));
}

#[tokio::test]
async fn a_code_that_does_not_fit_fails_with_the_services_words() {
    let world = customer(run()).await;
    let _vendor = open(&world, Manner::Truthful);
    let enrolled = away(&world, "AAAAA-AAAAA-AAAA-AAAA-AAAA-AAA0").await;
    let command = bypass(&world, &enrolled).await;
    eventually("the command has ended", async || {
        world.state(enrolled.id, command).await.is_terminal()
    })
    .await;
    let CommandState::Failed { errors } = world.state(enrolled.id, command).await else {
        panic!("not failed");
    };
    assert!(errors[0].description.contains("escrow key mismatch"), "{errors:?}");
}

#[tokio::test]
async fn a_device_the_vendor_has_not_made_is_not_supported() {
    let world = customer(run()).await;
    let _vendor = open(&world, Manner::Ignorant);
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    eventually("the command has ended", async || {
        world.state(enrolled.id, command).await.is_terminal()
    })
    .await;
    let state = world.state(enrolled.id, command).await;
    assert!(matches!(state, CommandState::NotSupported { .. }), "{state:?}");
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_is_asked_when_it_appears() {
    let world = customer(run()).await;
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    assert!(!world.state(enrolled.id, command).await.is_terminal());
    let vendor = open(&world, Manner::Truthful);
    world.reaches(enrolled.id, command, done()).await;
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn a_service_that_comes_back_elsewhere_is_found() {
    let world = customer(run()).await;
    let enrolled = away(&world, CODE).await;
    let vendor = open(&world, Manner::Truthful);
    let first = bypass(&world, &enrolled).await;
    world.reaches(enrolled.id, first, done()).await;
    drop(vendor);
    let other = away(&world, CODE).await;
    let second = bypass(&world, &other).await;
    let _vendor = open(&world, Manner::Truthful);
    world.reaches(other.id, second, done()).await;
}

#[tokio::test]
async fn a_service_that_says_later_is_asked_again() {
    let world = customer(run()).await;
    let vendor = open(&world, Manner::BusyOnce);
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    world.reaches(enrolled.id, command, done()).await;
    assert_eq!(vendor.heard().len(), 2);
}

#[tokio::test]
async fn a_command_waits_for_the_service_over_a_restart_of_the_server() {
    let world = customer(run()).await;
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    let world = customer(stop(world).await).await;
    assert!(!world.state(enrolled.id, command).await.is_terminal());
    let vendor = open(&world, Manner::Truthful);
    world.reaches(enrolled.id, command, done()).await;
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn a_server_killed_between_the_call_and_its_answer_asks_again() {
    let world = customer(run()).await;
    let silent = Vendor::holding(&vendor::folder(world.folder.path()), Manner::Truthful, 0);
    let enrolled = away(&world, CODE).await;
    let command = bypass(&world, &enrolled).await;
    eventually("the service was asked", async || silent.heard().len() == 1).await;
    assert_eq!(world.state(enrolled.id, command).await, CommandState::AtService);
    world.server.kill().await;
    drop(silent);
    let vendor = Vendor::open(&vendor::folder(world.folder.path()), Manner::Truthful);
    let world = customer(world.folder).await;
    world.reaches(enrolled.id, command, done()).await;
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn a_service_that_never_answers_holds_up_nobody_else() {
    let world = customer(run()).await;
    let silent = Vendor::holding(&vendor::folder(world.folder.path()), Manner::Truthful, 0);
    let (enrolled, mut device) = escrowed(&world, CODE).await;
    bypass(&world, &enrolled).await;
    eventually("the service was asked", async || silent.heard().len() == 1).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let heard = device.hear_command().await;
    assert_eq!(heard.head.id, sync);
    device.acknowledge(&heard).await;
    world.reaches(enrolled.id, sync, done()).await;
}
