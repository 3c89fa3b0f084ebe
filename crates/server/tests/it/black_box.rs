//! What the server tells of a device afterwards.

use std::time::Duration;

use muster_control::Action;
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::{Answer, Attempt, Outcome};
use muster_server::{Answered, NotTaken, ServerFacts, Standing, What};

use crate::device::Enrolled;
use crate::world::{World, android, eventually};

const UNLOCK_TOKEN: &[u8] = b"an unlock token that opens a lot";
const BYPASS_CODE: &str = "7XKQ2-M9PW4-VC6T-H8RD-3FJN-ZB5Y";
const PASSCODE: &str = "90417263588";

/// Longer than any server takes.
const WITHIN: Duration = Duration::from_secs(30);

async fn facts(world: &World, enrolled: &Enrolled) -> ServerFacts {
    world.server.facts(&enrolled.facts.serial).await.unwrap()
}

fn whats(facts: &ServerFacts) -> Vec<&What> {
    facts.facts.iter().map(|fact| &fact.what).collect()
}

#[tokio::test]
async fn the_life_of_a_command_is_told_from_acceptance_to_a_repeated_answer() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    let id = world.submit(enrolled.id, Action::SyncDevice).await;
    let command = device.hear_command().await;
    device.acknowledge(&command).await;
    device.acknowledge(&command).await;
    device.hears_nothing_more(1).await;

    let facts = facts(&world, &enrolled).await;
    let told = whats(&facts);
    let began = told.iter().any(|what| matches!(what, What::SessionBegan { .. }));
    assert!(began && told.contains(&&What::Enrolled) && told.contains(&&What::Idle), "{told:?}");
    let attempt = Attempt::new(1);
    let states: Vec<_> = told
        .iter()
        .filter_map(|what| {
            let What::Command { number, id, standing, attempt, .. } = what else { return None };
            Some((*number, *id, *standing, *attempt))
        })
        .collect();
    let expected = [(1, Some(id), Standing::InFlight, attempt), (1, None, Standing::Done, attempt)];
    assert_eq!(states, expected);
    let answer = What::Answer { command: id, attempt, outcome: Answered::Acknowledged };
    assert_eq!(told.iter().filter(|what| ***what == answer).count(), 2);
    assert!(told.contains(&&What::NotTaken(NotTaken::Duplicate)), "{told:?}");

    let record = facts.record.unwrap();
    assert_eq!((record.commands[0].id, record.commands[0].standing), (id, Standing::Done));
    assert_eq!(record.commands[0].action, "syncDevice");
    assert!(facts.connected);
}

#[tokio::test]
async fn what_is_told_holds_no_secret_and_says_that_there_is_one() {
    let world = World::new().await;
    let enrolled = world.enrol(android()).await;
    let mut device = world.site.ready(&enrolled).await;
    let update = TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(UNLOCK_TOKEN.to_vec())),
        bypass_code: Some(BypassCode::new(BYPASS_CODE.to_owned())),
    };
    device.say(&ToServer::TokenUpdate(update)).await;
    assert_eq!(device.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    world.submit(enrolled.id, Action::ResetPasscode).await;
    let command = device.hear_command().await;
    let passcode = Passcode::new(PASSCODE.to_owned());
    device.answer(&command, Outcome::Acknowledged(Answer::TemporaryPasscode(passcode))).await;
    device.hears_nothing_more(2).await;

    let facts = facts(&world, &enrolled).await;
    let record = facts.record.as_ref().unwrap();
    assert!(record.unlock_token && record.bypass_code);
    assert_eq!(record.commands[0].standing, Standing::Done);
    let text = serde_json::to_string(&facts).unwrap();
    let numbers = serde_json::to_string(UNLOCK_TOKEN).unwrap();
    let token = std::str::from_utf8(UNLOCK_TOKEN).unwrap();
    for secret in [BYPASS_CODE, PASSCODE, token, numbers.trim_matches(['[', ']'])] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(!format!("{facts:?}").contains(PASSCODE));
    assert_eq!(serde_json::from_str::<ServerFacts>(&text).unwrap(), facts);
}

#[tokio::test]
async fn whoever_reads_the_data_folder_can_ask_a_running_server() {
    let world = World::new().await;
    let (enrolled, device) = world.ready().await;
    let (data, serial) = (world.server.data().clone(), enrolled.facts.serial.clone());
    let told = data.ask_server(&serial, WITHIN).await.unwrap().unwrap();
    assert_eq!((told.device, told.connected), (enrolled.id, true));
    let unknown = data.ask_server(&"NOBODY".parse().unwrap(), WITHIN).await.unwrap();
    assert_eq!(unknown, None);

    drop(device);
    eventually("the session has ended", async || !facts(&world, &enrolled).await.connected).await;
    world.server.stop().await;
    let told_before = data.ask_server(&serial, Duration::from_millis(1)).await.unwrap();
    assert_eq!(told_before, Some(told), "what was told stays");
}

#[tokio::test]
async fn the_end_of_a_session_and_what_it_gives_back_are_told() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    world.submit(enrolled.id, Action::SyncDevice).await;
    device.hear_command().await;
    drop(device);
    eventually("the command waits again", async || {
        let facts = facts(&world, &enrolled).await;
        let told = whats(&facts);
        let queued = |what: &&What| {
            matches!(what, What::Command { standing: Standing::Queued, id: None, .. })
        };
        told.last().is_some_and(queued)
            && told.iter().any(|what| matches!(what, What::SessionEnded { .. }))
    })
    .await;
}
