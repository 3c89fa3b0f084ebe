//! A device with the smallest server that can hold its hand.

use std::collections::VecDeque;

use muster_device::activation::ActivationService;
use muster_device::{
    Device, DeviceSpec, Input, Note, Output, Persona, PromptHabit, Screen, UserAction,
};
use muster_protocol::command::{MANAGEMENT_PROFILE, PasswordScope};
use muster_protocol::management::{CommandResult, ToDevice, ToServer, TokenUpdate, Welcome};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    AndroidRequest, Answer, AppleRequest, Attempt, Command, CommandHead, CommandId, DeviceFacts,
    DeviceId, Mode, OperatingSystem, OsVersion, Outcome, Platform, Policy, QueryResponse,
    QueryValue, Request, Seed, SettingResult, Timestamp,
};

use crate::requests::{android_request, apple_request};

pub(crate) const PERSONA: Persona = Persona {
    passcode: Presence::Set,
    work_profile_password: Presence::Set,
    prompt: PromptHabit::Accepts,
    find_my: Switch::Off,
    screen: Screen::Unlocked,
};

pub(crate) struct Rig {
    pub(crate) device: Device,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
    /// The vendor's activation service, which answers at once.
    pub(crate) service: ActivationService,
    /// What the device asked of it since the last [`Rig::forget`].
    pub(crate) calls: Vec<&'static str>,
    /// Every other output since the last [`Rig::forget`].
    pub(crate) seen: Vec<Output>,
    /// Whether the device said of its last answer that its lock was in the way.
    pub(crate) locked_out: bool,
    pub(crate) unlock_token: Option<UnlockToken>,
    pub(crate) bypass_code: Option<BypassCode>,
    /// Sequences of token updates not acknowledged yet.
    owed: Vec<u32>,
    link: Link,
    enrolments: u8,
    commands: u8,
}

#[derive(PartialEq)]
enum Link {
    Greeting,
    Welcomed,
}

pub(crate) fn spec(mode: Mode, os_version: OsVersion, persona: Persona) -> DeviceSpec {
    let (operating_system, model) = match mode.platform() {
        Platform::Apple => (OperatingSystem::Ios, "iPhone15,2"),
        Platform::Android => (OperatingSystem::Android, "Pixel 8"),
    };
    let facts = DeviceFacts {
        serial: "SIM-1".parse().expect("a serial"),
        model: model.to_owned(),
        operating_system,
        os_version,
        mode,
    };
    DeviceSpec::new(facts, persona)
}

pub(crate) fn current_os(mode: Mode) -> OsVersion {
    match (mode.platform(), mode) {
        (Platform::Apple, _) => OsVersion::new(17, 4),
        (Platform::Android, Mode::AndroidDeviceAdministrator) => OsVersion::major(6),
        (Platform::Android, _) => OsVersion::major(13),
    }
}

impl Rig {
    /// Out of its box.
    pub(crate) fn boxed(spec: DeviceSpec, policy: Policy) -> Self {
        Self {
            device: Device::new(spec, Seed::root(7).child("device", 0)),
            policy,
            now: Timestamp::ZERO,
            service: ActivationService::default(),
            calls: Vec::new(),
            seen: Vec::new(),
            locked_out: false,
            unlock_token: None,
            bypass_code: None,
            owed: Vec::new(),
            link: Link::Greeting,
            enrolments: 0,
            commands: 0,
        }
    }

    /// Enrolled, connected and welcomed.
    pub(crate) fn managed(mode: Mode, persona: Persona, policy: Policy) -> Self {
        Self::managed_spec(spec(mode, current_os(mode), persona), policy)
    }

    pub(crate) fn managed_spec(spec: DeviceSpec, policy: Policy) -> Self {
        let mut rig = Self::boxed(spec, policy);
        rig.give(Input::Start);
        rig.enrol();
        rig.connect();
        rig
    }

    pub(crate) fn enrol(&mut self) {
        self.enrolments += 1;
        let device = DeviceId::from_bytes([self.enrolments; 16]);
        self.give(Input::Enrolled { device });
    }

    pub(crate) fn connect(&mut self) {
        self.give(Input::Connected { minor: muster_protocol::alpn::MINOR });
        self.welcome();
    }

    pub(crate) fn welcome(&mut self) {
        self.link = Link::Welcomed;
        self.message(ToDevice::Welcome(Welcome {
            minor: muster_protocol::alpn::MINOR,
            now: Timestamp::ZERO,
            policy: self.policy,
        }));
    }

    pub(crate) fn message(&mut self, message: ToDevice) {
        self.give(Input::Message(message));
    }

    pub(crate) fn user(&mut self, action: UserAction) {
        self.give(Input::User(action));
    }

    /// As [`Rig::user`]; a device that drops its connection and wants it back gets it back.
    pub(crate) fn user_and_back(&mut self, action: UserAction) {
        let before = self.seen.len();
        self.user(action);
        self.come_back(before);
    }

