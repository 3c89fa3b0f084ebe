//! One direction of a link: what becomes of each datagram.

use std::time::Duration;

use muster_protocol::Seed;
use muster_protocol::seed::Stream;

use super::counters::{LinkCount, LinkCounters};
use super::pace::Pace;
use super::{Direction, LinkFault, LinkRule, Rate, Window};

/// Odds are of this many.
const MILLION: u64 = 1_000_000;

/// One direction, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    rules: Vec<Bound>,
    /// Datagrams so far.
    index: u64,
}

/// A rule with its chance and what it remembers.
#[derive(Clone, Debug)]
struct Bound {
    /// Its place among all rules of the link.
    number: usize,
    rule: LinkRule,
    seed: Seed,
    phase: Phase,
    pace: Pace,
}

/// An instant of a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Counted from the start of the link, in the machine's time.
    pub(super) since_start: Duration,
    /// What the clock of the faults says; nothing before it has begun.
    pub(super) fault_time: Option<Duration>,
}

/// A datagram, as far as its fate depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing {
    /// When it comes.
    pub(super) moment: Moment,
    /// How large it is.
    pub(super) bytes: usize,
    /// How long the device has sent nothing.
    pub(super) silent_for: Duration,
}

/// Of a fault that comes in bursts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Quiet,
    Bursting,
}

/// What becomes of one datagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// Each copy that arrives, by how much later.
    pub(super) arrivals: Vec<Duration>,
    /// The bit that changes, counted over and over its length.
    pub(super) flipped_bit: Option<u64>,
    /// Why, to be counted.
    pub(super) counts: Vec<LinkCount>,
}

impl Lane {
    pub(super) fn new(seed: Seed, direction: Direction, rules: &[LinkRule]) -> Self {
        let seed = seed.child(if direction == Direction::Up { "up" } else { "down" }, 0);
        let mut bound: Vec<Bound> = Vec::new();
        let numbered = rules.iter().enumerate();
        for (number, rule) in numbered.filter(|(_, rule)| rule.direction.covers(direction)) {
            let name = rule.fault.name();
            let nth = bound.iter().filter(|bound| bound.rule.fault.name() == name).count();
            let seed = seed.child(name, u64::try_from(nth).unwrap_or(u64::MAX));
            let (phase, pace) = (Phase::Quiet, Pace::default());
            bound.push(Bound { number, rule: *rule, seed, phase, pace });
        }
        Self { rules: bound, index: 0 }
    }

    /// Gives the rule with this number another window.
    pub(super) fn open(&mut self, number: usize, window: Window) {
        for bound in self.rules.iter_mut().filter(|bound| bound.number == number) {
            bound.rule.window = window;
        }
    }

    /// Decides over the next datagram.
    pub(super) fn next(&mut self, passing: Passing) -> Fate {
        let index = self.index;
        self.index += 1;
        let mut draft = Draft::default();
        for bound in &mut self.rules {
            let is_on = |at| bound.rule.window.contains(at);
            if passing.moment.fault_time.is_some_and(is_on) {
                let chance = bound.seed.child("datagram", index).stream();
                bound.apply(passing, chance, &mut draft);
            }
        }
        draft.fate()
    }
}

/// What the rules want, before it is put together.
#[derive(Debug, Default)]
struct Draft {
    loss: Option<LinkCount>,
    later: Duration,
    again: Option<Duration>,
    flipped_bit: Option<u64>,
}

impl Draft {
    fn fate(self) -> Fate {
        let Self { loss, later, again, flipped_bit } = self;
        if let Some(why) = loss {
            return Fate { counts: vec![LinkCount::Seen, why], ..Fate::default() };
        }
        let mut fate = Fate { arrivals: vec![later], flipped_bit, counts: vec![LinkCount::Seen] };
        fate.counts.extend((!later.is_zero()).then_some(LinkCount::Delayed));
        fate.counts.extend(flipped_bit.map(|_bit| LinkCount::Corrupted));
        if let Some(after) = again {
            fate.arrivals.push(later.saturating_add(after));
            fate.counts.push(LinkCount::Duplicated);
        }
        fate
    }
}

