//! One more device or fault shifts no draw of another.

use muster_device::DeviceSpec;
use muster_protocol::Timestamp;
use muster_sim::{
    Act, Entry, Fault, Injection, Keep, Plan, Scope, Seen, Swarm, SwarmSize, What, World,
};
use proptest::prelude::*;

/// The drawn world without what strikes all devices at once: that is shared on purpose.
fn plan(seed: u64) -> Plan {
    let size = SwarmSize { devices_min: 2, devices_max: 4, ..SwarmSize::default() };
    let mut plan = Swarm::new(size).plan(seed);
    plan.acts.retain(|act| act.what.device().is_some() && !answers_for_another(&act.what));
    plan
}

/// Two devices meet in this one.
fn answers_for_another(what: &What) -> bool {
    matches!(what, What::Fault(Injection { fault: Fault::ForeignAnswer, .. }))
}

/// The life of one device, until help comes to all.
fn life_of(device: u32, plan: Plan) -> Vec<Entry> {
    let calm_at = plan.calm_at;
    let outcome = World::run(plan, Keep::All);
    let own = |entry: &&Entry| entry.device == Some(device) && entry.at < calm_at;
    outcome.log.entries().filter(own).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_device_lives_as_if_it_were_alone(seed in 0_u64..10_000) {
        let together = plan(seed);
        let mut alone = together.clone();
        alone.devices.truncate(1);
        let number = alone.devices[0].number;
        alone.acts.retain(|act| act.what.device() == Some(number));
        prop_assert_eq!(life_of(number, together), life_of(number, alone));
    }

    #[test]
    fn a_fault_of_one_device_changes_nothing_for_another(seed in 0_u64..10_000) {
        let before = plan(seed);
        let mut after = before.clone();
        let other = after.devices[1].number;
        let injection = Injection::of_device(77, other, Fault::AgentCrash);
        let at = Timestamp::from_micros(1_800_000_000);
        after.acts.push(Act { at, what: What::Fault(injection) });
        let number = before.devices[0].number;
        prop_assert_eq!(life_of(number, before), life_of(number, after));
    }

    #[test]
    fn one_more_fault_moves_no_other(seed in 0_u64..10_000, at in 1_u64..3_000) {
        let share = |number, fault| {
            let scope = Scope::Share { hits: 1, of: 2 };
            let injection = Injection { scope, ..Injection::of_all(number, fault) };
            let at = Timestamp::from_micros(at * 1_000_000);
            Act { at, what: What::Fault(injection) }
        };
        let mut before = plan(seed);
        before.acts = vec![share(1, Fault::AgentCrash)];
        let mut after = before.clone();
        after.acts.insert(0, share(0, Fault::RepeatAnswer));
        let struck = |plan: Plan| -> Vec<Option<u32>> {
            let crashed = Seen::Fault { name: Fault::AgentCrash.name() };
            let outcome = World::run(plan, Keep::All);
            let struck = outcome.log.entries().filter(|entry| entry.what == crashed);
            struck.map(|entry| entry.device).collect()
        };
        prop_assert_eq!(struck(before), struck(after));
    }
}

/// What is in a plan can be told apart by its digest.
#[test]
fn a_plan_with_another_device_has_another_digest() {
    let plan = plan(3);
    let mut other = plan.clone();
    let DeviceSpec { persona, .. } = &mut other.devices[0].spec;
    persona.screen = match persona.screen {
        muster_device::Screen::Locked => muster_device::Screen::Unlocked,
        muster_device::Screen::Unlocked => muster_device::Screen::Locked,
    };
    assert_eq!(plan.digest(), plan.clone().digest());
    assert_ne!(plan.digest(), other.digest());
}
