//! The person who holds a device: habits or a script, handed out event by event.
//!
//! A [`Person`] stands beside a [`Device`](crate::Device) and does no I/O either: it says when it
//! will do something next, and what. With a [`Habit`] every day is a function of the seed and the
//! day alone, so that a person can be met at any moment, and nothing of it need be stored.

mod act;
mod calendar;
mod day;
mod living;
mod routine;
mod routines;
mod script;
mod strip;

use muster_protocol::{Seed, Timestamp};
use serde::{Deserialize, Serialize};

pub use calendar::Calendar;
pub use muster_protocol::habit::Habit;
pub use script::Script;
pub use strip::week_strip;

use crate::user::UserAction;
use living::Living;

/// One thing a person does, or that happens around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PersonEvent {
    /// Something on the device.
    User(UserAction),
    /// The network comes or goes.
    Network(Connectivity),
}

/// Whether there is a network around a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connectivity {
    /// There is.
    Online,
    /// A tunnel, a flight, a basement, a device that is off.
    Offline,
}

/// Whether a person looks at their device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attention {
    /// Uses it: the screen is unlocked if the person can unlock it.
    OnDevice,
    /// Does something else: the screen is locked.
    Elsewhere,
}

/// A person: someone with a habit, or someone who follows a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person(Mind);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Mind {
    Habitual(Living),
    Scripted(Script),
}

impl Person {
    /// Someone with a habit. The same three give the same life.
    #[must_use]
    pub fn new(habit: Habit, seed: Seed, calendar: Calendar) -> Self {
        Self(Mind::Habitual(Living::new(habit, seed, calendar)))
    }

    /// Someone who does what a script says.
    #[must_use]
    pub const fn scripted(script: Script) -> Self {
        Self(Mind::Scripted(script))
    }

    /// Goes on at `now`: what was due before has happened.
    ///
    /// Someone with a habit first does what leads to the state they are in then. For a fleet that
    /// starts again in the middle of a run.
    pub fn resume(&mut self, now: Timestamp) {
        match &mut self.0 {
            Mind::Habitual(living) => living.resume(now),
            Mind::Scripted(script) => script.resume(now),
        }
    }

    /// When something happens next; `None` if nothing ever will.
    ///
    /// Never earlier than what [`Self::handle`] gave before.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        match &self.0 {
            Mind::Habitual(living) => living.next_event(),
            Mind::Scripted(script) => script.next_event(),
        }
    }

    /// The oldest event that is due at `now`; `None` when all are handed out.
    pub fn handle(&mut self, now: Timestamp) -> Option<PersonEvent> {
        match &mut self.0 {
            Mind::Habitual(living) => living.handle(now),
            Mind::Scripted(script) => script.handle(now),
        }
    }

    /// Whether the person looks at the device after the last event handed out.
    #[must_use]
    pub const fn attention(&self) -> Attention {
        match &self.0 {
            Mind::Habitual(living) => living.attention(),
            Mind::Scripted(script) => script.attention(),
        }
    }
}

#[cfg(test)]
mod tests;
