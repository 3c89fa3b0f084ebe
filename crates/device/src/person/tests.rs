use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::{decode_at_rest, encode_at_rest};
use proptest::prelude::*;

use super::*;

const HOURS: u64 = 24;

/// Most events of one day: what a student does on the worst of days, with some room.
const EVENTS_A_DAY_MAX: usize = 160;

/// People of a fleet whose shares are looked at.
const FLEET: u64 = 150;

fn calendar() -> Calendar {
    Calendar::real().from_midnight()
}

fn person(habit: Habit, number: u64) -> Person {
    Person::new(habit, Seed::root(1).child("person", number), calendar())
}

/// Everything until `end`, with when it happened.
fn events(person: &mut Person, end: Timestamp) -> Vec<(Timestamp, PersonEvent)> {
    let mut events = Vec::new();
    while let Some(at) = person.next_event().filter(|at| *at < end) {
        events.push((at, person.handle(at).expect("an event is due when it is said to be")));
    }
    events
}

/// What the events have made of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    attention: Attention,
    network: Connectivity,
    power: Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    Off,
}

impl Seen {
    const FIRST: Self =
        Self { attention: Attention::Elsewhere, network: Connectivity::Online, power: Power::On };

    fn after(mut self, event: &PersonEvent) -> Self {
        match event {
            PersonEvent::Network(network) => self.network = *network,
            PersonEvent::User(UserAction::PowerOff | UserAction::UseBattery { .. }) => {
                self.power = Power::Off;
                self.attention = Attention::Elsewhere;
            }
            PersonEvent::User(UserAction::PowerOn) => self.power = Power::On,
            PersonEvent::User(UserAction::Unlock) => self.attention = Attention::OnDevice,
            PersonEvent::User(UserAction::Lock | UserAction::Reboot) => {
                self.attention = Attention::Elsewhere;
            }
            PersonEvent::User(_) => {}
        }
        self
    }
}

/// How many of a fleet of a hundred are so, this many hours into the first week.
fn percent(habit: Habit, hour: u64, is: impl Fn(Seen) -> bool) -> u64 {
    let states = (0..FLEET).map(|number| {
        let events = events(&mut person(habit, number), calendar().hours(hour));
        events.iter().fold(Seen::FIRST, |seen, (_, event)| seen.after(event))
    });
    let hits = u64::try_from(states.filter(|seen| is(*seen)).count()).unwrap();
    hits * 100 / FLEET
}

fn is_locked(seen: Seen) -> bool {
    seen.attention == Attention::Elsewhere
}

fn is_online(seen: Seen) -> bool {
    seen.network == Connectivity::Online
}

/// Hours into the first week.
const fn at(day: u64, hour: u64) -> u64 {
    day * HOURS + hour
}

const MONDAY: u64 = 0;
const WEDNESDAY: u64 = 2;
const SATURDAY: u64 = 5;

#[test]
fn at_night_most_office_phones_are_locked_and_some_are_unreachable() {
    assert!(percent(Habit::OfficeWorker, at(WEDNESDAY, 3), is_locked) >= 95);
    let online = percent(Habit::OfficeWorker, at(WEDNESDAY, 3), is_online);
    assert!((55..=85).contains(&online), "{online} %");
}

#[test]
fn on_monday_morning_most_office_phones_come_online() {
    let (early, late) = (at(MONDAY, 6), at(MONDAY, 9));
    assert!(percent(Habit::OfficeWorker, early, is_online) <= 85);
    assert!(percent(Habit::OfficeWorker, late, is_online) >= 95);
}

#[test]
fn by_day_a_fleet_is_neither_all_locked_nor_all_unlocked() {
    for habit in [Habit::OfficeWorker, Habit::Student, Habit::Traveller] {
        let locked = percent(habit, at(WEDNESDAY, 15), is_locked);
        assert!((30..=95).contains(&locked), "{habit:?}: {locked} %");
    }
}

#[test]
fn on_a_morning_of_work_most_field_workers_have_no_network() {
    assert!(percent(Habit::FieldWorker, at(WEDNESDAY, 10), is_online) <= 45);
    assert!(percent(Habit::FieldWorker, at(WEDNESDAY, 19), is_online) >= 80);
}

