//! Joins what was seen of each command, on whatever side, to its journey.

mod naming;
mod open;
mod reasons;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use muster_agent::AnswerClass;
use muster_protocol::{CommandId, DeviceId, ErrorItem, Timestamp};
use muster_report::{ErrorCode, Journey, Label, Recorder, Step, Who};
use muster_scenario::{Action, Contact};
use muster_server::CommandEnd;

use self::open::{Asked, GivenUp, Open};
use self::reasons::Reasons;
use super::devices::Devices;
use super::errors::of_end;
use super::getting_over::GettingOver;
use super::labels::Labels;
use super::woken::OfWoken;
use crate::load::deed::Request;
use crate::load::pacer::{InFlight, Places};
use crate::load::target::Question;

/// Commands that were seen and never asked for by this run, of which so many are remembered: the
/// answer to a request may come after everything else.
const STRANGERS_MAX: usize = 65_536;

/// All commands that are not over.
#[derive(Debug)]
pub(super) struct Join {
    open: HashMap<CommandId, Open>,
    /// In the order in which they were asked for.
    deadlines: VecDeque<(Timestamp, CommandId)>,
    deadline: Duration,
    of_woken: OfWoken<CommandId>,
    strangers: VecDeque<CommandId>,
    /// What the server calls commands that have another id among the deadlines.
    names: HashMap<CommandId, CommandId>,
    /// How many of the open ones were asked for.
    asked: usize,
    in_flight: InFlight,
    places: Places,
    /// Asked for and answered since the last fetch.
    answered: Vec<CommandId>,
    reasons: Reasons,
}

/// What a step of the join may touch.
pub(super) struct Around<'a> {
    pub(super) labels: &'a Labels,
    pub(super) recorder: &'a mut Recorder,
    pub(super) devices: &'a Devices,
    pub(super) over: &'a mut GettingOver,
}

/// A command that its device has answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) device: DeviceId,
    pub(super) command: CommandId,
    pub(super) class: AnswerClass,
    pub(super) action: Action,
    /// From when it was planned.
    pub(super) took: Duration,
}

/// A command of which nobody has seen the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) command: CommandId,
    pub(crate) action: Action,
    /// Who was asked; nobody if the device was not enrolled.
    pub(crate) who: Option<DeviceId>,
    pub(crate) planned: Timestamp,
    pub(crate) label: Label,
    pub(crate) accepted: bool,
}

impl Pending {
    /// What to ask the server about it; nothing if it has not taken it.
    pub(crate) fn question(&self) -> Option<Question> {
        let device = self.who.filter(|_device| self.accepted)?;
        Some(Question { device, command: self.command, action: self.action })
    }
}

impl Join {
    pub(super) fn new(deadline: Duration, in_flight: InFlight, places: Places) -> Self {
        Self {
            open: HashMap::new(),
            deadlines: VecDeque::new(),
            deadline,
            of_woken: OfWoken::default(),
            strangers: VecDeque::new(),
            names: HashMap::new(),
            asked: 0,
            in_flight,
            places,
            answered: Vec::new(),
            reasons: Reasons::default(),
        }
    }

    /// A command was asked for, of whoever the device was to the server: planned then, and begun if
    /// nothing keeps it from being sent.
    pub(super) fn submitted(
        &mut self,
        (started, planned): (Option<Timestamp>, Timestamp),
        (command, request): (CommandId, Request),
        who: Option<DeviceId>,
        around: &mut Around<'_>,
    ) {
        let Some(asked) = self.asked(request, around) else { return };
        around.recorder.count(planned, asked.label, Step::Planned);
        if let Some(event) = asked.event {
            around.over.asked(event, (asked.place, asked.contact), around.recorder);
        }
        if asked.contact == Contact::Woken {
            self.of_woken.add(asked.place, command);
        }
        self.deadlines.push_back((planned.after(self.deadline), command));
        let mut open = Open::planned(planned);
        open.journey.started = started;
        (open.asked, open.who) = (Some(asked), who);
        self.open.insert(command, open);
        self.asked += 1;
    }

    /// The place of the device with this number in the whole fleet.
    pub(super) fn place(&self, device: u32) -> usize {
        self.places.of(device)
    }

    fn asked(&self, request: Request, around: &Around<'_>) -> Option<Asked> {
        let place = self.places.of(request.device);
        let device = around.devices.at(place)?;
        let label = around.labels.label(request.moment, request.action, device.platform);
        let event = around.labels.event_of_work(request.work);
        Some(Asked { request, label, place, contact: device.contact, event })
    }

