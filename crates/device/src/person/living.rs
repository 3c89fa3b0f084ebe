//! A life by habit: the days, one after the other, as events.

use alloc::collections::VecDeque;

use muster_protocol::habit::Habit;
use muster_protocol::{Seed, Timestamp};
use serde::{Deserialize, Serialize};

use super::act::Act;
use super::calendar::{Calendar, Moment};
use super::day::{Day, Situation};
use super::routine::Reach;
use super::routines::routine;
use super::{Attention, PersonEvent};

/// How many days are looked through for the next event: more than any habit leaves without one.
const DAYS_AHEAD_MAX: u64 = 60;

/// Someone with a habit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Living {
    habit: Habit,
    seed: Seed,
    calendar: Calendar,
    /// The day to plan next.
    next_day: u64,
    /// As after the last event in `due`.
    planned: Situation,
    attention: Attention,
    /// The rest of the day. A day has some dozens of events, which the routine bounds.
    due: VecDeque<(Moment, Act)>,
}

impl Living {
    pub(super) fn new(habit: Habit, seed: Seed, calendar: Calendar) -> Self {
        let mut living = Self {
            habit,
            seed,
            calendar,
            next_day: 0,
            planned: Situation { reach: Reach::Online, attention: Attention::Elsewhere },
            attention: Attention::Elsewhere,
            due: VecDeque::new(),
        };
        living.resume(Timestamp::ZERO);
        living
    }

    pub(super) fn resume(&mut self, now: Timestamp) {
        let now = self.calendar.moment(now);
        let (number, day) = Day::of(routine(self.habit), self.seed, now);
        self.due.clear();
        self.next_day = number.saturating_add(1);
        self.begin(now, day.at(now));
        for moment in day.moments().into_iter().filter(|moment| *moment > now) {
            self.live(&day, moment);
        }
        self.look_ahead();
    }

    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.due.front().map(|(moment, _)| self.calendar.timestamp(*moment))
    }

    pub(super) fn handle(&mut self, now: Timestamp) -> Option<PersonEvent> {
        if self.next_event()? > now {
            return None;
        }
        let (_, act) = self.due.pop_front()?;
        self.look_ahead();
        self.attention = act.attention().unwrap_or(self.attention);
        Some(act.event())
    }

    pub(super) const fn attention(&self) -> Attention {
        self.attention
    }

    /// Brings a device in an unknown state into that of a moment.
    fn begin(&mut self, now: Moment, situation: Situation) {
        self.planned = Situation { reach: Reach::Online, attention: Attention::OnDevice };
        match situation.reach {
            Reach::Online | Reach::Offline => {}
            Reach::Off | Reach::Flat => self.put_off(now, situation.reach),
        }
        match situation.attention {
            Attention::OnDevice => self.push(now, Act::Unlock),
            Attention::Elsewhere => self.push(now, Act::Lock),
        }
        self.planned.attention = situation.attention;
        self.change(now, situation);
    }

    /// Plans days until one has an event.
    fn look_ahead(&mut self) {
        let last = self.next_day.saturating_add(DAYS_AHEAD_MAX);
        while self.due.is_empty() && self.next_day < last {
            let day = Day::plan(routine(self.habit), self.seed, self.next_day);
            self.next_day += 1;
            for moment in day.moments() {
                self.live(&day, moment);
            }
        }
    }

    fn live(&mut self, day: &Day, moment: Moment) {
        for act in day.whims_at(moment) {
            self.push(moment, act);
            self.planned.attention = act.attention().unwrap_or(self.planned.attention);
        }
        self.change(moment, day.at(moment));
    }

    /// Whatever leads from how things stand to how they shall.
    fn change(&mut self, moment: Moment, to: Situation) {
        match (self.planned.reach, to.reach) {
            (Reach::Online, Reach::Offline) => self.push(moment, Act::GoOffline),
            (Reach::Offline, Reach::Online) => self.push(moment, Act::GoOnline),
            (Reach::Online | Reach::Offline, Reach::Off | Reach::Flat) => {
                self.put_off(moment, to.reach);
            }
            (Reach::Off | Reach::Flat, Reach::Online | Reach::Offline) => {
                self.put_on(moment, to.reach);
            }
            // A device that is off cannot be put off once more.
            (Reach::Online, Reach::Online)
            | (Reach::Offline, Reach::Offline)
            | (Reach::Off | Reach::Flat, Reach::Off | Reach::Flat) => {}
        }
        match (self.planned.reach, to.reach) {
            (Reach::Off | Reach::Flat, Reach::Off | Reach::Flat) => {}
            (_, reach) => self.planned.reach = reach,
        }
        match (self.planned.attention, to.attention) {
            (Attention::Elsewhere, Attention::OnDevice) => self.push(moment, Act::Unlock),
            (Attention::OnDevice, Attention::Elsewhere) => self.push(moment, Act::Lock),
            (Attention::OnDevice, Attention::OnDevice)
            | (Attention::Elsewhere, Attention::Elsewhere) => {}
        }
        self.planned.attention = to.attention;
    }

    fn put_off(&mut self, moment: Moment, how: Reach) {
        self.push(moment, if how == Reach::Flat { Act::DrainBattery } else { Act::PowerOff });
        if self.planned.reach == Reach::Online {
            self.push(moment, Act::GoOffline);
        }
        self.planned = Situation { reach: how, attention: Attention::Elsewhere };
    }

    /// A system that does not know of being off restarts instead; each ignores the other event.
    fn put_on(&mut self, moment: Moment, to: Reach) {
        if self.planned.reach == Reach::Flat {
            self.push(moment, Act::ChargeBattery);
        }
        self.push(moment, Act::Reboot);
        self.push(moment, Act::PowerOn);
        if to == Reach::Online {
            self.push(moment, Act::GoOnline);
        }
    }

    fn push(&mut self, moment: Moment, act: Act) {
        self.due.push_back((moment, act));
    }
}
