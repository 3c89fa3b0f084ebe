//! One day of a person, from waking up to waking up: a function of routine, seed and day.

use alloc::vec::Vec;

use muster_protocol::Seed;
use muster_protocol::seed::Stream;
use serde::{Deserialize, Serialize};

use super::Attention;
use super::act::Act;
use super::calendar::Moment;
use super::routine::{Away, DayKind, Glances, HOUR, Phase, Range, Reach, Routine, ScreenUse};

/// Seconds of a minute.
const MINUTE: u64 = 60;

/// The first look at a device after waking up or switching it on, in minutes.
const FIRST_LOOK: Range = Range::new(2, 5);

/// What a person and the world around make of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Situation {
    pub(super) reach: Reach,
    pub(super) attention: Attention,
}

/// From a moment up to, but without, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Moment,
    to: Moment,
}

impl Span {
    fn has(self, moment: Moment) -> bool {
        self.from <= moment && moment < self.to
    }

    /// The part of it that is within another.
    fn within(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
}

/// A day.
#[derive(Debug)]
pub(super) struct Day {
    whole: Span,
    awake: Span,
    absences: Vec<(Span, Reach)>,
    looks: Vec<Span>,
    whims: Vec<(Moment, Act)>,
}

impl Day {
    /// The day that begins when the person wakes on day number `number`.
    pub(super) fn plan(routine: &Routine, seed: Seed, number: u64) -> Self {
        let mut draws = seed.child("day", number).stream();
        let from = wakes(routine, seed, number);
        let whole = Span { from, to: wakes(routine, seed, number.saturating_add(1)) };
        let asleep = from.after(routine.awake.draw(&mut draws) * MINUTE).min(whole.to);
        let mut day = Self {
            whole,
            awake: Span { from, to: asleep },
            absences: Vec::new(),
            looks: Vec::new(),
            whims: Vec::new(),
        };
        match away(routine, seed, number) {
            Some(reach) => day.absences.push((whole, reach)),
            None => day.plan_absences(routine, number, &mut draws),
        }
        day.plan_looks(routine, number, &mut draws);
        day.plan_whims(routine, &mut draws);
        day
    }

    /// The day a moment falls into, and its number.
    pub(super) fn of(routine: &Routine, seed: Seed, moment: Moment) -> (u64, Self) {
        let date = moment.day();
        let number =
            if moment < wakes(routine, seed, date) { date.saturating_sub(1) } else { date };
        (number, Self::plan(routine, seed, number))
    }

    /// How things stand at a moment of this day.
    pub(super) fn at(&self, moment: Moment) -> Situation {
        let present = self.absences.iter().filter(|(span, _)| span.has(moment));
        let reach = present.map(|(_, reach)| *reach).max().unwrap_or(Reach::Online);
        let attention = match reach {
            Reach::Online | Reach::Offline if self.looks.iter().any(|look| look.has(moment)) => {
                Attention::OnDevice
            }
            Reach::Online | Reach::Offline | Reach::Off | Reach::Flat => Attention::Elsewhere,
        };
        Situation { reach, attention }
    }

    /// What the person does out of the line at a moment.
    pub(super) fn whims_at(&self, moment: Moment) -> impl Iterator<Item = Act> {
        self.whims.iter().filter(move |(at, _)| *at == moment).map(|(_, act)| *act)
    }

    /// All moments at which something may change, in order.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let spans = self.absences.iter().map(|(span, _)| span).chain(&self.looks);
        let mut moments: Vec<Moment> = spans.flat_map(|span| [span.from, span.to]).collect();
        moments.push(self.whole.from);
        moments.extend(self.whims.iter().map(|(at, _)| at));
        moments.retain(|moment| self.whole.has(*moment));
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    fn plan_absences(&mut self, routine: &Routine, number: u64, draws: &mut Stream) {
        let kind = kind(routine, number);
        for spell in routine.spells {
            let happens = spell.odds.draw(draws);
            let from = Moment::midnight(number).after(spell.at.draw(draws) * MINUTE);
            let to = from.after(spell.minutes.draw(draws) * MINUTE);
            if happens && spell.days.include(kind) {
                self.absences.push((Span { from, to }.within(self.awake), spell.reach));
            }
        }
        let night = Span { from: self.awake.to, to: self.whole.to };
        let drawn = draws.below(100);
        if drawn < routine.night.off {
            self.absences.push((night, Reach::Off));
        } else if drawn < routine.night.off + routine.night.flight_mode {
            self.absences.push((night, Reach::Offline));
        }
    }

