//! A command that is not over, and what was seen of it.

use muster_agent::AnswerClass;
use muster_protocol::{CommandId, DeviceId, Timestamp};
use muster_report::{EventIndex, EventKind, Journey, Label, Recorder, Step, Who};
use muster_scenario::Contact;
use muster_server::CommandEnd;

use super::Pending;
use crate::load::collect::errors::of_answer;
use crate::load::deed::Request;

/// A command that is not over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) journey: Journey,
    /// `None` until it is known who has asked.
    pub(super) asked: Option<Asked>,
    /// Who was asked. A device that enrols again is somebody else.
    pub(super) who: Option<DeviceId>,
    pub(super) class: Option<AnswerClass>,
    /// How often it was put off before it was known who has asked, and how the last time.
    pub(super) put_off: Option<(AnswerClass, u32)>,
    pub(super) end: Option<CommandEnd>,
    pub(super) given_up: GivenUp,
}

/// Whether its deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenUp {
    Yes,
    No,
}

/// Who has asked for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) label: Label,
    pub(super) place: usize,
    pub(super) contact: Contact,
    pub(super) event: Option<(EventIndex, EventKind)>,
}

impl Open {
    pub(super) const fn planned(at: Timestamp) -> Self {
        let journey = Journey::planned(at);
        let (asked, who, class, end) = (None, None, None, None);
        Self { journey, asked, who, class, put_off: None, end, given_up: GivenUp::No }
    }

    /// Notes that it was put off, for whenever it is known who has asked.
    pub(super) fn put_off_unasked(&mut self, class: AnswerClass) {
        let before = self.put_off.map_or(0, |(_class, times)| times);
        self.put_off = Some((class, before.saturating_add(1)));
    }

    /// Waits for it no longer: it has taken at least until this instant.
    pub(super) fn give_up(&mut self, at: Timestamp, command: CommandId, recorder: &mut Recorder) {
        if let (Some(asked), GivenUp::No) = (self.asked, self.given_up) {
            self.given_up = GivenUp::Yes;
            recorder.given_up(at, asked.label, asked.who(command), &self.journey);
        }
    }

    pub(super) fn pending(&self, command: CommandId) -> Option<Pending> {
        let asked = self.asked?;
        Some(Pending {
            command,
            action: asked.request.action,
            who: self.who,
            planned: self.journey.planned,
            label: asked.label,
            accepted: self.journey.queued.is_some(),
        })
    }
}

impl Asked {
    /// Which command of which device it is.
    pub(super) const fn who(&self, command: CommandId) -> Who {
        Who { device: self.request.device, command: Some(command) }
    }

    /// Counts that the device has put it off.
    pub(super) fn put_off(&self, at: Timestamp, class: AnswerClass, recorder: &mut Recorder) {
        recorder.count(at, self.label, Step::NotNow);
        if let Some(code) = of_answer(class) {
            recorder.failed(at, code, || self.request.to_string());
        }
    }
}
