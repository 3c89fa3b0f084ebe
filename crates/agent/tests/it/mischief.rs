//! Devices that do not behave, and copies of devices.

use muster_agent::{DevicePlan, Fleet, FleetError, Misbehaviour, Start};
use muster_protocol::CommandId;

use crate::server::TestServer;
use crate::world::{config, kept_in, plan, plans, start, until};

/// A device that will misbehave with its answer to the command it is offered first.
async fn misbehaving(server: &TestServer, how: Misbehaviour) -> (Fleet, CommandId) {
    let command = server.command(1, 1);
    let plan = DevicePlan { start: Start::Offline, ..plan("TEST0") };
    let fleet = start(config(server, vec![plan])).await;
    fleet.misbehave(0, how).await.unwrap();
    fleet.go_online(0).await.unwrap();
    (fleet, command)
}

/// The command and attempt of each answer the server got, once there are so many.
async fn answers(server: &TestServer, count: usize) -> Vec<(CommandId, u32)> {
    let seen = server.until("answers", |seen| seen.results.len() == count).await;
    seen.results.iter().map(|(_device, result)| (result.id, result.attempt.number())).collect()
}

#[tokio::test]
async fn an_answer_given_twice_arrives_twice_and_the_next_one_once() {
    let server = TestServer::start();
    let (fleet, first) = misbehaving(&server, Misbehaviour::AnswerTwice).await;
    assert_eq!(answers(&server, 2).await, [(first, 1), (first, 1)]);
    fleet.go_offline(0).await.unwrap();
    let second = server.command(2, 1);
    fleet.go_online(0).await.unwrap();
    assert_eq!(answers(&server, 3).await[2], (second, 1));
    assert_eq!(fleet.stop().await.progress.executed_twice, 0);
}

#[tokio::test]
async fn an_answer_for_another_attempt_names_one_that_has_not_been() {
    let server = TestServer::start();
    let (fleet, command) = misbehaving(&server, Misbehaviour::AnswerAnotherAttempt).await;
    assert_eq!(answers(&server, 1).await, [(command, 2)]);
    fleet.stop().await;
}

#[tokio::test]
async fn an_answer_to_an_unknown_command_does_not_take_the_place_of_the_right_one() {
    let server = TestServer::start();
    let (fleet, command) = misbehaving(&server, Misbehaviour::AnswerAnUnknownCommand).await;
    let answers = answers(&server, 2).await;
    assert_ne!(answers[0].0, command);
    assert_eq!(answers[1], (command, 1));
    fleet.stop().await;
}

#[tokio::test]
async fn what_was_executed_before_the_connection_was_lost_is_answered_and_not_done_again() {
    let server = TestServer::start();
    let (fleet, _command) = misbehaving(&server, Misbehaviour::LoseTheConnection).await;
    until(&fleet, "an effect", |progress| progress.executed == 1).await;
    let command = server.command(1, 2);
    assert_eq!(answers(&server, 1).await, [(command, 2)]);
    let progress = until(&fleet, "back", |progress| progress.reconnects == 1).await;
    assert_eq!((progress.executed, progress.executed_twice), (1, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_that_says_nothing_has_kept_its_answer_for_the_next_time() {
    let server = TestServer::start();
    let (fleet, _command) = misbehaving(&server, Misbehaviour::SayNothing).await;
    until(&fleet, "an effect", |progress| progress.executed == 1).await;
    assert!(server.seen().results.is_empty());
    fleet.go_offline(0).await.unwrap();
    let command = server.command(1, 2);
    fleet.go_online(0).await.unwrap();
    assert_eq!(answers(&server, 1).await, [(command, 2)]);
    assert_eq!(fleet.stop().await.progress.executed_twice, 0);
}

#[tokio::test]
async fn a_copied_device_connects_as_the_one_it_was_copied_from() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    let copy = fleet.clone_device(0).await.unwrap();
    assert_eq!(copy, 1);
    let seen = server.until("two hellos", |seen| seen.hellos.len() == 2).await;
    assert_eq!(seen.hellos[0], seen.hellos[1]);
    assert_eq!(seen.enrolments, 1);
    assert_eq!(fleet.view(copy).await.unwrap().id, fleet.view(0).await.unwrap().id);
    let missing = fleet.view(2).await;
    assert!(matches!(missing, Err(FleetError::NoSuchDevice { index: 2 })));
    fleet.stop().await;
}

#[tokio::test]
async fn a_fleet_that_keeps_its_devices_takes_no_copies() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let fleet = start(kept_in(folder.path(), config(&server, plans(1)))).await;
    assert!(matches!(fleet.clone_device(0).await, Err(FleetError::Kept)));
    fleet.stop().await;
}
