//! Commands a device is given, and what it answers.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::management::{CommandResult, ToDevice, ToServer};
use muster_protocol::secret::UnlockToken;
use muster_protocol::{
    AndroidRequest, AppleRequest, Attempt, Command, CommandHead, CommandId, Outcome, Platform,
    Request, Timestamp,
};

use crate::scene::hooks::Cmd;
use crate::scene::stage::{CommandState, Heard, LineState, Stage, encoded};
use crate::scene::{Judged, Scene, told};
use crate::script::{Line, Phone};

/// The end of a command that has none.
const NEVER: Timestamp = Timestamp::from_micros(u64::MAX);

/// What may be asked of a device of either platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To lock itself.
    Lock,
    /// To report its state.
    Report,
    /// To erase itself.
    Wipe,
    /// To leave management.
    Retire,
}

/// What an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It is done.
    Acknowledged,
    /// It failed.
    Error,
    /// The device cannot do it.
    NotSupported,
    /// The request cannot be read, or is for another platform.
    FormatError,
    /// Not now.
    NotNow,
}

impl Scene {
    /// The suite asks for something, as a new command.
    pub(crate) fn asks(&mut self, line: Line, phone: Phone, ask: Ask) -> Cmd {
        self.asks_for(line, phone, move |stage| ask.of(platform_of(stage, phone)))
    }

    /// The same of an Apple device.
    pub(crate) fn asks_apple(&mut self, line: Line, phone: Phone, request: AppleRequest) -> Cmd {
        self.asks_for(line, phone, move |_stage| Request::Apple(request))
    }

    /// The same of an Android.
    pub(crate) fn asks_android(
        &mut self,
        line: Line,
        phone: Phone,
        request: AndroidRequest,
    ) -> Cmd {
        self.asks_for(line, phone, move |_stage| Request::Android(request))
    }

    /// The same for what is only known when its turn comes.
    pub(crate) fn asks_for(
        &mut self,
        line: Line,
        phone: Phone,
        request: impl FnOnce(&Stage) -> Request + Send + 'static,
    ) -> Cmd {
        let command = self.thinks_of(phone, request);
        self.hands_out(line, command, 1);
        command
    }

    /// A command that has not been handed out.
    pub(crate) fn thinks_of(
        &mut self,
        phone: Phone,
        request: impl FnOnce(&Stage) -> Request + Send + 'static,
    ) -> Cmd {
        let command = Cmd(self.commands);
        self.commands += 1;
        self.then(move |stage| {
            let request = Some(request(stage));
            let id = CommandId::from_bytes(stage.draw_id("command", command.0));
            stage.commands.push(CommandState {
                phone: Some(phone),
                id: Some(id),
                request,
                ..CommandState::default()
            });
        });
        command
    }

    /// The suite asks an iPhone to remove its passcode, with the token it gave out.
    pub(crate) fn clears_the_passcode(&mut self, line: Line, phone: Phone) -> Cmd {
        self.asks_for(line, phone, move |stage| {
            let unlock_token = unlock_token(&stage.lines[line.0].aside);
            Request::Apple(AppleRequest::ClearPasscode { unlock_token })
        })
    }

    /// The device does not do what it is asked: it says nothing to it, or ends the connection.
    pub(crate) fn ends_or_stays_silent(&mut self, line: Line, command: Cmd) {
        let expected = format!("no answer to {command}");
        self.expect(expected, move |stage| match next_but_idle(&mut stage.lines[line.0]) {
            Some(Heard::Finished) => None,
            Some(Heard::Ended(_)) => Some(Judged::Right),
            Some(heard) => Some(Judged::Wrong(told::heard(&heard))),
            None => (stage.now >= stage.give_up_at).then_some(Judged::Right),
        });
    }

    /// A command to lock the screen that has not been handed out.
    pub(crate) fn thinks_of_lock(&mut self, phone: Phone) -> Cmd {
        self.thinks_of(phone, move |stage| Ask::Lock.of(platform_of(stage, phone)))
    }

    /// The suite hands a command out, as this attempt.
    pub(crate) fn hands_out(&mut self, line: Line, command: Cmd, attempt: u32) {
        self.hands_out_until(line, command, (attempt, NEVER));
    }

