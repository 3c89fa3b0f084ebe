//! What looks on at the fleet and at the server of a run.

use std::sync::Arc;

use muster_agent::{Seen, Watch};

use super::deed::Deed;
use super::lookout::Outside;
use super::submit::Book;
use super::tap::Tap;

/// Whether a run is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruments {
    /// Everything is.
    On,
    /// Only what the run itself needs to know is noted, to show what the rest costs.
    Off,
}

/// Where everything that is seen is noted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Eyes {
    pub(crate) fleet: Arc<Tap<OfDevice>>,
    pub(crate) server: Arc<Tap<muster_server::Seen>>,
    pub(crate) deeds: Arc<Tap<Deed>>,
    /// What is seen of a server elsewhere.
    pub(crate) outside: Arc<Tap<Outside>>,
}

impl Eyes {
    /// Notes that were not taken because too many waited.
    pub(crate) fn missed(&self) -> u64 {
        self.fleet.missed() + self.server.missed() + self.deeds.missed() + self.outside.missed()
    }
}

/// A moment of the device with this place in the fleet.
#[derive(Clone, Debug)]
pub(crate) struct OfDevice {
    pub(crate) place: u32,
    pub(crate) seen: Seen,
}

/// Looks on at a fleet: keeps the book of who is enrolled, and notes the rest.
#[derive(Debug)]
pub(crate) struct FleetEye {
    pub(crate) book: Arc<Book>,
    pub(crate) notes: Arc<Tap<OfDevice>>,
    pub(crate) instruments: Instruments,
}

impl Watch for FleetEye {
    fn saw(&self, place: u32, seen: Seen) {
        match seen {
            Seen::Enrolled(id) => self.book.note(place, Some(id)),
            Seen::Unenrolled => self.book.note(place, None),
            Seen::Woken
            | Seen::Connected
            | Seen::ConnectFailed(_)
            | Seen::Disconnected(_)
            | Seen::Delivered(_)
            | Seen::Answered(..)
            | Seen::ExecutedTwice(_)
                if self.instruments == Instruments::Off =>
            {
                return;
            }
            Seen::Woken
            | Seen::Connected
            | Seen::ConnectFailed(_)
            | Seen::Disconnected(_)
            | Seen::Delivered(_)
            | Seen::Answered(..)
            | Seen::ExecutedTwice(_) => {}
        }
        self.notes.note(OfDevice { place, seen });
    }
}

impl muster_server::Watch for Tap<muster_server::Seen> {
    fn saw(&self, what: muster_server::Seen) {
        self.note(what);
    }
}
