//! The table of habits.
//!
//! A decision: no document says how people use their devices. The figures are chosen so that each
//! habit shows one thing a fleet meets, and `docs/people.md` shows the weeks they make.

use muster_protocol::habit::Habit;

use super::act::Act;
use super::routine::{
    Away, DayKind, Days, Glances, HOUR, Night, Odds, Phase, Range, Reach, Routine, ScreenUse,
    Spell, Whim,
};

const WORK: DayKind = DayKind::Work;
const FREE: DayKind = DayKind::Free;
const MONDAY_TO_FRIDAY: [DayKind; 7] = [WORK, WORK, WORK, WORK, WORK, FREE, FREE];
const MONDAY_TO_SATURDAY: [DayKind; 7] = [WORK, WORK, WORK, WORK, WORK, WORK, FREE];
const EVERY_DAY: [DayKind; 7] = [WORK; 7];

/// A time of the clock, in minutes.
const fn clock(hour: u64, minute: u64) -> u64 {
    hour * HOUR + minute
}

const fn offline(days: Days, percent: u64, at: Range, minutes: Range) -> Spell {
    Spell { days, odds: Odds::percent(percent), at, minutes, reach: Reach::Offline }
}

/// The battery runs out before the night.
const fn flat(percent: u64, at: Range, minutes: Range) -> Spell {
    Spell { days: Days::All, odds: Odds::percent(percent), at, minutes, reach: Reach::Flat }
}

const fn glances(days: Days, within: Range, per_hour: Range, minutes: Range) -> Glances {
    Glances { days, within, per_hour, minutes }
}

const fn whim(act: Act, days: u64) -> Whim {
    Whim { act, odds: Odds::one_in(days) }
}

/// What people do with a device of their own, and how often in days.
const WHIMS: [Whim; 5] = [
    whim(Act::AcceptPrompt, 5),
    whim(Act::StartFindMy, 30),
    whim(Act::Reboot, 14),
    whim(Act::SetPasscode, 60),
    whim(Act::ForgetPasscode, 400),
];

/// From one midnight to the second next: whenever a person is awake.
const AWAKE: Range = Range::new(0, 48 * HOUR);

/// How somebody with this habit lives.
pub(super) const fn routine(habit: Habit) -> &'static Routine {
    match habit {
        Habit::OfficeWorker => &OFFICE_WORKER,
        Habit::FieldWorker => &FIELD_WORKER,
        Habit::NightShift => &NIGHT_SHIFT,
        Habit::Student => &STUDENT,
        Habit::Kiosk => &KIOSK,
        Habit::Drawer => &DRAWER,
        Habit::Traveller => &TRAVELLER,
    }
}

/// Tunnels on the way, a look at lunch, some weekends away.
const OFFICE_WORKER: Routine = Routine {
    week: MONDAY_TO_FRIDAY,
    wakes: Range::new(clock(6, 15), clock(7, 30)),
    wakes_free: Range::new(clock(7, 45), clock(10, 0)),
    awake: Range::new(15 * HOUR, 16 * HOUR),
    night: Night { off: 8, flight_mode: 22 },
    spells: &[
        offline(Days::Work, 70, Range::new(clock(7, 50), clock(8, 40)), Range::new(4, 14)),
        offline(Days::Work, 70, Range::new(clock(17, 10), clock(18, 20)), Range::new(4, 14)),
        flat(2, Range::new(clock(17, 0), clock(21, 30)), Range::new(30, 120)),
    ],
    screen: ScreenUse::Glances(&[
        glances(Days::All, AWAKE, Range::new(0, 2), Range::new(2, 9)),
        glances(Days::Work, Range::new(clock(12, 0), clock(13, 0)), ONCE, Range::new(15, 35)),
        glances(Days::All, Range::new(clock(20, 0), clock(21, 0)), ONCE, Range::new(10, 40)),
    ]),
    whims: &WHIMS,
    away: Some(Away {
        cycle_days: 7,
        phase: Phase::Monday,
        odds: Odds::percent(15),
        begins: Range::new(5, 5),
        days: Range::new(2, 2),
        reach: Reach::Offline,
    }),
};

const ONCE: Range = Range::new(1, 1);

/// Hours where there is no network, morning and afternoon.
const FIELD_WORKER: Routine = Routine {
    week: MONDAY_TO_SATURDAY,
    wakes: Range::new(clock(5, 0), clock(6, 0)),
    wakes_free: Range::new(clock(7, 0), clock(9, 0)),
    awake: Range::new(15 * HOUR, 16 * HOUR),
    night: Night { off: 15, flight_mode: 5 },
    spells: &[
        offline(Days::Work, 90, Range::new(clock(7, 30), clock(9, 0)), Range::new(120, 300)),
        offline(Days::Work, 80, Range::new(clock(13, 30), clock(14, 30)), Range::new(60, 240)),
        flat(6, Range::new(clock(15, 0), clock(19, 0)), Range::new(30, 180)),
    ],
    screen: ScreenUse::Glances(&[
        glances(Days::Work, AWAKE, Range::new(0, 3), Range::new(1, 4)),
        glances(Days::Free, AWAKE, Range::new(0, 2), Range::new(2, 12)),
    ]),
    whims: &WHIMS,
    away: None,
};

