//! What became of the commands, counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A point a command reached, or an end it came to. Each is counted once a command, but for
/// [`Step::NotNow`], which a command may meet many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Wanted by the plan.
    Planned,
    /// Never submitted: a cap of the generator. The only way a planned command may vanish.
    Dropped,
    /// Turned down by the server, with a reason: there is nothing to wait for.
    Refused,
    /// Durable in the server's queue: accepted.
    Queued,
    /// A push for it was taken by the push service.
    Pushed,
    /// Received by the device.
    Delivered,
    /// Put off by the device: it answers later.
    NotNow,
    /// The device's final answer left it.
    Acknowledged,
    /// Terminal: answered with success, and the answer is durable.
    Stored,
    /// Terminal: answered with an error, and the answer is durable.
    Error,
    /// Terminal: nobody fetched it in time.
    Expired,
    /// Terminal: taken back, or overtaken by a wipe, a retirement or a new enrolment.
    Cancelled,
    /// Over its deadline when it was looked at; it may end later all the same.
    TimedOut,
    /// Accepted, and neither terminal nor waiting when all was over.
    Lost,
}

/// How many commands reached each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// Wanted by the plan.
    pub planned: u64,
    /// Never submitted, because of a cap of the generator.
    pub dropped: u64,
    /// Turned down by the server.
    pub refused: u64,
    /// Durable in the server's queue.
    pub queued: u64,
    /// Taken by the push service.
    pub pushed: u64,
    /// Received by the device.
    pub delivered: u64,
    /// Put off by the device; a command may be counted more than once.
    pub not_now: u64,
    /// Answered by the device.
    pub acknowledged: u64,
    /// Ended with success, durably.
    pub stored: u64,
    /// Ended with an error of the device, durably.
    pub error: u64,
    /// Ended because nobody fetched it in time.
    pub expired: u64,
    /// Ended because it was taken back or overtaken.
    pub cancelled: u64,
    /// Over its deadline at some time; it may have ended later.
    pub timed_out: u64,
    /// Accepted and never ended.
    pub lost: u64,
}

impl Funnel {
    /// Counts commands at a step.
    pub fn count(&mut self, step: Step, commands: u64) {
        let counted = self.at_mut(step);
        *counted = counted.saturating_add(commands);
    }

    /// Adds all counts of another. Counts stop at their largest number: a file may hold any.
    pub fn add(&mut self, other: &Self) {
        for (step, _name) in Step::ALL {
            self.count(step, other.at(step));
        }
    }

    /// How many commands ended, however.
    #[must_use]
    pub const fn terminal(&self) -> u64 {
        let answered = self.stored.saturating_add(self.error);
        answered.saturating_add(self.expired).saturating_add(self.cancelled)
    }

    /// How many commands reached a step.
    #[must_use]
    pub const fn at(&self, step: Step) -> u64 {
        match step {
            Step::Planned => self.planned,
            Step::Dropped => self.dropped,
            Step::Refused => self.refused,
            Step::Queued => self.queued,
            Step::Pushed => self.pushed,
            Step::Delivered => self.delivered,
            Step::NotNow => self.not_now,
            Step::Acknowledged => self.acknowledged,
            Step::Stored => self.stored,
            Step::Error => self.error,
            Step::Expired => self.expired,
            Step::Cancelled => self.cancelled,
            Step::TimedOut => self.timed_out,
            Step::Lost => self.lost,
        }
    }

    const fn at_mut(&mut self, step: Step) -> &mut u64 {
        match step {
            Step::Planned => &mut self.planned,
            Step::Dropped => &mut self.dropped,
            Step::Refused => &mut self.refused,
            Step::Queued => &mut self.queued,
            Step::Pushed => &mut self.pushed,
            Step::Delivered => &mut self.delivered,
            Step::NotNow => &mut self.not_now,
            Step::Acknowledged => &mut self.acknowledged,
            Step::Stored => &mut self.stored,
            Step::Error => &mut self.error,
            Step::Expired => &mut self.expired,
            Step::Cancelled => &mut self.cancelled,
            Step::TimedOut => &mut self.timed_out,
            Step::Lost => &mut self.lost,
        }
    }
}

impl Step {
    /// Every step with its name, in the order of the way.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Planned, "planned"),
        (Self::Dropped, "dropped"),
        (Self::Refused, "refused"),
        (Self::Queued, "queued"),
        (Self::Pushed, "pushed"),
        (Self::Delivered, "delivered"),
        (Self::NotNow, "not-now"),
        (Self::Acknowledged, "acknowledged"),
        (Self::Stored, "stored"),
        (Self::Error, "error"),
        (Self::Expired, "expired"),
        (Self::Cancelled, "cancelled"),
        (Self::TimedOut, "timed-out"),
        (Self::Lost, "lost"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_count_of_its_own() {
        let mut funnel = Funnel::default();
        for ((step, _name), commands) in Step::ALL.into_iter().zip(1..) {
            funnel.count(step, commands);
        }
        let mut doubled = funnel;
        doubled.add(&funnel);
        for ((step, name), commands) in Step::ALL.into_iter().zip(1..) {
            assert_eq!(funnel.at(step), commands, "{name}");
            assert_eq!(doubled.at(step), 2 * commands, "{name}");
        }
    }
}
