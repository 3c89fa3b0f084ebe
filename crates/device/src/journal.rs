//! What the device answered lately.

use alloc::collections::VecDeque;

use muster_protocol::{CommandId, Outcome};
use serde::{Deserialize, Serialize};

/// Answers kept, newest last.
///
/// The server has one command in flight per device, so only the newest answers can be asked for
/// again; thirty-two leave room for a server that lost a batch and cost at most 1.5 KiB.
pub(crate) const JOURNAL_LEN_MAX: usize = 32;

/// Final answers by command, so that a repeated command is answered and not executed again.
///
/// Source: Apple MDM best practices, "Dequeueing Commands": the same status may be asked for twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    answers: VecDeque<(CommandId, Outcome)>,
}

impl Journal {
    /// The answers, to be changed in a copy.
    pub(crate) fn outcomes_mut(&mut self) -> impl Iterator<Item = &mut Outcome> {
        self.answers.iter_mut().map(|(_, outcome)| outcome)
    }

    /// The stored answer to `command`.
    pub(crate) fn answer(&self, command: CommandId) -> Option<&Outcome> {
        let found = self.answers.iter().rev().find(|(id, _)| *id == command);
        found.map(|(_, outcome)| outcome)
    }

    /// Stores a final answer; the oldest makes room.
    pub(crate) fn record(&mut self, command: CommandId, outcome: Outcome) {
        if self.answers.len() == JOURNAL_LEN_MAX {
            self.answers.pop_front();
        }
        self.answers.push_back((command, outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> CommandId {
        CommandId::from_bytes([number; 16])
    }

    #[test]
    fn the_newest_answers_are_kept_and_the_oldest_makes_room() {
        let mut journal = Journal::default();
        for number in 0..=32 {
            journal.record(id(number), Outcome::CommandFormatError);
        }
        assert_eq!(journal.answer(id(0)), None);
        assert!((1..=32).all(|number| journal.answer(id(number)).is_some()));
    }

    #[test]
    fn a_full_journal_stays_within_its_share_of_two_kibibytes() {
        let bytes = JOURNAL_LEN_MAX * size_of::<(CommandId, Outcome)>();
        assert!(bytes <= 1_536, "{bytes}");
    }
}
