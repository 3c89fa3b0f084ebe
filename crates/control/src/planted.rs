//! Where the planted faults of `muster_protocol::planted` bite in this crate.
//!
//! Without the feature `planted` none of it is ever true, and the compiler takes it out.

use muster_protocol::management::CommandResult;
use muster_protocol::planted::{Plant, is};
use muster_protocol::{Outcome, Timestamp};

use crate::command::CommandState;
use crate::record::DeviceRecord;
use crate::settle::Settled;
use crate::transitions::{Event, Stage};

impl DeviceRecord {
    /// What a faulty server makes of an answer; `None` if it does as it should.
    pub(crate) fn planted_answer(
        &mut self,
        index: usize,
        now: Timestamp,
        result: &CommandResult,
    ) -> Option<Settled> {
        let row = &self.commands[index];
        let (over, stage) = (row.state.is_terminal(), row.state.stage());
        let current = row.attempt == result.attempt;
        if is(Plant::DuplicateDropsQueue) && over {
            self.commands.retain(|row| row.state.is_terminal());
            return Some(Settled::Duplicate);
        }
        if is(Plant::LateErrorOverwrites)
            && over
            && let Outcome::Error(errors) = &result.outcome
        {
            self.commands[index].state = CommandState::Failed { errors: errors.clone() };
            self.changed.commands.insert(self.commands[index].sequence);
            return Some(Settled::Duplicate);
        }
        if is(Plant::StaleAttemptCloses) && stage == Stage::InFlight && !current {
            return Some(self.answer(index, now, &result.outcome));
        }
        let is_tail = index > 0 && index + 1 == self.commands.len();
        if is(Plant::TailDeliveredAgain) && stage == Stage::InFlight && current && is_tail {
            self.put_back(index, now, Event::Disconnected, CommandState::Queued);
            return Some(Settled::Closed);
        }
        None
    }
}