/// Sleeps through the day; the device lies in a locker but for the breaks.
const NIGHT_SHIFT: Routine = Routine {
    week: MONDAY_TO_FRIDAY,
    wakes: Range::new(clock(14, 30), clock(16, 0)),
    wakes_free: Range::new(clock(12, 0), clock(15, 0)),
    awake: Range::new(15 * HOUR, 16 * HOUR),
    night: Night { off: 10, flight_mode: 35 },
    spells: &[
        offline(Days::Work, 60, Range::new(clock(20, 30), clock(21, 30)), Range::new(5, 15)),
        offline(Days::Work, 60, Range::new(clock(30, 15), clock(31, 0)), Range::new(5, 15)),
        flat(3, Range::new(clock(24, 0), clock(28, 0)), Range::new(60, 150)),
    ],
    screen: ScreenUse::Glances(&[
        glances(Days::All, Range::new(0, clock(22, 0)), Range::new(0, 2), Range::new(2, 12)),
        glances(Days::Work, Range::new(clock(26, 0), clock(27, 0)), ONCE, Range::new(15, 40)),
        glances(Days::Free, Range::new(clock(22, 0), clock(30, 0)), ONCE, Range::new(3, 25)),
    ]),
    whims: &WHIMS,
    away: None,
};

/// Looks often, late into the night, and has to pay for it with an empty battery.
const STUDENT: Routine = Routine {
    week: MONDAY_TO_FRIDAY,
    wakes: Range::new(clock(7, 30), clock(10, 0)),
    wakes_free: Range::new(clock(10, 0), clock(12, 30)),
    awake: Range::new(15 * HOUR, 16 * HOUR + 30),
    night: Night { off: 2, flight_mode: 8 },
    spells: &[
        offline(Days::Work, 35, Range::new(clock(10, 0), clock(11, 0)), Range::new(60, 110)),
        flat(12, Range::new(clock(15, 0), clock(22, 0)), Range::new(30, 240)),
    ],
    screen: ScreenUse::Glances(&[glances(Days::All, AWAKE, Range::new(1, 3), Range::new(4, 20))]),
    whims: &WHIMS,
    away: None,
};

/// On the wall: never locked, restarts every night.
const KIOSK: Routine = Routine {
    week: EVERY_DAY,
    wakes: Range::new(clock(2, 50), clock(3, 20)),
    wakes_free: Range::new(clock(2, 50), clock(3, 20)),
    awake: Range::new(24 * HOUR, 24 * HOUR),
    night: Night { off: 0, flight_mode: 0 },
    spells: &[Spell {
        days: Days::All,
        odds: Odds::ALWAYS,
        at: Range::new(clock(3, 25), clock(3, 40)),
        minutes: Range::new(2, 3),
        reach: Reach::Off,
    }],
    screen: ScreenUse::Always,
    whims: &[],
    away: None,
};

/// A spare device: off, but for some hours every two weeks.
const DRAWER: Routine = Routine {
    week: EVERY_DAY,
    wakes: Range::new(clock(9, 0), clock(12, 0)),
    wakes_free: Range::new(clock(9, 0), clock(12, 0)),
    awake: Range::new(3 * HOUR, 7 * HOUR),
    night: Night { off: 100, flight_mode: 0 },
    spells: &[],
    screen: ScreenUse::Glances(&[]),
    whims: &[],
    away: Some(Away {
        cycle_days: 14,
        phase: Phase::Drawn,
        odds: Odds::ALWAYS,
        begins: Range::new(1, 1),
        days: Range::new(13, 13),
        reach: Reach::Off,
    }),
};

/// Flights, and days where nothing reaches the device.
const TRAVELLER: Routine = Routine {
    week: EVERY_DAY,
    wakes: Range::new(clock(6, 0), clock(8, 30)),
    wakes_free: Range::new(clock(6, 0), clock(8, 30)),
    awake: Range::new(15 * HOUR, 16 * HOUR),
    night: Night { off: 10, flight_mode: 25 },
    spells: &[
        offline(Days::All, 30, Range::new(clock(9, 0), clock(17, 0)), Range::new(60, 300)),
        flat(5, Range::new(clock(17, 0), clock(21, 0)), Range::new(30, 120)),
    ],
    screen: ScreenUse::Glances(&[glances(Days::All, AWAKE, Range::new(0, 3), Range::new(2, 15))]),
    whims: &WHIMS,
    away: Some(Away {
        cycle_days: 14,
        phase: Phase::Drawn,
        odds: Odds::percent(80),
        begins: Range::new(0, 6),
        days: Range::new(2, 6),
        reach: Reach::Offline,
    }),
};
