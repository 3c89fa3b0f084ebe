use std::num::NonZeroUsize;

use muster_agent::{DevicePlan, FleetError, Sockets, Start};
use muster_device::{Phase, UserAction};
use muster_protocol::CloseCode;

use crate::server::{Mischief, TestServer};
use crate::world::{config, plan, plans, soon, start, until};

#[tokio::test]
async fn a_device_enrols_connects_and_executes_a_command_once() {
    let server = TestServer::start();
    let command = server.command(1, 1);
    let fleet = start(config(&server, plans(1))).await;
    let seen = server.until("an answer", |seen| !seen.results.is_empty()).await;
    assert_eq!(seen.results[0].1.id, command);
    let progress = until(&fleet, "an effect", |progress| progress.executed == 1).await;
    assert_eq!((progress.enrolled, progress.connected), (1, 1));
    assert!(progress.bytes_sent > 0 && progress.bytes_received > 0);
    let view = fleet.view(0).await.unwrap();
    assert_eq!(view.id, Some(seen.hellos[0]));
    assert_eq!((view.phase, view.connected), (Phase::Enrolled, true));
    let summary = fleet.stop().await;
    assert_eq!((summary.progress.executed_twice, summary.cut), (0, 0));
}

#[tokio::test]
async fn a_stored_answer_is_replayed_after_the_connection_is_cut_mid_command() {
    let server = TestServer::start();
    server.misbehave([Mischief::DropResult(CloseCode::RetryLater)]);
    server.command(1, 1);
    let fleet = start(config(&server, plans(1))).await;
    server.until("a lost answer", |seen| seen.dropped_results == 1).await;
    let command = server.command(1, 2);
    let seen = server.until("the answer", |seen| seen.results.len() == 1).await;
    let (_device, result) = &seen.results[0];
    assert_eq!((result.id, result.attempt.number()), (command, 2));
    let progress = until(&fleet, "back", |progress| progress.reconnects == 1).await;
    assert_eq!((progress.executed, progress.executed_twice), (1, 0));
    let summary = fleet.stop().await;
    assert_eq!(summary.closes.get(&CloseCode::RetryLater), Some(&1));
}

#[tokio::test]
async fn a_device_comes_back_after_a_server_that_refused_it_for_a_while() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseHello(CloseCode::RetryLater); 3]);
    let fleet = start(config(&server, plans(1))).await;
    let progress = until(&fleet, "welcome", |progress| progress.connected == 1).await;
    assert_eq!((progress.connect_failures, progress.reconnects), (3, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_fleet_reconnects_after_its_server_vanished_and_returned() {
    let mut server = TestServer::start();
    let fleet = start(config(&server, plans(5))).await;
    until(&fleet, "all connected", |progress| progress.connected == 5).await;
    server.vanish_and_return().await;
    let progress = until(&fleet, "all back", |progress| progress.reconnects == 5).await;
    assert_eq!((progress.connected, progress.enrolled), (5, 5));
    assert_eq!(server.seen().enrolments, 5);
    fleet.stop().await;
}

#[tokio::test]
async fn a_used_token_is_counted_and_not_tried_again() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseEnrolment(CloseCode::TokenUsed)]);
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "a refusal", |progress| progress.enrolments_refused == 1).await;
    let view = fleet.view(0).await.unwrap();
    assert_eq!((view.phase, view.connected), (Phase::SetupAssistant, false));
    // The next enrolment would be granted: nobody asks for it.
    fleet.go_online(0).await.unwrap();
    assert_eq!(fleet.view(0).await.unwrap().phase, Phase::SetupAssistant);
    let summary = fleet.stop().await;
    assert_eq!(summary.closes.get(&CloseCode::TokenUsed), Some(&1));
    assert_eq!(server.seen().enrolments, 0);
}

#[tokio::test]
async fn an_enrolment_that_was_put_off_is_asked_for_again() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseEnrolment(CloseCode::FleetFull)]);
    let fleet = start(config(&server, plans(1))).await;
    let progress = until(&fleet, "enrolled", |progress| progress.enrolled == 1).await;
    assert_eq!((progress.connect_failures, progress.enrolments_refused), (1, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_the_server_knows_no_more_is_told_and_stays_out() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseHello(CloseCode::Unenrolled)]);
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "a refusal", |progress| progress.connect_failures == 1).await;
    until(&fleet, "out", |progress| progress.enrolled == 0).await;
    let view = fleet.view(0).await.unwrap();
    assert_eq!((view.phase, view.id), (Phase::Unenrolled, None));
    fleet.stop().await;
}

