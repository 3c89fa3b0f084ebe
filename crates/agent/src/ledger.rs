//! Which command took effect on which device: the evidence behind `executed_twice`.

use std::collections::HashSet;

use muster_protocol::CommandId;

/// Effects in one generation over the whole fleet: as many as a table of 131,072 places takes before
/// it grows. Two generations are remembered, eleven to twenty-two effects of each of ten thousand
/// devices, in 5.5 MB.
///
/// A redelivery follows within a lease, so the newest are the ones that matter. Beyond this the
/// oldest are forgotten and [`Ledger::forgotten`] says how many.
pub(crate) const GENERATION_MAX: usize = 114_688;

/// What one more effect was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The first of its command on this device, as far as remembered.
    First,
    /// One that must not be: this command had its effect on this device before.
    Again,
}

/// Effects by device and command, the newest of them.
///
/// A table from which single entries are taken leaves gaps and grows to twice the size for them, and
/// needs their order beside it: 32 MB for what two generations, forgotten whole, keep in 5.5.
#[derive(Debug)]
pub(crate) struct Ledger {
    young: HashSet<(u32, CommandId)>,
    old: HashSet<(u32, CommandId)>,
    generation_max: usize,
    forgotten: u64,
}

impl Ledger {
    /// Remembers nothing yet; at least the `generation_max` newest effects from then on.
    #[must_use]
    pub(crate) fn new(generation_max: usize) -> Self {
        Self { young: HashSet::new(), old: HashSet::new(), generation_max, forgotten: 0 }
    }

    /// Enters one effect on the device with this index.
    pub(crate) fn record(&mut self, index: u32, command: CommandId) -> Effect {
        let effect = (index, command);
        if self.old.contains(&effect) || !self.young.insert(effect) {
            return Effect::Again;
        }
        if self.young.len() >= self.generation_max {
            self.forgotten += u64::try_from(self.old.len()).unwrap_or(u64::MAX);
            // Its room is taken over.
            self.old.clear();
            std::mem::swap(&mut self.young, &mut self.old);
        }
        Effect::First
    }

    /// How many effects were forgotten to stay within the bound.
    #[must_use]
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
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
    fn a_full_ledger_forgets_the_oldest_generation_and_says_so() {
        let mut ledger = Ledger::new(2);
        for number in 1..=3 {
            ledger.record(1, command(number));
        }
        assert_eq!(ledger.forgotten(), 0);
        assert_eq!(ledger.record(1, command(1)), Effect::Again);
        ledger.record(1, command(4));
        assert_eq!(ledger.forgotten(), 2);
        assert_eq!(ledger.record(1, command(4)), Effect::Again);
        assert_eq!(ledger.record(1, command(3)), Effect::Again);
        assert_eq!(ledger.record(1, command(1)), Effect::First);
    }
}
