//! What a step of a case says.

use std::time::Duration;

use muster_agent::Misbehaviour;
use muster_control::ActionKind;
use muster_device::UserAction;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Expect, Truth};
use super::script::{Counter, ServerFault, SpoiltPush, Step, Typed, VendorAct, With};
use crate::cli::span;

/// One step, told apart by its key `do`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(super) enum StepFile {
    /// An administrator asks for an action.
    Ask {
        action: ActionFile,
        #[serde(default)]
        with: With,
        expect: ExpectFile,
        #[serde(default)]
        see: Truth,
    },
    /// An action asked for earlier comes to its end.
    Await {
        action: ActionFile,
        expect: ExpectFile,
        #[serde(default)]
        see: Truth,
    },
    /// The user does something.
    User {
        action: UserFile,
        #[serde(default)]
        see: Truth,
    },
    /// Somebody types something.
    Type {
        what: Typed,
        #[serde(default)]
        user_name: String,
        #[serde(default)]
        see: Truth,
    },
    /// Somebody looks.
    Look { see: Truth },
    /// The connection goes.
    Offline,
    /// The connection comes back.
    Online,
    /// The administrator copies the bypass code.
    CopyBypassCode,
    /// Time passes.
    Wait {
        #[serde(rename = "for")]
        span: SpanFile,
    },
    /// Something happens to the server.
    Server { what: ServerFault },
    /// The next answer of the device goes wrong.
    Misbehave { how: MisbehaviourFile },
    /// The next push for the device goes wrong.
    SpoilPush { how: SpoiltPush },
    /// Somebody copies the device with its certificate.
    Clone,
    /// Something happens at the vendor's activation service.
    Vendor { what: VendorAct, expect: String },
    /// The server has counted.
    Count { of: Counter, is: u64 },
}

/// The name of an action, as Microsoft Graph has it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ActionFile(ActionKind);

impl TryFrom<String> for ActionFile {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let known = ActionKind::ALL.into_iter().find(|kind| kind.graph_name() == name);
        known.map(Self).ok_or_else(|| {
            let names: Vec<&str> = ActionKind::ALL.map(ActionKind::graph_name).to_vec();
            format!("unknown action {name:?}; there are {}", names.join(", "))
        })
    }
}

/// A span with its unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct SpanFile {
    says: String,
    pub(super) span: Duration,
}

impl TryFrom<String> for SpanFile {
    type Error = String;

