//! The loop: one heap of events, one clock that jumps from one to the next.

mod acts;
mod device_side;
mod faults;
mod push;
mod server_side;
mod service;
mod stage;
mod vendor_side;

use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use muster_control::{Action, PushOrder, PushOutcome, VendorOutcome};
use muster_device::activation::ActivationService;
use muster_device::push::{PushServiceState, WakeWord};
use muster_device::{Calendar, Contact, Note, Phase};
use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::{CloseCode, CommandId, DeviceId, Seed, SerialNumber, Timestamp};

use crate::actor::{Actor, Aim};
use crate::fault::FoulPushes;
use crate::invariant::{Origin, Violation};
use crate::link::{Link, LinkId};
use crate::log::{Entry, Keep, Log, What};
use crate::plan::{Plan, PlannedDevice, UserDoes};
use crate::secrets::Secrets;
use crate::server::{Effects, Key, Server, owner};
use crate::witness::{Standing, Witness};

pub use stage::{CALM_NETWORK, Misdeed, Rehearsal, Sight, Tally};

/// Most events at one instant. A thousand devices that start at once are far below.
const STANDING_MAX: u64 = 1_000_000;

/// A run in progress.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    seed: Seed,
    now: Timestamp,
    heap: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    actors: BTreeMap<u32, Actor>,
    links: BTreeMap<LinkId, Open>,
    /// When each life is looked at next.
    sweeps: BTreeMap<DeviceId, Timestamp>,
    keys_made: u64,
    server: Server,
    server_busy_until: Timestamp,
    /// How far the clock of the server is ahead.
    server_ahead: Duration,
    vendor: ActivationService,
    vendor_down_until: Timestamp,
    push: PushServiceState,
    /// When each life is owed its next push.
    pushes: BTreeMap<DeviceId, Timestamp>,
    /// Lives for which a push is with the service.
    pushing: BTreeSet<DeviceId>,
    /// Faults that pushes meet with by chance, and until when.
    foul_pushes: Vec<(FoulPushes, Timestamp)>,
    by_serial: BTreeMap<SerialNumber, u32>,
    commands: BTreeMap<u32, (DeviceId, CommandId)>,
    log: Log,
    secrets: Secrets,
    witness: Witness,
    standing: u64,
    /// What people have seen, where somebody asks for it.
    notes: Option<Vec<Note>>,
    refused_handshakes: u64,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The log.
    pub log: Log,
    /// Events played.
    pub events: u64,
    /// Where virtual time stood at the end.
    pub at: Timestamp,
    /// What nobody may read about it.
    pub secrets: Secrets,
    /// Which command each request became that was taken, by its number in the plan.
    pub commands: BTreeMap<u32, (DeviceId, CommandId)>,
    /// Every command the server knows at the end.
    pub stored: BTreeSet<CommandId>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every promise was kept.
    Kept,
    /// The first broken one.
    Broken(Violation),
}

/// A connection and whose it is.
#[derive(Debug)]
struct Open {
    link: Link,
    device: u32,
    ends: Ends,
}

/// Who still holds a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Both,
    /// The device has lost it; what it sent before is still on its way.
    ServerOnly,
}

/// Something on its way.
#[derive(Debug)]
enum Event {
    Act(usize),
    EnrolAsked {
        device: u32,
        attempt: u64,
        key: Key,
    },
    EnrolAnswered {
        device: u32,
        attempt: u64,
        key: Key,
        answer: Result<DeviceId, CloseCode>,
    },
    ConnectAsked {
        device: u32,
        attempt: u64,
        key: Key,
        life: DeviceId,
    },
    ConnectAnswered {
        device: u32,
        attempt: u64,
        link: Result<LinkId, CloseCode>,
    },
    AttemptLost {
        device: u32,
        attempt: u64,
    },
    /// TLS refuses the certificate.
    HandshakeRefused {
        device: u32,
        attempt: u64,
    },
    Up {
        link: LinkId,
        message: ToServer,
    },
    Down {
        link: LinkId,
        message: ToDevice,
    },
    /// The device has closed.
    ClosedByDevice {
        link: LinkId,
    },
    /// The device is done with leaving.
    Left {
        device: u32,
        link: LinkId,
    },
    /// The server has closed.
    ClosedByServer {
        link: LinkId,
        code: CloseCode,
    },
    /// A side that was told nothing gives up.
    ServerNotices {
        link: LinkId,
    },
    Rested {
        device: u32,
        attempt: u64,
    },
    DeviceTimer {
        device: u32,
        at: Timestamp,
    },
    /// The device gives up a connection over which nothing has come for long.
    DeviceNotices {
        device: u32,
        link: LinkId,
    },
    /// The person has something to do.
    PersonActs {
        device: u32,
    },
    /// The user does something because a fault says so.
    UserActs {
        device: u32,
        does: UserDoes,
    },
    OutageOver {
        device: u32,
    },
    Sweep {
        life: DeviceId,
    },
    VendorAsked {
        life: DeviceId,
        call: muster_control::VendorCall,
    },
    VendorAnswered {
        life: DeviceId,
        command: CommandId,
        outcome: VendorOutcome,
    },
    VendorAgain {
        life: DeviceId,
    },
    /// The server looks whether a device has to be woken.
    PushDue {
        life: DeviceId,
    },
    PushAsked {
        life: DeviceId,
        order: PushOrder,
    },
    PushAnswered {
        life: DeviceId,
        order: PushOrder,
        outcome: PushOutcome,
    },
    /// A push reaches its device.
    Wake {
        device: u32,
        word: WakeWord,
    },
    /// The device finds its push service again.
    PushPathBack {
        device: u32,
    },
    ServerStarts,
    Calm,
    Help,
}

