//! Who holds the devices of a run.

use std::time::Duration;

use muster_agent::habit;
use muster_device::{Calendar, Connectivity, Person, PersonEvent, Script, UserAction};
use muster_protocol::{Mode, Seed, Timestamp};

/// The person with this device: a day of theirs lasts as long as things go wrong, and from then on
/// they leave it alone, in a place with a network.
pub(super) fn person(mode: Mode, index: u64, seed: Seed, day: Duration) -> Option<Box<Person>> {
    let habit = habit(mode, index, seed);
    let person = Person::new(habit, seed.child("person", index), Calendar::new(day)?);
    let end = Timestamp::ZERO.after(day);
    let back = (end, PersonEvent::Network(Connectivity::Online));
    let script = Script::new(until(person, end).into_iter().chain([back]));
    Some(Box::new(Person::scripted(script)))
}

/// What a person does before `end`. Whoever has forgotten their passcode keeps commands waiting
/// for good, and that could not be told from a broken promise: nobody does.
fn until(mut person: Person, end: Timestamp) -> Vec<(Timestamp, PersonEvent)> {
    let mut events = Vec::new();
    while let Some(at) = person.next_event().filter(|at| *at < end) {
        while let Some(event) = person.handle(at) {
            if event != PersonEvent::User(UserAction::ForgetPasscode) {
                events.push((at, event));
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_lived_and_ends_where_there_is_a_network() {
        let day = Duration::from_secs(15 * 60);
        let mut person = person(Mode::AppleUser, 3, Seed::root(1), day).unwrap();
        let (mut count, mut last) = (0, None);
        while let Some(at) = person.next_event() {
            last = person.handle(at).map(|event| (at, event));
            count += 1;
        }
        let back = PersonEvent::Network(Connectivity::Online);
        assert_eq!(last, Some((Timestamp::ZERO.after(day), back)));
        assert!(count > 20, "{count} events");
    }
}
