//! What is told of a device from the server's side.

use std::fmt;

use muster_control::{CommandRecord, DeviceRecord, Lifecycle, LostMode, Settled, Stage};
use muster_protocol::management::ToServer;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{Attempt, CommandId, DeviceId, Outcome, Policy, SerialNumber, Timestamp};
use muster_store::Revision;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Version of the format. Another number is another format; fields are only ever added to one.
pub const FACTS_FORMAT: u16 = 1;

/// What the server knows of one device and did about it lately. It holds no secret.
///
/// Format: docs/recordings.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// [`FACTS_FORMAT`] of the build that wrote it.
    #[serde(deserialize_with = "known_format")]
    pub format: u16,
    /// Who it is.
    pub device: DeviceId,
    /// The hardware's number.
    pub serial: SerialNumber,
    /// When it was looked at, in the server's time, as everything here.
    pub at: Timestamp,
    /// Whether it has a session.
    pub connected: bool,
    /// The record; `None` if a decision was under way all the time.
    #[serde(default)]
    pub record: Option<RecordFacts>,
    /// Facts before the first one here.
    pub left_out: u64,
    /// What came and what was decided, oldest first. Nothing of before the server's last start.
    pub facts: Vec<Fact>,
}

/// A record without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFacts {
    /// How often it was written.
    pub revision: u64,
    /// Whether it is managed.
    pub lifecycle: Lifecycle,
    /// When this life began.
    pub enrolled_at: Timestamp,
    /// The last message from it.
    pub last_seen: Timestamp,
    /// The name of its enrolment profile.
    pub profile: String,
    /// What is asked of it.
    pub policy: Policy,
    /// What it reported last.
    #[serde(default)]
    pub status: Option<DeviceStatus>,
    /// Whether an unlock token is escrowed.
    pub unlock_token: bool,
    /// Whether a bypass code is escrowed.
    pub bypass_code: bool,
    /// Whether it is in Lost Mode, as far as it has acknowledged.
    pub lost: bool,
    /// Whether it keeps no connection and has said where a push reaches it.
    #[serde(default)]
    pub woken: bool,
    /// The commands that are not over, and the latest of each action.
    pub commands: Vec<CommandFacts>,
}

/// A command without what it says and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandFacts {
    /// The command.
    pub id: CommandId,
    /// Its place in the order of acceptance.
    pub number: u64,
    /// What is asked, by the name of the API.
    pub action: String,
    /// Where it stands.
    pub standing: Standing,
    /// The last attempt handed to the device.
    pub attempt: Attempt,
    /// When it became durable.
    pub accepted_at: Timestamp,
    /// The last change of state.
    pub updated_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// One thing that came or was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What a [`Fact`] is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// This life began.
    Enrolled,
    /// A hello was answered: this session has the device.
    SessionBegan {
        /// Which of this process.
        session: u64,
        /// Minor version of the device.
        minor: u16,
    },
    /// A session is over.
    SessionEnded {
        /// Which of this process.
        session: u64,
        /// The code the server closed with; `None` if the connection was gone.
        code: Option<u32>,
    },
    /// The device handed over secrets.
    TokenUpdate {
        /// Its number.
        sequence: u32,
        /// Whether an unlock token was among them.
        unlock_token: bool,
        /// Whether a bypass code was.
        bypass_code: bool,
    },
    /// The device reported its state.
    StatusReport,
    /// The device said where it can be woken, or that it cannot.
    PushUpdate {
        /// Whether it can.
        reachable: bool,
    },
    /// The device asked for commands.
    Idle,
    /// The device answered.
    Answer {
        /// Which command.
        command: CommandId,
        /// Which attempt.
        attempt: Attempt,
        /// How.
        outcome: Answered,
    },
    /// The answer changed nothing.
    NotTaken(NotTaken),
    /// A command has become durable in another state.
    Command {
        /// Its place in the order of acceptance.
        number: u64,
        /// The command, where it is named first; its number stands for it afterwards.
        id: Option<CommandId>,
        /// Where it stands from now on.
        standing: Standing,
        /// The last attempt handed to the device.
        attempt: Attempt,
        /// The record's revision after it.
        revision: u64,
    },
    /// Something else in the record has become durable.
    Stored {
        /// The record's revision after it.
        revision: u64,
    },
    /// A decision could not be made durable. Nothing has changed.
    NotStored,
    /// A message that has no place in a session.
    Misplaced,
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It waits for the device.
    Queued,
    /// An attempt is with the device.
    InFlight,
    /// The device said not now.
    NotNow,
    /// The vendor's activation service was asked.
    AtService,
    /// The device did it.
    Done,
    /// The device failed.
    Failed,
    /// The device cannot do it.
    NotSupported,
    /// It was never carried out.
    Canceled,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answered {
    /// Done.
    Acknowledged,
    /// Tried, and failed.
    Error,
    /// It cannot be done.
    NotSupported,
    /// It cannot be read.
    CommandFormatError,
    /// Later.
    NotNow,
}

/// Why an answer changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotTaken {
    /// It was to another attempt than the present one.
    StaleAttempt,
    /// It was taken before, or the command is over.
    Duplicate,
    /// Nobody knows the command.
    Unknown,
}

fn known_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let format = u16::deserialize(deserializer)?;
    if format == FACTS_FORMAT {
        return Ok(format);
    }
    Err(D::Error::custom(format_args!("facts of format {format}, this build reads {FACTS_FORMAT}")))
}

