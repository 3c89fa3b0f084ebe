//! The black box of a device on the server's side: what came from it and what was decided about it.
//!
//! Beside each record a [`BlackBox`] keeps the last facts, in few bytes: there is one for every
//! device. [`ServerFacts`] is what is told of it, with the record as it stands. Neither holds a
//! secret: of a token, code or passcode only that there is one.

mod facts;
mod spill;

use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_control::Writes;
use muster_protocol::{Timestamp, decode_at_rest, encode_at_rest};
use muster_store::Revision;

pub use facts::{
    Answered, CommandFacts, FACTS_FORMAT, Fact, NotTaken, RecordFacts, ServerFacts, Standing, What,
};
pub(crate) use spill::serve;

/// Bytes of facts kept of a device: the last five or six commands with all that goes with them. A
/// device costs the server about 40 KB after some commands, of which this is one percent.
const FACTS_BYTES_MAX: usize = 384;

/// Room is made in steps of this, so that a device of which little is known costs little.
const GROWS_BY_BYTES: usize = 64;

/// Most bytes of one fact; the longest has two ids' worth.
const FACT_BYTES_MAX: usize = 64;

/// The last facts about one device.
#[derive(Debug, Default)]
pub(crate) struct BlackBox(Mutex<Kept>);

/// Facts as bytes, each after its length.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    left_out: u64,
}

impl BlackBox {
    /// Takes note of a fact.
    pub(crate) fn note(&self, at: Timestamp, what: What) {
        self.lock().push(&Fact { at, what });
    }

    /// Takes note of a decision that has become durable.
    pub(crate) fn decided(&self, at: Timestamp, writes: &Writes, revision: Revision) {
        let revision = revision.number();
        let mut kept = self.lock();
        if writes.commands.is_empty() && writes.device_changed {
            kept.push(&Fact { at, what: What::Stored { revision } });
        }
        for command in &writes.commands {
            kept.push(&Fact { at, what: What::of(command, revision) });
        }
    }

    /// What is kept, oldest first, and how many facts there were before.
    pub(crate) fn facts(&self) -> (Vec<Fact>, u64) {
        let kept = self.lock();
        (kept.facts(), kept.left_out)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves whole facts: each is added by one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, fact: &Fact) {
        let encoded = encode_at_rest(fact).ok().filter(|bytes| bytes.len() <= FACT_BYTES_MAX);
        let Some((bytes, length)) =
            encoded.and_then(|bytes| u8::try_from(bytes.len()).ok().map(|length| (bytes, length)))
        else {
            self.left_out += 1;
            return;
        };
        while self.bytes.len() + 1 + bytes.len() > FACTS_BYTES_MAX {
            self.drop_oldest();
        }
        if self.bytes.capacity() - self.bytes.len() < 1 + bytes.len() {
            let room = FACTS_BYTES_MAX - self.bytes.len();
            self.bytes.reserve_exact(room.min(GROWS_BY_BYTES.max(1 + bytes.len())));
        }
        self.bytes.push(length);
        self.bytes.extend_from_slice(&bytes);
    }

    fn drop_oldest(&mut self) {
        let length = self.bytes.first().map_or(0, |length| usize::from(*length));
        self.bytes.drain(..(1 + length).min(self.bytes.len()));
        self.left_out += 1;
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut rest = self.bytes.as_slice();
        while let Some((length, after)) = rest.split_first()
            && let Some((fact, after)) = after.split_at_checked(usize::from(*length))
        {
            facts.extend(decode_at_rest::<Fact>(fact).ok());
            rest = after;
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::{Attempt, CommandId};

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn answer(number: u32) -> What {
        What::Answer {
            command: CommandId::from_bytes([7; 16]),
            attempt: Attempt::new(number),
            outcome: Answered::Acknowledged,
        }
    }

    #[test]
    fn the_last_facts_are_kept_in_a_bounded_number_of_bytes() {
        let black_box = BlackBox::default();
        for number in 0..1_000 {
            black_box.note(at(u64::MAX - u64::from(number)), answer(number));
        }
        let (facts, left_out) = black_box.facts();
        assert_eq!(facts.last().unwrap().what, answer(999));
        assert!(facts.len() >= 10, "{}", facts.len());
        assert_eq!(left_out + u64::try_from(facts.len()).unwrap(), 1_000);
        assert!(black_box.lock().bytes.capacity() <= FACTS_BYTES_MAX);
    }

    #[test]
    fn no_fact_is_too_long_to_be_kept() {
        let most = What::Command {
            number: u64::MAX,
            id: Some(CommandId::from_bytes([255; 16])),
            standing: Standing::Canceled,
            attempt: Attempt::new(u32::MAX),
            revision: u64::MAX,
        };
        let fact = Fact { at: at(u64::MAX), what: most };
        assert!(encode_at_rest(&fact).unwrap().len() <= FACT_BYTES_MAX);
        let black_box = BlackBox::default();
        black_box.note(fact.at, fact.what.clone());
        assert_eq!(black_box.facts(), (vec![fact], 0));
    }

    #[test]
    fn a_device_of_which_little_is_known_costs_little() {
        let black_box = BlackBox::default();
        black_box.note(at(5_000_000), What::Enrolled);
        black_box.note(at(5_100_000), What::SessionBegan { session: 70_000, minor: 1 });
        black_box.note(at(5_200_000), What::Idle);
        assert!(black_box.lock().bytes.capacity() <= 2 * GROWS_BY_BYTES);
        assert_eq!(black_box.facts().0.len(), 3);
    }
}
