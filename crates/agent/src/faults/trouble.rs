//! What faults mean for one device.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::fault::{Condition, Moment, Trigger};
use muster_protocol::{Mode, Seed, Timestamp};
use muster_transport::{
    FaultClock, FaultCourse, FaultyLink, LinkCounters, LinkFault, LinkRule, LinkTotals, Rate,
    Window,
};
use tokio::time::Instant;

use super::waiting::{Strike, Waiting, fulfilled, striking};
use super::{DeviceFault, FaultsCount, FleetFault, PathFault, WakeFault, WhatFails};

/// Odds are of this many.
const MILLION: u64 = 1_000_000;

/// The faults of a fleet and what their chance comes from.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Vec<FleetFault>,
    seed: Seed,
    clock: FaultClock,
    start: Instant,
    counters: Arc<LinkCounters>,
}

impl FaultPlan {
    /// Of a fleet that starts now.
    pub(crate) fn start(faults: Vec<FleetFault>, count: FaultsCount, seed: Seed) -> Self {
        let start = Instant::now();
        let clock = match count {
            FaultsCount::FromStart => FaultClock::since(start),
            FaultsCount::WhenTold => FaultClock::waiting(),
        };
        Self { faults, seed, clock, start, counters: Arc::default() }
    }

    /// Has the time of all faults go on like this.
    pub(crate) fn go(&self, course: FaultCourse) {
        self.clock.go(course);
    }

    /// Whether a fault waits for its time by a timer of the device: all others are looked for when
    /// something happens.
    pub(crate) fn sets_timers(&self) -> bool {
        let moves = |fault: &FleetFault| {
            matches!(fault.what, WhatFails::Path(_)) && fault.trigger == Trigger::AtOnce
        };
        self.faults.iter().any(moves)
    }

    /// What was done to datagrams.
    pub(crate) fn totals(&self) -> LinkTotals {
        self.counters.totals()
    }

    /// What a device has to bear, if anything. `began` is the start in the time of the run.
    pub(crate) fn trouble(&self, subject: Subject, began: Timestamp) -> Option<Box<Trouble>> {
        let mut bears = Bears::default();
        for (nth, fault) in self.faults.iter().enumerate() {
            let Subject { index, mode } = subject;
            let seed = self.stream_of(nth, fault).child("device", u64::from(index));
            if fault.scope.strikes(index, mode, &mut seed.child("share", 0).stream()) {
                bears.add(fault, seed);
            }
        }
        let link = bears.needs_link().then(|| self.link(subject.index, &bears.rules));
        let shrinks = |rule: &LinkRule| matches!(rule.fault, LinkFault::MtuShrinks { .. });
        let measures_its_path = bears.rules.iter().any(shrinks);
        let Bears { rules: _, answers, wakes, moves, waiting } = bears;
        let is_any = link.is_some()
            || !answers.is_empty()
            || !wakes.is_empty()
            || !moves.is_empty()
            || !waiting.is_empty();
        let may_crash = answers.iter().any(|answers| answers.fault == DeviceFault::Crash)
            || waiting.iter().any(|waiting| waiting.strike == Strike::Crash);
        is_any.then(|| {
            Box::new(Trouble {
                link,
                answers,
                wakes,
                moves,
                waiting,
                struck: Vec::new(),
                struck_wakes: Vec::new(),
                may_crash,
                measures_its_path,
                answered: 0,
                woken: 0,
                clock: self.clock.clone(),
                start: self.start,
                began,
                durable: None,
            })
        })
    }

    fn link(&self, index: u32, rules: &[LinkRule]) -> FaultyLink {
        let seed = self.seed.child("link", u64::from(index));
        FaultyLink::new(seed, rules, self.clock.clone(), Arc::clone(&self.counters))
    }

    /// The seed of a fault: its name, and how many of that name come before it.
    fn stream_of(&self, nth: usize, fault: &FleetFault) -> Seed {
        let name = fault.what.name();
        let before = self.faults.iter().take(nth).filter(|other| other.what.name() == name).count();
        self.seed.child(name, u64::try_from(before).unwrap_or(u64::MAX))
    }
}

/// Who may be struck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    /// Its number in the fleet.
    pub(crate) index: u32,
    /// How it is managed.
    pub(crate) mode: Mode,
}

/// What a device bears, before it is put together.
#[derive(Default)]
struct Bears {
    rules: Vec<LinkRule>,
    answers: Vec<Now<DeviceFault>>,
    wakes: Vec<Now<WakeFault>>,
    moves: Vec<Moves>,
    waiting: Vec<Waiting>,
}

