//! What a device and its server say to each other in a session.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer, TokenUpdate, Welcome};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{
    AndroidRequest, Answer, AppleRequest, Attempt, Command, CommandId, LockMessage, Mode,
    OsVersion, Outcome, Platform, Request, alpn,
};

use super::hooks::Cmd;
use super::stage::{Stage, encoded, said};
use super::{Judged, Scene, told};
use crate::script::{Act, Line, Phone};

impl Scene {
    /// Says something that is only known when its turn comes.
    pub(crate) fn says(
        &mut self,
        line: Line,
        message: impl FnOnce(&Stage) -> ToServer + Send + 'static,
    ) {
        self.then(move |stage| {
            let (bytes, what) = said(&message(stage));
            stage.act_on(line, what, Act::Send { line, bytes });
        });
    }

    /// Sends bytes that are only known when their turn comes; `what` says what they are.
    pub(crate) fn sends(
        &mut self,
        line: Line,
        what: &'static str,
        bytes: impl FnOnce(&Stage) -> Vec<u8> + Send + 'static,
    ) {
        self.then(move |stage| {
            let bytes = bytes(stage);
            stage.act_on(line, what, Act::Send { line, bytes });
        });
    }

    /// The same, so many bytes at a time.
    pub(crate) fn sends_in_pieces(
        &mut self,
        line: Line,
        what: &'static str,
        piece_bytes: usize,
        bytes: impl FnOnce(&Stage) -> Vec<u8> + Send + 'static,
    ) {
        self.then(move |stage| {
            let bytes = bytes(stage);
            stage.act_on(line, what, Act::Send { line, bytes: Vec::new() });
            let pieces = bytes.chunks(piece_bytes).map(<[u8]>::to_vec);
            stage.acts.extend(pieces.map(|bytes| Act::Send { line, bytes }));
        });
    }

    /// Says hello as the device it is.
    pub(crate) fn greets(&mut self, line: Line, phone: Phone) {
        self.says(line, move |stage| ToServer::Hello(hello(stage, phone)));
    }

    /// Says hello with something changed.
    pub(crate) fn greets_with(
        &mut self,
        line: Line,
        phone: Phone,
        change: impl FnOnce(&mut Hello, &Stage) + Send + 'static,
    ) {
        self.says(line, move |stage| {
            let mut hello = hello(stage, phone);
            change(&mut hello, stage);
            ToServer::Hello(hello)
        });
    }

