//! The reference model: what an observer who knows the promises, but not the code, can tell.
//!
//! It sees the log and nothing else. It shares no decision with `control`: what it knows of a
//! command is what was seen of it.

mod liveness;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_control::{ActivationLockRoute, CancelOutcome, Settled, Stage};
use muster_protocol::{CommandId, DeviceId, Timestamp};

use crate::invariant::{Invariant, Violation};
use crate::log::{Entry, What};

/// The span in which connections are counted.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

/// Most connections of one device in that span: four from the first delays, and room for those
/// a person or a restart asks for.
const CONNECTS_MAX: usize = 20;

/// Requests after which a device is no longer managed.
const ENDINGS: [&str; 4] = ["EraseDevice", "WIPE", "RemoveProfile", "RELINQUISH_OWNERSHIP"];

/// Actions that go before all others.
const FIRST: [&str; 3] = ["wipe", "retire", "delete"];

/// Watches a run.
#[derive(Debug, Default)]
pub struct Witness {
    commands: BTreeMap<CommandId, Known>,
    /// What is with the device of a life.
    with_device: BTreeMap<DeviceId, CommandId>,
    waiting: BTreeMap<DeviceId, BTreeMap<u64, CommandId>>,
    /// The connection that serves a life.
    newest: BTreeMap<DeviceId, u64>,
    /// What got `NotNow` in the present run.
    deferred: BTreeMap<DeviceId, BTreeSet<CommandId>>,
    /// Lives that ended on a device: a copy has a life of its own to lose.
    ended: BTreeSet<(DeviceId, u32)>,
    /// Which device a copy is of.
    copies: BTreeMap<u32, u32>,
    /// What took effect on a copy.
    on_copies: BTreeSet<(CommandId, u32)>,
    /// Commands of a life that have not ended.
    open: BTreeMap<DeviceId, BTreeSet<CommandId>>,
    /// Every life of a device, oldest first.
    lives: BTreeMap<u32, Vec<DeviceId>>,
    /// Since when a device is away though it could be connected.
    away: BTreeMap<u32, Timestamp>,
    /// How far the clock of the server is ahead.
    ahead: Duration,
    calm_since: Option<Timestamp>,
    connects: BTreeMap<u32, VecDeque<Timestamp>>,
    /// Woken devices that have left and had no reason to come since.
    asleep: BTreeSet<u32>,
    accepted: u64,
    route: ActivationLockRoute,
    violation: Option<Violation>,
}

/// Whether a device is where it should be at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Connected and served.
    Served,
    /// Not.
    Away,
    /// Not, and waits to be woken.
    Asleep,
}

/// What was seen of a command.
#[derive(Debug)]
struct Known {
    life: DeviceId,
    device: u32,
    order: u64,
    first: bool,
    accepted_at: Timestamp,
    expires_at: Timestamp,
    attempt: u32,
    executed: u32,
    last: Option<&'static str>,
    /// When its last `NotNow` counted.
    deferred_at: Option<Timestamp>,
    terminal: Option<Stage>,
    cancelled: bool,
    /// The server took an answer that ended it.
    closed: bool,
}

impl Witness {
    /// Watches a server that removes Activation Locks in this way.
    #[must_use]
    pub fn new(route: ActivationLockRoute) -> Self {
        Self { route, ..Self::default() }
    }

    /// The first broken promise, once.
    pub fn take_violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// Looks at one line of the log.
    pub fn see(&mut self, entry: &Entry) {
        let (at, device) = (entry.at, entry.device.unwrap_or_default());
        self.see_reason(device, &entry.what);
        match &entry.what {
            What::Accepted { life, command, action, expires_at }
            | What::Unheard { life, command, action, expires_at } => {
                self.accepted((at, *life, device), *command, action, *expires_at);
            }
            What::Sent { life, connection, command, attempt } => {
                self.on_one_connection(at, *life, *connection, *command);
                self.sent(at, *life, *command, *attempt);
            }
            What::Received { life, command, .. } => self.received(at, device, *life, *command),
            What::Executed { life, command, request } => {
                self.executed((at, device), *life, *command, request);
            }
            What::Answered { command, outcome, .. } => {
                if let Some(known) = self.commands.get_mut(command) {
                    known.last = Some(outcome);
                }
            }
            What::Settled { command, attempt, settled } => {
                self.settled(at, (*command, *attempt), *settled);
            }
            What::Ready { life } => {
                self.deferred.remove(life);
            }
            What::Stored { command, stage, .. } => self.stored_stage(at, *command, *stage),
            What::Cancelled { command, outcome: CancelOutcome::BeforeDelivery } => {
                if let Some(known) = self.commands.get_mut(command) {
                    known.cancelled = true;
                }
            }
            What::Welcomed { life, connection } => {
                self.newest.insert(*life, *connection);
                self.with_device.remove(life);
                self.deferred.remove(life);
            }
            What::Connecting => {
                self.for_a_reason(at, device);
                self.connecting(at, device);
            }
            What::Asleep => {
                self.asleep.insert(device);
            }
            // An agent that starts anew knows nothing of the delays before.
            What::Fault { name: "crash" } => {
                self.connects.remove(&device);
            }
            What::Fault { name: "server-crash" } => {
                self.with_device.clear();
                self.deferred.clear();
            }
            What::Cloned { of } => {
                self.copies.insert(device, *of);
            }
            What::Clock { ahead } => self.ahead = *ahead,
            What::Enrolled { life } => self.enrolled(at, device, *life),
            What::Closed { .. }
            | What::Cancelled { .. }
            | What::Refused { .. }
            | What::Pushed { .. }
            | What::Woken
            | What::Phase { .. }
            | What::User { .. }
            | What::Fault { .. }
            | What::FaultOver { .. } => {}
        }
    }