    /// Connects again if what was seen since `before` ends so.
    pub(crate) fn come_back(&mut self, before: usize) {
        if self.seen[before..].last() == Some(&Output::Connect) {
            self.connect();
        }
    }

    /// Gives an input, drains the outputs, keeps and acknowledges escrowed secrets.
    pub(crate) fn give(&mut self, input: Input) {
        if matches!(input, Input::Connected { .. }) {
            self.link = Link::Greeting;
        }
        let outputs = self.handle(input);
        for update in outputs.iter().filter_map(token_update) {
            self.unlock_token = update.unlock_token.or(self.unlock_token.take());
            self.bypass_code = update.bypass_code.or(self.bypass_code.take());
            self.owed.push(update.sequence);
        }
        self.seen.extend(outputs);
        if self.link == Link::Welcomed {
            self.acknowledge_escrow();
        }
    }

    /// Gives an input, then what the vendor's service answers to the calls it led to.
    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.device.handle(self.now, input);
            while let Some(output) = self.device.poll_output() {
                if let Output::Send(ToServer::CommandResult(_)) = output {
                    self.locked_out = self.device.is_locked_out();
                }
                if let Output::Activation(call) = output {
                    self.calls.push(call.name());
                    let reply = self.service.answer(&self.device.facts().serial, call);
                    inputs.push_back(Input::Activation(reply));
                } else {
                    outputs.push(output);
                }
            }
        }
        outputs
    }

    fn acknowledge_escrow(&mut self) {
        for sequence in core::mem::take(&mut self.owed) {
            let ack = ToDevice::TokenUpdateAck { sequence };
            self.device.handle(self.now, Input::Message(ack));
            while self.device.poll_output().is_some() {}
        }
    }

    pub(crate) fn forget(&mut self) -> Vec<Output> {
        self.calls.clear();
        core::mem::take(&mut self.seen)
    }

    /// Sends a fresh command; the outcome of its only answer.
    pub(crate) fn ask(&mut self, request: impl Into<Option<Request>>) -> Outcome {
        self.commands += 1;
        let id = CommandId::from_bytes([self.commands; 16]);
        self.attempt(id, 1, request.into()).outcome
    }

    pub(crate) fn attempt(
        &mut self,
        id: CommandId,
        attempt: u32,
        request: Option<Request>,
    ) -> CommandResult {
        self.forget();
        let head = CommandHead { id, attempt: Attempt::new(attempt), expires_at: Timestamp::ZERO };
        self.message(ToDevice::Command(Command { head, request }));
        let mut results = self.results();
        assert_eq!(results.len(), 1, "one answer to one attempt: {:?}", self.seen);
        results.remove(0)
    }

    pub(crate) fn results(&self) -> Vec<CommandResult> {
        let results = self.seen.iter().filter_map(|output| {
            if let Output::Send(ToServer::CommandResult(result)) = output {
                Some(result.clone())
            } else {
                None
            }
        });
        results.collect()
    }

    pub(crate) fn executed(&self) -> usize {
        let executed = |output: &&Output| matches!(output, Output::Executed { .. });
        self.seen.iter().filter(executed).count()
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        let notes = self.seen.iter().filter_map(|output| {
            if let Output::Note(note) = output { Some(note.clone()) } else { None }
        });
        notes.collect()
    }

    /// A short name of each output seen, in order.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.seen.iter().map(describe_output).collect()
    }

    pub(crate) fn restart(&mut self) {
        let bytes = muster_protocol::encode_at_rest(&self.device).expect("small");
        self.device = muster_protocol::decode_at_rest(&bytes).expect("our own bytes");
    }

    /// The request a fixture or matrix names, with the secrets the server would have.
    pub(crate) fn request(&self, name: &str) -> Option<Request> {
        let own_token = self.unlock_token.clone().unwrap_or(UnlockToken::new(vec![0; 32]));
        let own_code = self.bypass_code.clone().unwrap_or(wrong_code());
        let apple = |request| Some(Request::Apple(request));
        let android = |request| Some(Request::Android(request));
        match name {
            "EraseDevice" => apple(AppleRequest::EraseDevice { preserve_data_plan: false }),
            "ClearPasscode own-token" => {
                apple(AppleRequest::ClearPasscode { unlock_token: own_token })
            }
            "ClearPasscode stale-token" => {
                apple(AppleRequest::ClearPasscode { unlock_token: UnlockToken::new(vec![1; 32]) })
            }
            "DeviceLock" => apple(AppleRequest::DeviceLock { message: Some("found?".to_owned()) }),
            "DisableActivationLock own-code" => {
                apple(AppleRequest::DisableActivationLock { bypass_code: own_code })
            }
            "DisableActivationLock wrong-code" => {
                apple(AppleRequest::DisableActivationLock { bypass_code: wrong_code() })
            }
            "SecurityInfo" => apple(AppleRequest::SecurityInfo),
            "RemoveProfile" => {
                apple(AppleRequest::RemoveProfile { identifier: MANAGEMENT_PROFILE.to_owned() })
            }
            "WIPE" => android(AndroidRequest::Wipe {
                preserve_reset_protection_data: false,
                wipe_esims: false,
            }),
            "RESET_PASSWORD device" => {
                android(AndroidRequest::ResetPassword { scope: PasswordScope::Device })
            }
            "RESET_PASSWORD profile" => {
                android(AndroidRequest::ResetPassword { scope: PasswordScope::Profile })
            }
            "LOCK" => android(AndroidRequest::Lock),
            "REQUEST_DEVICE_INFO" => android(AndroidRequest::RequestDeviceInfo),
            "RELINQUISH_OWNERSHIP" => android(AndroidRequest::RelinquishOwnership),
            "unreadable" => None,
            other => match android_request(other) {
                Some(request) => android(request),
                None => apple(apple_request(other)),
            },
        }
    }
}