    /// Says hello in bytes this has had its way with; `what` says what is wrong with them.
    pub(crate) fn greets_in_bytes(
        &mut self,
        line: Line,
        (phone, what): (Phone, &'static str),
        change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) {
        self.sends(line, what, move |stage| change(encoded(&ToServer::Hello(hello(stage, phone)))));
    }

    /// Reports that a passcode is set, or not.
    pub(crate) fn reports(&mut self, line: Line, phone: Phone, passcode: Presence) {
        self.says(line, move |stage| {
            ToServer::StatusReport(status(stage.phones[phone.0].facts.mode, passcode))
        });
    }

    /// Says that it takes commands.
    pub(crate) fn idles(&mut self, line: Line) {
        self.says(line, |_stage| ToServer::Idle);
    }

    /// Hands over secrets as the next update of its enrolment.
    pub(crate) fn hands_over(&mut self, line: Line, phone: Phone, secrets: Secrets) {
        self.then(move |stage| {
            stage.phones[phone.0].sequence += 1;
            let sequence = stage.phones[phone.0].sequence;
            let (bytes, what) = said(&ToServer::TokenUpdate(update(sequence, secrets)));
            stage.act_on(line, what, Act::Send { line, bytes });
        });
    }

    /// The server answers with this, and says nothing before.
    pub(crate) fn hears(
        &mut self,
        line: Line,
        expected: &'static str,
        is_it: impl Fn(&ToDevice) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let heard = stage.lines[line.0].next()?;
            Some(Judged::holds(|| heard.said().is_some_and(&is_it), || told::heard(&heard)))
        });
    }

    /// The server welcomes the device.
    pub(crate) fn is_welcomed(&mut self, line: Line) {
        self.is_welcomed_with(line, "a Welcome", |_welcome| true);
    }

    /// The server welcomes the device, and this holds of what it says.
    pub(crate) fn is_welcomed_with(
        &mut self,
        line: Line,
        expected: &'static str,
        holds: impl Fn(&Welcome) -> bool + Send + 'static,
    ) {
        self.hears(
            line,
            expected,
            move |message| matches!(message, ToDevice::Welcome(welcome) if holds(welcome)),
        );
    }

    /// The server has nothing.
    pub(crate) fn hears_empty(&mut self, line: Line) {
        self.hears(line, "Empty", |message| matches!(message, ToDevice::Empty));
    }

    /// The server has stored the last update of `phone`.
    pub(crate) fn hears_the_acknowledgement(&mut self, line: Line, phone: Phone) {
        self.expect("a TokenUpdateAck with the number of the update", move |stage| {
            let wanted = stage.phones[phone.0].sequence;
            let heard = stage.lines[line.0].next()?;
            let wanted = ToDevice::TokenUpdateAck { sequence: wanted };
            Some(Judged::holds(|| heard.said() == Some(&wanted), || told::heard(&heard)))
        });
    }

    /// The server has stored the update of this number.
    pub(crate) fn hears_acknowledged(&mut self, line: Line, wanted: u32) {
        self.hears(line, "a TokenUpdateAck with the number of the update", move |message| {
            matches!(message, ToDevice::TokenUpdateAck { sequence } if *sequence == wanted)
        });
    }

    /// The session stands and the server has said nothing since: its next words answer a question
    /// that is asked now.
    pub(crate) fn hears_nothing_more(&mut self, line: Line, phone: Phone) {
        self.hands_over(line, phone, Secrets::NONE);
        self.hears_the_acknowledgement(line, phone);
    }

    /// The server hands over this command, as this attempt.
    pub(crate) fn hears_command(&mut self, line: Line, cmd: Cmd, attempt: u32) {
        self.expect(format!("Command {cmd}, attempt {attempt}"), move |stage| {
            let wanted = (stage.command(cmd.0), Attempt::new(attempt));
            let heard = stage.lines[line.0].next()?;
            let Some(command) = heard.said().and_then(commanded).filter(|it| is(it, wanted)) else {
                return Some(Judged::Wrong(told::heard(&heard)));
            };
            let state = &mut stage.commands[cmd.0];
            state.attempt = command.head.attempt;
            state.request = command.request.clone();
            Some(Judged::Right)
        });
    }

    /// What the command asks for is this.
    pub(crate) fn is_asked(
        &mut self,
        command: Cmd,
        expected: &'static str,
        is_it: impl Fn(&Request) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let request = stage.commands[command.0].request.as_ref();
            let name = || request.map_or("something unreadable", Request::name).to_string();
            Some(Judged::holds(|| request.is_some_and(&is_it), name))
        });
    }

    /// Answers the present attempt.
    pub(crate) fn answers(&mut self, line: Line, command: Cmd, outcome: Outcome) {
        self.says(line, move |stage| {
            result(stage, command, stage.commands[command.0].attempt, outcome)
        });
    }

    /// Answers another attempt than the present one.
    pub(crate) fn answers_attempt(
        &mut self,
        line: Line,
        command: Cmd,
        attempt: u32,
        outcome: Outcome,
    ) {
        self.says(line, move |stage| result(stage, command, Attempt::new(attempt), outcome));
    }

    /// Answers that it is done, as the request wants it answered.
    pub(crate) fn acknowledges(&mut self, line: Line, command: Cmd) {
        self.says(line, move |stage| {
            let state = &stage.commands[command.0];
            let answer = answer_to(stage, state.request.as_ref(), command);
            result(stage, command, state.attempt, Outcome::Acknowledged(answer))
        });
    }

    /// Says the same once more: the last update of its enrolment.
    pub(crate) fn hands_over_again(&mut self, line: Line, phone: Phone, secrets: Secrets) {
        self.says(line, move |stage| {
            ToServer::TokenUpdate(update(stage.phones[phone.0].sequence, secrets))
        });
    }

    /// No message so far took more bytes than it needs.
    pub(crate) fn has_heard_shortest_forms(&mut self) {
        self.expect("every message in its shortest form", |stage| {
            let too_long = stage.too_long.take();
            Some(too_long.map_or(Judged::Right, |what| {
                Judged::Wrong(format!("{what} in more bytes than it needs"))
            }))
        });
    }

    /// Connects and says hello.
    pub(crate) fn welcomed(&mut self, phone: Phone) -> Line {
        let line = self.connects(phone);
        self.greets(line, phone);
        self.is_welcomed(line);
        line
    }

    /// Connects until it takes commands, with none waiting.
    pub(crate) fn ready(&mut self, phone: Phone) -> Line {
        let line = self.welcomed(phone);
        self.idles(line);
        self.hears_empty(line);
        line
    }

    /// Connects and takes the first command that waits for it.
    pub(crate) fn takes(&mut self, phone: Phone, command: Cmd, attempt: u32) -> Line {
        let line = self.welcomed(phone);
        self.idles(line);
        self.hears_command(line, command, attempt);
        line
    }

    /// A new device that takes commands, with none waiting.
    pub(crate) fn ready_phone(&mut self) -> (Phone, Line) {
        let phone = self.enrolled();
        let line = self.ready(phone);
        (phone, line)
    }
}