    fn try_from(says: String) -> Result<Self, Self::Error> {
        let span = span(&says)?;
        Ok(Self { says, span })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Expect")]
pub(super) enum ExpectFile {
    Refused,
    Accepted,
    Pending,
    Active,
    Done,
    Failed,
    NotSupported,
    Canceled,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Misbehaviour")]
pub(super) enum MisbehaviourFile {
    AnswerTwice,
    AnswerAnotherAttempt,
    AnswerAnUnknownCommand,
    LoseTheConnection,
    SayNothing,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "UserAction")]
pub(super) enum UserFile {
    Lock,
    Unlock,
    SetPasscode,
    ClearPasscode,
    ForgetPasscode,
    StartFindMy,
    StopFindMy,
    AcceptPrompt,
    Reboot,
    SignInAsOwner,
    EraseAllContent,
    RestoreFromBackup,
    RestoreFromAnotherBackup,
    RemoveWorkProfile,
    PowerOn,
    PowerOff,
    EmptyBattery,
    ChargeBattery,
    SignIn,
    HoldManagement,
    ReleaseManagement,
    ExitLostMode,
    TurnLocationOn,
    TurnLocationOff,
    ConsentToLocation,
    LogOut,
    WorkOffline,
}

pub(super) fn step(file: StepFile) -> Step {
    match file {
        StepFile::Ask { action, with, expect, see } => {
            Step::Ask(action.0.graph_name(), with, expected(expect, see))
        }
        StepFile::Await { action, expect, see } => {
            Step::Await(action.0.graph_name(), expected(expect, see))
        }
        StepFile::User { action, see } => Step::User(user_action(action), see),
        StepFile::Type { what, user_name, see } => Step::Type { what, user_name, see },
        StepFile::Look { see } => Step::Look(see),
        StepFile::Offline => Step::Offline,
        StepFile::Online => Step::Online,
        StepFile::CopyBypassCode => Step::CopyBypassCode,
        StepFile::Wait { span: SpanFile { says, span } } => Step::Wait { says, span },
        StepFile::Server { what } => Step::Server(what),
        StepFile::Misbehave { how } => Step::Misbehave(misbehaviour(how)),
        StepFile::SpoilPush { how } => Step::SpoilPush(how),
        StepFile::Clone => Step::Clone,
        StepFile::Vendor { what, expect } => Step::Vendor { what, expect },
        StepFile::Count { of, is } => Step::Count { of, is },
    }
}

const fn expected(expect: ExpectFile, see: Truth) -> Expect {
    match expect {
        ExpectFile::Refused => Expect::Refused,
        ExpectFile::Accepted => Expect::Accepted(see),
        ExpectFile::Pending => Expect::Waits,
        ExpectFile::Active => Expect::Runs(see),
        ExpectFile::Done => Expect::Ends("done", see),
        ExpectFile::Failed => Expect::Ends("failed", see),
        ExpectFile::NotSupported => Expect::Ends("notSupported", see),
        ExpectFile::Canceled => Expect::Ends("canceled", see),
    }
}

const fn misbehaviour(file: MisbehaviourFile) -> Misbehaviour {
    match file {
        MisbehaviourFile::AnswerTwice => Misbehaviour::AnswerTwice,
        MisbehaviourFile::AnswerAnotherAttempt => Misbehaviour::AnswerAnotherAttempt,
        MisbehaviourFile::AnswerAnUnknownCommand => Misbehaviour::AnswerAnUnknownCommand,
        MisbehaviourFile::LoseTheConnection => Misbehaviour::LoseTheConnection,
        MisbehaviourFile::SayNothing => Misbehaviour::SayNothing,
    }
}

const fn user_action(file: UserFile) -> UserAction {
    match file {
        UserFile::Lock => UserAction::Lock,
        UserFile::Unlock => UserAction::Unlock,
        UserFile::SetPasscode => UserAction::SetPasscode,
        UserFile::ClearPasscode => UserAction::ClearPasscode,
        UserFile::ForgetPasscode => UserAction::ForgetPasscode,
        UserFile::StartFindMy => UserAction::StartFindMy,
        UserFile::StopFindMy => UserAction::StopFindMy,
        UserFile::AcceptPrompt => UserAction::AcceptPrompt,
        UserFile::Reboot => UserAction::Reboot,
        UserFile::SignInAsOwner => UserAction::SignInAsOwner,
        UserFile::EraseAllContent => UserAction::EraseAllContent,
        UserFile::RestoreFromBackup => UserAction::RestoreFromBackup,
        UserFile::RestoreFromAnotherBackup => UserAction::RestoreFromAnotherBackup,
        UserFile::RemoveWorkProfile => UserAction::RemoveWorkProfile,
        UserFile::PowerOn => UserAction::PowerOn,
        UserFile::PowerOff => UserAction::PowerOff,
        UserFile::EmptyBattery => UserAction::UseBattery { left_percent: 0 },
        UserFile::ChargeBattery => UserAction::ChargeBattery,
        UserFile::SignIn => UserAction::SignIn,
        UserFile::HoldManagement => UserAction::HoldManagement,
        UserFile::ReleaseManagement => UserAction::ReleaseManagement,
        UserFile::ExitLostMode => UserAction::ExitLostMode,
        UserFile::TurnLocationOn => UserAction::TurnLocationOn,
        UserFile::TurnLocationOff => UserAction::TurnLocationOff,
        UserFile::ConsentToLocation => UserAction::ConsentToLocation,
        UserFile::LogOut => UserAction::LogOut,
        UserFile::WorkOffline => UserAction::WorkOffline,
    }
}
