//! What the device answered lately.

use alloc::vec::Vec;

use muster_protocol::{CommandId, Outcome, decode_at_rest, encode_at_rest};
use serde::{Deserialize, Serialize};

/// Answers kept, newest last.
///
/// The server has one command in flight per device, so only the newest answers can be asked for
/// again; thirty-two leave room for a server that lost a batch.
pub(crate) const JOURNAL_LEN_MAX: usize = 32;

/// Room is made in steps of this: twice what is needed, as a vector does it by itself, would be half
/// of what a journal costs.
const GROWS_BY_BYTES: usize = 128;

/// Final answers by command, so that a repeated command is answered and not executed again.
///
/// A fleet has one for every device and hardly ever looks into it: the answers are kept as bytes,
/// 700 for thirty-two plain ones where the values take 1,500 and those of errors several thousand.
///
/// ```text
/// command 16 | bytes of the answer 4 | answer ...
/// ```
///
/// Source: Apple MDM best practices, "Dequeueing Commands": the same status may be asked for twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Answers", into = "Answers")]
pub(crate) struct Journal {
    bytes: Vec<u8>,
    count: usize,
}

/// The same as values, the way it is written.
#[derive(Serialize, Deserialize)]
struct Answers {
    answers: Vec<(CommandId, Outcome)>,
}

const ID_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;

impl Journal {
    /// Shows the answers, to be changed in a copy.
    pub(crate) fn visit(&mut self, see: &mut dyn FnMut(&mut Outcome)) {
        let mut seen = Self::default();
        for (command, bytes) in self.iter() {
            let mut outcome = outcome(bytes);
            see(&mut outcome);
            seen.record(command, &outcome);
        }
        *self = seen;
    }

    /// The stored answer to `command`.
    pub(crate) fn answer(&self, command: CommandId) -> Option<Outcome> {
        self.iter().find(|(id, _)| *id == command).map(|(_, bytes)| outcome(bytes))
    }

    /// The answer that was stored last, and to which command.
    pub(crate) fn latest(&self) -> Option<(CommandId, Outcome)> {
        self.iter().last().map(|(id, bytes)| (id, outcome(bytes)))
    }

    /// Stores a final answer; the oldest makes room.
    pub(crate) fn record(&mut self, command: CommandId, outcome: &Outcome) {
        if self.count == JOURNAL_LEN_MAX {
            self.forget_oldest();
        }
        let answer = encode_at_rest(outcome).expect("an answer fits a frame");
        let length = u32::try_from(answer.len()).expect("a frame is far below four gibibytes");
        self.make_room(ID_BYTES + LENGTH_BYTES + answer.len());
        self.bytes.extend_from_slice(command.as_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&answer);
        self.count += 1;
    }

    fn forget_oldest(&mut self) {
        let rest = first(&self.bytes).map_or(0, |(_, rest)| rest.len());
        self.bytes.drain(..self.bytes.len() - rest);
        self.count -= 1;
    }

    fn make_room(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.bytes.reserve_exact(bytes.max(GROWS_BY_BYTES));
        }
    }

    /// The answers as they are kept, oldest first.
    fn iter(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest = self.bytes.as_slice();
        core::iter::from_fn(move || {
            let (answer, after) = first(rest)?;
            rest = after;
            Some(answer)
        })
    }
}

/// An answer as it is kept.
type Kept<'a> = (CommandId, &'a [u8]);

/// The first answer, and what follows it.
fn first(bytes: &[u8]) -> Option<(Kept<'_>, &[u8])> {
    let (id, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (answer, rest) = rest.split_at_checked(length)?;
    Some(((CommandId::from_bytes(*id), answer), rest))
}

fn outcome(bytes: &[u8]) -> Outcome {
    decode_at_rest(bytes).expect("this process has written it")
}

impl From<Answers> for Journal {
    fn from(kept: Answers) -> Self {
        let mut journal = Self::default();
        for (command, outcome) in kept.answers {
            journal.record(command, &outcome);
        }
        journal
    }
}

impl From<Journal> for Answers {
    fn from(journal: Journal) -> Self {
        Self { answers: journal.iter().map(|(id, bytes)| (id, outcome(bytes))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Answer;

    fn id(number: u8) -> CommandId {
        CommandId::from_bytes([number; 16])
    }

    #[test]
    fn the_newest_answers_are_kept_and_the_oldest_makes_room() {
        let mut journal = Journal::default();
        for number in 0..=32 {
            journal.record(id(number), &Outcome::CommandFormatError);
        }
        assert_eq!(journal.answer(id(0)), None);
        assert!((1..=32).all(|number| journal.answer(id(number)).is_some()));
    }

    #[test]
    fn a_full_journal_of_plain_answers_stays_below_a_kibibyte() {
        let mut journal = Journal::default();
        for number in 0..100 {
            journal.record(id(number), &Outcome::Acknowledged(Answer::Done));
        }
        assert!(journal.bytes.capacity() < 1_024, "{}", journal.bytes.capacity());
    }

    #[test]
    fn a_journal_is_written_as_the_answers_it_keeps() {
        let mut journal = Journal::default();
        let outcomes = [Outcome::Acknowledged(Answer::Done), Outcome::NotSupported(Vec::new())];
        let answers = [(id(1), outcomes[0].clone()), (id(2), outcomes[1].clone())];
        for (command, outcome) in &answers {
            journal.record(*command, outcome);
        }
        let written = encode_at_rest(&journal).unwrap();
        assert_eq!(written, encode_at_rest(&answers.to_vec()).unwrap());
        assert_eq!(decode_at_rest::<Journal>(&written).unwrap(), journal);
        assert_eq!(journal.answer(id(2)), Some(outcomes[1].clone()));
    }
}