/// Requests of Android beyond the oldest, with what they carry after the name.
pub(crate) fn wrong_code() -> BypassCode {
    BypassCode::new("00000-00000-0000-0000-0000-0000".to_owned())
}

pub(crate) fn temporary_passcode(outcome: &Outcome) -> Passcode {
    let Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)) = outcome else {
        panic!("no temporary passcode: {outcome:?}");
    };
    passcode.clone()
}

pub(crate) fn describe(outcome: &Outcome) -> String {
    let first =
        |items: &[muster_protocol::ErrorItem]| format!("{} {}", items[0].domain, items[0].code);
    match outcome {
        Outcome::Acknowledged(Answer::Done) => "Acknowledged".to_owned(),
        Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)) => {
            format!("Acknowledged TemporaryPasscode of {}", passcode.expose().len())
        }
        Outcome::Acknowledged(Answer::Locked(message)) => {
            format!("Acknowledged Locked {message:?}")
        }
        Outcome::Acknowledged(Answer::Status(_)) => "Acknowledged Status".to_owned(),
        Outcome::Acknowledged(answer) => format!("Acknowledged {}", describe_answer(answer)),
        Outcome::Error(items) => format!("Error {}", first(items)),
        Outcome::NotSupported(items) => format!("NotSupported {}", first(items)),
        Outcome::CommandFormatError => "CommandFormatError".to_owned(),
        Outcome::NotNow => "NotNow".to_owned(),
    }
}

/// An answer in one line; of secrets only whether they are there.
fn describe_answer(answer: &Answer) -> String {
    let words =
        |words: Vec<String>| if words.is_empty() { "-".to_owned() } else { words.join(" ") };
    match answer {
        Answer::DeviceInformation(responses) => {
            let value = |value: &QueryValue| match value {
                QueryValue::Flag(flag) => flag.to_string(),
                QueryValue::Text(text) => text.clone(),
                QueryValue::MdmOptions { activation_lock_allowed_while_supervised } => {
                    activation_lock_allowed_while_supervised.to_string()
                }
                QueryValue::Percent(percent) => percent.to_string(),
            };
            let pair = |one: &QueryResponse| format!("{}={}", one.key, value(&one.value));
            format!("DeviceInformation {}", words(responses.iter().map(pair).collect()))
        }
        Answer::ActivationLockBypassCode(code) => {
            format!("BypassCode {}", if code.is_some() { "Some" } else { "None" })
        }
        Answer::Location(_) => "Location".to_owned(),
        Answer::Profiles(identifiers) => format!("Profiles {}", words(identifiers.clone())),
        Answer::Applications(applications) => format!("Applications of {}", applications.len()),
        Answer::Settings(results) => {
            let code = |one: &SettingResult| match one.errors.first() {
                None => format!("{}=ok", one.item),
                Some(error) => format!("{}={} {}", one.item, error.domain, error.code),
            };
            format!("Settings {}", words(results.iter().map(code).collect()))
        }
        Answer::UnlockToken(_) => "UnlockToken".to_owned(),
        Answer::Certificates(names) => format!("Certificates {}", words(names.clone())),
        Answer::ClearedApplications(cleared) => {
            let statuses = cleared.iter().map(|one| one.status.clone());
            format!("Cleared {}", words(statuses.collect()))
        }
        Answer::Done | Answer::TemporaryPasscode(_) | Answer::Locked(_) | Answer::Status(_) => {
            format!("{answer:?}")
        }
    }
}

fn describe_output(output: &Output) -> String {
    match output {
        Output::Enrol => "Enrol".to_owned(),
        Output::Connect => "Connect".to_owned(),
        Output::Persist => "Persist".to_owned(),
        Output::Send(message) => format!("Send {}", message.name()),
        Output::Executed { request, .. } => format!("Executed {request}"),
        Output::Leave => "Leave".to_owned(),
        Output::Disconnect => "Disconnect".to_owned(),
        Output::Activation(call) => format!("Activation {}", call.name()),
        Output::Note(note) => format!("Note {note:?}"),
    }
}

fn token_update(output: &Output) -> Option<TokenUpdate> {
    if let Output::Send(ToServer::TokenUpdate(update)) = output {
        Some(update.clone())
    } else {
        None
    }
}
