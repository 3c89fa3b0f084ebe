//! Fleets over bad links and with devices that fail, and what their black boxes tell.

use std::time::Duration;

use muster_agent::{BlackBox, FaultsCount, Fleet, FleetConfig, FleetProgress};
use muster_device::UserAction;
use muster_device::recording::{Happened, replay};
use muster_protocol::CloseCode;
use muster_protocol::fault::Moment;
use muster_transport::FaultCourse;

use crate::server::TestServer;
use crate::world::{config, kept_in, plans, soon, start, until};

const DEVICES: usize = 20;

/// More than a device each: a lost connection loses its command, and the device gets another.
const COMMANDS: u8 = 100;

fn with(faults: &[&str], config: FleetConfig) -> FleetConfig {
    FleetConfig {
        faults: faults.iter().map(|text| text.parse().unwrap()).collect(),
        keep_alive: Duration::from_millis(100),
        ..config
    }
}

/// A fleet whose devices are asked for something each as soon as they are there.
async fn busy(server: &TestServer, faults: &[&str]) -> Fleet {
    for number in 1..=COMMANDS {
        server.command(number, 1);
    }
    start(with(faults, config(server, plans(DEVICES)))).await
}

/// One answer of each device and of each command no more than one effect.
async fn all_answer(server: &TestServer, fleet: &Fleet) {
    let answered = |seen: &crate::server::Seen| {
        let mut devices: Vec<_> = seen.results.iter().map(|(device, _)| *device).collect();
        devices.sort_unstable();
        devices.dedup();
        devices.len() == DEVICES
    };
    server.until("an answer of every device", answered).await;
    let progress = fleet.progress();
    assert!(progress.executed >= 20, "{progress:?}");
    assert_eq!(progress.executed_twice, 0);
}

#[tokio::test]
async fn every_device_answers_over_a_link_that_loses_delays_and_repeats() {
    let server = TestServer::start();
    let fleet = busy(&server, &["loss rate=20%", "jitter below=50ms", "duplicate rate=20%"]).await;
    all_answer(&server, &fleet).await;
    let totals = fleet.link_totals();
    assert!(totals.lost > 0 && totals.delayed > 0 && totals.duplicated > 0, "{totals:?}");
    fleet.stop().await;
}

#[tokio::test]
async fn a_changed_bit_is_dropped_and_never_taken_for_a_message() {
    let server = TestServer::start();
    let fleet = busy(&server, &["corrupt rate=10%"]).await;
    all_answer(&server, &fleet).await;
    assert!(fleet.link_totals().corrupted > 0);
    let last = server.seen().last_close;
    let closes = fleet.stop().await.closes;
    for garbled in [CloseCode::BadFrame, CloseCode::FrameTooLarge, CloseCode::FieldTooLarge] {
        assert_ne!(last, Some(garbled));
        assert_eq!(closes.get(&garbled), None);
    }
}

/// The connections of a fleet whose faults wait to be told are cut when they are, and not before.
#[tokio::test]
async fn faults_that_wait_to_be_told_begin_for_devices_that_are_idle_by_then() {
    let server = TestServer::start();
    let faults_count = FaultsCount::WhenTold;
    let usual = with(&["cut", "loss rate=100% at=1h"], config(&server, plans(DEVICES)));
    let fleet = start(FleetConfig { faults_count, ..usual }).await;
    let devices = u64::try_from(DEVICES).unwrap();
    let up = until(&fleet, "all up", |now| now.connected == devices).await;
    assert_eq!((up.reconnects, fleet.link_totals().lost), (0, 0));
    let (from, at) = (tokio::time::Instant::now(), Duration::ZERO);
    fleet.time_faults(FaultCourse { from, at, percent: 100 });
    until(&fleet, "all back", |now| now.reconnects == devices && now.connected == devices).await;
    assert_eq!(fleet.link_totals().lost, 0, "that one is still to come");
    fleet.stop().await;
}

#[tokio::test]
async fn devices_come_through_a_black_hole() {
    let server = TestServer::start();
    let fleet = busy(&server, &["black-hole lasts=2s"]).await;
    all_answer(&server, &fleet).await;
    assert!(fleet.link_totals().swallowed > 0);
    fleet.stop().await;
}

