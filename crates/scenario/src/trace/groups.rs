//! Who takes what: devices in groups that take the same of a trace's commands.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::Mode;

use crate::action::Action;
use crate::population::natural_modes;

/// Longest name of a cohort that says what its devices refuse.
const NAME_MAX: usize = 64;

/// The cohorts of a trace, by the commands that their devices refuse.
pub(super) struct Groups {
    modes_by_refused: BTreeMap<Vec<Action>, Vec<(Mode, u32)>>,
}

impl Groups {
    /// Modes as common as they are outside, in groups by which of `commands` they take.
    pub(super) fn of(
        commands: impl Iterator<Item = Action> + Clone,
        takes: impl Fn(Mode, Action) -> bool,
    ) -> Self {
        let mut modes_by_refused: BTreeMap<Vec<Action>, Vec<(Mode, u32)>> = BTreeMap::new();
        for (mode, weight) in natural_modes(None).choices() {
            let refused = commands.clone().filter(|command| !takes(*mode, *command)).collect();
            modes_by_refused.entry(refused).or_default().push((*mode, *weight));
        }
        Self { modes_by_refused }
    }

    /// The cohorts; nothing if all devices take the same.
    pub(super) fn tables(&self) -> String {
        if self.modes_by_refused.len() == 1 {
            return String::new();
        }
        let groups = self.modes_by_refused.iter().enumerate();
        groups.map(|(nth, (refused, modes))| table(&name(nth, refused), modes)).collect()
    }

    /// The names of the cohorts that take a command, as items of a list; `None` if there is no need
    /// to choose, or nobody to choose.
    pub(super) fn taking(&self, command: Action) -> Option<String> {
        let groups = self.modes_by_refused.keys().enumerate();
        let taking: Vec<String> = groups
            .filter(|(_, refused)| !refused.contains(&command))
            .map(|(nth, refused)| format!("\"{}\"", name(nth, refused)))
            .collect();
        let all = taking.len() == self.modes_by_refused.len();
        (!all && !taking.is_empty()).then(|| taking.join(", "))
    }
}

/// What tells a group from the others.
fn name(nth: usize, refused: &[Action]) -> String {
    let words: Vec<&str> = refused.iter().map(|command| command.name()).collect();
    let name = match words[..] {
        [] => "take-all".to_owned(),
        _ => format!("not-{}", words.join("-")),
    };
    if name.len() <= NAME_MAX { name } else { format!("group-{nth}") }
}

/// Weights of [`natural_modes`] are devices of a hundred.
fn table(name: &str, modes: &[(Mode, u32)]) -> String {
    let share: u32 = modes.iter().map(|(_, weight)| weight).sum();
    let mode = match modes {
        [(only, _)] => format!("\"{}\"", only.name()),
        _ => {
            let each = modes.iter().map(|(mode, weight)| format!("{} = {weight}", mode.name()));
            format!("{{ {} }}", each.collect::<Vec<String>>().join(", "))
        }
    };
    format!("\n[[cohort]]\nname = \"{name}\"\nshare = \"{share}%\"\nmode = {mode}\n")
}
