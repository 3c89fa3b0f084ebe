//! Pushes: what their services make of them, and what a woken device does.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_device::push::{
    Expiry, Presence, PushRequest, PushServiceState, Registration, WakeWord,
};
use muster_device::recording::{INPUTS_MAX, Recorder, replay};
use muster_device::{Contact, Device, DeviceSpec, Input, Output, UserAction};
use muster_protocol::management::{ToDevice, ToServer, Welcome};
use muster_protocol::{
    DeviceId, Mode, Policy, PushService, PushTarget, Seed, SerialNumber, Timestamp, decode_at_rest,
    encode_at_rest,
};
use serde::Deserialize;

use crate::rig::{PERSONA, Rig, current_os, describe, spec};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    source: String,
    of: Of,
    #[serde(default = "automated")]
    mode: String,
    steps: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Of {
    Apns,
    Fcm,
    Device,
}

fn automated() -> String {
    "automated-device".to_owned()
}

fn rows() -> Vec<Row> {
    crate::rows::read::<Table>("push").row
}

/// Who plays a row.
enum Play {
    Service(Box<ServicePlay>),
    Device(Box<Rig>),
}

impl Play {
    fn new(row: &Row) -> Self {
        match row.of {
            Of::Apns => Self::Service(Box::new(ServicePlay::new(PushService::Apns))),
            Of::Fcm => Self::Service(Box::new(ServicePlay::new(PushService::Fcm))),
            Of::Device => Self::Device(Box::new(woken(row.mode.parse().expect("a mode")))),
        }
    }

    fn step(&mut self, step: &str) -> String {
        let (verb, with) = step.split_once(' ').unwrap_or((step, ""));
        match self {
            Self::Service(play) => play.step(verb, with),
            Self::Device(rig) => device_step(rig, verb, with),
        }
    }
}

/// A service with one device that is online.
struct ServicePlay {
    service: PushService,
    state: PushServiceState,
    now: Timestamp,
    token: String,
    registrations: u64,
}

const TOPIC: &str = "com.example.management";

fn serial() -> SerialNumber {
    "SIM-1".parse().expect("a serial")
}

impl ServicePlay {
    fn new(service: PushService) -> Self {
        let (state, now) = (PushServiceState::default(), Timestamp::ZERO);
        let mut play = Self { service, state, now, token: String::new(), registrations: 0 };
        play.register();
        play
    }

    fn register(&mut self) -> String {
        self.registrations += 1;
        let mut chance = Seed::root(1).child("push", self.registrations).stream();
        let (serial, topic) = (serial(), TOPIC.to_owned());
        let registration = Registration { serial, service: self.service, topic };
        self.state.register(self.now, registration, &mut chance)
    }