    /// Whether the activation service, not the device, is asked: neither waits for the other.
    fn goes_to_the_service(&self, action: &str) -> bool {
        self.route == ActivationLockRoute::ActivationService && action == "bypassActivationLock"
    }

    fn accepted(
        &mut self,
        (at, life, device): (Timestamp, DeviceId, u32),
        command: CommandId,
        action: &str,
        expires_at: Timestamp,
    ) {
        self.accepted += 1;
        let order = self.accepted;
        if !self.goes_to_the_service(action) {
            self.waiting.entry(life).or_default().insert(order, command);
        }
        let known = Known {
            life,
            device,
            order,
            first: FIRST.contains(&action),
            accepted_at: at,
            expires_at,
            attempt: 0,
            executed: 0,
            last: None,
            deferred_at: None,
            terminal: None,
            cancelled: false,
            closed: false,
        };
        self.commands.insert(command, known);
        self.open.entry(life).or_default().insert(command);
    }

    /// S7: with a new life the queue of the one before is closed.
    fn enrolled(&mut self, at: Timestamp, device: u32, life: DeviceId) {
        let lives = self.lives.entry(device).or_default();
        let before = lives.last().copied();
        lives.push(life);
        let left = before.and_then(|before| self.open.get(&before)?.first().copied());
        if let Some(command) = left {
            let what = format!("{command} of the life before {life} is still open");
            self.break_promise(Invariant::S7, at, command, what);
        }
    }

    /// S6: of two connections of a device, the newer one delivers.
    fn on_one_connection(
        &mut self,
        at: Timestamp,
        life: DeviceId,
        connection: u64,
        command: CommandId,
    ) {
        let newest = self.newest.get(&life).copied();
        if newest.is_some_and(|newest| newest != connection) {
            let what = format!("{command} went to connection {connection}, which was replaced");
            self.break_promise(Invariant::S6, at, command, what);
        }
    }

    /// S5, S6, S8 and S9 at the moment the server hands a command over.
    fn sent(&mut self, at: Timestamp, life: DeviceId, command: CommandId, attempt: u32) {
        if let Some(other) = self.with_device.insert(life, command)
            && other != command
        {
            let what = format!("{command} was sent while {other} was with the device");
            self.break_promise(Invariant::S6, at, command, what);
        }
        let Some(known) = self.commands.get(&command) else { return };
        let closed = known.terminal.is_some() || known.cancelled || known.closed;
        let (was, over) = (known.attempt, closed);
        let expired = known.expires_at <= at.after(self.ahead);
        if attempt <= was {
            let what = format!("attempt {attempt} of {command} came after attempt {was}");
            self.break_promise(Invariant::S9, at, command, what);
        }
        if over || expired {
            let what = format!("{command} was sent although it was over");
            self.break_promise(Invariant::S8, at, command, what);
        }
        if self.deferred.get(&life).is_some_and(|run| run.contains(&command)) {
            let what = format!("{command} was offered twice in one run");
            self.break_promise(Invariant::L3, at, command, what);
        }
        if was == 0 {
            self.in_order(at, life, command);
        }
        if let Some(known) = self.commands.get_mut(&command) {
            known.attempt = attempt;
        }
    }

    fn in_order(&mut self, at: Timestamp, life: DeviceId, command: CommandId) {
        let Some(known) = self.commands.get(&command) else { return };
        let (order, first) = (known.order, known.first);
        let waiting = self.waiting.entry(life).or_default();
        waiting.remove(&order);
        let mut earlier = waiting.range(..order).map(|(_, id)| *id);
        let passed = earlier.find(|id| {
            let known = self.commands.get(id);
            known.is_some_and(|it| it.first == first && it.terminal.is_none() && !it.cancelled)
        });
        if let Some(passed) = passed {
            let what = format!("{command} overtook {passed}");
            self.break_promise(Invariant::S5, at, command, what);
        }
    }