    fn plan_looks(&mut self, routine: &Routine, number: u64, draws: &mut Stream) {
        match routine.screen {
            ScreenUse::Always => self.looks.push(self.whole),
            ScreenUse::Glances(all) => {
                self.look_first(draws);
                let kind = kind(routine, number);
                for glances in all.iter().filter(|glances| glances.days.include(kind)) {
                    self.glance(glances, number, draws);
                }
            }
        }
    }

    fn glance(&mut self, glances: &Glances, number: u64, draws: &mut Stream) {
        let midnight = Moment::midnight(number);
        for hour in hours(glances.within).map(|minutes| midnight.after(minutes * MINUTE)) {
            if self.sleeps_through(hour) {
                continue;
            }
            for _ in 0..glances.per_hour.draw(draws) {
                let from = hour.after(draws.below(HOUR * MINUTE));
                self.look(from, glances.minutes.draw(draws));
            }
        }
    }

    /// After waking up, and whenever the device was off.
    fn look_first(&mut self, draws: &mut Stream) {
        self.look(self.awake.from, FIRST_LOOK.draw(draws));
        for index in 0..self.absences.len() {
            let (span, reach) = self.absences[index];
            match reach {
                Reach::Off | Reach::Flat => self.look(span.to, FIRST_LOOK.draw(draws)),
                Reach::Online | Reach::Offline => {}
            }
        }
    }

    /// Whether the hour that begins here is not one of those awake.
    fn sleeps_through(&self, hour: Moment) -> bool {
        hour.after(HOUR * MINUTE) <= self.awake.from || self.awake.to <= hour
    }

    fn look(&mut self, from: Moment, minutes: u64) {
        let look = Span { from, to: from.after(minutes * MINUTE) }.within(self.awake);
        if look.from < look.to {
            self.looks.push(look);
        }
    }

    fn plan_whims(&mut self, routine: &Routine, draws: &mut Stream) {
        for whim in routine.whims {
            let happens = whim.odds.draw(draws);
            let at = self.awake.from.after(draws.below(self.awake.to.since(self.awake.from)));
            if happens && self.at(at).reach < Reach::Off {
                self.whims.push((at, whim.act));
                self.look(at, FIRST_LOOK.first);
            }
        }
    }
}

/// The beginnings of the hours within a part of the day, in minutes.
fn hours(within: Range) -> impl Iterator<Item = u64> {
    (within.first / HOUR..within.last / HOUR).map(|hour| hour * HOUR)
}

fn kind(routine: &Routine, number: u64) -> DayKind {
    let weekday = usize::try_from(number % 7).unwrap_or(0);
    routine.week[weekday]
}

/// When a person wakes on a day.
pub(super) fn wakes(routine: &Routine, seed: Seed, number: u64) -> Moment {
    let range = match kind(routine, number) {
        DayKind::Work => routine.wakes,
        DayKind::Free => routine.wakes_free,
    };
    let mut draws = seed.child("wake", number).stream();
    Moment::midnight(number).after(range.draw(&mut draws) * MINUTE + draws.below(MINUTE))
}

/// How far the network reaches on a day away; `None` on others.
fn away(routine: &Routine, seed: Seed, number: u64) -> Option<Reach> {
    let away = routine.away?;
    let shifted = number.saturating_add(shift(&away, seed));
    let mut draws = seed.child("away", shifted / away.cycle_days).stream();
    let happens = away.odds.draw(&mut draws);
    let begins = away.begins.draw(&mut draws);
    let ends = begins + away.days.draw(&mut draws);
    let day = shifted % away.cycle_days;
    (happens && begins <= day && day < ends).then_some(away.reach)
}

fn shift(away: &Away, seed: Seed) -> u64 {
    match away.phase {
        Phase::Monday => 0,
        Phase::Drawn => seed.child("phase", 0).stream().below(away.cycle_days),
    }
}