#[tokio::test]
async fn a_session_outlives_the_ports_of_its_device() {
    for fault in ["rebind at=1s every=200ms", "migrate at=1s every=200ms"] {
        let server = TestServer::start();
        let fleet = start(with(&[fault], config(&server, plans(1)))).await;
        until(&fleet, "connected", |progress| progress.connected == 1).await;
        soon("other ports", async {
            while fleet.link_totals().rebound < 3 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let progress = fleet.progress();
        assert_eq!((progress.connected, progress.reconnects), (1, 0), "{fault}");
        // A handshake does not survive a new port, a session does.
        let summary = fleet.stop().await;
        assert_eq!(summary.losses, summary.progress.connect_failures, "{fault}");
    }
}

#[tokio::test]
async fn only_a_share_of_the_devices_has_a_bad_link() {
    let server = TestServer::start();
    let fleet =
        start(with(&["one-way direction=down share=50%"], config(&server, plans(DEVICES)))).await;
    let progress = until(&fleet, "the others", |progress| progress.connected >= 5).await;
    assert!(progress.connected < 20);
    soon("swallowed answers", async {
        while fleet.link_totals().swallowed == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    fleet.stop().await;
}

#[tokio::test]
async fn an_agent_that_dies_before_it_answers_has_executed_once_and_its_black_box_replays() {
    let server = TestServer::start();
    server.command(1, 1);
    let faulty = with(&["crash lasts=1h"], config(&server, plans(1)));
    let fleet = start(FleetConfig { black_box: BlackBox::LONGEST, ..faulty }).await;
    until(&fleet, "back", |progress| progress.reconnects == 1).await;
    server.command(1, 2);
    fleet.go_offline(0).await.unwrap();
    fleet.go_online(0).await.unwrap();
    let progress = until(&fleet, "back again", |progress| progress.reconnects >= 3).await;
    assert_eq!((progress.executed, progress.executed_twice), (1, 0));
    assert!(server.seen().results.is_empty());
    let recording = fleet.black_box(0).await.unwrap().unwrap();
    let happened = |wanted: fn(&Happened) -> bool| {
        recording.entries.iter().filter(|entry| wanted(&entry.happened)).count()
    };
    assert_eq!(happened(|it| matches!(it, Happened::Restarted)), 2);
    assert_eq!(happened(|it| matches!(it, Happened::CutShort(_))), 2);
    replay(&recording).unwrap();
    assert!(fleet.spilled().is_empty());
    fleet.stop().await;
}

#[tokio::test]
async fn a_live_device_replays_from_its_black_box_to_where_it_stands() {
    let server = TestServer::start();
    server.command(1, 1);
    let folder = tempfile::tempdir().unwrap();
    let recorded = |config| FleetConfig { black_box: BlackBox::LONGEST, ..config };
    let fleet = start(recorded(kept_in(folder.path(), config(&server, plans(1))))).await;
    server.until("an answer", |seen| seen.results.len() == 1).await;
    let recording = fleet.black_box(0).await.unwrap().unwrap();
    let replayed = replay(&recording).unwrap();
    let view = fleet.view(0).await.unwrap();
    assert_eq!(recording.serial, view.serial);
    assert_eq!((replayed.device.id(), replayed.device.status()), (view.id, view.status));
    fleet.stop().await;

    let resumed = start(recorded(kept_in(folder.path(), config(&server, plans(1))))).await;
    until(&resumed, "connected", |progress| progress.connected == 1).await;
    replay(&resumed.black_box(0).await.unwrap().unwrap()).unwrap();
    resumed.stop().await;
}

#[tokio::test]
async fn without_a_black_box_there_is_nothing_to_tell() {
    let server = TestServer::start();
    let fleet = start(config(&server, plans(1))).await;
    assert_eq!(fleet.black_box(0).await.unwrap(), None);
    fleet.stop().await;
}

#[tokio::test]
async fn a_second_effect_leaves_the_recording_of_that_moment() {
    let server = TestServer::start();
    server.command(1, 1);
    let recorded = FleetConfig { black_box: BlackBox::LONGEST, ..config(&server, plans(1)) };
    let fleet = start(recorded).await;
    server.until("an answer", |seen| seen.results.len() == 1).await;
    // Erased, it has forgotten what it did: the same command has its effect once more.
    server.command(1, 2);
    fleet.user(0, UserAction::EraseAllContent).await.unwrap();
    until(&fleet, "a second effect", |progress| progress.executed_twice == 1).await;
    server.until("its answer", |seen| seen.results.len() == 2).await;
    let spilled = fleet.spilled();
    let said = spilled[0].entries.iter().flat_map(|entry| &entry.said);
    let effects = said.filter(|said| said.what.starts_with("Executed")).count();
    assert_eq!((spilled.len(), effects), (1, 2));
    assert!(matches!(spilled[0].entries.last().unwrap().happened, Happened::CutShort(_)));
    replay(&spilled[0]).unwrap();
    fleet.stop().await;
}

#[tokio::test]
async fn every_device_answers_over_a_slow_link() {
    let server = TestServer::start();
    let fleet = busy(&server, &["rate-limit bytes-per-second=50000 queue=8"]).await;
    all_answer(&server, &fleet).await;
    assert!(fleet.link_totals().delayed > 0);
    fleet.stop().await;
}

#[tokio::test]
async fn devices_enrol_once_their_network_lets_udp_pass() {
    let server = TestServer::start();
    let fleet = busy(&server, &["udp-blocked lasts=2s"]).await;
    soon("a first connection that comes to nothing", async {
        while fleet.link_totals().blocked == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.seen().enrolments, 0);
    all_answer(&server, &fleet).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_session_outlives_the_shrinking_of_its_path() {
    let server = TestServer::start();
    let fleet = busy(&server, &["mtu-shrinks bytes=1200 after=connected"]).await;
    all_answer(&server, &fleet).await;
    assert_eq!(fleet.progress().reconnects, 0);
    fleet.stop().await;
}

#[tokio::test]
async fn a_fleet_of_forgotten_devices_answers() {
    let server = TestServer::start();
    let fleet = busy(&server, &["mapping-forgotten idle=50ms"]).await;
    all_answer(&server, &fleet).await;
    fleet.stop().await;
}

#[tokio::test]
async fn an_agent_may_die_at_any_moment_and_its_command_has_one_effect() {
    for moment in Moment::ALL.into_iter().filter(|moment| !moment.is_of_the_server()) {
        let server = TestServer::start();
        for attempt in 1..=5 {
            server.command(1, attempt);
        }
        let fault = format!("crash after={moment}");
        let faulty = with(&[&fault], config(&server, plans(1)));
        let fleet = start(FleetConfig { black_box: BlackBox::LONGEST, ..faulty }).await;
        server.until("an answer", |seen| !seen.results.is_empty()).await;
        // Each Idle gets the next attempt: one connection is not enough for what waits for a second.
        fleet.go_offline(0).await.unwrap();
        fleet.go_online(0).await.unwrap();
        server.until("another", |seen| seen.results.len() > 1).await;
        let recording = fleet.black_box(0).await.unwrap().unwrap();
        let died = recording.entries.iter().filter(|it| it.happened == Happened::Restarted).count();
        assert_eq!(died, 1, "{moment}");
        replay(&recording).unwrap();
        let progress = fleet.progress();
        assert_eq!((progress.executed, progress.executed_twice), (1, 0), "{moment}");
        fleet.stop().await;
    }
}

#[tokio::test]
async fn the_second_connection_is_cut_and_no_other() {
    let server = TestServer::start();
    let fleet = start(with(&["cut after=connected nth=2"], config(&server, plans(1)))).await;
    until(&fleet, "connected", |progress| progress.connected == 1).await;
    fleet.go_offline(0).await.unwrap();
    fleet.go_online(0).await.unwrap();
    // The second may be cut before its welcome or after it.
    let wanted = |it: &FleetProgress| it.connected == 1 && it.connect_failures + it.reconnects == 2;
    until(&fleet, "a third connection that lasts", wanted).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_connection_is_cut_when_a_device_is_in_a_state() {
    let server = TestServer::start();
    let fleet = start(with(&["cut when=connected"], config(&server, plans(1)))).await;
    until(&fleet, "connected once more", |progress| progress.connected == 1).await;
    let progress = fleet.progress();
    assert_eq!(progress.connect_failures + progress.reconnects, 1, "{progress:?}");
    fleet.stop().await;
}

#[tokio::test]
async fn one_device_keeps_the_answer_to_its_second_command_to_itself() {
    let server = TestServer::start();
    let fault = "keep-answer device=0 after=command-arrives nth=2";
    server.command(1, 1);
    let fleet = start(with(&[fault], config(&server, plans(1)))).await;
    server.until("the first answer", |seen| seen.results.len() == 1).await;
    for (number, executed) in [(2, 2), (3, 3)] {
        server.command(number, 1);
        fleet.go_offline(0).await.unwrap();
        fleet.go_online(0).await.unwrap();
        until(&fleet, "the next effect", |progress| progress.executed == executed).await;
    }
    let seen = server.until("the third answer", |seen| seen.results.len() == 2).await;
    let answered: Vec<u8> = seen.results.iter().map(|(_, it)| it.id.as_bytes()[0]).collect();
    assert_eq!(answered, [1, 3]);
    fleet.stop().await;
}