impl RecordFacts {
    pub(super) fn of(record: &DeviceRecord, revision: Revision) -> Self {
        Self {
            revision: revision.number(),
            lifecycle: record.lifecycle,
            enrolled_at: record.enrolled_at,
            last_seen: record.last_seen,
            profile: record.profile_name.clone(),
            policy: record.policy,
            status: record.status,
            unlock_token: record.escrow.unlock_token.is_some(),
            bypass_code: record.escrow.bypass_code.is_some(),
            lost: matches!(record.lost_mode, LostMode::On(_)),
            woken: record.push.is_some(),
            commands: record.commands().map(CommandFacts::of).collect(),
        }
    }
}

impl CommandFacts {
    fn of(command: &CommandRecord) -> Self {
        Self {
            id: command.id,
            number: command.sequence,
            action: command.action.kind().graph_name().to_owned(),
            standing: Standing::of(command.state.stage()),
            attempt: command.attempt,
            accepted_at: command.accepted_at,
            updated_at: command.updated_at,
            expires_at: command.expires_at,
        }
    }
}

impl What {
    /// A message of a session.
    pub(crate) fn came(message: &ToServer) -> Self {
        match message {
            ToServer::Hello(_) => Self::Misplaced,
            ToServer::TokenUpdate(update) => Self::TokenUpdate {
                sequence: update.sequence,
                unlock_token: update.unlock_token.is_some(),
                bypass_code: update.bypass_code.is_some(),
            },
            ToServer::StatusReport(_) => Self::StatusReport,
            ToServer::PushUpdate(update) => Self::PushUpdate { reachable: update.target.is_some() },
            ToServer::Idle => Self::Idle,
            ToServer::CommandResult(result) => Self::Answer {
                command: result.id,
                attempt: result.attempt,
                outcome: Answered::of(&result.outcome),
            },
        }
    }

    /// What became of an answer, if that is nothing.
    pub(crate) const fn settled(settled: Settled) -> Option<Self> {
        match settled {
            Settled::Closed | Settled::Deferred => None,
            Settled::StaleAttempt => Some(Self::NotTaken(NotTaken::StaleAttempt)),
            Settled::Duplicate => Some(Self::NotTaken(NotTaken::Duplicate)),
            Settled::Unknown => Some(Self::NotTaken(NotTaken::Unknown)),
        }
    }

    /// A command as it was written. Sixteen bytes of every three dozen would be its id, so that
    /// is told once: when it waits, or when it goes out for the first time.
    pub(super) fn of(command: &CommandRecord, revision: u64) -> Self {
        let standing = Standing::of(command.state.stage());
        let named = match standing {
            Standing::Queued | Standing::AtService => command.attempt.number() == 0,
            Standing::InFlight => command.attempt.number() <= 1,
            Standing::NotNow
            | Standing::Done
            | Standing::Failed
            | Standing::NotSupported
            | Standing::Canceled => false,
        };
        Self::Command {
            number: command.sequence,
            id: named.then_some(command.id),
            standing,
            attempt: command.attempt,
            revision,
        }
    }
}

impl Standing {
    const fn of(stage: Stage) -> Self {
        match stage {
            Stage::Queued => Self::Queued,
            Stage::InFlight => Self::InFlight,
            Stage::NotNow => Self::NotNow,
            Stage::AtService => Self::AtService,
            Stage::Done => Self::Done,
            Stage::Failed => Self::Failed,
            Stage::NotSupported => Self::NotSupported,
            Stage::Canceled => Self::Canceled,
        }
    }

    /// The word in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "in flight",
            Self::NotNow => "not now",
            Self::AtService => "at the activation service",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotSupported => "not supported",
            Self::Canceled => "canceled",
        }
    }
}

impl Answered {
    const fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Acknowledged(_) => Self::Acknowledged,
            Outcome::Error(_) => Self::Error,
            Outcome::NotSupported(_) => Self::NotSupported,
            Outcome::CommandFormatError => Self::CommandFormatError,
            Outcome::NotNow => Self::NotNow,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enrolled => f.write_str("enrolled"),
            Self::SessionBegan { session, minor } => {
                write!(f, "session {session} begins (minor {minor})")
            }
            Self::SessionEnded { session, code: Some(code) } => {
                write!(f, "session {session} ends, closed with {code:#x}")
            }
            Self::SessionEnded { session, code: None } => {
                write!(f, "session {session} ends, connection gone")
            }
            Self::TokenUpdate { sequence, unlock_token, bypass_code } => write!(
                f,
                "takes TokenUpdate {sequence} ({}, {})",
                if *unlock_token { "unlock token" } else { "no unlock token" },
                if *bypass_code { "bypass code" } else { "no bypass code" },
            ),
            Self::StatusReport => f.write_str("takes StatusReport"),
            Self::PushUpdate { reachable: true } => f.write_str("takes PushUpdate: can be woken"),
            Self::PushUpdate { reachable: false } => {
                f.write_str("takes PushUpdate: cannot be woken")
            }
            Self::Idle => f.write_str("takes Idle"),
            Self::Answer { command, attempt, outcome } => {
                write!(f, "takes {outcome:?} to attempt {} of {command}", attempt.number())
            }
            Self::NotTaken(why) => write!(f, "which changes nothing: {why:?}"),
            Self::Command { number, id, standing, attempt, revision } => {
                write!(f, "command {number} ")?;
                if let Some(id) = id {
                    write!(f, "({id}) ")?;
                }
                let attempt = attempt.number();
                write!(f, "is {}, attempt {attempt}, revision {revision}", standing.word())
            }
            Self::Stored { revision } => write!(f, "record stored, revision {revision}"),
            Self::NotStored => f.write_str("decision not stored"),
            Self::Misplaced => f.write_str("takes a message out of place"),
        }
    }
}
