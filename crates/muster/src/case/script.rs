//! A case: one device and what happens to it.

use std::time::Duration;

use muster_agent::Misbehaviour;
use muster_device::UserAction;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Expect, Truth};
use super::role::Role;

/// One failure or one feature, reproduced on one device.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The name of its file.
    pub(crate) name: String,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What people meet, in two sentences.
    pub(crate) story: String,
    /// Where that is written.
    pub(crate) source: String,
    /// Its place in the tour of the demo, if it has one.
    pub(crate) tour: Option<u32>,
    /// Who plays.
    pub(crate) role: Role,
    /// Where it is played.
    pub(crate) place: Place,
    /// What happens, in order.
    pub(crate) script: Vec<Step>,
}

/// Where a case is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Beside the others, on one server.
    Shared,
    /// With a server of its own, because it moves time, breaks the server, counts what the server
    /// counts, or leaves a command open.
    Own {
        /// How long a command may wait for its device.
        command_lifetime: Duration,
        /// Whom the server gives bypass codes to.
        activation: Activation,
    },
}

/// Whom a server gives bypass codes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Activation {
    /// The device.
    #[default]
    Device,
    /// The vendor's activation service, which the stage then has.
    Service,
}

/// One step of a case. Those that expect something are judged.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An administrator asks for an action.
    Ask(&'static str, With, Expect),
    /// The action asked for last comes to its end.
    Await(&'static str, Expect),
    /// The user does something.
    User(UserAction, Truth),
    /// Somebody types something.
    Type {
        /// What is typed.
        what: Typed,
        /// The user name beside it; blank if nothing is said.
        user_name: String,
        /// What can be seen then.
        see: Truth,
    },
    /// Somebody looks at the device, or at what the server shows of it.
    Look(Truth),
    /// The connection goes.
    Offline,
    /// The connection comes back.
    Online,
    /// The administrator copies the bypass code.
    CopyBypassCode,
    /// Time passes, for the server, the device and its certificate.
    Wait {
        /// How much, as the file says it.
        says: String,
        /// How much.
        span: Duration,
    },
    /// Something happens to the server.
    Server(ServerFault),
    /// The next answer of the device goes wrong.
    Misbehave(Misbehaviour),
    /// The next push for the device goes wrong.
    SpoilPush(SpoiltPush),
    /// Somebody copies the device with its certificate.
    Clone,
    /// Something happens at the vendor's activation service.
    Vendor {
        /// What.
        what: VendorAct,
        /// The word the service answers with.
        expect: String,
    },
    /// The server has counted this many.
    Count {
        /// Of what.
        of: Counter,
        /// How many.
        is: u64,
    },
}

/// What an action is asked with beside its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum With {
    /// Nothing but what it cannot do without.
    #[default]
    Nothing,
    /// A wipe: the device is to enrol again by itself (Return to Service).
    KeepEnrollmentData,
}

/// What somebody else than the server does at the vendor's activation service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VendorAct {
    /// The organisation locks the device; no code opens it.
    Lock,
    /// Somebody presents the copied bypass code.
    UnlockWithCopiedCode,
    /// Somebody presents another code.
    UnlockWithWrongCode,
    /// Somebody asks how the device stands.
    Status,
}

impl VendorAct {
    /// For tables.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Lock => "lock at the service",
            Self::UnlockWithCopiedCode => "copied code at the service",
            Self::UnlockWithWrongCode => "wrong code at the service",
            Self::Status => "status at the service",
        }
    }
}

/// What is typed at Setup Assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Typed {
    /// The bypass code the administrator copied.
    CopiedCode,
    /// Another code of the right form.
    WrongCode,
}

/// What happens to a push on its way to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SpoiltPush {
    /// It reaches nobody.
    Lost,
    /// It comes twice.
    Doubled,
    /// It comes after [`PUSH_LATE_BY`].
    Late,
}

/// By how much a late push is late: the server has pushed again by then.
pub(crate) const PUSH_LATE_BY: Duration = Duration::from_secs(600);

impl SpoiltPush {
    /// For the timeline.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Lost => "the next push will be lost",
            Self::Doubled => "the next push will come twice",
            Self::Late => "the next push will be ten minutes late",
        }
    }
}

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServerFault {
    /// It is killed: nobody is told, nothing is handed back.
    Kill,
    /// It is stopped as it should be.
    Stop,
    /// It is started on what the last one left.
    Start,
}

impl ServerFault {
    /// For the timeline.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Kill => "is killed",
            Self::Stop => "stops",
            Self::Start => "starts",
        }
    }
}

/// What is counted: by a server, of what devices should not do, and by the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counter {
    /// Answers to commands that had ended.
    DuplicateAnswers,
    /// Answers to an attempt that is not the current one.
    AnswersToAnotherAttempt,
    /// Answers to commands nobody asked for.
    AnswersToUnknownCommands,
    /// Attempts handed to the device.
    Attempts,
    /// Handshakes TLS refused.
    RefusedHandshakes,
    /// Pushes that reached the device, since the case began.
    Pushes,
}

impl Counter {
    /// For tables.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::DuplicateAnswers => "duplicate answers",
            Self::AnswersToAnotherAttempt => "answers to another attempt",
            Self::AnswersToUnknownCommands => "answers to unknown commands",
            Self::Attempts => "attempts",
            Self::RefusedHandshakes => "refused handshakes",
            Self::Pushes => "pushes received",
        }
    }
}

impl Step {
    /// Whether a case with this step cannot share its server with others.
    pub(crate) const fn needs_its_own_server(&self) -> bool {
        match self {
            Self::Wait { .. } | Self::Server(_) | Self::Count { .. } => true,
            Self::Ask(..)
            | Self::Await(..)
            | Self::User(..)
            | Self::Type { .. }
            | Self::Look(_)
            | Self::Offline
            | Self::Online
            | Self::CopyBypassCode
            | Self::Misbehave(_)
            | Self::SpoilPush(_)
            | Self::Vendor { .. }
            | Self::Clone => false,
        }
    }
}
