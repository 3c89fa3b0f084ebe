//! Commands over the wire: order, attempts, answers.

use std::future::ready;
use std::sync::{Arc, Mutex};

use muster_admin::{Backend as _, Document, DocumentKind, DocumentPage, Submission};
use muster_control::{Action, CancelReason, CommandState};
use muster_protocol::management::{CommandResult, ToDevice, ToServer, TokenUpdate};
use muster_protocol::{Answer, AppleRequest, Attempt, CloseCode, CommandId, Outcome, Request};

use muster_server::{Ignored, Seen, ServerConfig, Watch};

use crate::world::{World, config, done, eventually, iphone, within};

const WIPE: Action = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };

fn acknowledged(id: CommandId, attempt: u32) -> ToServer {
    let outcome = Outcome::Acknowledged(Answer::Done);
    ToServer::CommandResult(CommandResult { id, attempt: Attempt::new(attempt), outcome })
}

fn canceled(reason: CancelReason) -> CommandState {
    CommandState::Canceled { reason }
}

#[tokio::test]
async fn commands_go_out_one_at_a_time_in_the_order_of_acceptance() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let mut accepted = Vec::new();
    for action in [Action::SyncDevice, Action::RemoteLock, Action::SyncDevice] {
        accepted.push(world.submit(enrolled.id, action).await);
    }
    for (sequence, id) in (1..).zip(accepted) {
        let command = device.hear_command().await;
        assert_eq!((command.head.id, command.head.attempt), (id, Attempt::new(1)));
        device.hears_nothing_more(sequence).await;
        assert_eq!(world.state(enrolled.id, id).await, CommandState::InFlight);
        device.acknowledge(&command).await;
    }
    eventually("the queue is empty", async || world.record(enrolled.id).await.live_commands() == 0)
        .await;
    assert_eq!(world.server.totals().attempts, 3);
}

#[tokio::test]
async fn answers_nobody_waits_for_change_nothing_and_are_counted() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let first = world.submit(enrolled.id, Action::SyncDevice).await;
    let second = world.submit(enrolled.id, Action::RemoteLock).await;
    let command = device.hear_command().await;

    device.say(&acknowledged(CommandId::from_bytes([9; 16]), 1)).await;
    device.say(&acknowledged(first, 2)).await;
    device.say(&acknowledged(second, 1)).await;
    device.hears_nothing_more(1).await;
    assert_eq!(world.state(enrolled.id, first).await, CommandState::InFlight);
    assert_eq!(world.state(enrolled.id, second).await, CommandState::Queued);

    device.acknowledge(&command).await;
    assert_eq!(device.hear_command().await.head.id, second);
    let failed = Outcome::Error(Vec::new());
    device.answer(&command, failed).await;
    device.hears_nothing_more(2).await;
    assert_eq!(world.state(enrolled.id, first).await, done());
    let totals = world.server.totals();
    assert_eq!(
        (totals.unknown_commands, totals.stale_attempts, totals.duplicates, totals.terminal),
        (1, 2, 1, 1)
    );
}

/// Remembers why answers changed nothing.
#[derive(Debug, Default)]
struct Onlooker(Mutex<Vec<(CommandId, Ignored)>>);

impl Watch for Onlooker {
    fn saw(&self, what: Seen) {
        match what {
            Seen::AnswerIgnored { command, why } => self.0.lock().unwrap().push((command, why)),
            Seen::Accepted { .. } | Seen::Pushed { .. } | Seen::Ended { .. } => {}
        }
    }
}

