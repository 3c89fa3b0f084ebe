//! What devices that have to be woken have yet to hear of.

use std::collections::{BTreeMap, BTreeSet};

/// Commands of woken devices, by the devices' places.
#[derive(Debug)]
pub(crate) struct OfWoken<Command>(BTreeMap<usize, BTreeSet<Command>>);

impl<Command> Default for OfWoken<Command> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Command: Copy + Ord> OfWoken<Command> {
    /// A device is asked for something.
    pub(crate) fn add(&mut self, place: usize, command: Command) {
        self.0.entry(place).or_default().insert(command);
    }

    /// What a device is to hear of.
    pub(crate) fn of(&self, place: usize) -> impl Iterator<Item = Command> {
        self.0.get(&place).into_iter().flatten().copied()
    }

    /// A command is called otherwise from now on.
    pub(crate) fn rename(&mut self, place: usize, own: Command, known_as: Command) {
        if let Some(commands) = self.0.get_mut(&place)
            && commands.remove(&own)
        {
            commands.insert(known_as);
        }
    }

    /// A command does not wait for its device any more.
    pub(crate) fn forget(&mut self, place: usize, command: Command) {
        if let Some(commands) = self.0.get_mut(&place) {
            commands.remove(&command);
            if commands.is_empty() {
                self.0.remove(&place);
            }
        }
    }

    /// Whether nothing waits for any device.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_waits_for_its_device_under_its_last_name_until_it_is_forgotten() {
        let mut waiting = OfWoken::default();
        waiting.add(3, "own");
        waiting.add(3, "other");
        waiting.rename(3, "own", "known as");
        waiting.rename(4, "other", "nobody's");
        assert_eq!(waiting.of(3).collect::<Vec<_>>(), ["known as", "other"]);
        assert_eq!(waiting.of(4).count(), 0);
        waiting.forget(3, "known as");
        waiting.forget(3, "other");
        assert!(waiting.is_empty());
    }
}