#[tokio::test]
async fn a_replaced_device_gives_way_until_it_is_asked_back() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseHello(CloseCode::Replaced)]);
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "replaced", |progress| progress.connect_failures == 1).await;
    assert_eq!(fleet.view(0).await.unwrap().phase, Phase::Enrolled);
    assert!(server.seen().hellos.is_empty());
    fleet.go_online(0).await.unwrap();
    until(&fleet, "asked back", |progress| progress.connected == 1).await;
    assert_eq!(fleet.progress().given_up, 0);
    fleet.stop().await;
}

#[tokio::test]
async fn a_refusal_that_cannot_pass_ends_the_attempts() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseHello(CloseCode::WrongDevice)]);
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "given up", |progress| progress.given_up == 1).await;
    assert!(server.seen().hellos.is_empty());
    fleet.stop().await;
}

#[tokio::test]
async fn servers_of_another_authority_are_tried_a_few_times_only() {
    let (server, stranger) = (TestServer::start(), TestServer::start());
    let mut config = config(&server, plans(1));
    config.ca = stranger.ca.certificate_der();
    let fleet = start(config).await;
    let progress = until(&fleet, "given up", |progress| progress.given_up == 1).await;
    assert_eq!((progress.connect_failures, progress.enrolled), (5, 0));
    assert_eq!(fleet.stop().await.handshake_failures, 5);
}

#[tokio::test]
async fn commands_issued_while_a_device_is_offline_arrive_later() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.go_offline(0).await.unwrap();
    assert_eq!(fleet.progress().connected, 0);
    let seen = server.until("a close", |seen| seen.last_close.is_some()).await;
    assert_eq!(seen.last_close, Some(CloseCode::Done));
    let command = server.command(1, 1);
    fleet.go_online(0).await.unwrap();
    let seen = server.until("the answer", |seen| !seen.results.is_empty()).await;
    assert_eq!(seen.results[0].1.id, command);
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_that_starts_offline_waits_until_it_is_asked() {
    let server = TestServer::start();
    let offline = DevicePlan { start: Start::Offline, ..plan("TEST1") };
    let fleet = start(config(&server, vec![plan("TEST0"), offline])).await;
    until(&fleet, "the other", |progress| progress.connected == 1).await;
    assert_eq!(fleet.view(1).await.unwrap().phase, Phase::Enrolling);
    assert_eq!(server.seen().enrolments, 1);
    fleet.go_online(1).await.unwrap();
    until(&fleet, "both", |progress| progress.connected == 2).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_device_erased_by_its_user_enrols_again_as_another() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(1))).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    let first = fleet.view(0).await.unwrap().id;
    fleet.user(0, UserAction::EraseAllContent).await.unwrap();
    server.until("a second life", |seen| seen.hellos.len() == 2).await;
    until(&fleet, "connected again", |progress| progress.connected == 1).await;
    let second = fleet.view(0).await.unwrap().id;
    assert!(first.is_some() && second.is_some() && first != second);
    assert_eq!(server.seen().enrolments, 2);
    fleet.stop().await;
}

#[tokio::test]
async fn requests_to_a_device_that_does_not_exist_are_refused() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(1))).await;
    let refused = fleet.user(1, UserAction::Lock).await;
    assert!(matches!(refused, Err(FleetError::NoSuchDevice { index: 1 })));
    fleet.stop().await;
}

#[tokio::test]
async fn a_stop_closes_every_connection_as_done() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(3))).await;
    until(&fleet, "connected", |progress| progress.connected == 3).await;
    let summary = soon("a stop", fleet.stop()).await;
    assert_eq!((summary.progress.connected, summary.cut), (3, 0));
    let seen = server.until("closed", |seen| seen.last_close.is_some()).await;
    assert_eq!(seen.last_close, Some(CloseCode::Done));
}

#[tokio::test]
async fn devices_with_sockets_of_their_own_connect_and_stop() {
    let server = TestServer::start();
    let mut config = config(&server, plans(3));
    config.sockets = Sockets::PerDevice;
    let fleet = start(config).await;
    until(&fleet, "connected", |progress| progress.connected == 3).await;
    assert_eq!(fleet.stop().await.cut, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_devices_connect_over_one_socket_without_a_failure() {
    let server = TestServer::start();
    let mut config = config(&server, plans(300));
    config.connects_in_flight = NonZeroUsize::new(64).unwrap();
    let fleet = start(config).await;
    let progress = until(&fleet, "all", |progress| progress.connected == 300).await;
    assert_eq!(progress.connect_failures, 0);
    let summary = fleet.stop().await;
    assert_eq!((summary.handshake_failures, summary.losses, summary.cut), (0, 0, 0));
}