impl Bears {
    fn add(&mut self, fault: &FleetFault, seed: Seed) {
        let FleetFault { what, trigger, window, .. } = *fault;
        if trigger != Trigger::AtOnce {
            return self.wait_for(fault, seed);
        }
        match what {
            WhatFails::Link(fault, direction) => {
                self.rules.push(LinkRule { fault, direction, window });
            }
            WhatFails::Path(path) => {
                let next = window.next_beginning(Duration::ZERO);
                self.moves.push(Moves { path, window, next });
            }
            WhatFails::Answer(fault, rate) => {
                self.answers.push(Now { fault, rate, window, seed });
            }
            WhatFails::Wake(fault, rate) => {
                self.wakes.push(Now { fault, rate, window, seed });
            }
        }
    }

    fn wait_for(&mut self, fault: &FleetFault, seed: Seed) {
        let lasts = fault.window.lasts;
        let strike = match fault.what {
            WhatFails::Link(fault, direction) => {
                self.rules.push(LinkRule { fault, direction, window: Window::NEVER });
                Strike::Link { rule: self.rules.len().saturating_sub(1), lasts }
            }
            WhatFails::Path(path) => Strike::Path(path),
            WhatFails::Answer(DeviceFault::Crash, _) => Strike::Crash,
            WhatFails::Answer(fault, _) => Strike::Answer { fault, lasts },
            WhatFails::Wake(fault, _) => Strike::Wake { fault, lasts },
        };
        let (at, trigger) = (fault.window.at, fault.trigger);
        self.waiting.push(Waiting { at, trigger, strike, seed, seen: 0 });
    }

    /// Whether its datagrams go another way than those of the others.
    fn needs_link(&self) -> bool {
        let moves = self.moves.iter().map(|moves| moves.path);
        let struck = self.waiting.iter().filter_map(|waiting| match waiting.strike {
            Strike::Path(path) => Some(path),
            Strike::Link { .. } | Strike::Crash | Strike::Answer { .. } | Strike::Wake { .. } => {
                None
            }
        });
        !self.rules.is_empty() || moves.chain(struck).any(PathFault::needs_socket)
    }
}

/// Everything that goes wrong with one device.
pub(crate) struct Trouble {
    link: Option<FaultyLink>,
    answers: Vec<Now<DeviceFault>>,
    wakes: Vec<Now<WakeFault>>,
    moves: Vec<Moves>,
    waiting: Vec<Waiting>,
    /// Answers that go wrong because a moment has come.
    struck: Vec<Struck<DeviceFault>>,
    /// Pushes that do.
    struck_wakes: Vec<Struck<WakeFault>>,
    may_crash: bool,
    measures_its_path: bool,
    /// Answers so far.
    answered: u64,
    /// Pushes so far.
    woken: u64,
    clock: FaultClock,
    /// The start of the fleet, for the machine and in the time of the run.
    start: Instant,
    began: Timestamp,
    /// What a crash leaves, if there may be one.
    durable: Option<Vec<u8>>,
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trouble").field("answered", &self.answered).finish_non_exhaustive()
    }
}

/// A fault that is there with odds, while its window is open.
struct Now<F> {
    fault: F,
    rate: Rate,
    window: Window,
    seed: Seed,
}

impl<F> Now<F> {
    /// Whether it strikes the one with this number of what it is about.
    fn strikes(&self, now: Duration, (kind, number): (&'static str, u64)) -> bool {
        self.window.contains(now) && hits(self.seed.child(kind, number), self.rate)
    }
}

/// A fault whose moment has come.
struct Struck<F> {
    fault: F,
    /// The next answer or push if there is no end.
    until: Option<Duration>,
}

/// Ways change at beginnings: how long a window lasts bounds only how often.
struct Moves {
    path: PathFault,
    window: Window,
    /// In the time of the faults.
    next: Option<Duration>,
}

/// What goes wrong with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerFault {
    /// First of all it takes this long.
    pub(crate) slow: Duration,
    /// Then this happens, if anything.
    pub(crate) fault: Option<DeviceFault>,
}

impl AnswerFault {
    /// All is well.
    pub(crate) const NONE: Self = Self { slow: Duration::ZERO, fault: None };

    fn add(&mut self, fault: DeviceFault) {
        if let DeviceFault::Slow { by } = fault {
            self.slow = self.slow.saturating_add(by);
        } else {
            self.fault.get_or_insert(fault);
        }
    }
}