    fn step(&mut self, verb: &str, with: &str) -> String {
        match verb {
            "push" => return self.push(with),
            "fill" => {
                let count: u64 = with.parse().expect("how many");
                (1..=count).for_each(|number| drop(self.push(&number.to_string())));
            }
            "register" => self.token = self.register(),
            "register-elsewhere" => drop(self.register()),
            "erase" => self.state.unregister(self.now, &serial()),
            "offline" => self.state.offline(&serial()),
            "online" => self.state.online(self.now, &serial()),
            "days" => self.pass(24 * 60 * 60 * with.parse::<u64>().expect("days")),
            "seconds" => self.pass(with.parse().expect("seconds")),
            "presence" => {
                return match self.state.presence(&serial()) {
                    Some(Presence::Online) => "Online".to_owned(),
                    Some(Presence::Offline) => "Offline".to_owned(),
                    None => "None".to_owned(),
                };
            }
            "due" => {
                let words = self.state.due().into_iter().map(|wake| match wake.word {
                    WakeWord::Magic(magic) => magic,
                    WakeWord::MessagesDeleted => "MessagesDeleted".to_owned(),
                });
                return listed(words.collect());
            }
            other => panic!("no step is called {other:?}"),
        }
        String::new()
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    /// A push that says the first word; the others say how.
    fn push(&mut self, with: &str) -> String {
        let mut words = with.split(' ');
        let magic = words.next().expect("what it says").to_owned();
        if self.token.is_empty() {
            self.token = self.register();
        }
        let mut request = PushRequest {
            service: self.service,
            topic: TOPIC.to_owned(),
            token: self.token.clone(),
            magic,
            payload_bytes: 100,
            collapse_key: None,
            expiry: Expiry::Unsaid,
        };
        for word in words {
            let (name, value) = word.split_once('=').expect("a name and a value");
            match name {
                "key" => request.collapse_key = Some(value.to_owned()),
                "key-of" => request.collapse_key = Some("k".repeat(value.parse().expect("bytes"))),
                "topic" => value.clone_into(&mut request.topic),
                "token" => value.clone_into(&mut request.token),
                "bytes" => request.payload_bytes = value.parse().expect("bytes"),
                "for" if value == "0" => request.expiry = Expiry::Now,
                "for" => {
                    let span = Duration::from_secs(value.parse().expect("seconds"));
                    request.expiry = Expiry::At(self.now.after(span));
                }
                other => panic!("nothing is called {other:?}"),
            }
        }
        let service = self.service;
        match self.state.accept(self.now, request) {
            Ok(_accepted) => "Accepted".to_owned(),
            Err(refusal) => format!("{} {}", refusal.status(service), refusal.word(service)),
        }
    }
}

fn target(magic: &str) -> PushTarget {
    PushTarget {
        service: PushService::Apns,
        topic: TOPIC.to_owned(),
        token: "0badc0de".to_owned(),
        magic: magic.to_owned(),
    }
}

/// An address as it stands in a recording: its names are their own.
pub(crate) fn recorded_target(address: u8) -> PushTarget {
    PushTarget {
        service: PushService::Apns,
        topic: "com.example.management".to_owned(),
        token: format!("~token-{address}"),
        magic: format!("~magic-{address}"),
    }
}

fn woken_spec(mode: Mode) -> DeviceSpec {
    spec(mode, current_os(mode), PERSONA).woken()
}

/// A woken device that has enrolled and knows its address; it wants its first connection.
fn woken(mode: Mode) -> Rig {
    let mut rig = Rig::boxed(woken_spec(mode), Policy::FULL);
    rig.give(Input::Start);
    rig.enrol();
    rig.give(Input::PushTarget(target("own")));
    rig
}

fn device_step(rig: &mut Rig, verb: &str, with: &str) -> String {
    if verb == "ask" {
        return describe(&rig.ask(rig.request(with)));
    }
    rig.forget();
    match verb {
        "connect" => connect(rig, 1),
        "connect-old" => connect(rig, 0),
        "empty" => rig.message(ToDevice::Empty),
        "pushed" => rig.give(Input::Pushed { magic: with.to_owned() }),
        "target" => rig.give(Input::PushTarget(target(with))),
        "lost" => rig.give(Input::Disconnected),
        "user" => rig.user(user_action(with)),
        "restart" => {
            rig.restart();
            rig.give(Input::Start);
        }
        "pass" => {
            rig.now = rig.now.after(Duration::from_millis(with.parse().expect("milliseconds")));
            if rig.device.next_deadline().is_some_and(|at| at <= rig.now) {
                rig.give(Input::Deadline);
            }
        }
        other => panic!("no step is called {other:?}"),
    }
    let told = |output: &String| output != "Persist" && !output.starts_with("Executed");
    let short = |output: String| if output.contains("Ignored") { "Ignored".into() } else { output };
    listed(rig.trace().into_iter().filter(told).map(short).collect())
}

fn connect(rig: &mut Rig, minor: u16) {
    rig.give(Input::Connected { minor });
    rig.welcome();
}

fn user_action(name: &str) -> UserAction {
    match name {
        "Lock" => UserAction::Lock,
        "Unlock" => UserAction::Unlock,
        "ClearPasscode" => UserAction::ClearPasscode,
        "SetPasscode" => UserAction::SetPasscode,
        "StartFindMy" => UserAction::StartFindMy,
        "PowerOff" => UserAction::PowerOff,
        "PowerOn" => UserAction::PowerOn,
        "Reboot" => UserAction::Reboot,
        other => panic!("no action is called {other:?}"),
    }
}

fn listed(words: Vec<String>) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

fn differences(row: Row) -> Vec<String> {
    let mut play = Play::new(&row);
    crate::rows::differences(&row.id, &row.steps, |step| play.step(step))
}

#[test]
fn every_row_of_the_table_of_pushes_holds() {
    let wrong: Vec<String> = rows().into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_about_pushes_has_an_id_of_its_own_a_source_and_a_promise() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.iter().all(|row| row.source.len() > 10));
    assert!(rows.iter().all(|row| row.steps.iter().any(|step| step.contains(" => "))));
    for of in [Of::Apns, Of::Fcm, Of::Device] {
        assert!(rows.iter().any(|row| row.of == of));
    }
}

#[test]
fn a_woken_device_says_where_it_is_reached_before_its_first_idle_and_leaves_when_nothing_waits() {
    let mut rig = woken(Mode::AndroidFullyManaged);
    rig.forget();
    rig.give(Input::Connected { minor: 1 });
    let sent = |output: &Output| {
        if let Output::Send(ToServer::PushUpdate(update)) = output {
            update.target.clone()
        } else {
            None
        }
    };
    assert_eq!(rig.seen.iter().find_map(sent), Some(target("own")));
    assert_eq!(rig.trace(), ["Send Hello", "Send PushUpdate", "Send Idle"]);
    rig.welcome();
    rig.forget();
    rig.message(ToDevice::Empty);
    assert_eq!(rig.trace(), ["Disconnect"]);
    assert_eq!(rig.device.next_deadline(), None, "it polls on no timer");
}

