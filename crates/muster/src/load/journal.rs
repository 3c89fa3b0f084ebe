//! Where is noted what somebody else does to a run: the process that has its server.

use std::sync::Arc;

use super::clock::RunClock;
use super::deed::{Deed, Done};
use super::tap::Tap;

/// Takes notes beside the pacer's.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    clock: RunClock,
    deeds: Arc<Tap<Deed>>,
}

impl Journal {
    pub(crate) const fn new(clock: RunClock, deeds: Arc<Tap<Deed>>) -> Self {
        Self { clock, deeds }
    }

    /// Notes what is done now, which nobody has planned.
    pub(crate) fn note(&self, what: Done) {
        self.deeds.note(Deed { planned: self.clock.now(), what });
    }
}
