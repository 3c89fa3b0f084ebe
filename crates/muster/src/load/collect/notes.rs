//! What the collector makes of each note.

use std::time::Duration;

use muster_agent::{Ending, Seen};
use muster_protocol::Timestamp;
use muster_report::{Connect, ErrorCode, EventIndex, EventKind};
use muster_scenario::{Handling, ServiceEvent};
use muster_server::Seen as ServerSeen;

use super::Collector;
use super::errors::{of_attempt, of_ignored, of_session};
use crate::load::deed::{Begins, Deed, Done, Injected, Request, Side};
use crate::load::eyes::{Instruments, OfDevice};
use crate::load::fleet_side::Tell;
use crate::load::lookout::{Outside, Timing};
use crate::load::tap::Note;

/// What begins so late is an error of the machine. What is a little late is told by the lag alone.
const TOO_LATE: Duration = Duration::from_secs(1);

impl Collector {
    pub(super) fn on_deed(&mut self, note: Note<Deed>) {
        match self.instruments {
            Instruments::On => self.record(note),
            Instruments::Off => self.follow(note),
        }
    }

    /// Heeds what decides where devices are. Nobody sees commands end: they are not joined.
    fn follow(&mut self, note: Note<Deed>) {
        match &note.what.what {
            Done::Submitted { request, .. } => self.note_taken_out(request),
            Done::Sent { .. } | Done::Named { .. } | Done::Dropped(_) | Done::Refused { .. } => {}
            Done::PhaseBegan { .. }
            | Done::PhaseEnded { .. }
            | Done::WorkBegan { .. }
            | Done::SwitchedOn { .. }
            | Done::SwitchedOff { .. }
            | Done::EnrolAgain { .. }
            | Done::FaultBegan { .. }
            | Done::FaultEnded { .. }
            | Done::Changed(_)
            | Done::Injected(_)
            | Done::Unheeded(_)
            | Done::Retimed(_) => self.record(note),
        }
    }

    fn record(&mut self, note: Note<Deed>) {
        let (at, Deed { planned, what }) = (self.clock.at(note.at), note.what);
        match what {
            Done::Submitted { command, request, who, begins } => {
                let started = (begins == Begins::AtOnce).then_some(at);
                if let Some(at) = started {
                    self.late(at, planned);
                }
                self.note_taken_out(&request);
                let (join, mut around) = self.parts();
                join.submitted((started, planned), (command, request), who, &mut around);
            }
            Done::Sent { command } => {
                self.late(at, planned);
                self.join.sent(at, command);
            }
            Done::Named { command, known_as } => {
                let (join, mut around) = self.parts();
                join.named((command, known_as), &mut around);
            }
            Done::Dropped(request) => {
                self.late(at, planned);
                let (join, mut around) = self.parts();
                join.dropped(at, planned, request, &mut around);
            }
            Done::Refused { command, request, code, reason } => {
                let (join, mut around) = self.parts();
                join.refused(at, (command, request), (code, &reason), &mut around);
            }
            Done::PhaseBegan { phase } => self.board.phase_began(phase),
            Done::PhaseEnded { phase } => self.watchdog.phase_ended(planned, phase),
            Done::WorkBegan { work } => self.on_work(at, planned, work),
            Done::SwitchedOn { device } => {
                self.late(at, planned);
                self.on_switched_on(device);
            }
            Done::SwitchedOff { device } => {
                self.late(at, planned);
                self.on_switched_off(planned, device);
            }
            Done::EnrolAgain { device } => self.on_enrol_again(device),
            Done::FaultBegan { fault } => self.on_fault(planned, fault),
            Done::FaultEnded { fault } => self.board.fault_ended(planned, fault),
            Done::Changed(what) => self.board.said(at, what),
            Done::Injected(injected) => self.on_injected(at, &injected),
            Done::Unheeded(why) => self.board.unheeded(at, why),
            Done::Retimed(timeline) => self.retime(timeline),
        }
    }

    pub(super) fn on_device(&mut self, note: Note<OfDevice>) {
        let at = self.clock.at(note.at);
        let OfDevice { place, seen } = note.what;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        match seen {
            Seen::Enrolled(id) => self.devices.enrolled(place, Some(id)),
            Seen::Unenrolled => self.on_unenrolled(place),
            Seen::Connected => {
                self.devices.came(place);
                self.recorder.connect(Connect::Done);
                self.over.connected(at, place, &mut self.recorder);
                self.join.connected(at, place);
            }
            Seen::ConnectFailed(ending) => {
                self.recorder.connect(Connect::Failed);
                self.cut_off(at, place, (of_attempt(ending), ending));
            }
            Seen::Disconnected(ending) => {
                self.devices.left(place);
                self.cut_off(at, place, (of_session(ending), ending));
            }
            Seen::Delivered(command) => {
                let (join, mut around) = self.parts();
                join.delivered(at, command, &mut around);
            }
            Seen::Answered(command, class, error) => {
                let (join, mut around) = self.parts();
                join.answered(at, (command, class), error, &mut around);
            }
            Seen::ExecutedTwice(_) => self.recorder.executed_twice(),
            Seen::Woken => {}
        }
    }