    /// A command never left, because too many were under way.
    pub(super) fn dropped(
        &mut self,
        at: Timestamp,
        planned: Timestamp,
        request: Request,
        around: &mut Around<'_>,
    ) {
        let Some(asked) = self.asked(request, around) else { return };
        let (label, recorder) = (asked.label, &mut *around.recorder);
        recorder.count(planned, label, Step::Planned);
        recorder.count(at, label, Step::Dropped);
        if let Some(event) = asked.event {
            around.over.asked(event, (asked.place, asked.contact), recorder);
            around.over.not_taken(at, event, asked.place, recorder);
        }
        let who = Who { device: request.device, command: None };
        // At least as long as the others may take: nobody knows how long it would have taken.
        recorder.given_up(at.after(self.deadline), label, who, &Journey::planned(planned));
        recorder.failed(at, ErrorCode::InFlightCap, || format!("{request} was never sent"));
    }

    /// A command was turned down.
    pub(super) fn refused(
        &mut self,
        at: Timestamp,
        (command, request): (CommandId, Request),
        (code, reason): (ErrorCode, &str),
        around: &mut Around<'_>,
    ) {
        let Some(open) = self.open.remove(&command) else { return };
        self.in_flight.leave();
        if let Some(asked) = open.asked {
            self.asked -= 1;
            self.of_woken.forget(asked.place, command);
            around.recorder.count(at, asked.label, Step::Refused);
            if let Some(event) = asked.event {
                around.over.not_taken(at, event, asked.place, around.recorder);
            }
        }
        around.recorder.failed(at, code, || format!("{request}: {reason}"));
    }

    /// A command is durable.
    pub(super) fn accepted(&mut self, at: Timestamp, command: CommandId, around: &mut Around<'_>) {
        let open = self.meet(at, command);
        open.journey.queued.get_or_insert(at);
        if let Some(asked) = open.asked {
            around.recorder.count(at, asked.label, Step::Queued);
        }
    }

    /// A push for a device was taken.
    pub(super) fn pushed(&mut self, at: Timestamp, place: usize, around: &mut Around<'_>) {
        for command in self.of_woken.of(place) {
            let Some(open) = self.open.get_mut(&command) else { continue };
            if open.journey.pushed.is_none()
                && open.journey.delivered.is_none()
                && let Some(asked) = open.asked
            {
                open.journey.pushed = Some(at);
                around.recorder.count(at, asked.label, Step::Pushed);
            }
        }
    }

    /// A woken device has come.
    pub(super) fn connected(&mut self, at: Timestamp, place: usize) {
        for command in self.of_woken.of(place) {
            if let Some(open) = self.open.get_mut(&command)
                && open.journey.delivered.is_none()
            {
                open.journey.connected.get_or_insert(at);
            }
        }
    }

    /// A device has received a command.
    pub(super) fn delivered(&mut self, at: Timestamp, command: CommandId, around: &mut Around<'_>) {
        let open = self.meet(at, command);
        if open.journey.delivered.is_none() {
            open.journey.delivered = Some(at);
            if let Some(asked) = open.asked {
                around.recorder.count(at, asked.label, Step::Delivered);
            }
        }
    }

    /// A device has answered, maybe with an error.
    pub(super) fn answered(
        &mut self,
        at: Timestamp,
        (command, class): (CommandId, AnswerClass),
        error: Option<Box<ErrorItem>>,
        around: &mut Around<'_>,
    ) {
        if let Some(error) = error {
            self.reasons.keep(command, error);
        }
        let open = self.meet(at, command);
        let is_first = open.journey.acknowledged.is_none();
        if class.is_final() {
            (open.journey.acknowledged, open.class) = (Some(at), Some(class));
        }
        let Some(asked) = open.asked else {
            if !class.is_final() {
                open.put_off_unasked(class);
            }
            return;
        };
        match (class.is_final(), is_first) {
            (false, _) => asked.put_off(at, class, around.recorder),
            (true, true) => {
                self.answered.push(command);
                around.recorder.count(at, asked.label, Step::Acknowledged);
            }
            (true, false) => {}
        }
    }

    /// The end of a command is durable.
    pub(super) fn ended(
        &mut self,
        at: Timestamp,
        (command, end): (CommandId, CommandEnd),
        around: &mut Around<'_>,
    ) {
        let open = self.meet(at, command);
        if open.end.is_none() {
            (open.end, open.journey.stored) = (Some(end), Some(at));
            if open.asked.is_some() {
                self.finish(command, around);
            }
        }
    }

