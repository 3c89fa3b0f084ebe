//! What is known while a case is played.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{FrameReader, Message, Peer, RawFrame};
use muster_protocol::management::{Hello, ToDevice, ToServer, Welcome};
use muster_protocol::{Attempt, CommandId, DeviceFacts, DeviceId, Request, Seed, Timestamp};

use super::door::{Door, Guest};
use super::told;
use crate::hook::{Answer, Tokens, Verb};
use crate::script::{Act, Caller, Certificate, Ending, Event, Line, Phone, Serve};
use crate::transcript::{From, Transcript};
use crate::verdict::Outcome;

/// What the steps of a case share.
pub(crate) struct Stage {
    pub(crate) now: Timestamp,
    pub(crate) acts: VecDeque<Act>,
    pub(crate) transcript: Transcript,
    pub(crate) seed: Seed,
    /// What devices of the suite's own server enrol with is drawn from this.
    pub(crate) token_seed: Seed,
    /// When the present wait wants to look again.
    pub(crate) look_at: Option<Timestamp>,
    /// When the present wait is over at the latest.
    pub(crate) give_up_at: Timestamp,
    pub(crate) tokens: Tokens,
    /// The first message that took more bytes than it needs.
    pub(crate) too_long: Option<String>,
    pub(crate) answers: VecDeque<Answer>,
    /// What came that belongs to no line: answers to questions of the script to its runner.
    pub(crate) news: VecDeque<News>,
    pub(crate) lines: Vec<LineState>,
    pub(crate) phones: Vec<PhoneState>,
    pub(crate) commands: Vec<CommandState>,
    /// What the suite has as a server.
    pub(crate) door: Door,
}

/// An answer of the runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Whether a stream, or early data, was granted.
    Granted(bool),
    /// It is done.
    Done,
}

/// One connection.
pub(crate) struct LineState {
    pub(crate) tongue: Tongue,
    pub(crate) is_open: bool,
    pub(crate) inbox: VecDeque<Heard>,
    reader: FrameReader,
    peer: Peer,
    /// Who connected, if the suite is the server.
    pub(crate) caller: Caller,
    /// What a device said of its own accord: reports, secrets, where it can be woken.
    pub(crate) aside: Vec<ToServer>,
    /// The minor a device has named in its Hello.
    pub(crate) minor: Option<u16>,
    /// Whether the suite has welcomed a device here.
    pub(crate) is_welcomed: bool,
    /// The updates of a device that are to be acknowledged.
    pub(crate) owed: Vec<u32>,
}

/// What a line listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// The answer to an enrolment.
    Enrolment,
    /// What a server says to a device.
    Management,
    /// What a device asks for at its enrolment.
    Applicant,
    /// What a device says to its server.
    Device,
}

/// What came on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The answer to an enrolment.
    Reply(EnrolReply),
    /// A message of a server to a device.
    Said(ToDevice),
    /// What a device wants to enrol with.
    Asked(Box<EnrolRequest>),
    /// A message of a device to its server.
    Told(ToServer),
    /// Bytes that are no such thing.
    Garbled(String),
    /// The end of the stream.
    Finished,
    /// A stream nobody asked for.
    StreamOpened,
    /// The end of the connection.
    Ended(Ending),
}

impl Heard {
    /// The message of a server, if it is one.
    pub(crate) const fn said(&self) -> Option<&ToDevice> {
        match self {
            Self::Said(message) => Some(message),
            Self::Reply(_)
            | Self::Asked(_)
            | Self::Told(_)
            | Self::Garbled(_)
            | Self::Finished
            | Self::StreamOpened
            | Self::Ended(_) => None,
        }
    }

    /// The message of a device, if it is one.
    pub(crate) const fn told(&self) -> Option<&ToServer> {
        match self {
            Self::Told(message) => Some(message),
            Self::Reply(_)
            | Self::Said(_)
            | Self::Asked(_)
            | Self::Garbled(_)
            | Self::Finished
            | Self::StreamOpened
            | Self::Ended(_) => None,
        }
    }
}

/// One life of a piece of hardware.
pub(crate) struct PhoneState {
    pub(crate) facts: DeviceFacts,
    pub(crate) csr_der: Option<Vec<u8>>,
    pub(crate) id: Option<DeviceId>,
    /// What enrolment gave it.
    pub(crate) certificate: Option<Certificate>,
    /// The last `TokenUpdate` of this life.
    pub(crate) sequence: u32,
    /// What is known of it if the suite is its server.
    pub(crate) guest: Guest,
}