#[test]
fn the_night_shift_is_up_when_offices_sleep() {
    let at_night = percent(Habit::NightShift, at(SATURDAY, 2), is_online);
    let by_day = percent(Habit::NightShift, at(WEDNESDAY, 11), is_online);
    assert!(at_night >= 90 && by_day <= 70, "{at_night} % and {by_day} %");
}

#[test]
fn a_weekend_away_takes_some_offices_off_the_network() {
    let online = percent(Habit::OfficeWorker, at(SATURDAY, 15), is_online);
    assert!((75..=92).contains(&online), "{online} %");
}

#[test]
fn a_kiosk_is_unlocked_but_for_its_restart() {
    let mut kiosk = person(Habit::Kiosk, 0);
    let mut seen = Seen::FIRST;
    let mut locked = Duration::ZERO;
    let mut last = Timestamp::ZERO;
    for (at, event) in events(&mut kiosk, calendar().hours(28 * HOURS)) {
        if is_locked(seen) {
            locked += at.since(last);
        }
        (seen, last) = (seen.after(&event), at);
    }
    let restarts = Duration::from_secs(28 * 180);
    assert!(locked > Duration::ZERO && locked <= restarts, "{locked:?}");
}

#[test]
fn a_drawer_opens_once_in_two_weeks_for_some_hours() {
    for number in 0..20 {
        let mut drawer = person(Habit::Drawer, number);
        let events = events(&mut drawer, calendar().hours(84 * HOURS));
        let ons = events.iter().filter(|(_, event)| *event == act::Act::PowerOn.event());
        let ons: Vec<Timestamp> = ons.map(|(at, _)| *at).collect();
        assert!((5..=6).contains(&ons.len()), "{ons:?}");
        for pair in ons.windows(2) {
            let apart = pair[1].since(pair[0]).as_secs() / 3_600;
            assert!((13 * HOURS..=15 * HOURS).contains(&apart), "{apart} hours");
        }
    }
}

#[test]
fn a_traveller_is_gone_for_days() {
    let mut longest = Duration::ZERO;
    for number in 0..20 {
        let mut gone = None;
        for (at, event) in events(&mut person(Habit::Traveller, number), calendar().hours(672)) {
            match event {
                PersonEvent::Network(Connectivity::Offline) => gone = Some(at),
                PersonEvent::Network(Connectivity::Online) => {
                    longest =
                        longest.max(gone.take().map_or(Duration::ZERO, |from| at.since(from)));
                }
                PersonEvent::User(_) => {}
            }
        }
    }
    assert!(longest >= Duration::from_secs(3 * 86_400), "{longest:?}");
}

#[test]
fn a_short_day_brings_the_same_events_in_the_same_order() {
    let seed = Seed::root(7);
    for habit in Habit::ALL {
        let short = Calendar::new(Duration::from_secs(60)).unwrap();
        let lived = |calendar: Calendar| -> Vec<PersonEvent> {
            let mut person = Person::new(habit, seed, calendar);
            let events = events(&mut person, calendar.hours(21 * HOURS));
            events.into_iter().map(|(_, event)| event).collect()
        };
        assert_eq!(lived(short), lived(Calendar::real()), "{habit:?}");
    }
}

#[test]
fn nothing_is_handed_out_before_its_time() {
    for habit in Habit::ALL {
        let mut person = person(habit, 3);
        events(&mut person, Timestamp::from_micros(1));
        let next = person.next_event().unwrap();
        assert_eq!(person.handle(Timestamp::from_micros(next.as_micros() - 1)), None);
        assert!(person.handle(next).is_some());
    }
}

#[test]
fn a_script_is_played_in_order_and_ends() {
    let at = Timestamp::from_micros;
    let script = Script::new([
        (at(9), PersonEvent::Network(Connectivity::Offline)),
        (at(5), PersonEvent::User(UserAction::ForgetPasscode)),
        (at(5), PersonEvent::User(UserAction::Unlock)),
        (at(1), PersonEvent::User(UserAction::SetPasscode)),
    ]);
    let mut person = Person::scripted(script);
    person.resume(at(2));
    let names: Vec<(Timestamp, PersonEvent)> = events(&mut person, at(u64::MAX));
    assert_eq!(
        names,
        [
            (at(5), PersonEvent::User(UserAction::ForgetPasscode)),
            (at(5), PersonEvent::User(UserAction::Unlock)),
            (at(9), PersonEvent::Network(Connectivity::Offline)),
        ]
    );
    assert_eq!(person.attention(), Attention::OnDevice);
    assert_eq!(person.next_event(), None);
}