    fn received(&mut self, at: Timestamp, device: u32, life: DeviceId, command: CommandId) {
        let Some(known) = self.commands.get(&command) else { return };
        let hardware = self.copies.get(&device).copied().unwrap_or(device);
        if known.life != life || known.device != hardware {
            let what = format!("{command} is for device {}, life {}", known.device, known.life);
            self.break_promise(Invariant::S4, at, command, what);
        }
    }

    fn executed(
        &mut self,
        (at, device): (Timestamp, u32),
        life: DeviceId,
        command: CommandId,
        request: &str,
    ) {
        if self.ended.contains(&(life, device)) {
            let what = format!("{request} took effect in a life that had ended");
            self.break_promise(Invariant::S7, at, command, what);
        }
        if ENDINGS.contains(&request) {
            self.ended.insert((life, device));
        }
        if self.copies.contains_key(&device) {
            if !self.on_copies.insert((command, device)) {
                let what = format!("{request} of {command} took effect twice on a copy");
                self.break_promise(Invariant::S1, at, command, what);
            }
            return;
        }
        let Some(known) = self.commands.get_mut(&command) else { return };
        known.executed += 1;
        if known.executed > 1 {
            let what = format!("{request} of {command} took effect {} times", known.executed);
            self.break_promise(Invariant::S1, at, command, what);
        }
    }

    fn settled(&mut self, at: Timestamp, (command, attempt): (CommandId, u32), settled: Settled) {
        let Some(known) = self.commands.get_mut(&command) else { return };
        let (life, present) = (known.life, known.attempt);
        match settled {
            Settled::Closed => known.closed = true,
            Settled::Deferred => {
                known.deferred_at = Some(at);
                self.deferred.entry(life).or_default().insert(command);
            }
            Settled::StaleAttempt | Settled::Duplicate | Settled::Unknown => return,
        }
        if attempt != present {
            let what =
                format!("the answer to attempt {attempt} of {command} counted for {present}");
            self.break_promise(Invariant::S9, at, command, what);
        }
        if self.with_device.get(&life) == Some(&command) {
            self.with_device.remove(&life);
        }
    }

    fn stored_stage(&mut self, at: Timestamp, command: CommandId, stage: Stage) {
        let Some(known) = self.commands.get_mut(&command) else { return };
        let life = known.life;
        match known.terminal {
            Some(was) if was != stage => {
                let what = format!("{command} went from {} to {}", was.name(), stage.name());
                self.break_promise(Invariant::S2, at, command, what);
            }
            Some(_) => {}
            None if !stage.is_live() => {
                known.terminal = Some(stage);
                let order = known.order;
                if let Some(waiting) = self.waiting.get_mut(&life) {
                    waiting.remove(&order);
                }
                if let Some(open) = self.open.get_mut(&life) {
                    open.remove(&command);
                }
            }
            None => {}
        }
        if stage != Stage::InFlight && self.with_device.get(&life) == Some(&command) {
            self.with_device.remove(&life);
        }
    }

    fn connecting(&mut self, at: Timestamp, device: u32) {
        let recent = self.connects.entry(device).or_default();
        recent.push_back(at);
        while recent.front().is_some_and(|first| at.since(*first) > CONNECTS_WITHIN) {
            recent.pop_front();
        }
        let count = recent.len();
        if count > CONNECTS_MAX {
            let what = format!("{count} connections within {CONNECTS_WITHIN:?}");
            self.report(Violation::new(Invariant::L4, at, device, what));
        }
    }

    /// S3: compares what was accepted with what the store holds.
    pub fn stored(&mut self, at: Timestamp, present: &[CommandId]) {
        let present: BTreeSet<CommandId> = present.iter().copied().collect();
        let lost = self.commands.keys().find(|id| !present.contains(id)).copied();
        if let Some(command) = lost {
            let what = format!("{command} was accepted and is not in the store");
            self.break_promise(Invariant::S3, at, command, what);
        }
    }

    /// Somebody does the same thing over and over without a pause.
    pub fn time_stands_still(&mut self, at: Timestamp) {
        let what = String::from("events without end, and time stands still");
        self.report(Violation::new(Invariant::L4, at, 0, what));
    }

    /// Faults have stopped: the connections they caused are forgiven.
    pub fn calm(&mut self, at: Timestamp) {
        self.connects.clear();
        self.calm_since = Some(at);
    }

    fn break_promise(
        &mut self,
        invariant: Invariant,
        at: Timestamp,
        command: CommandId,
        what: String,
    ) {
        let device = self.commands.get(&command).map_or(0, |known| known.device);
        self.report(Violation::new(invariant, at, device, what));
    }

    fn report(&mut self, violation: Violation) {
        if self.violation.is_none() {
            self.violation = Some(violation);
        }
    }
}