/// How far behind the first a second copy comes, at most.
const COPY_WITHIN: Duration = Duration::from_millis(20);

impl Bound {
    fn apply(&mut self, passing: Passing, chance: Stream, draft: &mut Draft) {
        match self.rule.fault {
            LinkFault::Loss { .. }
            | LinkFault::BurstLoss { .. }
            | LinkFault::Delay { .. }
            | LinkFault::Jitter { .. }
            | LinkFault::Duplicate { .. }
            | LinkFault::Reorder { .. }
            | LinkFault::Corrupt { .. } => self.apply_chance(chance, draft),
            LinkFault::BlackHole => draft.loss = Some(LinkCount::Swallowed),
            LinkFault::UdpBlocked => draft.loss = Some(LinkCount::Blocked),
            LinkFault::MtuShrinks { bytes } => {
                if passing.bytes > usize::from(bytes) {
                    draft.loss.get_or_insert(LinkCount::TooLarge);
                }
            }
            LinkFault::MappingForgotten { idle } => {
                if passing.silent_for > idle {
                    draft.loss.get_or_insert(LinkCount::Unmapped);
                }
            }
            // What is lost already takes no room in a queue.
            LinkFault::RateLimit { bytes_per_s, queue } if draft.loss.is_none() => {
                let Passing { moment, bytes, .. } = passing;
                match self.pace.pass(moment.since_start, bytes, bytes_per_s, queue) {
                    Some(waits) => draft.later = draft.later.saturating_add(waits),
                    None => draft.loss = Some(LinkCount::Overflowed),
                }
            }
            LinkFault::RateLimit { .. } => {}
        }
    }

    fn apply_chance(&mut self, mut chance: Stream, draft: &mut Draft) {
        match self.rule.fault {
            LinkFault::Loss { rate } => {
                if hits(&mut chance, rate) {
                    draft.loss.get_or_insert(LinkCount::Lost);
                }
            }
            LinkFault::BurstLoss { rate, length } => {
                self.phase = next_burst(self.phase, rate, length, &mut chance);
                if self.phase == Phase::Bursting {
                    draft.loss.get_or_insert(LinkCount::Lost);
                }
            }
            LinkFault::Delay { by } => draft.later = draft.later.saturating_add(by),
            LinkFault::Jitter { below } => {
                draft.later = draft.later.saturating_add(chance.duration_below(below));
            }
            LinkFault::Duplicate { rate } => {
                if hits(&mut chance, rate) {
                    draft.again = Some(chance.duration_below(COPY_WITHIN));
                }
            }
            LinkFault::Reorder { rate, by } => {
                if hits(&mut chance, rate) {
                    draft.later = draft.later.saturating_add(by);
                }
            }
            LinkFault::Corrupt { rate } => {
                if hits(&mut chance, rate) {
                    draft.flipped_bit = Some(chance.next_u64());
                }
            }
            LinkFault::BlackHole
            | LinkFault::UdpBlocked
            | LinkFault::MtuShrinks { .. }
            | LinkFault::MappingForgotten { .. }
            | LinkFault::RateLimit { .. } => {}
        }
    }
}

fn hits(chance: &mut Stream, rate: Rate) -> bool {
    chance.chance(u64::from(rate.hits()), MILLION)
}

/// Two states, after Gilbert: bursts end so that they have their mean length, and begin so that
/// the share of time within one is the rate.
fn next_burst(phase: Phase, rate: Rate, length: u32, chance: &mut Stream) -> Phase {
    let length = u64::from(length.max(1));
    let lost = u64::from(rate.hits());
    let kept = MILLION - lost;
    let bursts = match phase {
        Phase::Bursting => !chance.chance(1, length),
        Phase::Quiet => kept == 0 || chance.chance(lost, kept.saturating_mul(length)),
    };
    if bursts { Phase::Bursting } else { Phase::Quiet }
}