impl Trouble {
    /// The link of the device, if its datagrams are not left alone.
    pub(crate) const fn link(&self) -> Option<&FaultyLink> {
        self.link.as_ref()
    }

    /// Decides over the next answer. What waited for a moment goes first, then the first fault in
    /// the order of the plan wins; slowness adds up.
    pub(crate) fn next_answer(&mut self) -> AnswerFault {
        let index = self.answered;
        self.answered += 1;
        let mut wrong = AnswerFault::NONE;
        let Some(now) = self.now() else { return wrong };
        self.struck.retain(|struck| struck.until.is_none_or(|until| now < until));
        for struck in &self.struck {
            wrong.add(struck.fault);
        }
        self.struck.retain(|struck| struck.until.is_some());
        for answers in &self.answers {
            if answers.strikes(now, ("answer", index)) {
                wrong.add(answers.fault);
            }
        }
        wrong
    }

    /// Decides over the next push. What waited for a moment goes first, then the first fault in the
    /// order of the plan wins.
    pub(crate) fn next_wake(&mut self) -> Option<WakeFault> {
        let number = self.woken;
        self.woken += 1;
        let now = self.now()?;
        self.struck_wakes.retain(|struck| struck.until.is_none_or(|until| now < until));
        let struck = self.struck_wakes.first().map(|struck| struck.fault);
        self.struck_wakes.retain(|struck| struck.until.is_some());
        let strikes = |wakes: &&Now<WakeFault>| wakes.strikes(now, ("push", number));
        struck.or_else(|| self.wakes.iter().find(strikes).map(|wakes| wakes.fault))
    }

    /// Whether its path may carry less from some moment on, so that it matters what it carries.
    pub(crate) const fn measures_its_path(&self) -> bool {
        self.measures_its_path
    }

    /// Whether anything waits for a moment.
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A moment has come: what waited for it and is for the device itself to carry out.
    pub(crate) fn at(&mut self, moment: Moment) -> Vec<Strike> {
        let Some(now) = self.now() else { return Vec::new() };
        let struck = striking(&mut self.waiting, now, moment);
        self.strike(struck, now)
    }

    /// The same for a state that holds.
    pub(crate) fn when(&mut self, holds: impl Fn(Condition) -> bool) -> Vec<Strike> {
        let Some(now) = self.now() else { return Vec::new() };
        let struck = fulfilled(&mut self.waiting, now, holds);
        self.strike(struck, now)
    }

    /// How far the faults are in their time, if it has begun.
    fn now(&self) -> Option<Duration> {
        self.clock.elapsed(Instant::now())
    }

    fn strike(&mut self, mut struck: Vec<Strike>, now: Duration) -> Vec<Strike> {
        struck.retain(|strike| match *strike {
            Strike::Link { rule, lasts } => {
                if let Some(link) = &self.link {
                    link.begin(rule, lasts);
                }
                false
            }
            Strike::Answer { fault, lasts } => {
                let until = lasts.map(|lasts| now.saturating_add(lasts));
                self.struck.push(Struck { fault, until });
                false
            }
            Strike::Wake { fault, lasts } => {
                let until = lasts.map(|lasts| now.saturating_add(lasts));
                self.struck_wakes.push(Struck { fault, until });
                false
            }
            Strike::Path(_) | Strike::Crash => true,
        });
        struck
    }

    /// When the way of the device changes next by itself, as far as that is known.
    pub(crate) fn next_move(&self) -> Option<Timestamp> {
        let next = self.moves.iter().filter_map(|moves| moves.next).min()?;
        self.in_the_run(next)
    }

    /// The change that is due, if one is.
    pub(crate) fn take_move(&mut self, now: Timestamp) -> Option<PathFault> {
        let is_due = |moves: &Moves| {
            let at = moves.next.and_then(|next| self.in_the_run(next));
            at.is_some_and(|at| at <= now)
        };
        let due = self.moves.iter().position(is_due)?;
        let passed = self.clock.elapsed(self.start + now.since(self.began)).unwrap_or_default();
        let due = self.moves.get_mut(due)?;
        // Strictly later: a window begins at its beginning.
        let since = due.next.unwrap_or_default().max(passed) + Duration::from_micros(1);
        due.next = due.window.next_beginning(since);
        Some(due.path)
    }

    /// A moment of the faults in the time of the run, if it is known when that comes.
    fn in_the_run(&self, fault_time: Duration) -> Option<Timestamp> {
        let at = self.clock.instant(fault_time)?;
        Some(self.began.after(at.saturating_duration_since(self.start)))
    }

