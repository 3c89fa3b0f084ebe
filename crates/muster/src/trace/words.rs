//! What logs call the actions of a scenario.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use muster_scenario::Action;

use super::columns::letters;
use crate::cli::ActionName;

/// Words that are neither ours nor the segment of an address in Microsoft Graph.
///
/// Source: Microsoft Graph, enumeration `remoteAction`, as `remoteActionAudits` has it; the last is
/// what people say.
const OTHER_WORDS: [(&str, Action); 4] = [
    ("factoryReset", Action::Wipe),
    ("factoryResetKeepEnrollmentData", Action::Wipe),
    ("removeCompanyData", Action::Retire),
    ("restart", Action::Reboot),
];

/// What audit logs say behind the action: `wipe ManagedDevice`.
const OBJECTS: [&str; 3] = ["", "ManagedDevice", "Device"];

/// The actions by what logs call them.
pub(crate) struct Words(BTreeMap<String, Action>);

impl Words {
    /// Those that are known, and what is told besides, which counts before them.
    pub(crate) fn new(told: &[(String, Action)]) -> Self {
        let ours = Action::ALL.into_iter().map(|action| (action.name(), action));
        let of_graph = Action::ALL
            .into_iter()
            .filter_map(|action| graph_name(action).map(|name| (name, action)));
        let known = ours.chain(of_graph).chain(OTHER_WORDS).flat_map(|(word, action)| {
            OBJECTS.into_iter().map(move |object| (format!("{word}{object}"), action))
        });
        let words = known.chain(told.iter().cloned());
        Self(words.map(|(word, action)| (letters(&word).collect(), action)).collect())
    }

    /// The action that a log means.
    pub(crate) fn action(&self, word: &str) -> Option<Action> {
        self.0.get(&letters(word).collect::<String>()).copied()
    }
}

/// The last segment of an action's address.
fn graph_name(action: Action) -> Option<&'static str> {
    ActionName::from_str(action.name(), false).ok().map(|name| name.kind().graph_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line_of_graph_and_of_audit_logs_are_known() {
        let words = Words::new(&[("Passcode gone".to_owned(), Action::ResetPasscode)]);
        for (word, action) in [
            ("reset-passcode", Action::ResetPasscode),
            ("resetPasscode", Action::ResetPasscode),
            ("passcode gone", Action::ResetPasscode),
            ("remoteLock ManagedDevice", Action::Lock),
            ("Lock", Action::Lock),
            ("syncDevice", Action::Sync),
            ("syncDevice ManagedDevice", Action::Sync),
            ("Delete ManagedDevice", Action::Delete),
            ("factoryReset", Action::Wipe),
            ("rebootNow ManagedDevice", Action::Reboot),
        ] {
            assert_eq!(words.action(word), Some(action), "{word}");
        }
        for word in ["", "ManagedDevice", "Create RoleDefinition", "Delete RoleDefinition"] {
            assert_eq!(words.action(word), None, "{word}");
        }
    }

    #[test]
    fn what_is_told_counts_before_what_is_known() {
        let words = Words::new(&[("wipe ManagedDevice".to_owned(), Action::Retire)]);
        assert_eq!(words.action("wipe ManagedDevice"), Some(Action::Retire));
        assert_eq!(words.action("wipe"), Some(Action::Wipe));
    }
}
