//! What a recorder makes of a world: its log and the moments of the plan, in the order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_control::Stage;
use muster_device::Phase;
use muster_protocol::{CommandId, Timestamp};
use muster_report::{Connect, Recorder};
use muster_scenario::{Contact, Moment, Plan, What as Planned};
use muster_sim::{Entry, Outcome, Seen};

use super::script::{Script, in_plan, in_world};
use super::track::{Expiry, Fate, Track, end};
use crate::load::collect::{GettingOver, Labels, OfWoken};

/// What a run in virtual time has left behind.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) plan: &'a Plan,
    pub(super) script: &'a Script,
    pub(super) labels: &'a Labels,
    pub(super) outcome: &'a Outcome,
}

/// What was observed of it.
pub(super) struct Observed {
    pub(super) recorder: Recorder,
    /// Requests that were turned down, by reason.
    pub(super) refused: BTreeMap<&'static str, u64>,
}

impl Left<'_> {
    /// When the run is over, or broke off, in the time of the plan: what comes behind that belongs
    /// to the calm in which promises are judged.
    pub(super) fn now(self) -> Timestamp {
        in_plan(self.script.plan.calm_at.min(self.outcome.at))
    }

    /// Goes through all that was seen.
    pub(super) fn observed(self) -> Observed {
        let mut observer = Observer::of(self);
        let calm_at = self.script.plan.calm_at;
        let mut moments = self.plan.moments().peekable();
        let mut entries = self.outcome.log.entries().peekable();
        while let Some(entry) = entries.next_if(|entry| entry.at < calm_at) {
            while let Some(moment) = moments.next_if(|moment| in_world(moment.at) <= entry.at) {
                observer.moment(moment);
            }
            observer.entry(entry);
        }
        for moment in moments.take_while(|moment| in_world(moment.at) <= self.outcome.at) {
            observer.moment(moment);
        }
        observer.close(&entries.filter_map(ended).collect())
    }
}

/// A device as the log shows it.
#[derive(Clone, Copy, Debug)]
struct Device {
    contact: Contact,
    is_enrolled: bool,
    is_connected: bool,
}

struct Observer<'a> {
    left: Left<'a>,
    recorder: Recorder,
    over: GettingOver,
    devices: Vec<Device>,
    /// The request each command is.
    requests: BTreeMap<CommandId, usize>,
    /// What was asked so far, each at the place of its request.
    tracks: Vec<Track>,
    /// Requests that woken devices have yet to hear of.
    of_woken: OfWoken<usize>,
    executed: BTreeSet<CommandId>,
    refused: BTreeMap<&'static str, u64>,
}

impl<'a> Observer<'a> {
    fn of(left: Left<'a>) -> Self {
        let device = |planned: &muster_scenario::PlannedDevice| Device {
            contact: planned.contact,
            is_enrolled: false,
            is_connected: false,
        };
        let commands = left.outcome.commands.iter();
        let requests = commands.filter_map(|(number, (_life, command))| {
            Some((*command, usize::try_from(*number).ok()?))
        });
        Self {
            recorder: Recorder::new(Arc::clone(&left.labels.legend)),
            over: GettingOver::default(),
            devices: left.plan.whole_fleet().iter().map(device).collect(),
            requests: requests.collect(),
            tracks: Vec::new(),
            of_woken: OfWoken::default(),
            executed: BTreeSet::new(),
            refused: BTreeMap::new(),
            left,
        }
    }

