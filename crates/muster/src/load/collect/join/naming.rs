//! Commands whose server gives them their ids: what was seen under either id belongs together.

use muster_protocol::{CommandId, Timestamp};
use muster_report::Step;

use super::{Around, GivenUp, Join, Open};

impl Join {
    /// A command is on its way that had to wait until somebody sent it.
    pub(in crate::load::collect) fn sent(&mut self, at: Timestamp, command: CommandId) {
        if let Some(open) = self.open.get_mut(&command) {
            open.journey.started = Some(at);
        }
    }

    /// The server has told what it calls a command.
    pub(in crate::load::collect) fn named(
        &mut self,
        (own, known_as): (CommandId, CommandId),
        around: &mut Around<'_>,
    ) {
        let Some(mut open) = self.open.remove(&own) else { return };
        if let Some(seen) = self.open.remove(&known_as) {
            open.add(&seen);
        }
        self.open.insert(known_as, open);
        self.rename(own, known_as, &open);
        self.catch_up(known_as, &open, around);
    }

    fn rename(&mut self, own: CommandId, known_as: CommandId, open: &Open) {
        if open.is_awaited() {
            self.names.insert(own, known_as);
        }
        if let Some(asked) = open.asked {
            self.of_woken.rename(asked.place, own, known_as);
        }
    }

    /// Counts what was seen of a command while nobody knew whose it was.
    fn catch_up(&mut self, command: CommandId, open: &Open, around: &mut Around<'_>) {
        let Some(asked) = open.asked else { return };
        let behind = [
            (open.journey.queued, Step::Queued),
            (open.journey.delivered, Step::Delivered),
            (open.journey.acknowledged, Step::Acknowledged),
        ];
        for (at, step) in behind.into_iter().filter_map(|(at, step)| Some((at?, step))) {
            around.recorder.count(at, asked.label, step);
        }
        if let (Some((class, times)), Some(at)) = (open.put_off, open.journey.delivered) {
            (0..times).for_each(|_time| asked.put_off(at, class, around.recorder));
        }
        if open.journey.acknowledged.is_some() {
            self.answered.push(command);
        }
        if open.end.is_some() {
            self.finish(command, around);
        }
    }
}

impl Open {
    /// Adds what was seen of the same command under its other id.
    fn add(&mut self, seen: &Self) {
        let (journey, other) = (&mut self.journey, &seen.journey);
        journey.pushed = journey.pushed.or(other.pushed);
        journey.connected = journey.connected.or(other.connected);
        journey.queued = journey.queued.or(other.queued);
        journey.delivered = journey.delivered.or(other.delivered);
        journey.acknowledged = journey.acknowledged.or(other.acknowledged);
        journey.stored = journey.stored.or(other.stored);
        (self.class, self.end) = (self.class.or(seen.class), self.end.or(seen.end));
        self.put_off = self.put_off.or(seen.put_off);
    }

    /// Whether its deadline is still to come, which knows it by its first id.
    fn is_awaited(&self) -> bool {
        self.given_up == GivenUp::No
    }
}
