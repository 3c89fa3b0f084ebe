//! The agent's shell in the simulated world: a device, its identity and its way to the server.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use muster_device::push::WakeWord;
use muster_device::{Backoff, Calendar, Device, Input, Person, Phase};
use muster_protocol::management::CommandResult;
use muster_protocol::planted::{Plant, is};
use muster_protocol::{DeviceId, Policy, PushTarget, Seed, Timestamp};
use muster_scenario::TakenOut;

use crate::armed::Armed;
use crate::fault::{Condition, Fault};
use crate::link::{LinkId, Weather};
use crate::plan::PlannedDevice;
use crate::server::Key;
use crate::world::Misdeed;

/// Which crash loses a write, if that fault is planted.
const LOSING_CRASH: u32 = 4;

/// What the core wants of its shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    Rest,
    Enrol,
    Connect,
}

/// The way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Down,
    /// Comes back later.
    Resting,
    /// An attempt is under way, with this number.
    Trying(u64),
    Up {
        link: LinkId,
        since: Timestamp,
    },
    /// What was sent last has to arrive before anything else begins.
    Leaving(LinkId),
}

/// Whether there is any network around a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Online,
    Offline,
}

/// Whether the run has switched a device on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// Whether the core has said all it has to say.
#[derive(Debug)]
pub(crate) enum Turn {
    Waits,
    /// It speaks; what comes meanwhile waits in this order.
    Speaks(VecDeque<Input>),
}

/// Key and certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) key: Key,
    pub(crate) life: Option<DeviceId>,
}

/// Everything of one device.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) number: u32,
    pub(crate) policy: Policy,
    pub(crate) device: Device,
    pub(crate) turn: Turn,
    pub(crate) identity: Option<Identity>,
    /// What a crash leaves.
    pub(crate) durable: Box<(Device, Option<Identity>)>,
    /// The write before that, for a planted fault only.
    earlier: Option<Box<(Device, Option<Identity>)>>,
    /// How often it died.
    pub(crate) crashes: u32,
    pub(crate) aim: Aim,
    pub(crate) way: Way,
    pub(crate) switch: Switch,
    pub(crate) reach: Reach,
    pub(crate) last_answer: Option<CommandResult>,
    /// What it does wrong with its next answer, where it is played by hand.
    pub(crate) misdeed: Option<Misdeed>,
    /// Faults that wait for their moment.
    pub(crate) armed: Vec<Armed>,
    /// What the step under way does differently.
    pub(crate) twist: Option<Fault>,
    /// What goes wrong with the next pushes.
    pub(crate) wakes: VecDeque<Fault>,
    /// Pushes the next one overtakes.
    pub(crate) held_wakes: Vec<WakeWord>,
    /// From when on it is connected to its push service, if it has a network.
    pub(crate) push_path_from: Timestamp,
    /// Where it is woken; the system remembers that when the agent dies.
    pub(crate) push_target: Option<PushTarget>,
    /// How often it asked for an address.
    pub(crate) registrations: u32,
    /// The path to the server.
    pub(crate) weather: Weather,
    /// How late it answers, and until when.
    pub(crate) slow: (Duration, Timestamp),
    /// How far its clock is ahead.
    pub(crate) ahead: Duration,
    /// When an outage of its network ends.
    pub(crate) offline_until: Timestamp,
    /// Whether another connection with its identity took its place.
    pub(crate) gave_way: bool,
    /// Of which device it is a copy.
    pub(crate) copy_of: Option<u32>,
    /// Who holds it.
    pub(crate) person: Option<Box<Person>>,
    /// What becomes of it once its management has ended.
    pub(crate) taken_out: TakenOut,
    /// Connections it has had.
    pub(crate) links: u32,
    pub(crate) timer: Option<Timestamp>,
    pub(crate) attempts: u64,
    /// The connection the server has welcomed last.
    pub(crate) welcomed: Option<LinkId>,
    /// Handshakes refused in a row.
    pub(crate) refusals: u8,
    pub(crate) backoff: Backoff,
}

impl Actor {
    pub(crate) fn new(planned: &PlannedDevice, seed: Seed) -> Self {
        let index = u64::from(planned.number);
        let device = Device::new(planned.spec.clone(), seed.child("device", index));
        Self {
            number: planned.number,
            policy: planned.policy,
            durable: Box::new((device.clone(), None)),
            earlier: None,
            crashes: 0,
            device,
            turn: Turn::Waits,
            identity: None,
            aim: Aim::Rest,
            way: Way::Down,
            switch: Switch::On,
            reach: Reach::Online,
            last_answer: None,
            misdeed: None,
            armed: Vec::new(),
            twist: None,
            wakes: VecDeque::new(),
            held_wakes: Vec::new(),
            push_path_from: Timestamp::ZERO,
            push_target: None,
            registrations: 0,
            weather: Weather::fair(seed.child("weather", index).stream()),
            slow: (Duration::ZERO, Timestamp::ZERO),
            ahead: Duration::ZERO,
            offline_until: Timestamp::ZERO,
            gave_way: false,
            copy_of: None,
            person: None,
            taken_out: TakenOut::No,
            links: 0,
            timer: None,
            attempts: 0,
            welcomed: None,
            refusals: 0,
            backoff: Backoff::new(seed.child("backoff", index).stream()),
        }
    }

