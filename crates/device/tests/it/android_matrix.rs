//! Every request to Android in every mode and version, for a reader to judge.

use std::fmt::Write as _;

use muster_device::{
    AgentTarget, DeviceSpec, LocationAccess, Persona, Phase, PromptHabit, Quirk, Traits,
};
use muster_protocol::status::Presence;
use muster_protocol::{Mode, OsVersion, Policy};

use crate::android::{android_modes, ask};
use crate::rig::{PERSONA, Rig, spec};

/// A column of the matrix: its name, and what differs from an honest device with everything set.
struct Column {
    name: &'static str,
    persona: Persona,
    policy: Policy,
    traits: Traits,
}

impl Column {
    fn new(name: &'static str) -> Self {
        Self { name, persona: PERSONA, policy: Policy::FULL, traits: Traits::default() }
    }

    fn quirk(name: &'static str, quirk: Quirk) -> Self {
        let traits = Traits { quirk: Some(quirk), ..Traits::default() };
        Self { traits, ..Self::new(name) }
    }

    fn target(name: &'static str, target: u16) -> Self {
        let traits = Traits { agent_target: AgentTarget::new(target), ..Traits::default() };
        Self { traits, ..Self::new(name) }
    }

    fn location(name: &'static str, location: LocationAccess) -> Self {
        let traits = Traits { location, ..Traits::default() };
        Self { traits, ..Self::new(name) }
    }

    fn no_policy() -> Self {
        Self { policy: Policy::NONE, ..Self::new("no policy") }
    }

    fn bare() -> Self {
        let [passcode, work_profile_password] = [Presence::NotSet; 2];
        let persona = Persona { passcode, work_profile_password, ..PERSONA };
        Self { persona, ..Self::new("nothing set") }
    }

    fn pending() -> Self {
        let persona = Persona { prompt: PromptHabit::Ignores, ..PERSONA };
        Self { persona, ..Self::new("pending") }
    }
}

/// What came of a request, in few letters.
fn cell(request: &str, mode: Mode, os: u16, column: &Column) -> String {
    let bare = spec(mode, OsVersion::major(os), column.persona);
    let spec = DeviceSpec { traits: column.traits, ..bare };
    let mut rig = Rig::managed_spec(spec, column.policy);
    rig.forget();
    let outcome = ask(&mut rig, request);
    let outcome = outcome.replace("CommandErrorCode ", "").replace("Acknowledged", "ok");
    let outcome = outcome.replace("StopLostModeStatus ", "status ").replace("Cleared ", "");
    let outcome =
        outcome.replace("TemporaryPasscode of", "digits").replace("NotSupported", "never");
    let end = match rig.device.phase() {
        Phase::Enrolled => "",
        Phase::Enrolling => ", erased",
        Phase::Unenrolled => ", left",
        Phase::SetupAssistant | Phase::ActivationPrompt => ", ?",
    };
    format!("{outcome}{end}")
}

/// The cells of a mode; neighbouring versions with the same outcomes share a line.
fn by_versions(request: &str, mode: Mode, columns: &[Column]) -> Vec<(String, Vec<String>)> {
    let mut lines: Vec<(u16, u16, Vec<String>)> = Vec::new();
    for os in 6..=15 {
        let cell = |column| format!("{:17}", cell(request, mode, os, column));
        let cells: Vec<String> = columns.iter().map(cell).collect();
        match lines.last_mut() {
            Some((_, to, same)) if *same == cells => *to = os,
            Some(_) | None => lines.push((os, os, cells)),
        }
    }
    let range =
        |from: u16, to: u16| if from == to { format!("{from}") } else { format!("{from}-{to}") };
    lines.into_iter().map(|(from, to, cells)| (range(from, to), cells)).collect()
}

fn pages() -> Vec<(&'static str, Vec<Column>)> {
    let reset = || {
        vec![
            Column::new("token active"),
            Column::pending(),
            Column::bare(),
            Column::no_policy(),
            Column::target("target 25", 25),
            Column::quirk("no tokens", Quirk::AgentWithoutTokens),
            Column::quirk("four digits", Quirk::FourDigitPasscodes),
        ]
    };
    let plain = || vec![Column::new("honest"), Column::bare()];
    let located = || {
        vec![
            Column::new("allowed"),
            Column::location("switched off", LocationAccess::SwitchedOff),
            Column::location("no consent", LocationAccess::NotConsented),
            Column::location("ruled out", LocationAccess::RuledOut),
        ]
    };
    let wipe = vec![
        Column::new("honest"),
        Column::quirk("Samsung", Quirk::SamsungFactoryResetBlocked),
        Column::quirk("Zebra", Quirk::ZebraPartialWipe),
        Column::quirk("wipeData", Quirk::AgentTarget34WipeData),
    ];
    vec![
        ("RESET_PASSWORD device", reset()),
        ("RESET_PASSWORD profile", reset()),
        ("LOCK", vec![Column::new("all set"), Column::bare(), Column::no_policy()]),
        ("WIPE", wipe),
        ("RELINQUISH_OWNERSHIP", plain()),
        ("REQUEST_DEVICE_INFO", plain()),
        ("REBOOT", plain()),
        ("START_LOST_MODE", plain()),
        ("START_LOST_MODE blank", plain()),
        ("STOP_LOST_MODE", plain()),
        ("CLEAR_APP_DATA net.example.mail", plain()),
        ("LOCATE_DEVICE", located()),
        ("PLAY_LOST_MODE_SOUND 5", plain()),
    ]
}

/// All requests, a page each.
pub(crate) fn matrix() -> String {
    let mut page = String::from(
        "Rows: mode and Android versions. never, Error: NotSupported, Error with the code of Android.\n\
         status: a status of the command's own. erased, left: the device enrols anew, or stays out.\n\
         Target 35 where none is said.\n",
    );
    for (request, columns) in pages() {
        write!(page, "\n{request:34}").expect("a string takes it");
        columns
            .iter()
            .for_each(|column| write!(page, "{:17}", column.name).expect("a string takes it"));
        for mode in android_modes() {
            for (versions, cells) in by_versions(request, mode, &columns) {
                write!(page, "\n  {mode:23} {versions:8}{}", cells.concat())
                    .expect("a string takes it");
            }
        }
        page.push('\n');
    }
    let page: Vec<&str> = page.lines().map(str::trim_end).collect();
    page.join("\n")
}

#[test]
fn no_answer_is_lost_but_that_of_a_reset_without_report_or_of_a_device_that_drops_off() {
    for (request, columns) in pages() {
        for mode in android_modes() {
            for column in &columns {
                let is_silent = cell(request, mode, 13, column).starts_with("no answer");
                let drops_off = column.traits.quirk == Some(Quirk::SamsungFactoryResetBlocked)
                    && mode == Mode::AndroidFullyManaged;
                assert_eq!(is_silent, drops_off, "{request} {mode} {}", column.name);
            }
        }
    }
}
