//! The journey of one command: when it reached each point of its way.

use std::time::Duration;

use muster_protocol::Timestamp;
use muster_scenario::Stage;

use crate::funnel::Step;

/// When one command reached each point of its way; `None` where it has not been.
///
/// All instants are of one clock, that of the run. Two instants seen out of order by a hair, as
/// two threads may see them, count as no time between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journey {
    /// When the plan wanted it. Every response time counts from here, however late the generator.
    pub planned: Timestamp,
    /// When the generator began to submit it.
    pub started: Option<Timestamp>,
    /// When it was durable in the server's queue.
    pub queued: Option<Timestamp>,
    /// When the push service took the push for it. Only if the device had to be woken.
    pub pushed: Option<Timestamp>,
    /// When the woken device had a session. Only if it had to be woken.
    pub connected: Option<Timestamp>,
    /// When the device received it, the first time.
    pub delivered: Option<Timestamp>,
    /// When the device's final answer left it.
    pub acknowledged: Option<Timestamp>,
    /// When that answer was durable at the server.
    pub stored: Option<Timestamp>,
}

/// A stage with its latency.
pub(crate) type Leg = (Stage, Duration);

impl Journey {
    /// A command that is planned and nothing more.
    #[must_use]
    pub const fn planned(at: Timestamp) -> Self {
        Self {
            planned: at,
            started: None,
            queued: None,
            pushed: None,
            connected: None,
            delivered: None,
            acknowledged: None,
            stored: None,
        }
    }

    /// The journey of a command that came to this end. Nobody has answered what has expired or was
    /// taken back: there is no answer to have been stored.
    #[must_use]
    pub fn to_end(self, step: Step) -> Self {
        let is_unanswered = matches!(step, Step::Expired | Step::Cancelled);
        Self { stored: self.stored.filter(|_stored| !is_unanswered), ..self }
    }

    /// The stages that are behind it.
    pub(crate) fn behind(&self) -> impl Iterator<Item = Leg> {
        let legs =
            Stage::ALL.into_iter().map(|stage| (stage, self.begun(stage), self.ended(stage)));
        legs.filter_map(|(stage, begun, ended)| Some((stage, ended?.since(begun?))))
    }

    /// The stages it is in at `now`, with how long it has been.
    ///
    /// Of the six that follow each other only the one it must take next; of a device that need
    /// not be woken nobody can tell, so it is `delivered` that is open.
    pub(crate) fn open(&self, now: Timestamp) -> impl Iterator<Item = Leg> {
        let next = [Stage::Queued, Stage::Delivered, Stage::Acknowledged, Stage::Stored];
        let next = next.into_iter().find(|stage| self.ended(*stage).is_none());
        let spans =
            [Stage::Total, Stage::Service].into_iter().filter(|_span| self.stored.is_none());
        let open = next.into_iter().chain(spans);
        open.filter_map(move |stage| Some((stage, now.since(self.begun(stage)?))))
    }

    const fn begun(&self, stage: Stage) -> Option<Timestamp> {
        match stage {
            Stage::Queued | Stage::Total => Some(self.planned),
            Stage::Service => self.started,
            Stage::Pushed => self.queued,
            Stage::Connected => first_of(self.pushed, self.queued),
            Stage::Delivered => first_of(self.connected, first_of(self.pushed, self.queued)),
            Stage::Acknowledged => self.delivered,
            Stage::Stored => self.acknowledged,
        }
    }

    const fn ended(&self, stage: Stage) -> Option<Timestamp> {
        match stage {
            Stage::Queued => self.queued,
            Stage::Pushed => self.pushed,
            Stage::Connected => self.connected,
            Stage::Delivered => self.delivered,
            Stage::Acknowledged => self.acknowledged,
            Stage::Stored | Stage::Total | Stage::Service => self.stored,
        }
    }
}

/// The first that is there.
const fn first_of(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match one {
        Some(_) => one,
        None => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_micros(ms * 1_000)
    }

    fn legs(legs: impl Iterator<Item = Leg>) -> Vec<(&'static str, u128)> {
        legs.map(|(stage, took)| (stage.name(), took.as_millis())).collect()
    }

    fn connected_device() -> Journey {
        Journey {
            started: Some(at(101)),
            queued: Some(at(103)),
            delivered: Some(at(107)),
            acknowledged: Some(at(115)),
            stored: Some(at(131)),
            ..Journey::planned(at(100))
        }
    }

    #[test]
    fn the_six_stages_of_a_woken_device_add_up_to_the_total() {
        let journey =
            Journey { pushed: Some(at(104)), connected: Some(at(106)), ..connected_device() };
        let legs = legs(journey.behind());
        let (spans, stages): (Vec<_>, Vec<_>) =
            legs.into_iter().partition(|(name, _ms)| ["total", "service"].contains(name));
        assert_eq!(stages.iter().map(|(_name, ms)| ms).sum::<u128>(), 31);
        assert_eq!(spans, [("total", 31), ("service", 30)]);
    }

    #[test]
    fn a_connected_device_is_delivered_to_straight_from_the_queue() {
        let legs = legs(connected_device().behind());
        assert_eq!(legs[1], ("delivered", 4));
        assert!(!legs.iter().any(|(name, _ms)| ["pushed", "connected"].contains(name)));
    }

    #[test]
    fn a_command_that_is_stuck_is_open_where_it_is_stuck() {
        let journey = Journey { acknowledged: None, stored: None, ..connected_device() };
        let open = legs(journey.open(at(1_107)));
        assert_eq!(open, [("acknowledged", 1_000), ("total", 1_007), ("service", 1_006)]);
    }

    #[test]
    fn a_command_never_begun_is_open_from_its_planned_instant() {
        let open = legs(Journey::planned(at(100)).open(at(150)));
        assert_eq!(open, [("queued", 50), ("total", 50)]);
    }

    #[test]
    fn a_finished_command_is_open_nowhere() {
        assert_eq!(legs(connected_device().open(at(9_999))), []);
    }

    #[test]
    fn an_unseen_point_gives_no_latency_to_the_stages_around_it() {
        let journey = Journey { delivered: None, ..connected_device() };
        let names: Vec<_> = journey.behind().map(|(stage, _took)| stage.name()).collect();
        assert_eq!(names, ["queued", "stored", "total", "service"]);
    }
}