    /// Whether a crash may come, so that what is durable has to be known.
    pub(crate) const fn may_crash(&self) -> bool {
        self.may_crash
    }

    /// Takes note of what a crash would leave.
    pub(crate) fn keep(&mut self, durable: Vec<u8>) {
        self.durable = Some(durable);
    }

    /// What a crash leaves.
    pub(crate) fn durable(&self) -> Option<&[u8]> {
        self.durable.as_deref()
    }
}

fn hits(seed: Seed, rate: Rate) -> bool {
    seed.stream().chance(u64::from(rate.hits()), MILLION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &[&str]) -> FaultPlan {
        started(faults, FaultsCount::FromStart)
    }

    fn started(faults: &[&str], count: FaultsCount) -> FaultPlan {
        let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
        FaultPlan::start(faults, count, Seed::root(1))
    }

    fn trouble(plan: &FaultPlan, index: u32) -> Option<Box<Trouble>> {
        plan.trouble(Subject { index, mode: Mode::AndroidDedicated }, Timestamp::from_micros(7))
    }

    fn hit(plan: &FaultPlan) -> Vec<bool> {
        (0..1_000).map(|index| trouble(plan, index).is_some()).collect()
    }

    #[tokio::test]
    async fn a_share_of_the_devices_is_hit_the_same_one_for_the_same_seed() {
        let some = hit(&plan(&["crash share=20%"]));
        let count = some.iter().filter(|hit| **hit).count();
        assert!((150..250).contains(&count), "{count}");
        assert_eq!(hit(&plan(&["crash share=20%"])), some);
        assert_ne!(hit(&plan(&["slow by=1s share=20%"])), some);
        let beside = plan(&["loss rate=5% share=0%", "crash share=20%"]);
        assert_eq!(hit(&beside), some);
        assert!(hit(&plan(&[])).iter().all(|hit| !hit));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_slow_and_wrong_at_its_times_only() {
        let plan = plan(&["slow by=2s", "slow by=1s", "crash at=10s lasts=1s", "repeat-answer"]);
        let mut trouble = trouble(&plan, 0).unwrap();
        let wrong = trouble.next_answer();
        assert_eq!(wrong.slow, Duration::from_secs(3));
        assert_eq!(wrong.fault, Some(DeviceFault::RepeatAnswer));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(trouble.next_answer().fault, Some(DeviceFault::Crash));
        assert!(trouble.may_crash());
    }

    #[tokio::test]
    async fn ways_change_once_for_each_beginning() {
        let began = Timestamp::from_micros(7);
        let faults = plan(&["rebind at=1s every=2s", "migrate at=2s", "cut at=4s"]);
        let mut trouble = trouble(&faults, 0).unwrap();
        let mut at = began;
        let mut moves = Vec::new();
        while moves.len() < 5 {
            at = trouble.next_move().unwrap();
            moves.push((at.since(began).as_secs(), trouble.take_move(at).unwrap()));
        }
        assert_eq!(
            moves,
            [
                (1, PathFault::Rebind),
                (2, PathFault::Migrate),
                (3, PathFault::Rebind),
                (4, PathFault::Cut),
                (5, PathFault::Rebind)
            ]
        );
        assert!(trouble.take_move(at).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_goes_wrong_before_the_faults_are_told_to_begin() {
        let faults = ["repeat-answer", "wake-lost", "cut at=2s", "crash after=connected"];
        let plan = started(&faults, FaultsCount::WhenTold);
        let mut trouble = trouble(&plan, 0).unwrap();
        assert_eq!(trouble.next_answer(), AnswerFault::NONE);
        assert_eq!((trouble.next_wake(), trouble.next_move()), (None, None));
        assert!(trouble.at(Moment::Connected).is_empty(), "nor does a moment count");
        let from = Instant::now() + Duration::from_secs(5);
        plan.go(FaultCourse { from, at: Duration::ZERO, percent: 100 });
        assert_eq!(trouble.next_answer(), AnswerFault::NONE);
        let seven = Duration::from_secs(7);
        assert_eq!(trouble.next_move(), Some(Timestamp::from_micros(7).after(seven)));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(trouble.next_answer().fault, Some(DeviceFault::RepeatAnswer));
        assert_eq!(trouble.next_wake(), Some(WakeFault::Lost));
        assert_eq!(trouble.at(Moment::Connected), [Strike::Crash]);
    }

    #[tokio::test(start_paused = true)]
    async fn faults_stand_still_and_go_faster_with_their_clock() {
        let plan = plan(&["repeat-answer at=10s lasts=10s", "cut at=30s every=10s"]);
        let mut trouble = trouble(&plan, 0).unwrap();
        let is_on = |trouble: &mut Trouble| trouble.next_answer().fault.is_some();
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(is_on(&mut trouble));
        let go = |at: u64, percent| {
            let (from, at) = (Instant::now(), Duration::from_secs(at));
            plan.go(FaultCourse { from, at, percent });
        };
        go(15, 0);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(is_on(&mut trouble), "it stands still");
        assert_eq!(trouble.next_move(), None);
        go(15, 500);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!is_on(&mut trouble), "it is over after a fifth of the time");
        let second = |second: u64| Timestamp::from_micros(7 + second * 1_000_000);
        assert_eq!(trouble.next_move(), Some(second(15 + 60 + 3)));
        assert_eq!(trouble.take_move(second(78)), Some(PathFault::Cut));
        assert_eq!(trouble.next_move(), Some(second(80)));
    }

    #[tokio::test]
    async fn one_device_or_one_mode_is_struck_and_no_other() {
        let one = hit(&plan(&["crash device=7"]));
        assert_eq!(one.iter().filter(|hit| **hit).count(), 1);
        assert!(one[7]);
        assert!(hit(&plan(&["crash mode=dedicated"])).iter().all(|hit| *hit));
        assert!(hit(&plan(&["crash mode=user-enrollment"])).iter().all(|hit| !hit));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_goes_wrong_once_its_moment_has_come() {
        let faults = plan(&[
            "repeat-answer after=command-arrives nth=2",
            "slow by=1s after=connected lasts=5s",
        ]);
        let mut trouble = trouble(&faults, 0).unwrap();
        assert_eq!(trouble.at(Moment::CommandArrives), []);
        assert_eq!(trouble.next_answer(), AnswerFault::NONE);
        trouble.at(Moment::CommandArrives);
        trouble.at(Moment::Connected);
        let slow = Duration::from_secs(1);
        let repeated = Some(DeviceFault::RepeatAnswer);
        assert_eq!(trouble.next_answer(), AnswerFault { slow, fault: repeated });
        assert_eq!(trouble.next_answer(), AnswerFault { slow, fault: None });
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(trouble.next_answer(), AnswerFault::NONE);
    }

    #[tokio::test]
    async fn what_the_device_itself_has_to_do_is_handed_to_it() {
        let faults = plan(&["crash after=executed", "cut when=lost", "rebind after=connected"]);
        let mut trouble = trouble(&faults, 0).unwrap();
        assert!(trouble.may_crash() && trouble.link().is_some());
        assert_eq!(trouble.at(Moment::Executed), [Strike::Crash]);
        assert_eq!(trouble.when(|state| state == Condition::Lost), [Strike::Path(PathFault::Cut)]);
        assert_eq!(trouble.at(Moment::Connected), [Strike::Path(PathFault::Rebind)]);
        assert!(!trouble.is_waiting());
    }

    #[tokio::test(start_paused = true)]
    async fn a_push_goes_wrong_once_its_moment_has_come_and_with_odds_for_each() {
        let late = WakeFault::Late { by: Duration::from_secs(60) };
        let faults = plan(&["wake-late by=60s after=connected", "wake-lost rate=50% lasts=5s"]);
        let mut one = trouble(&faults, 0).unwrap();
        assert!(one.link().is_none() && one.is_waiting());
        one.at(Moment::Connected);
        assert_eq!(one.next_wake(), Some(late));
        let lost = (0..1_000).filter(|_push| one.next_wake() == Some(WakeFault::Lost)).count();
        assert!((400..600).contains(&lost), "{lost}");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(one.next_wake(), None);
    }

    #[tokio::test]
    async fn a_connection_is_cut_without_a_socket_of_its_own() {
        assert!(trouble(&plan(&["cut at=5s"]), 0).unwrap().link().is_none());
        assert!(trouble(&plan(&["cut after=answered"]), 0).unwrap().link().is_none());
    }

    #[tokio::test]
    async fn a_device_whose_path_may_shrink_measures_it() {
        let measures = |faults: &[&str]| trouble(&plan(faults), 0).unwrap().measures_its_path();
        assert!(measures(&["mtu-shrinks bytes=1200 after=connected"]));
        assert!(!measures(&["udp-blocked lasts=1s"]));
    }
}
