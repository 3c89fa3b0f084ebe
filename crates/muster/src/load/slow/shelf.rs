//! What was fetched of slow devices while the run went on.

use std::collections::BTreeMap;

use muster_report::{Recorder, Slow, Who};

use super::SlowDevice;

/// The devices that were asked, by number, each for one of its commands. Never more than a report
/// names: who is no longer among the slowest is forgotten.
#[derive(Default)]
pub(super) struct Shelf(BTreeMap<u32, Asked>);

struct Asked {
    who: Who,
    /// `None` if it has told nothing, or not yet.
    told: Option<SlowDevice>,
}

impl Shelf {
    /// The slowest device that was not asked about its command.
    pub(super) fn next(&mut self, recorder: &Recorder) -> Option<Slow> {
        self.0.retain(|_number, asked| recorder.slowest().any(|slow| slow.who == asked.who));
        let next = *recorder.slowest().find(|slow| !self.has(slow.who))?;
        self.0.insert(next.who.device, Asked { who: next.who, told: None });
        Some(next)
    }

    /// Keeps what a device has told.
    pub(super) fn put(&mut self, who: Who, told: Option<SlowDevice>) {
        if let Some(asked) = self.0.get_mut(&who.device).filter(|asked| asked.who == who) {
            asked.told = told;
        }
    }

    /// What a device has told about its command.
    pub(super) fn take(&mut self, who: Who) -> Option<SlowDevice> {
        self.0.remove(&who.device).filter(|asked| asked.who == who)?.told
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn has(&self, who: Who) -> bool {
        self.0.get(&who.device).is_some_and(|asked| asked.who == who)
    }
}
