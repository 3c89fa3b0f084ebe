//! A week at a glance: one character an hour.

use alloc::string::String;

use muster_protocol::{Seed, Timestamp};

use super::act::Act;
use super::calendar::Calendar;
use super::{Attention, Connectivity, Habit, Person, PersonEvent};

/// Hours of a day.
const HOURS: u64 = 24;

/// Seven lines, Monday first: what a person of this habit does in each hour of a week.
///
/// A space: off for at least half of the hour, `.` no network for at least half, `r` restarted;
/// else `#` unlocked for at least ten minutes, `+` for less, `-` online and locked all the time.
#[must_use]
pub fn week_strip(habit: Habit, seed: Seed) -> String {
    let calendar = Calendar::real().from_midnight();
    let mut watch = Watch { person: Person::new(habit, seed, calendar), state: State::default() };
    let mut strip = String::new();
    for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().zip(0..) {
        let (name, number): (&str, u64) = day;
        strip.push_str(name);
        strip.push(' ');
        let hours = number * HOURS..(number + 1) * HOURS;
        strip.extend(hours.map(|hour| watch.hour(calendar.hours(hour), calendar.hours(hour + 1))));
        strip.push('\n');
    }
    strip
}

struct Watch {
    person: Person,
    state: State,
}

/// What can be seen of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Power {
    #[default]
    On,
    Off,
}

#[derive(Clone, Copy, Debug)]
struct State {
    power: Power,
    network: Connectivity,
}

impl Default for State {
    fn default() -> Self {
        Self { power: Power::On, network: Connectivity::Online }
    }
}

/// Microseconds of an hour in each state.
#[derive(Clone, Copy, Debug, Default)]
struct Shares {
    off: u64,
    offline: u64,
    unlocked: u64,
    restarts: u64,
}

impl Watch {
    fn hour(&mut self, from: Timestamp, to: Timestamp) -> char {
        let mut shares = Shares::default();
        let mut now = from;
        while now < to {
            self.catch_up(now, &mut shares);
            let next = self.person.next_event().map_or(to, |next| next.min(to));
            self.add(&mut shares, next.as_micros() - now.as_micros());
            now = next;
        }
        shares.symbol(to.as_micros() - from.as_micros())
    }

    fn catch_up(&mut self, now: Timestamp, shares: &mut Shares) {
        while let Some(event) = self.person.handle(now) {
            let is = |act: Act| event == act.event();
            shares.restarts += u64::from(is(Act::Reboot));
            if is(Act::PowerOff) || is(Act::DrainBattery) {
                self.state.power = Power::Off;
            } else if is(Act::PowerOn) {
                self.state.power = Power::On;
            } else if let PersonEvent::Network(network) = event {
                self.state.network = network;
            }
        }
    }

    fn add(&self, shares: &mut Shares, micros: u64) {
        match (self.state.power, self.state.network) {
            (Power::Off, _) => shares.off += micros,
            (Power::On, Connectivity::Offline) => shares.offline += micros,
            (Power::On, Connectivity::Online) => {}
        }
        if self.person.attention() == Attention::OnDevice {
            shares.unlocked += micros;
        }
    }
}

impl Shares {
    const fn symbol(self, hour: u64) -> char {
        if self.off * 2 >= hour {
            ' '
        } else if self.offline * 2 >= hour {
            '.'
        } else if self.restarts > 0 {
            'r'
        } else if self.unlocked * 6 >= hour {
            '#'
        } else if self.unlocked > 0 {
            '+'
        } else {
            '-'
        }
    }
}