    /// The same with an end of the command.
    pub(crate) fn hands_out_until(
        &mut self,
        line: Line,
        command: Cmd,
        (attempt, expires_at): (u32, Timestamp),
    ) {
        self.then(move |stage| {
            stage.commands[command.0].attempt = Attempt::new(attempt);
            let message = message(stage, command, expires_at);
            stage.says_to(line, &message);
        });
    }

    /// The same, so many bytes at a time.
    pub(crate) fn hands_out_in_pieces(&mut self, line: Line, command: Cmd, piece_bytes: usize) {
        self.then(move |stage| stage.commands[command.0].attempt = Attempt::new(1));
        self.sends_in_pieces(line, "a Command in many pieces", piece_bytes, move |stage| {
            encoded(&message(stage, command, NEVER))
        });
    }

    /// Two commands at once.
    pub(crate) fn hands_out_together(&mut self, line: Line, commands: [Cmd; 2]) {
        self.then(move |stage| {
            for command in commands {
                stage.commands[command.0].attempt = Attempt::new(1);
            }
        });
        self.sends(line, "two Commands at once", move |stage| {
            commands.map(|command| encoded(&message(stage, command, NEVER))).concat()
        });
    }

    /// The same in bytes this has had its way with; `what` says what is wrong with them.
    pub(crate) fn hands_out_in_bytes(
        &mut self,
        line: Line,
        (command, what): (Cmd, &'static str),
        change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) {
        self.then(move |stage| stage.commands[command.0].attempt = Attempt::new(1));
        self.sends(line, what, move |stage| change(encoded(&message(stage, command, NEVER))));
    }

    /// The device answers the attempt it was handed like this.
    pub(crate) fn is_answered(&mut self, line: Line, command: Cmd, wanted: Answered) {
        self.is_answered_with(line, command, wanted.name(), move |it| Answered::of(it) == wanted);
    }

    /// The same, and this holds of the outcome.
    pub(crate) fn is_answered_with(
        &mut self,
        line: Line,
        command: Cmd,
        expected: &'static str,
        holds: impl Fn(&Outcome) -> bool + Send + 'static,
    ) {
        let expected =
            format!("a CommandResult for {command} with the attempt handed out: {expected}");
        self.expect(expected, move |stage| {
            let wanted = (stage.command(command.0), stage.commands[command.0].attempt);
            let heard = next_but_idle(&mut stage.lines[line.0])?;
            let answer = heard.told().and_then(|message| answer_to(message, wanted));
            let Some(outcome) = answer.filter(|outcome| holds(outcome)) else {
                return Some(Judged::Wrong(actually(&heard)));
            };
            stage.commands[command.0].answer = Some(outcome.clone());
            Some(Judged::Right)
        });
    }

    /// The device answers as it did before, with the attempt it was handed.
    pub(crate) fn is_answered_alike(&mut self, line: Line, command: Cmd) {
        let expected = format!("the answer to {command} it gave before, with the new attempt");
        self.expect(expected, move |stage| {
            let wanted = (stage.command(command.0), stage.commands[command.0].attempt);
            let heard = next_but_idle(&mut stage.lines[line.0])?;
            let answer = heard.told().and_then(|message| answer_to(message, wanted));
            let is_it = || answer.is_some() && answer == stage.commands[command.0].answer.as_ref();
            Some(Judged::holds(is_it, || actually(&heard)))
        });
    }

    /// The answers to two commands are not the same.
    pub(crate) fn answers_differ(&mut self, one: Cmd, other: Cmd) {
        self.expect(format!("other answers to {one} and to {other}"), move |stage| {
            let answer = |command: Cmd| stage.commands[command.0].answer.as_ref();
            let actual = || "the same answer".to_string();
            Some(Judged::holds(|| answer(one) != answer(other), actual))
        });
    }

    /// The device has said nothing else on this line: its next words answer a question that is
    /// asked now.
    pub(crate) fn says_nothing_more(&mut self, line: Line, phone: Phone) {
        let probe = self.asks(line, phone, Ask::Lock);
        self.is_answered_with(line, probe, "any outcome", |_outcome| true);
    }
}

/// What came next; a device may say that it is idle whenever it likes.
pub(super) fn next_but_idle(line: &mut LineState) -> Option<Heard> {
    loop {
        let heard = line.next()?;
        if heard.told() != Some(&ToServer::Idle) {
            return Some(heard);
        }
    }
}

fn platform_of(stage: &Stage, phone: Phone) -> Platform {
    stage.phones[phone.0].facts.mode.platform()
}

/// The last unlock token a device gave out; none at all is one that opens nothing.
fn unlock_token(said: &[ToServer]) -> UnlockToken {
    let given = |message: &ToServer| match message {
        ToServer::TokenUpdate(update) => update.unlock_token.clone(),
        ToServer::Hello(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::CommandResult(_)
        | ToServer::PushUpdate(_) => None,
    };
    said.iter().rev().find_map(given).unwrap_or_else(|| UnlockToken::new(Vec::new()))
}

/// The outcome, if a message answers this attempt.
fn answer_to(message: &ToServer, (id, attempt): (CommandId, Attempt)) -> Option<&Outcome> {
    match message {
        ToServer::CommandResult(result) if (result.id, result.attempt) == (id, attempt) => {
            Some(&result.outcome)
        }
        ToServer::CommandResult(_)
        | ToServer::Hello(_)
        | ToServer::TokenUpdate(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::PushUpdate(_) => None,
    }
}

/// What came instead, with the code of an error.
fn actually(heard: &Heard) -> String {
    match heard.told() {
        Some(ToServer::CommandResult(CommandResult { outcome, .. })) => match code_of(outcome) {
            Some((domain, code)) => format!("{} {domain} {code}", told::heard(heard)),
            None => told::heard(heard),
        },
        Some(_) | None => told::heard(heard),
    }
}

fn message(stage: &Stage, command: Cmd, expires_at: Timestamp) -> ToDevice {
    let state = &stage.commands[command.0];
    let head = CommandHead { id: stage.command(command.0), attempt: state.attempt, expires_at };
    ToDevice::Command(Command { head, request: state.request.clone() })
}

impl Ask {
    /// As this platform asks for it.
    pub(crate) fn of(self, platform: Platform) -> Request {
        match platform {
            Platform::Apple => Request::Apple(match self {
                Self::Lock => AppleRequest::DeviceLock { message: None },
                Self::Report => AppleRequest::SecurityInfo,
                Self::Wipe => AppleRequest::EraseDevice { preserve_data_plan: false },
                Self::Retire => {
                    AppleRequest::RemoveProfile { identifier: MANAGEMENT_PROFILE.to_string() }
                }
            }),
            Platform::Android => Request::Android(match self {
                Self::Lock => AndroidRequest::Lock,
                Self::Report => AndroidRequest::RequestDeviceInfo,
                Self::Wipe => AndroidRequest::Wipe {
                    preserve_reset_protection_data: false,
                    wipe_esims: false,
                },
                Self::Retire => AndroidRequest::RelinquishOwnership,
            }),
        }
    }
}

/// With this profile the management itself is removed.
///
/// Source: docs/protocol/messages.md, the table of actions.
const MANAGEMENT_PROFILE: &str = "com.muster.mdm";

impl Answered {
    const fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Acknowledged(_) => Self::Acknowledged,
            Outcome::Error(_) => Self::Error,
            Outcome::NotSupported(_) => Self::NotSupported,
            Outcome::CommandFormatError => Self::FormatError,
            Outcome::NotNow => Self::NotNow,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "Acknowledged",
            Self::Error => "Error",
            Self::NotSupported => "NotSupported",
            Self::FormatError => "CommandFormatError",
            Self::NotNow => "NotNow",
        }
    }
}

/// The domain and code of the top error.
pub(crate) fn code_of(outcome: &Outcome) -> Option<(String, i32)> {
    match outcome {
        Outcome::Error(chain) | Outcome::NotSupported(chain) => {
            chain.first().map(|item| (item.domain.to_string(), item.code))
        }
        Outcome::Acknowledged(_) | Outcome::CommandFormatError | Outcome::NotNow => None,
    }
}