/// The command in a message.
const fn commanded(message: &ToDevice) -> Option<&Command> {
    match message {
        ToDevice::Command(command) => Some(command),
        ToDevice::Welcome(_)
        | ToDevice::TokenUpdateAck { .. }
        | ToDevice::Empty
        | ToDevice::PolicyUpdate(_) => None,
    }
}

fn is(command: &Command, wanted: (CommandId, Attempt)) -> bool {
    (command.head.id, command.head.attempt) == wanted
}

/// What a device hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(crate) unlock_token: Option<&'static [u8]>,
    pub(crate) bypass_code: Option<&'static str>,
}

impl Secrets {
    /// Nothing: the server keeps what it has.
    pub(crate) const NONE: Self = Self { unlock_token: None, bypass_code: None };
    /// An unlock token.
    pub(crate) const UNLOCK: Self =
        Self { unlock_token: Some(b"what opens the keybag"), bypass_code: None };
    /// A bypass code.
    pub(crate) const BYPASS: Self =
        Self { unlock_token: None, bypass_code: Some("AAAAA-BBBBB-CCCC-DDDD-EEEE-FFFF") };
}

pub(crate) fn update(sequence: u32, secrets: Secrets) -> TokenUpdate {
    TokenUpdate {
        sequence,
        unlock_token: secrets.unlock_token.map(|bytes| UnlockToken::new(bytes.to_vec())),
        bypass_code: secrets.bypass_code.map(|text| BypassCode::new(text.to_string())),
    }
}

/// What a device says of itself at first.
pub(crate) fn hello(stage: &Stage, phone: Phone) -> Hello {
    let mode = stage.phones[phone.0].facts.mode;
    Hello { minor: alpn::MINOR, device: stage.id(phone), status: status(mode, Presence::Set) }
}

/// The state of a device of this mode, with or without a passcode.
pub(crate) fn status(mode: Mode, passcode: Presence) -> DeviceStatus {
    let platform = match mode.platform() {
        Platform::Apple => {
            PlatformStatus::Apple { find_my: Switch::Off, activation_lock: Switch::Off }
        }
        Platform::Android => PlatformStatus::Android {
            work_profile_password: Presence::NotSet,
            reset_password_token: ResetPasswordToken::Active,
        },
    };
    DeviceStatus { os_version: OsVersion::major(17), passcode, platform }
}

fn result(stage: &Stage, command: Cmd, attempt: Attempt, outcome: Outcome) -> ToServer {
    ToServer::CommandResult(CommandResult { id: stage.command(command.0), attempt, outcome })
}

/// The answer of a device that has done what was asked.
fn answer_to(stage: &Stage, request: Option<&Request>, command: Cmd) -> Answer {
    let phone = stage.commands[command.0].phone;
    let mode = phone.map_or(Mode::AppleDevice, |phone| stage.phones[phone.0].facts.mode);
    match request {
        Some(Request::Apple(AppleRequest::DeviceLock { .. })) => {
            Answer::Locked(LockMessage::Success)
        }
        Some(
            Request::Apple(AppleRequest::SecurityInfo)
            | Request::Android(AndroidRequest::RequestDeviceInfo),
        ) => Answer::Status(status(mode, Presence::Set)),
        Some(Request::Android(AndroidRequest::ResetPassword { .. })) => {
            Answer::TemporaryPasscode(Passcode::new(String::from("271828")))
        }
        Some(_) | None => Answer::Done,
    }
}