#[derive(Debug)]
struct Scheduled {
    at: Timestamp,
    sequence: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl World {
    /// Plays `plan` until a promise is broken or the end has come.
    #[must_use]
    pub fn run(plan: Plan, keep: Keep) -> Outcome {
        let mut world = Self::new(plan, keep);
        world.begin();
        let mut events = 0;
        let mut ending = Ending::Kept;
        while let Some(Reverse(next)) = world.heap.pop() {
            if next.at > world.plan.end_at {
                break;
            }
            world.advance(next.at);
            events += 1;
            world.step(next.event);
            if let Some(violation) = world.take_violation() {
                ending = Ending::Broken(violation);
                break;
            }
        }
        if ending == Ending::Kept {
            world.now = world.plan.end_at;
            world.judge();
            if let Some(violation) = world.take_violation() {
                ending = Ending::Broken(violation);
            }
        }
        let stored = world.server.store.commands().map(|(_, id)| id).collect();
        let Self { log, now: at, secrets, commands, .. } = world;
        Outcome { ending, log, events, at, secrets, commands, stored }
    }

    /// The first broken promise, once, and the run it was broken in.
    fn take_violation(&mut self) -> Option<Violation> {
        let violation = self.witness.take_violation()?;
        Some(Violation { origin: Origin::of(&self.plan), ..violation })
    }

    /// Moves the clock; a world in which it does not move any more is a broken promise.
    fn advance(&mut self, at: Timestamp) {
        self.standing = if at == self.now { self.standing + 1 } else { 0 };
        self.now = at;
        if self.standing > STANDING_MAX {
            self.witness.time_stands_still(at);
        }
    }

    fn new(plan: Plan, keep: Keep) -> Self {
        let seed = Seed::root(plan.seed);
        let calendar = Calendar::new(plan.day).unwrap_or_else(Calendar::real);
        let actor = |it: &PlannedDevice| (it.number, Actor::new(it, seed).held(it, seed, calendar));
        let actors = plan.devices.iter().map(actor).collect();
        Self {
            seed,
            now: Timestamp::ZERO,
            heap: BinaryHeap::new(),
            scheduled: 0,
            actors,
            links: BTreeMap::new(),
            sweeps: BTreeMap::new(),
            keys_made: 0,
            server: Server::new(plan.readings),
            server_busy_until: Timestamp::ZERO,
            server_ahead: Duration::ZERO,
            vendor: vendor_side::books(&plan.devices),
            vendor_down_until: Timestamp::ZERO,
            push: PushServiceState::default(),
            pushes: BTreeMap::new(),
            pushing: BTreeSet::new(),
            foul_pushes: Vec::new(),
            by_serial: push::by_serial(&plan.devices),
            commands: BTreeMap::new(),
            log: Log::new(keep),
            secrets: Secrets::default(),
            standing: 0,
            notes: None,
            refused_handshakes: 0,
            witness: Witness::new(plan.readings.activation_lock_route),
            plan,
        }
    }

    fn begin(&mut self) {
        for index in 0..self.plan.acts.len() {
            self.schedule(self.plan.acts[index].at, Event::Act(index));
        }
        self.schedule(self.plan.calm_at, Event::Calm);
        self.begin_offline();
        let numbers: Vec<u32> = self.actors.keys().copied().collect();
        for device in numbers {
            self.switch_on(device);
            self.schedule_person(device);
        }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Act(index) => self.act(index),
            Event::EnrolAsked { device, attempt, key } => self.enrol_asked(device, attempt, key),
            Event::EnrolAnswered { device, attempt, key, answer } => {
                self.enrol_answered((device, attempt), key, answer);
            }
            Event::ConnectAsked { device, attempt, key, life } => {
                self.connect_asked((device, attempt), key, life);
            }
            Event::ConnectAnswered { device, attempt, link } => {
                self.connect_answered(device, attempt, link);
            }
            Event::AttemptLost { device, attempt } => self.attempt_lost(device, attempt),
            Event::HandshakeRefused { device, attempt } => self.handshake_refused(device, attempt),
            Event::Up { link, message } => self.up(link, message),
            Event::Down { link, message } => self.down(link, message),
            Event::ClosedByDevice { link } => self.closed_by_device(link),
            Event::Left { device, link } => self.left(device, link),
            Event::ClosedByServer { link, code } => self.closed_by_server(link, code),
            Event::ServerNotices { link } => self.server_notices(link),
            Event::Rested { device, attempt } => self.rested(device, attempt),
            Event::DeviceTimer { device, at } => self.device_timer(device, at),
            Event::DeviceNotices { device, link } => self.device_notices(device, link),
            Event::PersonActs { device } => self.person_acts(device),
            Event::UserActs { device, does } => self.user_acts(device, does),
            Event::OutageOver { device } => self.outage_over(device),
            Event::Sweep { life } => self.sweep(life),
            Event::VendorAsked { life, call } => self.vendor_asked(life, call),
            Event::VendorAnswered { life, command, outcome } => {
                self.vendor_answered(life, command, outcome);
            }
            Event::VendorAgain { life } => self.call_vendor(life),
            Event::PushDue { life } => self.push_due(life),
            Event::PushAsked { life, order } => self.push_asked(life, order),
            Event::PushAnswered { life, order, outcome } => {
                self.push_answered(life, &order, outcome);
            }
            Event::Wake { device, word } => self.wake(device, word),
            Event::PushPathBack { device } => self.follow_presence(device),
            Event::ServerStarts => self.server_starts(),
            Event::Calm => self.calm(),
            Event::Help => self.help(),
        }
    }

