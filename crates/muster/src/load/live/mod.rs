//! The live view of a run: where it is, what it finds, and keys to change it.
//!
//! ```text
//! Snapshot (of the collector) --> Model --> view, twice a second, on the terminal behind stderr
//! keys --> Model --> Control --> the pacer
//! ```
//!
//! Where there is no terminal a run says a line now and then instead.

mod history;
mod keys;
mod model;
mod screen;
mod view;

use std::convert::Infallible;
use std::sync::Weak;

use muster_agent::{Fleet, FleetProgress};
use tokio::sync::watch;

use self::screen::Screen;
use super::control::Controls;
use super::lines::Says;
use super::snapshot::Snapshot;

/// How a run is shown while it goes on.
pub(crate) enum Shows {
    /// On a terminal, in place.
    Screen(Box<Screen>),
    /// In lines, or not at all.
    Lines(Says),
}

/// What can be looked at while a run goes on.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) shown: watch::Receiver<Snapshot>,
    /// Weak: the last handle of a fleet stops it. None of a fleet of other processes.
    pub(crate) fleet: Weak<Fleet>,
}

impl Sight {
    /// Of a run whose devices are of other processes.
    pub(crate) fn from_afar(shown: watch::Receiver<Snapshot>) -> Self {
        Self { shown, fleet: Weak::new() }
    }

    fn snapshot(&self) -> Snapshot {
        self.shown.borrow().clone()
    }

    /// How the devices are; of a fleet that is not of this process what is told of it, and nothing of
    /// one that is gone.
    pub(crate) fn progress(&self) -> FleetProgress {
        match self.fleet.upgrade() {
            Some(fleet) => fleet.progress(),
            None => self.shown.borrow().elsewhere,
        }
    }
}

impl Shows {
    /// On the terminal if there is one, unless the run is to be quiet.
    pub(crate) fn of(name: &str, says: Says) -> Self {
        let screen = match says {
            Says::Lines => Screen::open(name),
            Says::Nothing => None,
        };
        match screen {
            Some(screen) => Self::Screen(Box::new(screen)),
            None => Self::Lines(says),
        }
    }

    /// Says something where a run is told in lines.
    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        match self {
            Self::Screen(_) => {}
            Self::Lines(says) => says.say(text),
        }
    }

    /// Shows how the devices come up; ends if somebody wants the run to end.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn coming_up(&mut self, sight: Sight) {
        match self {
            Self::Screen(screen) => screen.coming_up(&sight).await,
            Self::Lines(says) => match says.coming_up(sight.shown).await {},
        }
    }

    /// Shows how the run goes, and takes wishes. Does not end.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn goes_on(&mut self, sight: Sight, controls: Controls) -> Infallible {
        match self {
            Self::Screen(screen) => screen.goes_on(&sight, &controls).await,
            Self::Lines(says) => says.goes_on(sight.shown).await,
        }
    }
}
