extern crate std;

use super::*;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    document: String,
    section: String,
    action: String,
    modes: Vec<String>,
    from: Option<String>,
    below: Option<String>,
    reading: Option<String>,
    expected: u16,
}

/// What a row judges: an action, an argument of one, or a route of Graph that is no action here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Action(ActionKind),
    KeepEnrollmentData,
    RecoverPasscode,
}

impl Subject {
    fn all() -> Vec<Self> {
        let others = [Self::KeepEnrollmentData, Self::RecoverPasscode];
        ActionKind::ALL.into_iter().map(Self::Action).chain(others).collect()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Action(kind) => kind.graph_name(),
            Self::KeepEnrollmentData => "wipe keepEnrollmentData",
            Self::RecoverPasscode => "recoverPasscode",
        }
    }

    fn judge(
        self,
        mode: Mode,
        version: OsVersion,
        readings: &Readings,
    ) -> Result<(), CapabilityRefusal> {
        match self {
            Self::Action(kind) => judge(kind, mode, version, readings),
            Self::KeepEnrollmentData => {
                let action =
                    Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: true };
                crate::testing::record(mode, version).admits(&action, readings)
            }
            Self::RecoverPasscode => Err(RECOVER_PASSCODE),
        }
    }

    /// The argument of a wipe is asked where there can be a wipe.
    fn is_asked(self, mode: Mode) -> bool {
        self != Self::KeepEnrollmentData || wipe(mode).is_none()
    }
}

impl Row {
    fn covers(&self, subject: Subject, mode: Mode, version: OsVersion) -> bool {
        let parse = |text: &String| text.parse::<OsVersion>().expect("a version");
        self.action == subject.name()
            && self.modes.iter().any(|name| name == mode.name())
            && self.from.as_ref().is_none_or(|from| version >= parse(from))
            && self.below.as_ref().is_none_or(|below| version < parse(below))
    }
}

/// The readings of contradictions that rows can name.
fn reading(name: &str) -> Readings {
    let plain = Readings::default();
    match name {
        "dedicated-only" => {
            Readings { device_owner_reset: DeviceOwnerReset::DedicatedOnly, ..plain }
        }
        "retire-corporate-profile" => {
            Readings { corporate_profile_retire: CorporateProfileRetire::Supported, ..plain }
        }
        "no-personal-profile-lock" => {
            Readings { personal_profile_lock: PersonalProfileLock::Refused, ..plain }
        }
        other => panic!("no reading {other:?}"),
    }
}

/// No reading chosen, and each of those rows name.
fn readings() -> Vec<Option<String>> {
    let named: BTreeSet<String> = table().row.into_iter().filter_map(|row| row.reading).collect();
    core::iter::once(None).chain(named.into_iter().map(Some)).collect()
}

/// The rows that hold under a reading: its own, and the default ones it leaves alone.
fn holding<'a>(
    table: &'a Table,
    chosen: Option<&str>,
    (subject, mode, version): Case,
) -> Vec<&'a Row> {
    let covering = |reading: Option<&str>| -> Vec<&Row> {
        let rows = table.row.iter().filter(|row| row.covers(subject, mode, version));
        rows.filter(|row| row.reading.as_deref() == reading).collect()
    };
    let own = if chosen.is_some() { covering(chosen) } else { Vec::new() };
    if own.is_empty() { covering(None) } else { own }
}

type Case = (Subject, Mode, OsVersion);

fn table() -> Table {
    // Read as the test runs: a changed row needs no new build.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/behaviour/capability.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Both sides of every boundary in the table, and the ends.
fn versions() -> Vec<OsVersion> {
    let mut found = alloc::vec![OsVersion::major(0), OsVersion::major(u16::MAX)];
    for row in table().row {
        for bound in [row.from, row.below].into_iter().flatten() {
            let version: OsVersion = bound.parse().unwrap();
            assert_eq!(version, OsVersion::new(version.major, version.minor), "two numbers");
            let before = match version.minor {
                0 => OsVersion { major: version.major - 1, minor: u16::MAX, patch: u16::MAX },
                minor => OsVersion { minor: minor - 1, patch: u16::MAX, ..version },
            };
            found.extend([before, version, OsVersion { patch: 1, ..version }]);
        }
    }
    found
}

fn every_case() -> Vec<Case> {
    let versions = versions();
    let mut cases = Vec::new();
    for subject in Subject::all() {
        for mode in Mode::ALL.into_iter().filter(|mode| subject.is_asked(*mode)) {
            cases.extend(versions.iter().map(|version| (subject, mode, *version)));
        }
    }
    cases
}

#[test]
fn every_action_mode_and_version_stands_in_exactly_one_row_of_the_table() {
    let table = table();
    for chosen in readings() {
        for case in every_case() {
            let rows = holding(&table, chosen.as_deref(), case);
            let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(ids.len(), 1, "{chosen:?} {case:?}: {ids:?}");
        }
    }
}

#[test]
fn the_code_answers_what_the_table_says_and_names_its_row() {
    let table = table();
    for chosen in readings() {
        let readings = chosen.as_deref().map(reading).unwrap_or_default();
        for case @ (subject, mode, version) in every_case() {
            let row = holding(&table, chosen.as_deref(), case)[0];
            let named = subject.judge(mode, version, &readings).err().map(|refusal| refusal.row);
            let expected = (row.expected == 400).then_some(row.id.as_str());
            assert_eq!(named, expected, "{chosen:?} {case:?}");
        }
    }
}

#[test]
fn every_row_of_the_table_is_known_reached_and_sourced() {
    let table = table();
    let ids: BTreeSet<&str> = table.row.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), table.row.len(), "no id twice");
    for row in &table.row {
        assert!([204, 400].contains(&row.expected), "{}", row.id);
        assert!(!row.document.is_empty() && !row.section.is_empty(), "{}", row.id);
        assert!(Subject::all().iter().any(|subject| subject.name() == row.action), "{}", row.id);
        for name in &row.modes {
            assert!(name.parse::<Mode>().is_ok(), "{}: {name}", row.id);
        }
        let reached = every_case().into_iter().any(|(a, m, v)| row.covers(a, m, v));
        assert!(reached, "{}", row.id);
    }
}

#[test]
fn a_refusal_reads_as_its_reason() {
    let refusal =
        judge(ActionKind::Wipe, Mode::AppleUser, OsVersion::major(17), &Readings::default())
            .unwrap_err();
    assert_eq!(refusal.to_string(), refusal.reason);
    assert!(refusal.reason.contains("retire"), "says what to do instead");
}

#[test]
fn every_refusal_says_what_to_do_or_why_in_one_sentence() {
    for (subject, mode, version) in every_case() {
        if let Err(refusal) = subject.judge(mode, version, &Readings::default()) {
            assert!(!refusal.reason.ends_with('.') && refusal.reason.len() > 30, "{refusal}");
        }
    }
}
