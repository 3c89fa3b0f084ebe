//! The names behind the numbers of a recorder: phases, commands, events.

use muster_protocol::{Platform, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a phase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseRole {
    /// Left out of the run's latencies and thresholds, by rule.
    WarmUp,
    /// What the run is about.
    Measured,
}

/// One phase of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseLegend {
    /// Its name, unique in the run.
    pub name: String,
    /// What it is for.
    pub role: PhaseRole,
    /// When it begins.
    pub begins: Timestamp,
    /// When it ends. The last one's ends with the drain.
    pub ends: Timestamp,
}

/// What kind of event a fleet has to get over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// One command to many devices; a device is through when its command is terminal.
    Broadcast,
    /// As a broadcast, of wipes.
    MassWipe,
    /// Many devices lose their connection and come back; through when connected again.
    Storm,
    /// Many devices enrol; through when enrolled and connected.
    Wave,
    /// Many devices come home to a full queue; through when nothing waits for them any more.
    Backlog,
    /// The server was away; a device is through when it is connected again.
    ServerAway,
}

/// Something that concerns many devices, and that each of them is through with at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLegend {
    /// Its name in the scenario.
    pub name: String,
    /// Which time it comes, from 1. Name and round together are unique in the run.
    pub round: u32,
    /// What kind of event.
    pub kind: EventKind,
    /// When it begins: by plan, until it is known better.
    pub at: Timestamp,
}

/// The names behind the numbers of a [`Recorder`](crate::Recorder), made from the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legend {
    /// Phases, in the order of time. A command belongs to the phase it was planned in.
    pub phases: Vec<PhaseLegend>,
    /// Names of commands, as the scenario's mix spells them.
    pub commands: Vec<String>,
    /// Events: those of the plan, and behind them what has come again or was not planned.
    pub events: Vec<EventLegend>,
}

/// Place of a phase in [`Legend::phases`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhaseIndex(pub u16);

/// Place of a command in [`Legend::commands`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandIndex(pub u16);

/// Place of an event in [`Legend::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventIndex(pub u16);

/// What a command's numbers are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The phase it was planned in.
    pub phase: PhaseIndex,
    /// Which command.
    pub command: CommandIndex,
    /// The device's platform.
    pub platform: Platform,
}

impl Legend {
    /// Most events of a run: more than a scenario can have, so that there is room for what comes
    /// again and again. What a report may make a reader allocate is bounded by it.
    pub const EVENTS_MAX: usize = 512;

    /// The phase that holds an instant; the first before all, the last after all.
    #[must_use]
    pub fn phase_at(&self, at: Timestamp) -> PhaseIndex {
        let begun = self.phases.iter().take_while(|phase| phase.begins <= at).count();
        PhaseIndex(u16::try_from(begun.saturating_sub(1)).unwrap_or(u16::MAX))
    }

    /// Moves what phases still have ahead: `when` is asked with the beginnings and ends of `plan`, this
    /// legend before anything was moved, and knows no other instant for one that has passed.
    pub(crate) fn retime(&mut self, plan: &Self, when: impl Fn(Timestamp) -> Option<Timestamp>) {
        for (mine, planned) in self.phases.iter_mut().zip(&plan.phases) {
            mine.begins = when(planned.begins).unwrap_or(mine.begins);
            mine.ends = when(planned.ends).unwrap_or(mine.ends);
        }
    }

    /// What the phase of a label is for, if it is one of this legend's.
    pub(crate) fn role(&self, label: Label) -> Option<PhaseRole> {
        self.phases.get(usize::from(label.phase.0)).map(|phase| phase.role)
    }

    /// The command of this name.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<CommandIndex> {
        let place = self.commands.iter().position(|command| command == name)?;
        u16::try_from(place).ok().map(CommandIndex)
    }

    /// How many different labels there are.
    pub(crate) fn labels(&self) -> usize {
        self.phases.len() * self.commands.len() * PLATFORMS.len()
    }

    /// The place of a label among all, if it is one of this legend's.
    pub(crate) fn place(&self, label: Label) -> Option<usize> {
        let (phase, command) = (usize::from(label.phase.0), usize::from(label.command.0));
        let known = phase < self.phases.len() && command < self.commands.len();
        let platform = match label.platform {
            Platform::Apple => 0,
            Platform::Android => 1,
        };
        known.then(|| (phase * self.commands.len() + command) * PLATFORMS.len() + platform)
    }

    /// All labels, each at its place.
    pub(crate) fn all_labels(&self) -> impl Iterator<Item = Label> {
        let (phases, commands) = (indices(self.phases.len()), indices(self.commands.len()));
        phases.flat_map(move |phase| {
            commands.clone().flat_map(move |command| {
                PLATFORMS.into_iter().map(move |platform| Label {
                    phase: PhaseIndex(phase),
                    command: CommandIndex(command),
                    platform,
                })
            })
        })
    }
}

/// Both platforms, in the order of places.
const PLATFORMS: [Platform; 2] = [Platform::Apple, Platform::Android];

/// Indices of so many things; more than 65,536 cannot be told apart.
fn indices(count: usize) -> impl Iterator<Item = u16> + Clone {
    0..u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legend() -> Legend {
        let phase = |name: &str, begins, ends| PhaseLegend {
            name: name.to_owned(),
            role: PhaseRole::Measured,
            begins: Timestamp::from_micros(begins),
            ends: Timestamp::from_micros(ends),
        };
        Legend {
            phases: vec![phase("up", 10, 20), phase("steady", 20, 90)],
            commands: vec!["lock".to_owned(), "locate".to_owned(), "wipe".to_owned()],
            events: Vec::new(),
        }
    }

    #[test]
    fn every_label_has_a_place_of_its_own() {
        let legend = legend();
        let places: Vec<_> = legend.all_labels().map(|label| legend.place(label)).collect();
        let expected: Vec<_> = (0..legend.labels()).map(Some).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn what_phases_have_ahead_moves_from_where_the_plan_had_it() {
        let (plan, mut legend) = (legend(), legend());
        let later = |by: u64, passed: u64| {
            move |at: Timestamp| {
                (at.as_micros() > passed).then(|| Timestamp::from_micros(at.as_micros() + by))
            }
        };
        legend.retime(&plan, later(5, 12));
        legend.retime(&plan, later(8, 30));
        let limits: Vec<_> = legend.phases.iter().map(|it| (it.begins, it.ends)).collect();
        let at = Timestamp::from_micros;
        assert_eq!(limits, [(at(10), at(25)), (at(25), at(98))]);
    }

    #[test]
    fn an_instant_belongs_to_the_phase_that_has_begun_last() {
        let legend = legend();
        let phase = |at| legend.phase_at(Timestamp::from_micros(at)).0;
        assert_eq!([phase(0), phase(10), phase(19), phase(20), phase(999)], [0, 0, 0, 1, 1]);
    }
}
