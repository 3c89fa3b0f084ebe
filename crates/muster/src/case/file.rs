//! What stands in the file of a case, and its one turn into a case that cannot be wrong.

use std::time::Duration;

use muster_device::{Acknowledgement, Contact, PromptHabit, Quirk, Screen, Traits};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Mode, OsVersion};
use schemars::JsonSchema;
use serde::Deserialize;

use super::role::Role;
use super::schema::{
    AcknowledgementWord, ModeWord, ProfileWord, QuirkWord, TraitsTable, VersionText,
};
use super::script::{Activation, Case, Place, Step};
use super::step_file::{SpanFile, StepFile, step};

/// Longest case, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1_024;

/// How long a command may wait on a server of its own, as on a bare `muster server`.
const COMMAND_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most steps of a case.
const STEPS_MAX: usize = 100;

/// A file that is no case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaseError {
    /// Too long to be one.
    #[error("case is longer than {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// Not TOML, an unknown key, a value of the wrong kind.
    #[error("case is not valid")]
    Toml(#[source] Box<toml::de::Error>),
    /// A name of a mode that does not exist.
    #[error("case names an unknown mode of enrolment")]
    Mode(#[source] muster_protocol::platform::ParseModeError),
    /// A version that is none.
    #[error("case has a bad version")]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "muster case", description = "One device and what happens to it")]
#[serde(deny_unknown_fields)]
struct CaseFile {
    /// What it shows, in a few words
    title: String,
    /// What happens to whom, in a sentence or two
    story: String,
    /// Who says that it is so: a document, a report, a ticket
    source: String,
    /// Its place in the tour of `muster demo`
    tour: Option<u32>,
    /// There if the case needs a server of its own for a reason its steps do not show
    server: Option<ServerFile>,
    /// The device it is about
    device: DeviceFile,
    /// What happens, one after the other
    #[schemars(length(min = 1, max = 100))]
    step: Vec<StepFile>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Server")]
struct ServerFile {
    /// How long an accepted command may wait for the device
    command_lifetime: Option<SpanFile>,
    /// Who removes Activation Locks
    #[serde(default)]
    activation: Activation,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Device")]
struct DeviceFile {
    /// Its model; one that begins with iPad runs iPadOS
    model: String,
    /// How it is managed
    #[schemars(with = "ModeWord")]
    mode: String,
    /// The version of its operating system
    #[schemars(with = "VersionText")]
    os: String,
    /// The enrolment profile, and with it the policies
    #[serde(default = "default_profile")]
    #[schemars(with = "ProfileWord")]
    profile: String,
    /// Whether it has a passcode
    #[serde(default)]
    passcode: Option<Flag>,
    /// Whether the work profile has a password of its own
    #[serde(default)]
    work_profile_password: Option<Flag>,
    /// Whether Find My is on
    #[serde(default)]
    find_my: Option<Flag>,
    /// What its user does when Android asks to activate the reset-passcode token
    #[serde(default)]
    prompt: Option<Prompt>,
    /// How it lies there
    #[serde(default)]
    screen: Option<ScreenFile>,
    /// A failure it is known for
    #[serde(default)]
    #[schemars(with = "Option<QuirkWord>")]
    quirk: Option<Quirk>,
    /// How it reports what it does
    #[serde(default)]
    #[schemars(with = "Option<AcknowledgementWord>")]
    acknowledgement: Option<Acknowledgement>,
    /// Whether it keeps its connection
    #[serde(default)]
    contact: ContactFile,
    /// Whatever else is peculiar about it
    #[serde(default)]
    #[schemars(with = "TraitsTable")]
    traits: Traits,
}

fn default_profile() -> String {
    "default".to_owned()
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Contact")]
enum ContactFile {
    #[default]
    Connected,
    Woken,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Flag {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Prompt {
    Accepts,
    Ignores,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Screen")]
enum ScreenFile {
    Locked,
    Unlocked,
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
    let script: Vec<Step> = file.step.into_iter().map(step).collect();
    let role = role(file.device)?;
    Ok(Case {
        name: name.to_owned(),
        title: file.title,
        story: file.story,
        source: file.source,
        tour: file.tour,
        place: place(file.server, &role, &script),
        role,
        script,
    })
}

/// The JSON schema of a case, for editors and for those who write cases by program.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(CaseFile).to_value()
}

fn place(server: Option<ServerFile>, role: &Role, script: &[Step]) -> Place {
    let stays = role.contact == Contact::Connected;
    if server.is_none() && stays && !script.iter().any(Step::needs_its_own_server) {
        return Place::Shared;
    }
    let (asked, activation) =
        server.map_or((None, Activation::Device), |it| (it.command_lifetime, it.activation));
    let command_lifetime = asked.map_or(COMMAND_LIFETIME, |asked| asked.span);
    Place::Own { command_lifetime, activation }
}

fn role(file: DeviceFile) -> Result<Role, CaseError> {
    let mode: Mode = file.mode.parse().map_err(CaseError::Mode)?;
    let os: OsVersion = file.os.parse().map_err(CaseError::Version)?;
    if muster_server::profile_named(&file.profile).is_none() {
        return Err(CaseError::Profile(file.profile));
    }
    let mut role = Role::new(file.model, mode, os, file.profile);
    role.traits = file.traits;
    role.contact = match file.contact {
        ContactFile::Connected => Contact::Connected,
        ContactFile::Woken => Contact::Woken,
    };
    role.traits.quirk = file.quirk.or(file.traits.quirk);
    role.traits.acknowledgement = file.acknowledgement.unwrap_or(file.traits.acknowledgement);
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
            ("do = 'online'", "do = 'wait'\nfor = 'a while'"),
            ("do = 'online'", "do = 'misbehave'\nhow = 'badly'"),
            ("[device]", "[server]\nactivation = 'elsewhere'\n[device]"),
        ] {
            assert!(parse("bad", &SMALL.replace(old, new)).is_err(), "{new}");
        }
        assert!(matches!(parse("long", &"#".repeat(70_000)), Err(CaseError::TooLong)));
    }

    #[test]
    fn an_unknown_action_is_answered_with_those_there_are() {
        let step = "do = 'ask'\naction = 'wype'\nexpect = 'done'";
        let error = parse("typo", &SMALL.replace("do = 'online'", step)).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("\"wype\"; there are wipe, retire"), "{cause}");
    }

    #[test]
    fn a_case_that_moves_time_or_says_so_has_a_server_of_its_own() {
        assert_eq!(parse("small", SMALL).unwrap().place, Place::Shared);
        let waits = SMALL.replace("do = 'online'", "do = 'wait'\nfor = '7 days'");
        let asks = SMALL.replace("[device]", "[server]\ncommand_lifetime = '1h'\n[device]");
        for (text, seconds) in [(waits, 30 * 86_400), (asks, 3_600)] {
            let command_lifetime = Duration::from_secs(seconds);
            let own = Place::Own { command_lifetime, activation: Activation::Device };
            assert_eq!(parse("own", &text).unwrap().place, own);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,400}") {
            let _refused = parse("any", &text);
            let _refused = parse("any", &format!("{SMALL}{text}"));
        }
    }
}
