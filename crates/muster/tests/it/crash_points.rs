//! A server that dies at any of its named points loses nothing and repeats nothing: each point in a
//! world of its own, with real processes.

use std::collections::BTreeMap;
use std::path::Path;

use muster_control::{CommandRecord, CommandState, DeviceRecord};
use muster_device::recording::{Happened, RecordedEvent, Recording};
use muster_protocol::{Attempt, CommandHead, CommandId, DeviceId};
use muster_server::{CrashPoint, Step};
use muster_store::Store;
use reqwest::{Certificate, Client};
use tempfile::TempDir;

use crate::process::{Place, Running, json, until};

/// Devices of each world.
const DEVICES: usize = 6;

/// What every device is asked, again and again until the server has died of it: of a kind, the
/// first one that is for it. A device that is locked takes no sync now.
const ASKED: [&[&str]; 1] = [&["remoteLock", "syncDevice"]];

/// The same where commands are to be superseded.
const ASKED_AND_RETIRED: [&[&str]; 2] = [&["remoteLock", "syncDevice"], &["retire"]];

/// The same by a wipe. A device that may not be wiped is retired.
const ASKED_AND_WIPED: [&[&str]; 2] = [&["remoteLock", "syncDevice"], &["wipe", "retire"]];

/// Between an administrator and the device.
const OF_A_COMMAND: [CrashPoint; 6] = [
    CrashPoint::Before(Step::Command),
    CrashPoint::After(Step::Command),
    CrashPoint::Before(Step::HandOver),
    CrashPoint::After(Step::HandOver),
    CrashPoint::Sending,
    CrashPoint::Sent,
];

/// Between the device and the end of its command.
const OF_AN_ANSWER: [CrashPoint; 5] = [
    CrashPoint::ResultReceived,
    CrashPoint::Before(Step::Settle),
    CrashPoint::After(Step::Settle),
    CrashPoint::Before(Step::HandBack),
    CrashPoint::After(Step::HandBack),
];

/// Before a device is ready for commands.
const OF_AN_ENROLMENT: [CrashPoint; 5] = [
    CrashPoint::Before(Step::Enrolment),
    CrashPoint::After(Step::Enrolment),
    CrashPoint::EnrolmentReplied,
    CrashPoint::Before(Step::TokenUpdate),
    CrashPoint::After(Step::TokenUpdate),
];

/// Where what waits is superseded by what ends the enrolment.
const OF_AN_END: [CrashPoint; 2] =
    [CrashPoint::Before(Step::Cancel), CrashPoint::After(Step::Cancel)];

/// What is left.
const OF_A_REPORT: [CrashPoint; 2] =
    [CrashPoint::Before(Step::Report), CrashPoint::After(Step::Report)];