#[test]
fn a_woken_device_stays_with_a_server_whose_welcome_says_that_it_cannot_push() {
    let mut rig = woken(Mode::AndroidFullyManaged);
    rig.give(Input::Connected { minor: 1 });
    let welcome = Welcome { minor: 0, now: Timestamp::ZERO, policy: Policy::FULL };
    rig.message(ToDevice::Welcome(welcome));
    rig.forget();
    rig.message(ToDevice::Empty);
    assert_eq!(rig.trace(), Vec::<String>::new());
}

#[test]
fn a_device_does_not_leave_before_its_secrets_are_stored() {
    let mut rig = Rig::boxed(woken_spec(Mode::AppleAutomatedDevice), Policy::FULL);
    rig.give(Input::Start);
    rig.enrol();
    rig.give(Input::Connected { minor: 1 });
    let welcome = Welcome { minor: 1, now: Timestamp::ZERO, policy: Policy::FULL };
    rig.message(ToDevice::Welcome(welcome));
    rig.forget();
    rig.message(ToDevice::Empty);
    assert_eq!(rig.trace(), Vec::<String>::new());
    rig.message(ToDevice::TokenUpdateAck { sequence: 1 });
    assert_eq!(rig.trace(), ["Persist", "Disconnect"]);
}

#[test]
fn a_push_says_its_magic_and_its_address_to_nobody_who_looks_at_it() {
    let input = Input::PushTarget(target("a-magic-word"));
    let text = format!("{input:?}");
    assert!(!text.contains("a-magic-word") && !text.contains("0badc0de"), "{text}");
    let word = format!("{:?}", WakeWord::Magic("a-magic-word".to_owned()));
    assert!(!word.contains("a-magic-word"));
}

#[test]
fn a_device_described_without_its_contact_keeps_its_connection() {
    let spec = woken_spec(Mode::AppleDevice);
    let mut written = serde_json::to_value(&spec).unwrap();
    written.as_object_mut().unwrap().remove("contact");
    let read: DeviceSpec = serde_json::from_value(written).unwrap();
    assert_eq!(read.contact, Contact::Connected);
    let device = Device::new(spec, Seed::root(1));
    let bytes = encode_at_rest(&device).unwrap();
    assert_eq!(decode_at_rest::<Device>(&bytes), Ok(device));
}

/// A woken device with its recorder.
struct Recorded {
    device: Device,
    recorder: Recorder,
    now: Timestamp,
}

impl Recorded {
    /// Gives it an input; whether it wants to connect. Secrets are acknowledged at once.
    fn comes(&mut self, input: Input) -> bool {
        self.now = self.now.after(Duration::from_secs(1));
        self.recorder.input(self.now, &input);
        self.device.handle(self.now, input);
        let mut outputs = Vec::new();
        while let Some(output) = self.device.poll_output() {
            self.recorder.output(&output);
            outputs.push(output);
        }
        for output in &outputs {
            if let Output::Send(ToServer::TokenUpdate(update)) = output {
                let sequence = update.sequence;
                self.comes(Input::Message(ToDevice::TokenUpdateAck { sequence }));
            }
        }
        outputs.contains(&Output::Connect)
    }
}

#[test]
fn a_woken_life_is_recorded_and_replays_without_its_address() {
    let (spec, seed) = (woken_spec(Mode::AndroidDedicated), Seed::root(3));
    let recorder = Recorder::fresh(spec.clone(), seed, INPUTS_MAX);
    let mut woken = Recorded { device: Device::new(spec, seed), recorder, now: Timestamp::ZERO };
    let welcome = Welcome { minor: 1, now: Timestamp::ZERO, policy: Policy::FULL };
    woken.comes(Input::Start);
    assert!(woken.comes(Input::Enrolled { device: DeviceId::from_bytes([1; 16]) }));
    woken.comes(Input::PushTarget(target("a-magic-word")));
    woken.comes(Input::Connected { minor: 1 });
    woken.comes(Input::Message(ToDevice::Welcome(welcome)));
    woken.comes(Input::Message(ToDevice::Empty));
    assert!(!woken.comes(Input::Pushed { magic: "another-word".to_owned() }));
    assert!(woken.comes(Input::Pushed { magic: "a-magic-word".to_owned() }));

    let recording = woken.recorder.recording();
    let json = serde_json::to_string(&recording).unwrap();
    for secret in ["a-magic-word", "another-word", "0badc0de"] {
        assert!(!json.contains(secret), "{secret}: {json}");
    }
    let replayed = replay(&recording).unwrap().device;
    assert_eq!(replayed.id(), woken.device.id());
    assert!(!replayed.is_asleep() && !woken.device.is_asleep());
}