    /// A command is over, and nobody knows since when: it took at least until its answer. Tells
    /// whether it was known as one that is not over.
    pub(super) fn ended_before(
        &mut self,
        at: Timestamp,
        (command, end): (CommandId, CommandEnd),
        around: &mut Around<'_>,
    ) -> bool {
        let Some(open) = self.open.get_mut(&command) else { return false };
        if let Some(answered) = open.journey.acknowledged {
            open.give_up(answered, command, around.recorder);
        }
        self.ended(at, (command, end), around);
        true
    }

    /// What was answered since the last time, as far as it is not over.
    pub(super) fn take_answered(&mut self) -> Vec<Answered> {
        let answered = std::mem::take(&mut self.answered);
        let answered = answered.into_iter().filter_map(|command| {
            let open = self.open.get(&command)?;
            let (action, class, device) = (open.asked?.request.action, open.class?, open.who?);
            let took = open.journey.acknowledged?.since(open.journey.planned);
            Some(Answered { device, command, class, action, took })
        });
        answered.collect()
    }

    /// Gives up on commands whose deadline is over; they are followed to their end all the same.
    pub(super) fn expire(&mut self, now: Timestamp, around: &mut Around<'_>) {
        while let Some((deadline, command)) = self.deadlines.front().copied()
            && deadline <= now
        {
            self.deadlines.pop_front();
            let command = self.names.remove(&command).unwrap_or(command);
            let Some(open) = self.open.get_mut(&command) else { continue };
            let Some(asked) = open.asked else { continue };
            around.recorder.count(deadline, asked.label, Step::TimedOut);
            open.give_up(deadline, command, around.recorder);
            let told = || asked.request.to_string();
            around.recorder.failed(deadline, ErrorCode::DeadlinePassed, told);
        }
    }

    /// The run is over: what is open has taken at least so long.
    pub(super) fn close(&mut self, now: Timestamp, around: &mut Around<'_>) {
        for Pending { command, .. } in self.pending() {
            if let Some(open) = self.open.get_mut(&command) {
                open.give_up(now, command, around.recorder);
            }
        }
    }

    /// How many commands are not over.
    pub(super) fn open(&self) -> usize {
        self.asked
    }

    /// Those commands.
    pub(super) fn pending(&self) -> Vec<Pending> {
        let pending = self.open.iter().filter_map(|(command, open)| open.pending(*command));
        let mut pending: Vec<Pending> = pending.collect();
        pending.sort_by_key(|pending| (pending.planned, pending.command));
        pending
    }

    /// What is known of a command; of one nobody has asked for, that it was seen.
    fn meet(&mut self, at: Timestamp, command: CommandId) -> &mut Open {
        let (strangers, open) = (&mut self.strangers, &mut self.open);
        if !open.contains_key(&command) {
            strangers.push_back(command);
            if strangers.len() > STRANGERS_MAX
                && let Some(oldest) = strangers.pop_front()
                && open.get(&oldest).is_some_and(|open| open.asked.is_none())
            {
                open.remove(&oldest);
            }
        }
        self.open.entry(command).or_insert(Open::planned(at))
    }

    fn finish(&mut self, command: CommandId, around: &mut Around<'_>) {
        let Some(mut open) = self.open.remove(&command) else { return };
        let (Some(asked), Some(end)) = (open.asked, open.end) else { return };
        let at = open.journey.stored.unwrap_or(open.journey.planned);
        self.asked -= 1;
        self.in_flight.leave();
        self.of_woken.forget(asked.place, command);
        let step = step(end);
        open.journey = open.journey.to_end(step);
        let (recorder, label) = (&mut *around.recorder, asked.label);
        recorder.count(at, label, step);
        if open.given_up == GivenUp::No {
            recorder.ended(at, label, asked.who(command), &open.journey);
        }
        if let Some(code) = of_end(end) {
            let reasons = &self.reasons;
            recorder.failed(at, code, || {
                format!("{}: {}", asked.request, reasons.tell(command, open.class))
            });
        }
        if let Some(event) = asked.event {
            around.over.over(at, event, asked.place, recorder);
        }
    }
}

const fn step(end: CommandEnd) -> Step {
    match end {
        CommandEnd::Done => Step::Stored,
        CommandEnd::Failed | CommandEnd::NotSupported => Step::Error,
        CommandEnd::Canceled => Step::Cancelled,
        CommandEnd::Expired => Step::Expired,
    }
}

#[cfg(test)]
mod tests;