impl PhoneState {
    pub(crate) fn new(facts: DeviceFacts, csr_der: Option<Vec<u8>>) -> Self {
        let guest = Guest::default();
        Self { facts, csr_der, id: None, certificate: None, sequence: 0, guest }
    }
}

/// One command.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandState {
    pub(crate) phone: Option<Phone>,
    pub(crate) id: Option<CommandId>,
    pub(crate) attempt: Attempt,
    /// What was asked for when it came last.
    pub(crate) request: Option<Request>,
    /// What a device answered last.
    pub(crate) answer: Option<muster_protocol::Outcome>,
}

impl Stage {
    pub(super) fn new(seed: Seed, token_seed: Seed) -> Self {
        Self {
            now: Timestamp::ZERO,
            acts: VecDeque::new(),
            transcript: Transcript::default(),
            seed,
            token_seed,
            look_at: None,
            give_up_at: Timestamp::ZERO,
            tokens: Tokens::default(),
            too_long: None,
            answers: VecDeque::new(),
            news: VecDeque::new(),
            lines: Vec::new(),
            phones: Vec::new(),
            commands: Vec::new(),
            door: Door::default(),
        }
    }

    /// Does something a server does, and writes it down.
    pub(crate) fn serve(&mut self, what: impl Into<String>, serve: Serve) {
        self.act(what, Act::Serve(serve));
    }

    /// Does something that concerns no line, and writes it down.
    pub(crate) fn act(&mut self, what: impl Into<String>, act: Act) {
        self.transcript.note(self.now, None, From::Suite, what.into());
        self.acts.push_back(act);
    }

    /// Does something on a line, and writes it down.
    pub(crate) fn act_on(&mut self, line: Line, what: impl Into<String>, act: Act) {
        self.transcript.note(self.now, Some(line), From::Suite, what.into());
        self.acts.push_back(act);
    }

    /// Asks the hook.
    pub(crate) fn ask(&mut self, verb: Verb) {
        self.act(told::verb(&verb), Act::Ask(verb));
    }

    /// The id of a device; enrolment comes before whatever needs it.
    pub(crate) fn id(&self, phone: Phone) -> DeviceId {
        self.phones[phone.0].id.unwrap_or(DeviceId::from_bytes([0; 16]))
    }

    /// The id of a command; acceptance comes before whatever needs it.
    pub(crate) fn command(&self, command: usize) -> CommandId {
        self.commands[command].id.unwrap_or(CommandId::from_bytes([0; 16]))
    }

    /// Opens the books of a new line.
    pub(crate) fn open(&mut self, tongue: Tongue) {
        self.lines.push(LineState {
            tongue,
            is_open: false,
            inbox: VecDeque::new(),
            reader: FrameReader::default(),
            peer: Peer::Known,
            caller: Caller::default(),
            aside: Vec::new(),
            minor: None,
            is_welcomed: false,
            owed: Vec::new(),
        });
    }

    /// Takes an event.
    pub(super) fn take(&mut self, now: Timestamp, event: Event) -> Result<(), Outcome> {
        self.now = now;
        match event {
            Event::Begin | Event::Time => {}
            Event::Connected(line) => {
                self.lines[line.0].is_open = true;
                self.transcript.note(now, Some(line), From::Target, "connected".to_string());
            }
            Event::Bytes { line, bytes } => self.hear(line, &bytes),
            Event::Finished(line) => self.note(line, Heard::Finished),
            Event::StreamOpened(line) => self.note(line, Heard::StreamOpened),
            Event::Ended { line, ending } => self.note(line, Heard::Ended(ending)),
            Event::Granted(granted) | Event::EarlyData(granted) => {
                let what = if granted { "granted" } else { "not granted" };
                self.transcript.note(now, None, From::Target, what.to_string());
                self.news.push_back(News::Granted(granted));
            }
            Event::Signed { phone, csr_der } => self.phones[phone.0].csr_der = Some(csr_der),
            Event::Answered(answer) => {
                self.transcript.note(now, None, From::Target, told::answer(&answer));
                self.answers.push_back(answer);
            }
            Event::Kept { phone, certificate } => {
                self.phones[phone.0].certificate = Some(certificate);
            }
            Event::Served(served) => self.open_door(served),
            Event::Done => self.news.push_back(News::Done),
            Event::Unable(what) => return Err(Outcome::Unsupported(what)),
            Event::Trouble(what) => return Err(Outcome::Trouble(what)),
        }
        Ok(())
    }

    fn note(&mut self, line: Line, heard: Heard) {
        self.transcript.note(self.now, Some(line), From::Target, told::heard(&heard));
        self.attend(line, &heard);
        self.lines[line.0].inbox.push_back(heard);
    }