#[tokio::test]
async fn whoever_looks_on_is_told_why_an_answer_changed_nothing() {
    let (folder, onlooker) = (tempfile::tempdir().unwrap(), Arc::new(Onlooker::default()));
    let config = config(&folder.path().join("data"));
    let config = ServerConfig { watch: Some(onlooker.clone()), ..config };
    let world = World::started(folder, config).await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let (command, stray) = (device.hear_command().await, CommandId::from_bytes([9; 16]));
    device.say(&acknowledged(stray, 1)).await;
    device.say(&acknowledged(sync, 2)).await;
    device.acknowledge(&command).await;
    device.acknowledge(&command).await;
    device.answer(&command, Outcome::Error(Vec::new())).await;
    device.hears_nothing_more(1).await;
    let told = [
        (stray, Ignored::Unknown),
        (sync, Ignored::Stale),
        (sync, Ignored::Duplicate),
        (sync, Ignored::Conflicting),
    ];
    assert_eq!(*onlooker.0.lock().unwrap(), told);
}

#[tokio::test]
async fn a_command_answered_not_now_waits_for_the_next_idle_and_holds_up_nothing() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let deferred = world.submit(enrolled.id, Action::SyncDevice).await;
    let command = device.hear_command().await;
    device.answer(&command, Outcome::NotNow).await;
    device.hears_nothing_more(1).await;
    assert_eq!(world.state(enrolled.id, deferred).await, CommandState::NotNow);

    let lock = world.submit(enrolled.id, Action::RemoteLock).await;
    let command = device.hear_command().await;
    assert_eq!(command.head.id, lock);
    device.acknowledge(&command).await;
    device.hears_nothing_more(2).await;

    device.say(&ToServer::Idle).await;
    let again = device.hear_command().await;
    assert_eq!((again.head.id, again.head.attempt), (deferred, Attempt::new(2)));
    device.acknowledge(&again).await;
    world.reaches(enrolled.id, deferred, done()).await;
}

#[tokio::test]
async fn an_idle_while_a_command_is_in_flight_is_not_told_that_nothing_waits() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let lock = world.submit(enrolled.id, Action::RemoteLock).await;
    let command = device.hear_command().await;
    device.say(&ToServer::Idle).await;
    device.hears_nothing_more(1).await;
    device.acknowledge(&command).await;
    world.reaches(enrolled.id, lock, done()).await;
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear().await, ToDevice::Empty);
}

#[tokio::test]
async fn a_device_that_has_not_asked_gets_no_command() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    device.hears_nothing_more(1).await;
    assert_eq!(world.state(enrolled.id, sync).await, CommandState::Queued);
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear_command().await.head.id, sync);
}

#[tokio::test]
async fn a_command_lost_with_its_connection_comes_again_as_attempt_two() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    assert_eq!(device.hear_command().await.head.attempt, Attempt::new(1));
    muster_transport::close(&device.connection, CloseCode::Done);
    world.reaches(enrolled.id, sync, CommandState::Queued).await;
    assert!(!world.connected(enrolled.id));

    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    device.say(&ToServer::Idle).await;
    let again = device.hear_command().await;
    assert_eq!((again.head.id, again.head.attempt), (sync, Attempt::new(2)));
    device.say(&acknowledged(sync, 1)).await;
    device.hears_nothing_more(1).await;
    assert_eq!(world.state(enrolled.id, sync).await, CommandState::InFlight);
    device.acknowledge(&again).await;
    world.reaches(enrolled.id, sync, done()).await;
    assert_eq!(world.server.totals().stale_attempts, 1);
}

#[tokio::test]
async fn commands_for_a_device_that_is_away_wait_for_it() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let lock = world.submit(enrolled.id, Action::RemoteLock).await;
    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    device.say(&ToServer::Idle).await;
    for id in [sync, lock] {
        let command = device.hear_command().await;
        assert_eq!(command.head.id, id);
        device.acknowledge(&command).await;
        world.reaches(enrolled.id, id, done()).await;
    }
}