#[test]
fn every_habit_is_found_by_its_name() {
    for habit in Habit::ALL {
        assert_eq!(Habit::named(habit.name()), Some(habit));
    }
    assert_eq!(Habit::named("nobody"), None);
}

#[test]
fn the_weeks_look_like_this() {
    let mut text = alloc::string::String::new();
    for habit in Habit::ALL {
        text.push_str(habit.name());
        text.push('\n');
        text.push_str("    0     6     12    18\n");
        text.push_str(&week_strip(habit, Seed::root(1).child("person", 0)));
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

fn any_habit() -> impl Strategy<Value = Habit> {
    prop::sample::select(Habit::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_same_seed_gives_the_same_life(habit in any_habit(), seed in any::<u64>()) {
        let lived = || {
            let mut person = Person::new(habit, Seed::root(seed), calendar());
            events(&mut person, calendar().hours(14 * HOURS))
        };
        prop_assert_eq!(lived(), lived());
    }

    #[test]
    fn time_goes_forward_and_no_day_is_a_storm(habit in any_habit(), seed in any::<u64>()) {
        let mut person = Person::new(habit, Seed::root(seed), calendar());
        let mut last = Timestamp::ZERO;
        for day in 1..=28 {
            let of_day = events(&mut person, calendar().hours(day * HOURS));
            prop_assert!(of_day.len() <= EVENTS_A_DAY_MAX, "day {}: {}", day, of_day.len());
            for (at, _) in of_day {
                prop_assert!(last <= at);
                last = at;
            }
        }
        prop_assert!(person.next_event().is_some());
    }

    #[test]
    fn whoever_is_met_later_goes_on_as_if_met_before(
        habit in any_habit(), seed in any::<u64>(), minutes in 0_u64..40_000,
    ) {
        let calendar = calendar();
        let now = Timestamp::from_micros(minutes * 60_000_000 + 1);
        let mut lived = Person::new(habit, Seed::root(seed), calendar);
        let seen = events(&mut lived, now).iter().fold(Seen::FIRST, |seen, (_, e)| seen.after(e));
        let mut met = Person::new(habit, Seed::root(seed), calendar);
        met.resume(now);
        let mut found = Seen::FIRST;
        while let Some(event) = met.handle(now) {
            found = found.after(&event);
        }
        prop_assert_eq!((found.network, found.power), (seen.network, seen.power));
        prop_assert_eq!(found.attention, seen.attention);
        let end = now.after(Duration::from_secs(5 * 86_400));
        prop_assert_eq!(events(&mut met, end), events(&mut lived, end));
    }

    #[test]
    fn a_stored_person_goes_on(habit in any_habit(), hours in 0_u64..400) {
        let mut person = person(habit, 1);
        events(&mut person, calendar().hours(hours));
        let bytes = encode_at_rest(&person).expect("small");
        let mut restored: Person = decode_at_rest(&bytes).expect("our own bytes");
        let end = calendar().hours(hours + 100);
        prop_assert_eq!(events(&mut restored, end), events(&mut person, end));
    }

    #[test]
    fn nobody_does_what_makes_no_sense(habit in any_habit(), seed in any::<u64>()) {
        let mut person = Person::new(habit, Seed::root(seed), calendar());
        let all = events(&mut person, calendar().hours(28 * HOURS));
        let mut seen = Seen::FIRST;
        for (at, event) in all {
            // The first ones bring the device into a known state.
            let is_first = at == Timestamp::ZERO;
            match &event {
                PersonEvent::User(_) | PersonEvent::Network(_) if is_first => {}
                PersonEvent::Network(network) => prop_assert!(
                    *network == Connectivity::Offline || seen.power == Power::On,
                    "{}: online while off", at
                ),
                PersonEvent::User(UserAction::Unlock | UserAction::Lock) => {
                    prop_assert_eq!(seen.power, Power::On);
                    prop_assert!(seen.after(&event) != seen, "{}", at);
                }
                PersonEvent::User(_) => {}
            }
            seen = seen.after(&event);
        }
    }
}