    fn hear(&mut self, line: Line, bytes: &[u8]) {
        self.lines[line.0].reader.push(bytes);
        loop {
            let state = &mut self.lines[line.0];
            let heard = match state.reader.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    let heard = state.read(&frame);
                    if heard.as_ref().is_some_and(|heard| !is_shortest(heard, &frame)) {
                        self.too_long = heard.as_ref().map(told::heard);
                    }
                    heard
                }
                Err(error) => Some(Heard::Garbled(error.to_string())),
            };
            let is_garbled = matches!(heard, Some(Heard::Garbled(_)));
            if let Some(heard) = heard {
                self.note(line, heard);
            }
            if is_garbled {
                // What stands behind it cannot be trusted.
                self.lines[line.0].reader = FrameReader::default();
                return;
            }
        }
    }
}

impl LineState {
    fn read(&mut self, frame: &RawFrame) -> Option<Heard> {
        let heard = match self.tongue {
            Tongue::Enrolment => {
                EnrolReply::decode(frame, self.peer).map(|it| it.map(Heard::Reply))
            }
            Tongue::Management => ToDevice::decode(frame, self.peer).map(|it| it.map(Heard::Said)),
            Tongue::Applicant => EnrolRequest::decode(frame, self.peer)
                .map(|it| it.map(|request| Heard::Asked(Box::new(request)))),
            Tongue::Device => ToServer::decode(frame, self.peer).map(|it| it.map(Heard::Told)),
        };
        if let Ok(Some(Heard::Said(ToDevice::Welcome(Welcome { minor, .. })))) = &heard {
            self.peer = Peer::of_minor(*minor);
        }
        if let Ok(Some(Heard::Told(ToServer::Hello(Hello { minor, .. })))) = &heard {
            self.peer = Peer::of_minor(*minor);
        }
        heard.unwrap_or_else(|error| Some(Heard::Garbled(error.to_string())))
    }

    /// The next thing that came; what a peer says whenever it likes is put aside.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        loop {
            match self.inbox.pop_front()? {
                Heard::Said(ToDevice::PolicyUpdate(_)) => {}
                Heard::Told(message) if is_of_its_own_accord(&message) => self.aside.push(message),
                heard @ (Heard::Reply(_)
                | Heard::Said(_)
                | Heard::Asked(_)
                | Heard::Told(_)
                | Heard::Garbled(_)
                | Heard::Finished
                | Heard::StreamOpened
                | Heard::Ended(_)) => return Some(heard),
            }
        }
    }
}

/// Whether a device says this whenever it likes, and hears at most that it was heard.
const fn is_of_its_own_accord(message: &ToServer) -> bool {
    match message {
        ToServer::TokenUpdate(_) | ToServer::StatusReport(_) | ToServer::PushUpdate(_) => true,
        ToServer::Hello(_) | ToServer::Idle | ToServer::CommandResult(_) => false,
    }
}

/// Whether a message of a known minor stands in the bytes our own codec would write.
fn is_shortest(heard: &Heard, frame: &RawFrame) -> bool {
    let bytes = match heard {
        Heard::Reply(reply) if is_known(reply.minor) => encoded(reply),
        Heard::Said(ToDevice::Welcome(welcome)) if !is_known(welcome.minor) => return true,
        Heard::Said(message) => encoded(message),
        Heard::Asked(request) if is_known(request.minor) => encoded(request.as_ref()),
        Heard::Told(ToServer::Hello(hello)) if !is_known(hello.minor) => return true,
        Heard::Told(message) => encoded(message),
        Heard::Reply(_)
        | Heard::Asked(_)
        | Heard::Garbled(_)
        | Heard::Finished
        | Heard::StreamOpened
        | Heard::Ended(_) => return true,
    };
    let mut reader = FrameReader::default();
    reader.push(&bytes);
    reader.next_frame().is_ok_and(|own| own.as_ref() == Some(frame))
}

const fn is_known(minor: u16) -> bool {
    minor <= muster_protocol::alpn::MINOR
}

/// One message as a frame.
pub(crate) fn encoded<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes).expect("a case says nothing that is too long without meaning to");
    bytes
}

/// What a device says, as a frame and in words.
pub(crate) fn said(message: &ToServer) -> (Vec<u8>, String) {
    (encoded(message), told::to_server(message))
}

/// What a device asks, as a frame and in words.
pub(crate) fn asked(request: &EnrolRequest) -> (Vec<u8>, String) {
    let what = format!("EnrolRequest of {} as {}", request.facts.serial, request.facts.mode);
    (encoded(request), what)
}
