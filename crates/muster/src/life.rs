//! `--life`: who holds the devices of a fleet.

use std::time::Duration;

use muster_agent::habit;
use muster_device::{Calendar, Habit, Person};
use muster_protocol::{Mode, Seed};

/// How the people of a fleet live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nobody holds the devices: they are online and lie where they are.
    None,
    /// Each has a habit that fits its mode of management, drawn from the seed.
    Realistic,
    /// All have the same habit.
    All(Habit),
}

impl Life {
    /// Reads the value of `--life`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match (text, Habit::named(text)) {
            ("none", _) => Ok(Self::None),
            ("realistic", _) => Ok(Self::Realistic),
            (_, Some(habit)) => Ok(Self::All(habit)),
            (_, None) => {
                let names: Vec<&str> = Habit::ALL.into_iter().map(Habit::name).collect();
                Err(format!("expected none, realistic or a habit: {}", names.join(", ")))
            }
        }
    }

    /// Who holds the device with this index and mode.
    pub(crate) fn person(
        self,
        index: u64,
        mode: Mode,
        seed: Seed,
        calendar: Calendar,
    ) -> Option<Box<Person>> {
        let habit = match self {
            Self::None => return None,
            Self::Realistic => habit(mode, index, seed),
            Self::All(habit) => habit,
        };
        Some(Box::new(Person::new(habit, seed.child("person", index), calendar)))
    }
}

/// Reads the value of `--day-length`.
pub(crate) fn calendar(text: &str) -> Result<Calendar, String> {
    let length: Duration = crate::cli::span(text)?;
    Calendar::new(length).ok_or_else(|| format!("a day lasts {:?} at least", Calendar::DAY_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_none_realistic_or_a_habit() {
        assert_eq!(Life::parse("none"), Ok(Life::None));
        assert_eq!(Life::parse("realistic"), Ok(Life::Realistic));
        assert_eq!(Life::parse("night-shift"), Ok(Life::All(Habit::NightShift)));
        let refused = Life::parse("pirate").unwrap_err();
        assert!(refused.contains("office-worker, field-worker"), "{refused}");
    }

    #[test]
    fn a_day_lasts_a_second_at_least() {
        assert_eq!(calendar("1d"), Ok(Calendar::real()));
        assert_eq!(calendar("999ms"), Err("a day lasts 1s at least".to_owned()));
        assert!(calendar("60").is_err());
    }
}