impl LinkCounters {
    pub(super) fn count_all(&self, fate: &Fate) {
        for what in &fate.counts {
            self.count(*what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Window;

    const BEGINNING: Moment =
        Moment { since_start: Duration::ZERO, fault_time: Some(Duration::ZERO) };

    const AT_ONCE: Passing =
        Passing { moment: BEGINNING, bytes: 1_200, silent_for: Duration::ZERO };

    fn rule(fault: LinkFault) -> LinkRule {
        LinkRule { fault, direction: Direction::Both, window: Window::ALWAYS }
    }

    fn fates(rules: &[LinkRule], count: usize) -> Vec<Fate> {
        let mut lane = Lane::new(Seed::root(1), Direction::Up, rules);
        (0..count).map(|_| lane.next(AT_ONCE)).collect()
    }

    fn lost(fates: &[Fate]) -> usize {
        fates.iter().filter(|fate| fate.arrivals.is_empty()).count()
    }

    #[test]
    fn the_same_seed_gives_every_datagram_the_same_fate() {
        let rules = [rule(LinkFault::Loss { rate: Rate::percent(20) })];
        assert_eq!(fates(&rules, 200), fates(&rules, 200));
    }

    #[test]
    fn one_more_fault_shifts_no_draw_of_another() {
        let loss = rule(LinkFault::Loss { rate: Rate::percent(20) });
        let jitter = rule(LinkFault::Jitter { below: Duration::from_millis(50) });
        let alone = fates(&[loss], 200);
        let beside = fates(&[jitter, loss], 200);
        let arrives = |fates: &[Fate]| -> Vec<bool> {
            fates.iter().map(|fate| fate.arrivals.is_empty()).collect()
        };
        assert_eq!(arrives(&alone), arrives(&beside));
    }

    #[test]
    fn the_directions_draw_apart() {
        let rules = [rule(LinkFault::Loss { rate: Rate::percent(50) })];
        let mut down = Lane::new(Seed::root(1), Direction::Down, &rules);
        let down: Vec<Fate> = (0..200).map(|_| down.next(AT_ONCE)).collect();
        assert_ne!(fates(&rules, 200), down);
    }

    #[test]
    fn losses_come_at_their_rate_alone_or_in_bursts() {
        let even = fates(&[rule(LinkFault::Loss { rate: Rate::percent(20) })], 10_000);
        assert!((1_800..2_200).contains(&lost(&even)), "{}", lost(&even));
        let bursts = rule(LinkFault::BurstLoss { rate: Rate::percent(20), length: 10 });
        let bursts = fates(&[bursts], 10_000);
        assert!((1_500..2_500).contains(&lost(&bursts)), "{}", lost(&bursts));
        let pairs = |fates: &[Fate]| {
            let both = |pair: &&[Fate]| pair.iter().all(|fate| fate.arrivals.is_empty());
            fates.windows(2).filter(both).count()
        };
        assert!(pairs(&bursts) > 2 * pairs(&even));
    }

    #[test]
    fn a_partition_of_one_way_leaves_the_other_open() {
        let up = LinkRule { direction: Direction::Up, ..rule(LinkFault::BlackHole) };
        let mut lanes =
            [Direction::Up, Direction::Down].map(|way| Lane::new(Seed::root(1), way, &[up]));
        let arrivals = lanes.each_mut().map(|lane| lane.next(AT_ONCE).arrivals.len());
        assert_eq!(arrivals, [0, 1]);
    }

    #[test]
    fn what_is_counted_is_what_happens() {
        let always = [
            LinkFault::Delay { by: Duration::from_millis(5) },
            LinkFault::Duplicate { rate: Rate::ALWAYS },
            LinkFault::Corrupt { rate: Rate::ALWAYS },
        ]
        .map(rule);
        let fate = fates(&always, 1).remove(0);
        assert_eq!(fate.arrivals[0], Duration::from_millis(5));
        assert_eq!(fate.arrivals.len(), 2);
        assert!(fate.flipped_bit.is_some());
        let (seen, delayed) = (LinkCount::Seen, LinkCount::Delayed);
        let (corrupted, duplicated) = (LinkCount::Corrupted, LinkCount::Duplicated);
        assert_eq!(fate.counts, [seen, delayed, corrupted, duplicated]);
        let reorder = rule(LinkFault::Reorder { rate: Rate::ALWAYS, by: COPY_WITHIN });
        assert_eq!(fates(&[reorder], 1)[0].arrivals, [COPY_WITHIN]);
    }

    /// Why each datagram was lost, if it was.
    fn lost_to(fault: LinkFault, passing: &[Passing]) -> Vec<Option<LinkCount>> {
        let mut lane = Lane::new(Seed::root(1), Direction::Down, &[rule(fault)]);
        let fates = passing.iter().map(|passing| lane.next(*passing));
        fates.map(|fate| fate.arrivals.is_empty().then(|| fate.counts[1])).collect()
    }

    #[test]
    fn a_path_that_has_shrunk_drops_by_size_alone() {
        let sizes = [1_200, 1_201, 65_535].map(|bytes| Passing { bytes, ..AT_ONCE });
        let too_large = Some(LinkCount::TooLarge);
        let fault = LinkFault::MtuShrinks { bytes: 1_200 };
        assert_eq!(lost_to(fault, &sizes), [None, too_large, too_large]);
    }

    #[test]
    fn a_forgotten_device_is_reached_again_once_it_has_sent_something() {
        let ms = Duration::from_millis;
        let silent = [0, 30, 31, 0].map(|silent| Passing { silent_for: ms(silent), ..AT_ONCE });
        let fault = LinkFault::MappingForgotten { idle: ms(30) };
        assert_eq!(lost_to(fault, &silent), [None, None, Some(LinkCount::Unmapped), None]);
    }

    #[test]
    fn a_network_without_udp_lets_nothing_pass() {
        assert_eq!(lost_to(LinkFault::UdpBlocked, &[AT_ONCE]), [Some(LinkCount::Blocked)]);
    }

    #[test]
    fn a_slow_link_holds_back_and_loses_what_finds_its_queue_full() {
        let limit = LinkFault::RateLimit { bytes_per_s: 120_000, queue: 1 };
        let fates = fates(&[rule(limit)], 3);
        let later: Vec<_> = fates.iter().flat_map(|fate| &fate.arrivals).collect();
        assert_eq!(later, [&Duration::from_millis(10), &Duration::from_millis(20)]);
        assert_eq!(fates[2].counts, [LinkCount::Seen, LinkCount::Overflowed]);
        let lost_before = fates_of([LinkFault::BlackHole, limit]);
        assert_eq!(lost_before.counts, [LinkCount::Seen, LinkCount::Swallowed]);
    }

    fn fates_of(faults: [LinkFault; 2]) -> Fate {
        fates(&faults.map(rule), 3).remove(2)
    }

    #[test]
    fn a_rule_waits_until_it_is_begun_by_its_number() {
        let waits = LinkRule { window: Window::NEVER, ..rule(LinkFault::BlackHole) };
        let only_up = LinkRule { direction: Direction::Up, ..waits };
        let mut down = Lane::new(Seed::root(1), Direction::Down, &[only_up, waits]);
        let arrives = |lane: &mut Lane| !lane.next(AT_ONCE).arrivals.is_empty();
        assert!(arrives(&mut down));
        down.open(0, Window::ALWAYS);
        assert!(arrives(&mut down), "that rule is of the other direction");
        down.open(1, Window::ALWAYS);
        assert!(!arrives(&mut down));
    }
}