    pub(super) fn on_server(&mut self, note: &Note<ServerSeen>) {
        let at = self.clock.at(note.at);
        match note.what {
            ServerSeen::Accepted { command } => {
                let (join, mut around) = self.parts();
                join.accepted(at, command, &mut around);
            }
            ServerSeen::Pushed { device } => {
                let Some(place) = self.devices.woken(device) else { return };
                let (join, mut around) = self.parts();
                join.pushed(at, place, &mut around);
            }
            ServerSeen::Ended { command, end } => {
                let (join, mut around) = self.parts();
                join.ended(at, (command, end), &mut around);
            }
            ServerSeen::AnswerIgnored { command, why } => {
                let told = || format!("an answer to command {command} changed nothing: {why}");
                self.recorder.failed(at, of_ignored(why), told);
            }
        }
    }

    /// A device does not get through, or not any more.
    fn cut_off(&mut self, at: Timestamp, place: usize, why: (Option<ErrorCode>, Ending)) {
        let (Some(code), ending) = why else { return };
        let number = self.devices.at(place).map_or(0, |device| device.number);
        self.recorder.failed(at, code, || format!("device {number}: {ending}"));
    }

    pub(super) fn on_outside(&mut self, note: &Note<Outside>) {
        let at = self.clock.at(note.at);
        let (join, mut around) = self.parts();
        match note.what {
            Outside::Taken(command) => join.accepted(at, command, &mut around),
            Outside::Over { command, end, timing: Timing::InTime } => {
                join.ended(at, (command, end), &mut around);
            }
            Outside::Over { command, end, timing: Timing::Late } => {
                let was_open = join.ended_before(at, (command, end), &mut around);
                self.late_looks += u64::from(was_open);
            }
        }
    }

    fn late(&mut self, at: Timestamp, planned: Timestamp) {
        let late = at.since(planned);
        self.recorder.lag(planned, late);
        if late >= TOO_LATE {
            let told = || format!("began {:.1} s after its time", late.as_secs_f64());
            self.recorder.failed(at, ErrorCode::GeneratorLate, told);
        }
    }

    fn on_work(&mut self, at: Timestamp, planned: Timestamp, work: usize) {
        self.board.work_began(at, work);
        if let Some((event, kind)) = self.labels.event_of_work(work) {
            self.recorder.event_began(event, planned);
            self.over.began(event, kind, planned);
        }
    }

    fn on_switched_on(&mut self, device: u32) {
        let place = self.join.place(device);
        if self.devices.at(place).is_some_and(|device| !device.is_enrolled()) {
            self.over.switched_on_first(place, &mut self.recorder);
        }
    }

    fn on_switched_off(&mut self, planned: Timestamp, device: u32) {
        let place = self.join.place(device);
        let Some(contact) = self.devices.at(place).map(|device| device.contact) else { return };
        self.over.vanished(planned, (place, contact), &mut self.recorder);
    }

    fn on_fault(&mut self, planned: Timestamp, fault: usize) {
        self.board.fault_began(planned, fault);
        if let Some(event) = self.labels.event_of_fault(fault) {
            self.server_goes(planned, event);
        }
    }

    fn on_injected(&mut self, at: Timestamp, injected: &Injected) {
        self.board.faults.injected(at, injected);
        if injected.side == Side::Server {
            let kind = EventKind::ServerAway;
            let event = self.recorder.one_more_event(injected.name, kind, at);
            event.into_iter().for_each(|event| self.server_goes(at, (event, kind)));
        }
    }

    fn server_goes(&mut self, at: Timestamp, event: (EventIndex, EventKind)) {
        let connected = self.devices.all().iter().enumerate();
        let connected = connected.filter(|(_place, device)| device.keeps_connection_now());
        let connected = connected.map(|(place, _device)| place);
        self.over.server_went(event, at, connected, &mut self.recorder);
    }

    /// A device that is asked to leave by a work that takes devices out of service stays out.
    fn note_taken_out(&mut self, request: &Request) {
        if self.labels.takes_out(request.work) {
            self.on_service(self.join.place(request.device), ServiceEvent::TakeOut);
        }
    }

    fn on_unenrolled(&mut self, place: usize) {
        self.devices.enrolled(place, None);
        self.on_service(place, ServiceEvent::Left);
    }

    fn on_enrol_again(&mut self, device: u32) {
        let place = self.join.place(device);
        let Some(device) = self.devices.at(place) else { return };
        let event = match device.is_enrolled() {
            true => ServiceEvent::SetUpWhileManaged,
            false => ServiceEvent::SetUpWhileFree,
        };
        self.on_service(place, event);
    }

    fn on_service(&mut self, place: usize, event: ServiceEvent) {
        let Some(device) = self.devices.at_mut(place) else { return };
        let told = match device.taken_out.handle(event) {
            None => return,
            Some(Handling::SwitchOff) => Tell::Off,
            Some(Handling::SetUp) => Tell::EnrolAgain,
        };
        if let Some(remote) = self.remote.get() {
            remote.tell(place, told);
        }
    }
}