    /// In the hands of whoever holds it, whose days are those of `calendar`.
    pub(crate) fn held(mut self, planned: &PlannedDevice, seed: Seed, calendar: Calendar) -> Self {
        let seed = seed.child("person", u64::from(planned.number));
        let person = |habit| Box::new(Person::new(habit, seed, calendar));
        self.person = planned.habit.map(person);
        self
    }

    /// Makes the present state survive a crash. Outputs not carried out yet do not.
    pub(crate) fn persist(&mut self) {
        let mut device = self.device.clone();
        while device.poll_output().is_some() {}
        if is(Plant::FourthCrashLosesWrite) {
            self.earlier = Some(self.durable.clone());
        }
        *self.durable = (device, self.identity);
    }

    /// Goes back to what survived.
    pub(crate) fn crash(&mut self) {
        self.crashes += 1;
        if let Some(earlier) = self.earlier.take_if(|_| self.crashes == LOSING_CRASH) {
            self.durable = earlier;
        }
        let (device, identity) = (*self.durable).clone();
        self.device = device;
        self.identity = identity;
        // Whoever is dead hears nothing of what was on its way to them.
        if let Turn::Speaks(later) = &mut self.turn {
            later.clear();
        }
        self.aim = Aim::Rest;
        self.way = Way::Down;
        self.last_answer = None;
        self.timer = None;
        self.twist = None;
        self.gave_way = false;
    }

    /// A copy with the same identity, from what is durable.
    pub(crate) fn copy(&self, planned: &PlannedDevice, number: u32, seed: Seed) -> Self {
        let planned = PlannedDevice { number, habit: None, ..planned.clone() };
        let mut copy = Self::new(&planned, seed);
        let (device, identity) = (*self.durable).clone();
        copy.device = device;
        copy.identity = identity;
        copy.copy_of = Some(self.number);
        copy.persist();
        copy
    }

    /// Whether it is so.
    pub(crate) fn is(&self, condition: Condition) -> bool {
        match condition {
            Condition::Enrolled => self.device.phase() == Phase::Enrolled,
            Condition::Connected => self.device.phase() == Phase::Enrolled && self.link().is_some(),
            Condition::Lost => self.device.is_lost(),
            Condition::SwitchedOff => !self.device.is_switched_on(),
            Condition::Unenrolled => self.device.phase() == Phase::Unenrolled,
        }
    }

    /// Whether it has a network: one that is switched off has none.
    pub(crate) fn has_network(&self) -> bool {
        (self.switch, self.reach) == (Switch::On, Reach::Online)
    }

    /// Whether it sleeps until a push brings it. A copy hears none.
    pub(crate) fn is_to_be_woken(&self) -> bool {
        self.aim == Aim::Rest && self.copy_of.is_none() && self.device.is_asleep()
    }

    /// Whether the flow of the step under way is changed in this way; if so, it was.
    pub(crate) fn takes(&mut self, twist: Fault) -> bool {
        self.twist.take_if(|set| *set == twist).is_some()
    }

    /// What its own clock says.
    pub(crate) fn clock(&self, now: Timestamp) -> Timestamp {
        now.after(self.ahead)
    }

    /// The moment at which its own clock says `at`.
    pub(crate) fn moment_of(&self, at: Timestamp) -> Timestamp {
        Timestamp::ZERO.after(at.since(Timestamp::ZERO.after(self.ahead)))
    }

    /// Takes its turn with an input, or leaves it for later if it speaks already.
    pub(crate) fn takes_turn(&mut self, input: Input) -> bool {
        match &mut self.turn {
            Turn::Speaks(later) => {
                later.push_back(input);
                false
            }
            Turn::Waits => {
                self.turn = Turn::Speaks(VecDeque::from([input]));
                true
            }
        }
    }

    /// What came first of what waits; with the last of it, its turn is over.
    pub(crate) fn next_input(&mut self) -> Option<Input> {
        let Turn::Speaks(later) = &mut self.turn else { return None };
        let next = later.pop_front();
        if next.is_none() {
            self.turn = Turn::Waits;
        }
        next
    }

    /// The number of its next connection.
    pub(crate) const fn next_link(&mut self) -> LinkId {
        self.links += 1;
        LinkId::of(self.number, self.links)
    }

    /// The link, while the connection stands.
    pub(crate) const fn link(&self) -> Option<LinkId> {
        match self.way {
            Way::Up { link, .. } => Some(link),
            Way::Down | Way::Resting | Way::Trying(_) | Way::Leaving(_) => None,
        }
    }

    /// Draws from another chance from now on.
    pub(crate) fn draw_anew(&mut self, seed: Seed) {
        self.backoff.draw_from(seed.child("backoff", u64::from(self.number)).stream());
    }
}