    fn moment(&mut self, moment: Moment) {
        let Moment { at, what } = moment;
        match what {
            Planned::WorkBegins { work, .. } => self.work_began(at, work),
            Planned::Submit { .. } => self.asked(),
            Planned::SwitchOn { device } => self.switched_on(device),
            Planned::SwitchOff { device } => self.switched_off(at, device),
            Planned::Server { fault, .. } => self.server_fault(at, fault),
            Planned::PhaseBegins { .. }
            | Planned::PhaseEnds { .. }
            | Planned::EnrolAgain { .. }
            | Planned::FaultBegins { .. }
            | Planned::FaultEnds { .. } => {}
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let (at, device) = (in_plan(entry.at), entry.device.unwrap_or(u32::MAX));
        match &entry.what {
            Seen::Accepted { command, expires_at, .. } => {
                self.accepted(at, *command, *expires_at);
            }
            Seen::Refused { reason, .. } => *self.refused.entry(*reason).or_default() += 1,
            Seen::Pushed { .. } => self.for_woken(device, |track| {
                track.journey.pushed.get_or_insert(at);
            }),
            Seen::Welcomed { .. } => self.connected(at, device),
            Seen::Closed { .. } => self.see_device(device, |device| device.is_connected = false),
            Seen::Phase { phase } => {
                let is_enrolled = *phase == Phase::Enrolled;
                self.see_device(device, |device| device.is_enrolled = is_enrolled);
            }
            Seen::Received { command, .. } => self.received(at, device, *command),
            Seen::Executed { command, .. } => {
                if !self.executed.insert(*command) {
                    self.recorder.executed_twice();
                }
            }
            Seen::Answered { command, outcome, .. } => self.answered(at, *command, outcome),
            Seen::Stored { command, stage, .. } => self.stored(entry.at, *command, *stage),
            Seen::Unheard { .. }
            | Seen::Cancelled { .. }
            | Seen::Enrolled { .. }
            | Seen::Connecting
            | Seen::Ready { .. }
            | Seen::Sent { .. }
            | Seen::Settled { .. }
            | Seen::User { .. }
            | Seen::Fault { .. }
            | Seen::FaultOver { .. }
            | Seen::Cloned { .. }
            | Seen::Clock { .. }
            | Seen::Woken
            | Seen::Asleep => {}
        }
    }

    /// Counts everything; `ended_later` has come to an end in the calm.
    fn close(mut self, ended_later: &BTreeSet<CommandId>) -> Observed {
        let now = self.left.now();
        let deadline = self.left.plan.scenario().limits.deadline;
        let command_of: BTreeMap<usize, CommandId> =
            self.requests.iter().map(|(command, nth)| (*nth, *command)).collect();
        for (nth, mut track) in std::mem::take(&mut self.tracks).into_iter().enumerate() {
            let command = command_of.get(&nth).copied();
            let is_known =
                |it: &CommandId| ended_later.contains(it) || self.left.outcome.stored.contains(it);
            if track.is_open() && !command.as_ref().is_some_and(is_known) {
                track.fate = Fate::Lost;
            }
            if let Some(request) = self.left.script.requests.get(nth) {
                let due = request.moment.after(deadline);
                track.record((request, command), (due, now), &mut self.recorder);
            }
        }
        Observed { recorder: self.recorder, refused: self.refused }
    }
}

/// What the plan does.
impl Observer<'_> {
    fn work_began(&mut self, at: Timestamp, work: usize) {
        if let Some((event, kind)) = self.left.labels.event_of_work(work) {
            self.over.began(event, kind, at);
        }
    }

    /// The next of the requests is made.
    fn asked(&mut self) {
        let nth = self.tracks.len();
        let Some(request) = self.left.script.requests.get(nth) else { return };
        let Some(device) = self.left.plan.whole_fleet().get(place(request.device)) else { return };
        let label = self.left.labels.label(request.moment, request.action, device.platform());
        self.tracks.push(Track::new(request.moment, label));
        let place = place(request.device);
        if let Some(event) = self.left.labels.event_of_work(request.work) {
            self.over.asked(event, (place, device.contact), &mut self.recorder);
            if !self.is_taken(nth) {
                self.over.not_taken(request.moment, event, place, &mut self.recorder);
            }
        }
        if device.contact == Contact::Woken && self.is_taken(nth) {
            self.of_woken.add(place, nth);
        }
    }

    /// Whether the server has taken a request.
    fn is_taken(&self, nth: usize) -> bool {
        let number = u32::try_from(nth).ok();
        number.is_some_and(|number| self.left.outcome.commands.contains_key(&number))
    }

    fn switched_on(&mut self, device: u32) {
        let is_enrolled = self.devices.get(place(device)).is_none_or(|device| device.is_enrolled);
        if !is_enrolled {
            self.over.switched_on_first(place(device), &mut self.recorder);
        }
    }

