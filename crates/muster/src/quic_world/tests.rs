use std::num::NonZeroUsize;

use super::*;

/// As long in turmoil as in calm.
const LENGTH: Duration = Duration::from_secs(10 * 60);

fn plan(devices: usize, seed: u64) -> QuicPlan {
    let devices = NonZeroUsize::new(devices).unwrap();
    QuicPlan { devices, seed, length: LENGTH }
}

#[test]
fn one_device_is_managed_in_virtual_time() {
    let run = play(QuicPlan { length: LENGTH * 3, ..plan(1, 3) }).unwrap();
    assert_eq!(run.verdict.broken, Vec::<String>::new());
    assert!(run.verdict.accepted >= 3, "{:?}", run.verdict);
    assert!(run.verdict.servers >= 2, "{:?}", run.verdict);
    assert!(run.virtual_time >= LENGTH * 3);
    assert!(run.timeline.entries.iter().any(|entry| entry.to_string().contains("command")));
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another() {
    let first = play(plan(8, 3)).unwrap();
    let again = play(plan(8, 3)).unwrap();
    assert_eq!(first_difference(&first.timeline, &again.timeline), None);
    let other = play(plan(8, 4)).unwrap();
    let difference = first_difference(&first.timeline, &other.timeline);
    assert!(difference.unwrap().starts_with("entry"));
    assert_ne!(first.timeline.digest(), other.timeline.digest());
    assert_ne!(first.timeline.packet_digest(), other.timeline.packet_digest());
}

#[test]
fn every_seed_keeps_its_promises_whatever_goes_wrong() {
    let (mut told, mut lives) = (String::new(), 0);
    for seed in 10..16 {
        let run = play(plan(5, seed)).unwrap();
        assert_eq!(run.verdict.broken, Vec::<String>::new(), "seed {seed}");
        told += &run.timeline.told();
        lives += run.timeline.told().matches("enrolment").count();
    }
    for seen in ["the server stops", house::KILLED, "the server starts"] {
        assert!(told.contains(seen), "{seen} in none of the runs");
    }
    assert!(lives > 6 * 5, "nobody was wiped and set up again");
}

#[test]
fn what_goes_wrong_is_over_before_the_calm() {
    for seed in 0..200 {
        let plan = plan(5, seed);
        assert!(plan.faults().is_ok());
        for absence in plan.absences() {
            assert!(absence.from < absence.until && absence.until <= plan.calm_from(), "{seed}");
        }
    }
}
