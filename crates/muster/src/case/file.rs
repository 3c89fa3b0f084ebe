//! What stands in a case file, and its one turn into a case that cannot be wrong.

use muster_control::ActionKind;
use muster_device::{Acknowledgement, PromptHabit, Quirk, Screen, UserAction};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Mode, OsVersion};
use serde::Deserialize;

use super::outcome::{Expect, Truth};
use super::role::Role;
use super::script::{Case, Step, Typed};

/// Longest case file, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1_024;

/// Most steps of a case.
const STEPS_MAX: usize = 100;

/// A file that is no case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaseError {
    /// Too long to be one.
    #[error("case file is longer than {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// Not TOML, an unknown key, a value of the wrong kind.
    #[error("case file is not valid")]
    Toml(#[source] Box<toml::de::Error>),
    /// A name of a mode that does not exist.
    #[error("case file names an unknown mode of enrolment")]
    Mode(#[source] muster_protocol::platform::ParseModeError),
    /// A version that is none.
    #[error("case file has a bad version")]
    Version(#[source] muster_protocol::platform::ParseVersionError),
    /// No steps, or too many.
    #[error("case has {count} steps; expected 1 to {STEPS_MAX}")]
    Steps {
        /// How many.
        count: usize,
    },
    /// A profile no server has.
    #[error("unknown enrolment profile {0:?}; there are default and no-policy")]
    Profile(String),
}

/// The file, word for word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    title: String,
    story: String,
    source: String,
    tour: Option<u32>,
    device: DeviceFile,
    step: Vec<StepFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceFile {
    model: String,
    mode: String,
    os: String,
    #[serde(default = "default_profile")]
    profile: String,
    #[serde(default)]
    passcode: Option<Flag>,
    #[serde(default)]
    work_profile_password: Option<Flag>,
    #[serde(default)]
    find_my: Option<Flag>,
    #[serde(default)]
    prompt: Option<Prompt>,
    #[serde(default)]
    screen: Option<ScreenFile>,
    #[serde(default)]
    quirk: Option<Quirk>,
    #[serde(default)]
    acknowledgement: Acknowledgement,
}

fn default_profile() -> String {
    "default".to_owned()
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Flag {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Prompt {
    Accepts,
    Ignores,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScreenFile {
    Locked,
    Unlocked,
}

/// One step, told apart by its key `do`.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum StepFile {
    /// An administrator asks for an action.
    Ask {
        action: ActionFile,
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
    /// The connection goes.
    Offline,
    /// The connection comes back.
    Online,
    /// The administrator copies the bypass code.
    CopyBypassCode,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ActionFile {
    Wipe,
    Retire,
    ResetPasscode,
    RemoteLock,
    SyncDevice,
    BypassActivationLock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ExpectFile {
    Refused,
    Pending,
    Done,
    Failed,
    NotSupported,
    Canceled,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum UserFile {
    Lock,
    Unlock,
    SetPasscode,
    StartFindMy,
    StopFindMy,
    AcceptPrompt,
    Reboot,
    SignInAsOwner,
    EraseAllContent,
    RestoreFromBackup,
    RemoveWorkProfile,
    PowerOn,
}

/// Reads a case.
///
/// # Errors
/// [`CaseError`] with the place in the file where there is one.
pub(crate) fn parse(name: &str, text: &str) -> Result<Case, CaseError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(CaseError::TooLong);
    }
    let file: CaseFile = toml::from_str(text).map_err(|error| CaseError::Toml(Box::new(error)))?;
    if !(1..=STEPS_MAX).contains(&file.step.len()) {
        return Err(CaseError::Steps { count: file.step.len() });
    }
    Ok(Case {
        name: name.to_owned(),
        title: file.title,
        story: file.story,
        source: file.source,
        tour: file.tour,
        role: role(file.device)?,
        script: file.step.into_iter().map(step).collect(),
    })
}

fn role(file: DeviceFile) -> Result<Role, CaseError> {
    let mode: Mode = file.mode.parse().map_err(CaseError::Mode)?;
    let os: OsVersion = file.os.parse().map_err(CaseError::Version)?;
    if muster_server::profile_named(&file.profile).is_none() {
        return Err(CaseError::Profile(file.profile));
    }
    let mut role = Role::new(file.model, mode, os, file.profile);
    role.traits.quirk = file.quirk;
    role.traits.acknowledgement = file.acknowledgement;
    let persona = &mut role.persona;
    persona.passcode = file.passcode.map_or(persona.passcode, presence);
    persona.work_profile_password =
        file.work_profile_password.map_or(persona.work_profile_password, presence);
    persona.find_my = file.find_my.map_or(persona.find_my, |flag| match flag {
        Flag::On => Switch::On,
        Flag::Off => Switch::Off,
    });
    persona.prompt = file.prompt.map_or(persona.prompt, |prompt| match prompt {
        Prompt::Accepts => PromptHabit::Accepts,
        Prompt::Ignores => PromptHabit::Ignores,
    });
    persona.screen = file.screen.map_or(persona.screen, |screen| match screen {
        ScreenFile::Locked => Screen::Locked,
        ScreenFile::Unlocked => Screen::Unlocked,
    });
    Ok(role)
}

const fn presence(flag: Flag) -> Presence {
    match flag {
        Flag::On => Presence::Set,
        Flag::Off => Presence::NotSet,
    }
}

fn step(file: StepFile) -> Step {
    match file {
        StepFile::Ask { action, expect, see } => {
            Step::Ask(graph_name(action), expected(expect, see))
        }
        StepFile::Await { action, expect, see } => {
            Step::Await(graph_name(action), expected(expect, see))
        }
        StepFile::User { action, see } => Step::User(user_action(action), see),
        StepFile::Type { what, user_name, see } => Step::Type { what, user_name, see },
        StepFile::Offline => Step::Offline,
        StepFile::Online => Step::Online,
        StepFile::CopyBypassCode => Step::CopyBypassCode,
    }
}

const fn expected(expect: ExpectFile, see: Truth) -> Expect {
    match expect {
        ExpectFile::Refused => Expect::Refused,
        ExpectFile::Pending => Expect::Waits,
        ExpectFile::Done => Expect::Ends("done", see),
        ExpectFile::Failed => Expect::Ends("failed", see),
        ExpectFile::NotSupported => Expect::Ends("notSupported", see),
        ExpectFile::Canceled => Expect::Ends("canceled", see),
    }
}

const fn graph_name(action: ActionFile) -> &'static str {
    let kind = match action {
        ActionFile::Wipe => ActionKind::Wipe,
        ActionFile::Retire => ActionKind::Retire,
        ActionFile::ResetPasscode => ActionKind::ResetPasscode,
        ActionFile::RemoteLock => ActionKind::RemoteLock,
        ActionFile::SyncDevice => ActionKind::SyncDevice,
        ActionFile::BypassActivationLock => ActionKind::BypassActivationLock,
    };
    kind.graph_name()
}

const fn user_action(file: UserFile) -> UserAction {
    match file {
        UserFile::Lock => UserAction::Lock,
        UserFile::Unlock => UserAction::Unlock,
        UserFile::SetPasscode => UserAction::SetPasscode,
        UserFile::StartFindMy => UserAction::StartFindMy,
        UserFile::StopFindMy => UserAction::StopFindMy,
        UserFile::AcceptPrompt => UserAction::AcceptPrompt,
        UserFile::Reboot => UserAction::Reboot,
        UserFile::SignInAsOwner => UserAction::SignInAsOwner,
        UserFile::EraseAllContent => UserAction::EraseAllContent,
        UserFile::RestoreFromBackup => UserAction::RestoreFromBackup,
        UserFile::RemoveWorkProfile => UserAction::RemoveWorkProfile,
        UserFile::PowerOn => UserAction::PowerOn,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: &str = "title = 't'\nstory = 's'\nsource = 'x'\n[device]\nmodel = 'm'\n\
                         mode = 'dedicated'\nos = '13'\n[[step]]\ndo = 'online'\n";

    #[test]
    fn a_small_case_is_read() {
        let case = parse("small", SMALL).unwrap();
        assert_eq!((case.role.mode, case.script.len()), (Mode::AndroidDedicated, 1));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let error = parse("typo", &SMALL.replace("model", "modle")).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("modle") && cause.contains("line 5"), "{cause}");
    }

    #[test]
    fn what_cannot_be_played_is_refused() {
        for (old, new) in [
            ("'dedicated'", "'kiosk'"),
            ("'13'", "'thirteen'"),
            ("os = '13'", "os = '13'\nprofile = 'none'"),
            ("do = 'online'", "do = 'dance'"),
        ] {
            assert!(parse("bad", &SMALL.replace(old, new)).is_err(), "{new}");
        }
        assert!(matches!(parse("long", &"#".repeat(70_000)), Err(CaseError::TooLong)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,400}") {
            let _refused = parse("any", &text);
            let _refused = parse("any", &format!("{SMALL}{text}"));
        }
    }
}