    fn schedule(&mut self, at: Timestamp, event: Event) {
        let sequence = self.scheduled;
        self.scheduled += 1;
        self.heap.push(Reverse(Scheduled { at, sequence, event }));
    }

    /// Writes a line, and shows it to the witness.
    fn see(&mut self, device: Option<u32>, what: What) {
        let entry = Entry { at: self.now, device, what };
        self.witness.see(&entry);
        self.log.push(entry);
    }

    fn see_all(&mut self, effects: &mut Effects) {
        for (life, what) in core::mem::take(&mut effects.seen) {
            self.see(Some(owner(life)), what);
        }
    }

    /// The end: what was promised has to have come true.
    fn judge(&mut self) {
        let stored: Vec<CommandId> = self.server.store.commands().map(|(_, id)| id).collect();
        self.witness.stored(self.now, &stored);
        for life in self.server.former_lives() {
            self.witness.over(self.now, life);
        }
        for (device, life, standing) in self.standings() {
            // A woken device may be on its way at any moment, this one too.
            let is_woken = self.actors[&device].device.contact() == Contact::Woken;
            let standing = if is_woken { Standing::Asleep } else { standing };
            self.witness.end(self.now, device, life, standing);
        }
    }

    /// Shows the witness who is connected.
    fn check_presence(&mut self) {
        for (device, life, standing) in self.standings() {
            self.witness.standing(self.now, device, life, standing);
        }
    }

    /// Who wants to be connected, and is or is not.
    ///
    /// A device that finds no network by itself, as one that restarted while it was lost, stays
    /// away for good; nobody promised otherwise.
    fn standings(&self) -> Vec<(u32, DeviceId, Standing)> {
        let is_wanted = |actor: &&Actor| actor.aim != Aim::Rest || actor.is_to_be_woken();
        let wanted = self.actors.values().filter(is_wanted);
        wanted
            .filter_map(|actor| Some((actor.number, actor.device.id()?, self.standing(actor))))
            .collect()
    }

    /// Whether the device is managed and served.
    fn standing(&self, actor: &Actor) -> Standing {
        if actor.is_to_be_woken() {
            return Standing::Asleep;
        }
        let served = actor.device.phase() == Phase::Enrolled
            && actor.device.id().is_some_and(|life| self.server.is_ready(life));
        if served { Standing::Served } else { Standing::Away }
    }
}

/// What an administrator's action is called.
const fn name_of(action: &Action) -> &'static str {
    action.kind().graph_name()
}
