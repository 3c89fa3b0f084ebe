//! Which rows of a trace are played, and why the others are not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use muster_scenario::{Action, Percent};

use super::columns::shown;
use super::{Row, When, Words};

/// What is to be taken of a trace.
pub(crate) struct Taking<'a> {
    /// What logs call the actions.
    pub(crate) words: &'a Words,
    /// The first instant: second zero of the scenario.
    pub(crate) from: Option<When>,
    /// The first instant that is too late.
    pub(crate) to: Option<When>,
    /// How much of each action's rows.
    pub(crate) thin: Percent,
}

/// What was taken of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Second zero of the scenario; nothing if nothing was taken.
    pub(crate) begins: Option<When>,
    /// How long it lasts at least: until the end of the window, or the last command.
    pub(crate) lasts: Duration,
    /// When each command was asked for, since second zero.
    pub(crate) instants: BTreeMap<Action, Vec<Duration>>,
    /// Of how many different devices; none if the trace does not say.
    pub(crate) devices: usize,
    /// The others.
    pub(crate) left_out: LeftOut,
}

/// The rows that are not played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// How often each action was asked for that no scenario has.
    pub(crate) unknown: BTreeMap<String, usize>,
    /// Rows that do not say what was asked for.
    pub(crate) nameless: usize,
    /// Rows outside of the window.
    pub(crate) outside: usize,
    /// Rows that were thinned out.
    pub(crate) thinned: usize,
}

impl LeftOut {
    /// Rows with an action that no scenario has.
    pub(crate) fn unknown_rows(&self) -> usize {
        self.unknown.values().sum()
    }

    /// The most frequent of those actions, with how often.
    pub(crate) fn most_frequent(&self, most: usize) -> Vec<(&str, usize)> {
        let mut actions: Vec<(&str, usize)> =
            self.unknown.iter().map(|(action, count)| (action.as_str(), *count)).collect();
        actions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        actions.truncate(most);
        actions
    }
}

impl Taking<'_> {
    /// Takes what is to be played.
    pub(crate) fn of(&self, rows: &[Row]) -> Taken {
        let mut taken = Taken::default();
        let mut devices = BTreeSet::new();
        let mut asked: Vec<(When, Action)> = Vec::new();
        for row in rows {
            if let Some(action) = self.action(row, &mut taken.left_out) {
                asked.push((row.when, action));
                devices.extend(row.device.as_deref());
            }
        }
        asked.sort_unstable();
        taken.devices = devices.len();
        taken.begins = self.from.or(asked.first().map(|(when, _)| *when));
        self.thinned(&asked, &mut taken);
        taken
    }

    fn action(&self, row: &Row, left_out: &mut LeftOut) -> Option<Action> {
        if self.from.is_some_and(|from| row.when < from) || self.to.is_some_and(|to| row.when >= to)
        {
            left_out.outside += 1;
            return None;
        }
        let Some(word) = &row.action else {
            left_out.nameless += 1;
            return None;
        };
        let action = self.words.action(word);
        if action.is_none() {
            *left_out.unknown.entry(shown(word)).or_default() += 1;
        }
        action
    }

    /// Of each action as much as wanted, evenly: of a tenth the first, the eleventh, ...
    fn thinned(&self, asked: &[(When, Action)], taken: &mut Taken) {
        let Some(begins) = taken.begins else { return };
        let mut seen: BTreeMap<Action, u64> = BTreeMap::new();
        let kept_of = |rows: u64| (rows * u64::from(self.thin.hits())).div_ceil(1_000_000);
        for (when, action) in asked {
            let nth = seen.entry(*action).or_default();
            *nth += 1;
            if kept_of(*nth) > kept_of(*nth - 1) {
                let instants = taken.instants.entry(*action).or_default();
                instants.push(when.since(begins).unwrap_or_default());
            } else {
                taken.left_out.thinned += 1;
            }
        }
        let last = taken.instants.values().flatten().max().copied().unwrap_or_default();
        taken.lasts = self.to.and_then(|to| to.since(begins)).unwrap_or(last);
    }
}
