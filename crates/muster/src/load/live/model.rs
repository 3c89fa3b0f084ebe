//! What the view shows, and what keys make of it.

use muster_agent::FleetProgress;

use super::history::History;
use super::keys::Key;
use crate::load::control::{Control, Injection, PACES};
use crate::load::snapshot::Snapshot;
use crate::load::timeline::{Course, Tempo};

/// What can be made to go wrong, by the number of its key from 1.
pub(super) const FAULTS: [(Injection, &str); 3] = [
    (Injection::Restart, "restart the server"),
    (Injection::Kill, "kill the server"),
    (Injection::Outage(10), "10 % of the devices lose their network for 10 s"),
];

/// What there is to show.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) now: Snapshot,
    pub(super) fleet: FleetProgress,
    /// Of the last minutes, in milliseconds and in commands a second.
    pub(super) p50: History,
    pub(super) p99: History,
    pub(super) rate: History,
    /// In percent of the plan's own.
    pub(super) pace: u32,
    pub(super) clock: Clock,
    pub(super) below: Below,
}

/// Whether the plan goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Runs,
    Paused,
    /// Somebody wants the run to end.
    Ending,
}

/// What stands below the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// Errors, events and thresholds.
    Findings,
    /// What the keys are.
    Help,
    /// What can be made to go wrong.
    Faults,
}

impl Model {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            now: Snapshot::default(),
            fleet: FleetProgress::default(),
            p50: History::default(),
            p99: History::default(),
            rate: History::default(),
            pace: 100,
            clock: Clock::Runs,
            below: Below::Findings,
        }
    }

    /// Takes the newest numbers; each second of the run leaves a value in the histories.
    pub(super) fn take(&mut self, now: Snapshot, fleet: FleetProgress) {
        if let Some(look) = &now.look
            && now.at.as_secs() > self.now.at.as_secs()
        {
            self.p50.add(look.recent.p50);
            self.p99.add(look.recent.p99);
            self.rate.add(per_second(look.recent_terminal, look.recent_us));
        }
        if now.tempo != self.now.tempo {
            self.follow(now.tempo);
        }
        (self.now, self.fleet) = (now, fleet);
    }

    /// The plan is played in another way than before: by a key here, or by a wish from elsewhere.
    fn follow(&mut self, tempo: Tempo) {
        self.pace = tempo.percent;
        self.clock = match (self.clock, tempo.course) {
            (Clock::Ending, _) => Clock::Ending,
            (Clock::Runs | Clock::Paused, Course::Plays) => Clock::Runs,
            (Clock::Runs | Clock::Paused, Course::Stands) => Clock::Paused,
        };
    }

    /// A key is pressed; what the run has to be told of it.
    pub(super) fn press(&mut self, key: Key) -> Option<Control> {
        let below = std::mem::replace(&mut self.below, Below::Findings);
        match (key, below) {
            (Key::Quit, _) => {
                self.clock = Clock::Ending;
                Some(Control::Stop)
            }
            (Key::Pause, _) => self.pause(),
            (Key::Faster, _) => self.play_at(PACES.into_iter().find(|pace| *pace > self.pace)),
            (Key::Slower, _) => {
                self.play_at(PACES.into_iter().rev().find(|pace| *pace < self.pace))
            }
            (Key::Digit(digit), Below::Faults) => {
                let place = usize::from(digit).checked_sub(1)?;
                FAULTS.get(place).map(|(fault, _name)| Control::Inject(*fault))
            }
            (Key::Fault, Below::Findings | Below::Help) => {
                self.below = Below::Faults;
                None
            }
            (Key::Help, Below::Findings | Below::Faults) => {
                self.below = Below::Help;
                None
            }
            (Key::Fault, Below::Faults)
            | (Key::Help, Below::Help)
            | (Key::Digit(_), Below::Findings | Below::Help)
            | (Key::Other, _) => None,
        }
    }

    fn pause(&mut self) -> Option<Control> {
        let (clock, control) = match self.clock {
            Clock::Runs => (Clock::Paused, Control::Pause),
            Clock::Paused => (Clock::Runs, Control::Resume),
            Clock::Ending => return None,
        };
        self.clock = clock;
        Some(control)
    }

    fn play_at(&mut self, pace: Option<u32>) -> Option<Control> {
        self.pace = pace?;
        pace.map(Control::Pace)
    }
}

/// So many in so many microseconds.
fn per_second(count: u64, within_us: u64) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let within_ms = f64::from(u32::try_from(within_us / 1_000).unwrap_or(u32::MAX));
    count * 1_000.0 / within_ms.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::control::{PACE_MAX, PACE_MIN};

    #[test]
    fn keys_change_the_run_and_say_so() {
        let mut model = Model::new("steady");
        assert_eq!(model.press(Key::Pause), Some(Control::Pause));
        assert_eq!(model.press(Key::Pause), Some(Control::Resume));
        assert_eq!(model.press(Key::Faster), Some(Control::Pace(150)));
        assert_eq!(model.press(Key::Slower), Some(Control::Pace(100)));
        assert_eq!(model.press(Key::Quit), Some(Control::Stop));
        assert_eq!((model.clock, model.press(Key::Pause)), (Clock::Ending, None));
    }

    #[test]
    fn the_pace_stays_within_its_bounds() {
        let mut model = Model::new("steady");
        while model.press(Key::Slower).is_some() {}
        assert_eq!(model.pace, PACE_MIN);
        while model.press(Key::Faster).is_some() {}
        assert_eq!(model.pace, PACE_MAX);
        assert!(PACES.is_sorted());
    }

    #[test]
    fn keys_go_on_from_what_somebody_else_has_wished() {
        let mut model = Model::new("steady");
        let tempo = Tempo { percent: 120, course: Course::Stands };
        let now = || Snapshot { tempo, ..Snapshot::default() };
        model.take(now(), FleetProgress::default());
        assert_eq!((model.pace, model.press(Key::Pause)), (120, Some(Control::Resume)));
        model.take(now(), FleetProgress::default());
        assert_eq!(model.clock, Clock::Runs, "old numbers do not take back what was pressed");
        assert_eq!(model.press(Key::Faster), Some(Control::Pace(150)));
    }

    #[test]
    fn a_fault_takes_two_keys() {
        let mut model = Model::new("steady");
        assert_eq!(model.press(Key::Digit(1)), None);
        assert_eq!(model.press(Key::Fault), None);
        assert_eq!(model.press(Key::Digit(1)), Some(Control::Inject(Injection::Restart)));
        assert_eq!((model.below, model.press(Key::Digit(1))), (Below::Findings, None));
        model.press(Key::Fault);
        assert_eq!(model.press(Key::Digit(9)), None);
        model.press(Key::Fault);
        assert_eq!((model.press(Key::Other), model.below), (None, Below::Findings));
    }
}
