//! What was seen of one command.

use muster_control::Stage;
use muster_protocol::{CommandId, Timestamp};
use muster_report::{Journey, Label, Recorder, Step, Who};

use crate::load::deed::Request;

/// What was seen of one command, in the time of the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub(super) label: Label,
    pub(super) journey: Journey,
    /// How often the device put it off.
    pub(super) not_now: u32,
    /// When it ended, and with which step.
    pub(super) ended: Option<(Timestamp, Step)>,
    /// When nobody waits for it any more, in the time of the world.
    pub(super) expires_at: Timestamp,
    pub(super) fate: Fate,
}

/// What is known of a command at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server has turned it down.
    Refused,
    /// The server has taken it, and it ended or waits.
    Known,
    /// The server has taken it, and nobody knows of it any more.
    Lost,
}

impl Track {
    pub(super) const fn new(planned: Timestamp, label: Label) -> Self {
        let mut journey = Journey::planned(planned);
        journey.started = Some(planned);
        let expires_at = Timestamp::from_micros(u64::MAX);
        Self { label, journey, not_now: 0, ended: None, expires_at, fate: Fate::Refused }
    }

    /// Whether the server has taken it and it has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.fate == Fate::Known && self.ended.is_none()
    }

    /// Whether its device has yet to hear of it.
    pub(super) const fn is_under_way(&self) -> bool {
        self.journey.delivered.is_none() && self.ended.is_none()
    }

    /// Counts every step and records every latency, at the end of a run.
    pub(super) fn record(
        &self,
        (request, command): (&Request, Option<CommandId>),
        (deadline, now): (Timestamp, Timestamp),
        recorder: &mut Recorder,
    ) {
        self.count(deadline.min(now), now, recorder);
        if self.fate == Fate::Refused {
            return;
        }
        let who = Who { device: request.device, command };
        match self.ended {
            Some((at, step)) if at <= deadline => {
                recorder.ended(at, self.label, who, &self.journey.to_end(step));
            }
            Some(_) | None => {
                let given_up = deadline.min(now);
                recorder.given_up(given_up, self.label, who, &until(self.journey, given_up));
            }
        }
    }

    fn count(&self, given_up: Timestamp, now: Timestamp, recorder: &mut Recorder) {
        let Journey { planned, queued, pushed, delivered, acknowledged, .. } = self.journey;
        let is_late = self.ended.map_or(now, |(at, _step)| at) > given_up && given_up < now;
        let steps = [
            (Some(planned), Step::Planned),
            ((self.fate == Fate::Refused).then_some(planned), Step::Refused),
            (queued, Step::Queued),
            (pushed, Step::Pushed),
            (delivered, Step::Delivered),
            (acknowledged, Step::Acknowledged),
            ((is_late && self.fate != Fate::Refused).then_some(given_up), Step::TimedOut),
            ((self.fate == Fate::Lost).then_some(now), Step::Lost),
        ];
        let seen = steps.into_iter().filter_map(|(at, step)| Some((at?, step)));
        for (at, step) in seen.chain(self.ended) {
            recorder.count(at, self.label, step);
        }
        for _time in 0..self.not_now {
            recorder.count(acknowledged.unwrap_or(now), self.label, Step::NotNow);
        }
    }
}

/// The journey as far as it had come at an instant.
fn until(journey: Journey, at: Timestamp) -> Journey {
    let seen = |point: Option<Timestamp>| point.filter(|point| *point <= at);
    Journey {
        planned: journey.planned,
        started: seen(journey.started),
        queued: seen(journey.queued),
        pushed: seen(journey.pushed),
        connected: seen(journey.connected),
        delivered: seen(journey.delivered),
        acknowledged: seen(journey.acknowledged),
        stored: seen(journey.stored),
    }
}

/// The step a command ends with, if it ends with this stage; its time was over then, or not.
pub(super) const fn end(stage: Stage, expiry: Expiry) -> Option<Step> {
    match (stage, expiry) {
        (Stage::Done, _) => Some(Step::Stored),
        (Stage::Failed | Stage::NotSupported, _) => Some(Step::Error),
        (Stage::Canceled, Expiry::Past) => Some(Step::Expired),
        (Stage::Canceled, Expiry::Ahead) => Some(Step::Cancelled),
        (Stage::Queued | Stage::InFlight | Stage::NotNow | Stage::AtService, _) => None,
    }
}

/// Where the time is after which nobody waits for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Past,
    Ahead,
}