#[test]
fn every_point_is_gone_through() {
    let gone_through =
        [&OF_A_COMMAND[..], &OF_AN_ANSWER, &OF_AN_ENROLMENT, &OF_AN_END, &OF_A_REPORT].concat();
    assert!(CrashPoint::ALL.iter().all(|point| gone_through.contains(point)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_with_a_command_loses_nothing_and_repeats_nothing() {
    live_through(&OF_A_COMMAND).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_with_an_answer_loses_nothing_and_repeats_nothing() {
    live_through(&OF_AN_ANSWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_while_devices_enrol_loses_nothing_and_repeats_nothing() {
    live_through(&OF_AN_ENROLMENT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_a_report_loses_nothing_and_repeats_nothing() {
    live_through(&OF_A_REPORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_a_retire_loses_nothing_and_repeats_nothing() {
    live_through_asked(&OF_AN_END, &ASKED_AND_RETIRED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_a_wipe_loses_nothing_and_repeats_nothing() {
    live_through_asked(&OF_AN_END, &ASKED_AND_WIPED).await;
}

async fn live_through(points: &[CrashPoint]) {
    live_through_asked(points, &ASKED).await;
}

async fn live_through_asked(points: &[CrashPoint], asked: &'static [&'static [&'static str]]) {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    for point in points {
        World::new(*point, asked).live_through().await;
    }
}

/// A server that dies at one point, and its fleet.
struct World {
    point: CrashPoint,
    /// What its devices are asked.
    asked: &'static [&'static [&'static str]],
    folder: TempDir,
    place: Place,
}

impl World {
    fn new(point: CrashPoint, asked: &'static [&'static [&'static str]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { point, asked, place: Place::new(folder.path()), folder }
    }

    async fn live_through(&self) {
        let server = self.place.server_with(&["--crash-at", self.point.name()]);
        until("the server answers", async || self.place.ask(&["device", "list"]).status.success())
            .await;
        let fleet = self.fleet();
        let store = Store::sqlite(&self.folder.path().join("muster.db")).unwrap();
        let accepted = self.ask_until_it_dies(server, &store).await;
        let ended = self.look_at_the_dead(&store, &accepted).await;

        let _server = self.place.server();
        // A device that has been retired stays away.
        until(&format!("{}: all devices are here", self.point), async || {
            self.ends_enrolments() || self.place.connected() == DEVICES
        })
        .await;
        until(&format!("{}: nothing accepted is open", self.point), async || {
            let counts = store.counts().await.unwrap();
            counts.accepted == counts.terminal
        })
        .await;
        self.check_commands(&store, &accepted, &ended).await;
        self.check_effects(fleet, &store).await;
        store.close().await;
    }

    fn fleet(&self) -> Running {
        let record = self.folder.path().join("run");
        let mut args = vec!["--devices", "6", "--record", record.to_str().unwrap()];
        if self.is_about(Step::Cancel) {
            // Without an answer the rest of a queue waits, until what ends the enrolment supersedes
            // it.
            args.extend(["--fault", "keep-answer after=command-arrives"]);
        }
        if self.is_about(Step::HandBack) {
            args.extend(["--fault", "lose-answer after=command-arrives"]);
        }
        self.place.fleet(&args)
    }

    fn is_about(&self, step: Step) -> bool {
        [CrashPoint::Before(step), CrashPoint::After(step)].contains(&self.point)
    }

    fn ends_enrolments(&self) -> bool {
        self.is_about(Step::Cancel)
    }

    /// Asks every device there is for something until the server has died; returns what it had
    /// accepted by then.
    async fn ask_until_it_dies(&self, mut server: Running, store: &Store) -> Vec<CommandId> {
        let mut accepted = Vec::new();
        if self.ends_enrolments() {
            accepted.extend(self.keep_all_busy(store).await);
        }
        let admin = Admin::of(self.folder.path());
        until(&format!("the server dies {}", self.point), async || {
            for device in devices(store).await {
                for kind in self.asked {
                    accepted.extend(admin.ask(device.id, kind).await);
                }
            }
            server.has_aborted()
        })
        .await;
        accepted
    }

    /// Has every device keep an answer to itself before anything else is asked. An answer that is
    /// kept later, from the next server, comes in no session of this test.
    async fn keep_all_busy(&self, store: &Store) -> Vec<CommandId> {
        until("all devices are here", async || self.place.connected() == DEVICES).await;
        let admin = Admin::of(self.folder.path());
        let mut accepted = Vec::new();
        for device in devices(store).await {
            accepted.extend(admin.ask(device.id, self.asked[0]).await);
        }
        assert_eq!(accepted.len(), DEVICES, "{}", self.point);
        for id in &accepted {
            until(&format!("{}: {id} is with its device", self.point), async || {
                self.command(store, *id).await.state == CommandState::InFlight
            })
            .await;
        }
        accepted
    }

    /// What the dead server left: every command it had accepted, at most one in flight on each
    /// device (S3, S6). Returns what had ended.
    async fn look_at_the_dead(
        &self,
        store: &Store,
        accepted: &[CommandId],
    ) -> BTreeMap<CommandId, CommandRecord> {
        let mut ended = BTreeMap::new();
        let mut in_flight: BTreeMap<DeviceId, u32> = BTreeMap::new();
        for id in accepted {
            let command = self.command(store, *id).await;
            if command.state == CommandState::InFlight {
                *in_flight.entry(command.device).or_default() += 1;
            }
            if command.state.is_terminal() {
                ended.insert(*id, command);
            }
        }
        assert!(in_flight.values().all(|count| *count == 1), "{}: {in_flight:?}", self.point);
        ended
    }

    /// Whatever was accepted has ended, and what had ended is as it was (S2, S3).
    async fn check_commands(
        &self,
        store: &Store,
        accepted: &[CommandId],
        ended: &BTreeMap<CommandId, CommandRecord>,
    ) {
        for id in accepted {
            let command = self.command(store, *id).await;
            assert!(command.state.is_terminal(), "{}: {command:?}", self.point);
            if let Some(before) = ended.get(id) {
                assert_eq!(&command, before, "{}", self.point);
            }
        }
    }

    /// What the fleet has seen: no command had its effect twice, none without being asked for or
    /// after it was canceled (S1, S7, S8), and each came to its own device, in the order of
    /// acceptance, with attempts that count upwards (S4, S5, S9).
    async fn check_effects(&self, fleet: Running, store: &Store) {
        let summary = json(&fleet.interrupt());
        assert_eq!(summary["executed_twice"], 0, "{}: {summary}", self.point);
        let done = store.counts().await.unwrap().by_state.done;
        // The answer of a device that leaves may be lost, the effect has been all the same.
        if !self.ends_enrolments() {
            assert_eq!(summary["executed"], done, "{}: {summary}", self.point);
        }
        for record in devices(store).await {
            let heads = self.received(&record);
            for head in &heads {
                let command = self.command(store, head.id).await;
                let owner = store.load(command.device).await.unwrap().unwrap().record;
                assert_eq!(owner.facts.serial, record.facts.serial, "{}", self.point);
            }
            assert_attempts_count_upwards(&heads);
            assert_in_order_of_acceptance(store, &heads).await;
        }
    }

    /// What the black box of a device has kept of the commands that came.
    fn received(&self, record: &DeviceRecord) -> Vec<CommandHead> {
        let file = format!("run/black-box/{}.json", record.facts.serial);
        let text = std::fs::read(self.folder.path().join(file)).unwrap();
        let recording: Recording = serde_json::from_slice(&text).unwrap();
        let heads = recording.entries.into_iter().filter_map(|entry| {
            let (Happened::Input(input) | Happened::CutShort(input)) = entry.happened else {
                return None;
            };
            let RecordedEvent::Command { head, .. } = input.event else { return None };
            Some(head)
        });
        heads.collect()
    }

    async fn command(&self, store: &Store, id: CommandId) -> CommandRecord {
        let command = store.command(id).await.unwrap();
        command.unwrap_or_else(|| panic!("{}: {id} was accepted and is lost", self.point))
    }
}

fn assert_attempts_count_upwards(heads: &[CommandHead]) {
    let mut last: BTreeMap<CommandId, Attempt> = BTreeMap::new();
    for head in heads {
        let before = last.insert(head.id, head.attempt);
        assert!(before.is_none_or(|before| before < head.attempt), "{heads:?}");
    }
}

/// Of one kind, so of one priority.
async fn assert_in_order_of_acceptance(store: &Store, heads: &[CommandHead]) {
    let mut last: BTreeMap<(DeviceId, &str), u64> = BTreeMap::new();
    for head in heads.iter().filter(|head| head.attempt.number() == 1) {
        let command = store.command(head.id).await.unwrap().unwrap();
        let kind = (command.device, command.action.kind().graph_name());
        let before = last.insert(kind, command.sequence);
        assert!(before.is_none_or(|before| before < command.sequence), "{heads:?}");
    }
}

async fn devices(store: &Store) -> Vec<DeviceRecord> {
    let stored = store.load_all(None, 100).await.unwrap();
    stored.into_iter().map(|stored| stored.record).collect()
}

/// A client of the admin API, where it listens, and its token.
struct Admin {
    client: Client,
    base: String,
    token: String,
}

impl Admin {
    fn of(data: &Path) -> Self {
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        let endpoints = std::fs::read(data.join("endpoints.json")).unwrap();
        let endpoints: serde_json::Value = serde_json::from_slice(&endpoints).unwrap();
        let admin = endpoints["admin"].as_str().unwrap();
        let trusted = Certificate::from_pem(&ca).unwrap();
        let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
        let base = format!("https://{admin}/v1.0/deviceManagement/managedDevices");
        Self { client, base, token }
    }

    /// The first of these actions that is for the device, if the server lives to accept it.
    async fn ask(&self, device: DeviceId, kind: &[&str]) -> Option<CommandId> {
        for action in kind {
            let url = format!("{}/{device}/{action}", self.base);
            // A server that has died answers nobody.
            let answer = self.client.post(url).bearer_auth(&self.token).send().await.ok()?;
            if let Some(id) = answer.headers().get("x-muster-command-id") {
                return Some(id.to_str().unwrap().parse().unwrap());
            }
        }
        None
    }
}