    fn switched_off(&mut self, at: Timestamp, device: u32) {
        let Some(contact) = self.devices.get(place(device)).map(|device| device.contact) else {
            return;
        };
        self.over.vanished(at, (place(device), contact), &mut self.recorder);
        self.see_device(device, |device| device.is_connected = false);
    }

    fn server_fault(&mut self, at: Timestamp, fault: usize) {
        let Some(event) = self.left.labels.event_of_fault(fault) else { return };
        let keeps = |device: &Device| device.is_connected && device.contact == Contact::Connected;
        let connected = self.devices.iter().enumerate().filter(|(_place, device)| keeps(device));
        let connected = connected.map(|(place, _device)| place);
        self.over.server_went(event, at, connected, &mut self.recorder);
    }
}

/// What the log shows.
impl Observer<'_> {
    fn see_device(&mut self, device: u32, see: impl FnOnce(&mut Device)) {
        if let Some(device) = self.devices.get_mut(place(device)) {
            see(device);
        }
    }

    fn track(&mut self, command: CommandId) -> Option<&mut Track> {
        self.tracks.get_mut(*self.requests.get(&command)?)
    }

    fn for_woken(&mut self, device: u32, see: impl Fn(&mut Track)) {
        for nth in self.of_woken.of(place(device)) {
            if let Some(track) = self.tracks.get_mut(nth).filter(|track| track.is_under_way()) {
                see(track);
            }
        }
    }

    fn connected(&mut self, at: Timestamp, device: u32) {
        self.recorder.connect(Connect::Done);
        self.see_device(device, |device| device.is_connected = true);
        self.over.connected(at, place(device), &mut self.recorder);
        self.for_woken(device, |track| {
            track.journey.connected.get_or_insert(at);
        });
    }

    fn accepted(&mut self, at: Timestamp, command: CommandId, expires_at: Timestamp) {
        if let Some(track) = self.track(command) {
            track.journey.queued.get_or_insert(at);
            (track.expires_at, track.fate) = (expires_at, Fate::Known);
        }
    }

    fn received(&mut self, at: Timestamp, device: u32, command: CommandId) {
        let Some(nth) = self.requests.get(&command).copied() else { return };
        if let Some(track) = self.tracks.get_mut(nth) {
            track.journey.delivered.get_or_insert(at);
        }
        self.of_woken.forget(place(device), nth);
    }

    fn answered(&mut self, at: Timestamp, command: CommandId, outcome: &str) {
        let Some(track) = self.track(command) else { return };
        match outcome {
            "NotNow" => track.not_now += 1,
            _final => track.journey.acknowledged = Some(at),
        }
    }

    fn stored(&mut self, at_world: Timestamp, command: CommandId, stage: Stage) {
        let at = in_plan(at_world);
        let Some(nth) = self.requests.get(&command).copied() else { return };
        let Some(track) = self.tracks.get_mut(nth).filter(|track| track.ended.is_none()) else {
            return;
        };
        let is_past = at_world >= track.expires_at;
        let Some(step) = end(stage, if is_past { Expiry::Past } else { Expiry::Ahead }) else {
            return;
        };
        (track.ended, track.journey.stored) = (Some((at, step)), Some(at));
        self.ended(at, nth);
    }

    fn ended(&mut self, at: Timestamp, nth: usize) {
        let Some(request) = self.left.script.requests.get(nth) else { return };
        let place = place(request.device);
        self.of_woken.forget(place, nth);
        if let Some(event) = self.left.labels.event_of_work(request.work) {
            self.over.over(at, event, place, &mut self.recorder);
        }
    }
}

/// The command that has come to an end with this.
fn ended(entry: &Entry) -> Option<CommandId> {
    if let Seen::Stored { command, stage, .. } = entry.what
        && !stage.is_live()
    {
        return Some(command);
    }
    None
}

/// Where a device stands in its fleet.
fn place(device: u32) -> usize {
    usize::try_from(device).unwrap_or(usize::MAX)
}
