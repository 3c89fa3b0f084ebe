//! Which command took effect on which device: the evidence behind `executed_twice`.

use std::collections::{HashSet, VecDeque};

use muster_protocol::CommandId;

/// Effects remembered over the whole fleet: 26 for each of ten thousand devices, in about 15 MB.
///
/// A redelivery follows within a lease, so the newest are the ones that matter. Beyond this the
/// oldest are forgotten and [`Ledger::forgotten`] says how many.
pub(crate) const ENTRIES_MAX: usize = 262_144;

/// What one more effect was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The first of its command on this device, as far as remembered.
    First,
    /// One that must not be: this command had its effect on this device before.
    Again,
}

/// Effects by device and command, the newest of them.
#[derive(Debug)]
pub(crate) struct Ledger {
    seen: HashSet<(u32, CommandId)>,
    order: VecDeque<(u32, CommandId)>,
    entries_max: usize,
    forgotten: u64,
}

impl Ledger {
    /// Remembers nothing yet, and at most `entries_max` effects.
    #[must_use]
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { seen: HashSet::new(), order: VecDeque::new(), entries_max, forgotten: 0 }
    }

    /// Enters one effect on the device with this index.
    pub(crate) fn record(&mut self, index: u32, command: CommandId) -> Effect {
        if !self.seen.insert((index, command)) {
            return Effect::Again;
        }
        self.order.push_back((index, command));
        if self.order.len() > self.entries_max {
            self.forget_oldest();
        }
        Effect::First
    }

    /// How many effects were forgotten to stay within the bound.
    #[must_use]
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.seen.remove(&oldest);
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(number: u8) -> CommandId {
        CommandId::from_bytes([number; 16])
    }

    #[test]
    fn a_second_effect_of_one_command_on_one_device_is_noticed() {
        let mut ledger = Ledger::new(10);
        assert_eq!(ledger.record(1, command(1)), Effect::First);
        assert_eq!(ledger.record(2, command(1)), Effect::First);
        assert_eq!(ledger.record(1, command(2)), Effect::First);
        assert_eq!(ledger.record(1, command(1)), Effect::Again);
        assert_eq!(ledger.record(1, command(1)), Effect::Again);
    }

    #[test]
    fn a_full_ledger_forgets_the_oldest_and_says_so() {
        let mut ledger = Ledger::new(2);
        for number in 1..=3 {
            ledger.record(1, command(number));
        }
        assert_eq!(ledger.forgotten(), 1);
        assert_eq!(ledger.record(1, command(3)), Effect::Again);
        assert_eq!(ledger.record(1, command(1)), Effect::First);
    }
}
