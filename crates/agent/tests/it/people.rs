//! People beside the devices of a fleet.

use std::time::Duration;

use muster_agent::{DevicePlan, Start};
use muster_device::{
    Calendar, Connectivity, Habit, Person, PersonEvent, Phase, Script, UserAction,
};
use muster_protocol::{AppleRequest, CloseCode, Request, Seed, Timestamp};

use crate::power::iphone;
use crate::server::{Mischief, TestServer};
use crate::world::{config, kept_in, plan, start, until};

/// A device whose user does this, each a time after the start of the run.
fn with_script(
    plan: DevicePlan,
    events: impl IntoIterator<Item = (Duration, PersonEvent)>,
) -> DevicePlan {
    let script = events.into_iter().map(|(after, event)| (Timestamp::ZERO.after(after), event));
    DevicePlan { person: Some(Box::new(Person::scripted(Script::new(script)))), ..plan }
}

const AT_ONCE: Duration = Duration::ZERO;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const OFFLINE: PersonEvent = PersonEvent::Network(Connectivity::Offline);
const ONLINE: PersonEvent = PersonEvent::Network(Connectivity::Online);

#[tokio::test]
async fn whoever_starts_without_a_network_enrols_when_there_is_one() {
    let server = TestServer::start();
    let events = [(AT_ONCE, OFFLINE), (ms(300), ONLINE)];
    let fleet = start(config(&server, vec![with_script(plan("TEST0"), events)])).await;
    assert_eq!(fleet.view(0).await.unwrap().phase, Phase::Enrolling);
    assert_eq!(server.seen().enrolments, 0);
    let progress = until(&fleet, "connected", |progress| progress.connected == 1).await;
    assert_eq!((progress.enrolled, progress.connect_failures), (1, 0));
    fleet.stop().await;
}

#[tokio::test]
async fn a_tunnel_ends_the_connection_and_a_command_waits_behind_it() {
    let server = TestServer::start();
    let calendar = Calendar::new(Calendar::DAY_MIN).unwrap();
    let plan =
        DevicePlan { person: Some(Box::new(commuter(Seed::root(1), calendar))), ..plan("TEST0") };
    let fleet = start(config(&server, vec![plan])).await;
    until(&fleet, "back from three tunnels", |progress| progress.reconnects >= 3).await;
    let command = server.command(1, 1);
    let seen = server.until("the answer", |seen| !seen.results.is_empty()).await;
    assert_eq!(seen.results[0].1.id, command);
    assert_eq!((fleet.progress().executed_twice, seen.enrolments), (0, 1));
    fleet.stop().await;
}

fn commuter(seed: Seed, calendar: Calendar) -> Person {
    Person::new(Habit::FieldWorker, seed, calendar)
}

#[tokio::test]
async fn a_phone_restarted_in_a_pocket_comes_back_when_its_user_looks() {
    let server = TestServer::start();
    server.ask(1, 1, Request::Apple(AppleRequest::RestartDevice));
    let looks = (0..100)
        .map(|tenth: u32| (ms(500) + ms(100) * tenth, PersonEvent::User(UserAction::Unlock)));
    let fleet = start(config(&server, vec![with_script(iphone(), looks)])).await;
    server.until("the answer", |seen| seen.results.len() == 1).await;
    let progress = until(&fleet, "back", |progress| progress.reconnects == 1).await;
    assert_eq!((progress.executed, progress.in_use), (1, 1));
    fleet.stop().await;
}

#[tokio::test]
async fn a_network_does_not_bring_back_a_device_that_has_given_up() {
    let server = TestServer::start();
    server.misbehave([Mischief::RefuseHello(CloseCode::WrongDevice)]);
    let later = (1..20).flat_map(|tenth: u32| {
        [(ms(50) * (2 * tenth), OFFLINE), (ms(50) * (2 * tenth + 1), ONLINE)]
    });
    let last = (ms(2_100), PersonEvent::User(UserAction::Unlock));
    let plan = with_script(plan("TEST0"), later.chain([last]));
    let fleet = start(config(&server, vec![plan])).await;
    let progress = until(&fleet, "the end of the script", |progress| progress.in_use == 1).await;
    assert_eq!((progress.given_up, progress.connected), (1, 0));
    assert!(server.seen().hellos.is_empty());
    fleet.stop().await;
}

#[tokio::test]
async fn a_person_does_not_bring_back_what_the_run_has_switched_off() {
    let server = TestServer::start();
    let found = [(ms(50), OFFLINE), (ms(100), ONLINE)];
    let last = (ms(200), PersonEvent::User(UserAction::Unlock));
    let plan = DevicePlan { start: Start::Offline, ..plan("TEST0") };
    let plan = with_script(plan, found.into_iter().chain([last]));
    let fleet = start(config(&server, vec![plan])).await;
    until(&fleet, "the end of the script", |progress| progress.in_use == 1).await;
    assert_eq!(fleet.view(0).await.unwrap().phase, Phase::Enrolling);
    assert_eq!(server.seen().enrolments, 0);
    fleet.go_online(0).await.unwrap();
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.stop().await;
}

#[tokio::test]
async fn people_go_on_where_the_run_stands_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start();
    let early = [(AT_ONCE, PersonEvent::User(UserAction::EraseAllContent))];
    let first = config(&server, vec![plan("TEST0")]);
    let fleet = start(kept_in(folder.path(), first)).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.stop().await;
    let second = config(&server, vec![with_script(plan("TEST0"), early)]);
    let fleet = start(kept_in(folder.path(), second)).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    assert_eq!(server.seen().enrolments, 1, "what lies in the past is not done again");
    fleet.stop().await;
}