#[tokio::test]
async fn a_wipe_overtakes_what_waits_and_the_device_leaves_with_it() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let lock = world.submit(enrolled.id, Action::RemoteLock).await;
    let in_flight = device.hear_command().await;
    let wipe = world.submit(enrolled.id, WIPE).await;
    assert_eq!(world.state(enrolled.id, lock).await, canceled(CancelReason::Superseded));
    device.hears_nothing_more(1).await;

    device.acknowledge(&in_flight).await;
    let command = device.hear_command().await;
    assert_eq!(command.head.id, wipe);
    let erase = AppleRequest::EraseDevice { preserve_data_plan: false };
    assert_eq!(command.request, Some(Request::Apple(erase)));
    device.acknowledge(&command).await;
    assert_eq!(device.closed().await, Some(CloseCode::Done));
    assert_eq!(world.state(enrolled.id, sync).await, done());
    assert_eq!(world.state(enrolled.id, wipe).await, done());
    assert_eq!(world.enrolled().await, 0);
}

#[tokio::test]
async fn a_second_connection_takes_over_with_what_was_in_flight() {
    let world = World::new().await;
    let (enrolled, mut first) = world.ready().await;
    let sync = world.submit(enrolled.id, Action::SyncDevice).await;
    let lost = first.hear_command().await;

    let (mut second, _welcome) = world.site.welcomed(&enrolled).await;
    assert_eq!(first.closed().await, Some(CloseCode::Replaced));
    assert_eq!(world.closed_with(CloseCode::Replaced), 1);
    assert!(world.connected(enrolled.id));
    second.say(&ToServer::Idle).await;
    let again = second.hear_command().await;
    assert_eq!((again.head.id, again.head.attempt), (sync, lost.head.attempt.next()));
    second.acknowledge(&again).await;
    world.reaches(enrolled.id, sync, done()).await;
}

#[tokio::test]
async fn connections_that_replace_each_other_while_they_are_busy_lose_no_command() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let mut earlier = world.site.ready(&enrolled).await;
    for sequence in 1..=20 {
        let mut later = world.site.connect(&enrolled).await;
        later.say(&enrolled.hello()).await;
        // The earlier session deals with this while the later one takes its place.
        let update = TokenUpdate { sequence, unlock_token: None, bypass_code: None };
        earlier.say(&ToServer::TokenUpdate(update)).await;
        assert!(matches!(later.hear().await, ToDevice::Welcome(_)));
        later.say(&ToServer::Idle).await;
        assert_eq!(later.hear().await, ToDevice::Empty);
        let sync = world.submit(enrolled.id, Action::SyncDevice).await;
        let command = later.hear_command().await;
        later.acknowledge(&command).await;
        world.reaches(enrolled.id, sync, done()).await;
        assert_eq!(earlier.closed().await, Some(CloseCode::Replaced));
        earlier = later;
    }
}

#[tokio::test]
async fn a_command_whose_submitter_goes_away_reaches_its_device_all_the_same() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let backend = world.server.backend();
    let sync = Submission::new(backend.new_command_id().unwrap(), Action::SyncDevice);
    tokio::select! {
        biased;
        accepted = backend.submit(enrolled.id, sync) => panic!("{accepted:?}"),
        () = ready(()) => {}
    }
    let command = device.hear_command().await;
    device.acknowledge(&command).await;
    world.reaches(enrolled.id, command.head.id, done()).await;
    assert_eq!(world.server.totals().accepted, 1);
}

#[tokio::test]
async fn documents_of_a_command_are_kept_with_it_and_not_without_it() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let backend = world.server.backend();
    let entry = |id: &str| Document {
        kind: DocumentKind::AuditEvent,
        id: id.to_owned(),
        body: Some("{}".to_owned()),
    };
    for (name, action) in [("a", Action::SyncDevice), ("b", Action::DisableLostMode)] {
        let id = backend.new_command_id().unwrap();
        let submission = Submission { id, action, kept: vec![entry(name)] };
        let _accepted_or_not = within(backend.submit(enrolled.id, submission)).await;
    }
    let page = DocumentPage::After(None);
    let found = within(backend.documents(DocumentKind::AuditEvent, page, 9)).await.unwrap();
    let accepted = world.record(enrolled.id).await.commands().count();
    assert_eq!(found.len(), accepted);
    assert_eq!(found.first(), Some(&entry("a")));
}
