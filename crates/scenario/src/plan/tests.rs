use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::num::NonZeroU32;

use muster_protocol::Platform;
use proptest::prelude::*;

use super::*;
use crate::units::TimeScale;

/// One of everything.
const EVERYTHING: &str = r#"
name = "everything"
question = "Does a plan hold together?"
devices = 300

[[cohort]]
name = "phones"
share = "60%"
platform = "ios"
persona = "realistic"

[[cohort]]
name = "scanners"
share = "40%"
mode = { dedicated = 3, fully-managed = 1 }
connectivity = "50%"
sockets = "own"

[[phase]]
name = "warm-up"
lasts = "20s"
warm-up = true

[[phase]]
name = "main"
lasts = "100s"

[[arrivals]]
name = "people"
ramp = { from = "1/s", to = "20/s" }
commands = { sync = 8, lock = 1, locate = 1 }

[[arrivals]]
name = "clock"
phase = "main"
rate = "5/s"
spacing = "even"
commands = "sync"
devices = { cohorts = ["scanners"], share = "50%" }

[[broadcast]]
phase = "main"
at = "10s"
command = "lock"

[[enrolment-wave]]
at = "5s"
devices = "30%"
spread = { exponential = "5s" }

[[reconnect-storm]]
phase = "main"
at = "20s"
devices = { platform = "android" }
away = "1..10s"

[[backlog]]
phase = "main"
at = "30s"
devices = "20%"
away = "20s"
commands-each = 4
commands = { lock = 1, sync = 1 }
back-within = { normal = "5s", deviation = "2s" }

[[mass-wipe]]
phase = "main"
at = "60s"
devices = { mode = "dedicated" }
within = "10s"
enrol-again = "5..10s"

[[fault]]
fleet = "loss rate=5%"
phase = "main"
lasts = "3s"
every = "10s"

[[fault]]
server = "restart"
at = "50s"
away = "2s"
"#;

fn scenario() -> Scenario {
    Scenario::parse(EVERYTHING).unwrap()
}

fn run(devices: u32) -> Run {
    Run { devices: NonZeroU32::new(devices), ..Run::of(&scenario()) }
}

fn plan(devices: u32) -> Plan {
    scenario().plan(run(devices)).unwrap()
}

fn second(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// What happens, counted by the name of its kind.
fn kinds(plan: &Plan) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for moment in plan.moments() {
        let shown = format!("{:?}", moment.what);
        let kind = shown.split(' ').next().unwrap_or_default();
        *kinds.entry(kind.into()).or_default() += 1;
    }
    kinds
}

#[test]
fn moments_come_in_the_order_of_time_and_end_with_the_last_phase() {
    let plan = plan(300);
    let moments: Vec<Moment> = plan.moments().collect();
    assert!(moments.is_sorted_by_key(|moment| moment.at));
    assert_eq!(moments[0].what, What::PhaseBegins { phase: 0 });
    let last = Moment { at: second(120), what: What::PhaseEnds { phase: 1 } };
    assert_eq!(moments.last(), Some(&last));
}

#[test]
fn the_plan_of_a_seed_never_changes() {
    let plan = plan(300);
    let begin: Vec<String> = plan.moments().take(12).map(|it| format!("{it:?}")).collect();
    insta::assert_debug_snapshot!((kinds(&plan), begin));
}

#[test]
fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
    let moments = |seed| {
        let run = Run { seed: Seed::root(seed), ..run(300) };
        scenario().plan(run).unwrap().moments().collect::<Vec<_>>()
    };
    assert_eq!(moments(1), moments(1));
    assert_ne!(moments(1), moments(2));
}

#[test]
fn a_larger_run_has_the_same_devices_first_in_each_cohort() {
    let (small, large) = (plan(100), plan(1_000));
    let drawn = |plan: &Plan| -> BTreeMap<(usize, u32), String> {
        let shown = |device: &PlannedDevice| format!("{:?}", PlannedDevice { index: 0, ..*device });
        plan.devices().map(|device| ((device.cohort, device.nth), shown(device))).collect()
    };
    let large = drawn(&large);
    for (place, device) in drawn(&small) {
        assert_eq!(large[&place], device);
    }
}

#[test]
fn another_cohort_changes_none_that_was_there() {
    let more = EVERYTHING.replace("share = \"40%\"", "share = \"30%\"").replace(
        "[[phase]]\nname = \"warm-up\"",
        "[[cohort]]\nname = \"more\"\nshare = \"10%\"\n\n[[phase]]\nname = \"warm-up\"",
    );
    let more = Scenario::parse(&more).unwrap();
    let more = more.plan(Run::of(&more)).unwrap();
    let before = plan(300);
    let of_first = |plan: &Plan| -> Vec<PlannedDevice> {
        plan.devices().filter(|device| device.cohort == 0).copied().collect()
    };
    assert_eq!(of_first(&before), of_first(&more));
}

#[test]
fn cohorts_have_their_shares() {
    for (devices, phones) in [(300, 180), (10, 6), (1, 0), (999, 599)] {
        let plan = plan(devices);
        assert_eq!(plan.whole_fleet().len(), devices as usize);
        let found = plan.devices().filter(|device| device.cohort == 0).count();
        assert_eq!(found, phones, "of {devices}");
    }
    let plan = plan(300);
    let of_cohort = |cohort, platform| {
        let fits =
            |device: &&PlannedDevice| device.cohort != cohort || device.platform() == platform;
        plan.devices().all(|device| fits(&device))
    };
    assert!(of_cohort(0, Platform::Apple) && of_cohort(1, Platform::Android));
}

#[test]
fn rates_go_with_the_devices_and_spans_with_the_scale() {
    let submits = |plan: &Plan| kinds(plan)["Submit"];
    let (whole, half) = (submits(&plan(2_000)), submits(&plan(1_000)));
    assert!((1.9..2.1).contains(&(whole as f64 / half as f64)), "{whole} and {half}");
    let fast = Run { time_scale: TimeScale::parse("0.1").unwrap(), ..run(300) };
    let fast = scenario().plan(fast).unwrap();
    assert_eq!(fast.ends(), second(12));
    assert_eq!(fast.faults()[1].begins, second(5));
    assert!(fast.moments().all(|moment| moment.at <= second(12)));
}

#[test]
fn nothing_is_asked_of_a_device_that_has_never_been_switched_on() {
    let plan = plan(300);
    let late = plan.devices().filter(|device| device.switched_on_at.is_some()).count();
    assert!((60..120).contains(&late), "{late}");
    for moment in plan.moments() {
        if let What::Submit { device, .. } | What::SwitchOff { device } = moment.what {
            let since = plan.whole_fleet()[device as usize].switched_on_at;
            assert!(since.is_none_or(|since| since < moment.at), "{moment:?}");
        }
    }
}

#[test]
fn each_device_of_a_wave_is_switched_on_once() {
    let plan = plan(300);
    for device in plan.devices().filter(|device| device.switched_on_at.is_some()) {
        let of_device = |moment: &Moment| moment.what == What::SwitchOn { device: device.index };
        let first = plan.moments().find(of_device).map(|moment| moment.at);
        assert_eq!(first, device.switched_on_at.filter(|at| *at < plan.ends()));
    }
}

#[test]
fn whoever_vanishes_comes_back() {
    let plan = plan(300);
    let mut away: BTreeMap<u32, u32> = BTreeMap::new();
    for moment in plan.moments() {
        if let What::SwitchOff { device } = moment.what {
            away.insert(device, device);
        } else if let What::SwitchOn { device } = moment.what {
            away.remove(&device);
        }
    }
    assert_eq!(away, BTreeMap::new());
}

#[test]
fn a_backlog_waits_before_its_devices_are_back() {
    let plan = plan(300);
    let is_backlog = |work: usize| plan.scenario().works[work].name == "backlog";
    let returns = second(20 + 30 + 20);
    let mut asked: BTreeMap<u32, u32> = BTreeMap::new();
    for moment in plan.moments() {
        if let What::Submit { device, work, .. } = moment.what
            && is_backlog(work)
        {
            assert!(moment.at < returns);
            *asked.entry(device).or_default() += 1;
        }
        if let What::WorkBegins { work, devices } = moment.what
            && is_backlog(work)
        {
            assert_eq!((moment.at, devices as usize), (returns, asked.len()));
        }
    }
    assert!(!asked.is_empty() && asked.values().all(|count| *count == 4));
}

#[test]
fn a_fault_comes_again_until_the_end() {
    let plan = plan(300);
    let begins = plan.moments().filter(|moment| moment.what == What::FaultBegins { fault: 0 });
    let begins: Vec<Timestamp> = begins.map(|moment| moment.at).collect();
    assert_eq!(begins, (0..10).map(|round| second(20 + round * 10)).collect::<Vec<_>>());
    let ends = plan.moments().filter(|moment| moment.what == What::FaultEnds { fault: 1 });
    assert_eq!(ends.map(|moment| moment.at).collect::<Vec<_>>(), [second(52)]);
}

#[test]
fn a_fault_of_a_phase_comes_again_until_its_phase_is_over() {
    let text = EVERYTHING.replace(
        "fleet = \"loss rate=5%\"\nphase = \"main\"",
        "fleet = \"loss rate=5%\"\nphase = \"warm-up\"\nat = \"9s\"",
    );
    let scenario = Scenario::parse(&text).unwrap();
    let plan = scenario.plan(Run::of(&scenario)).unwrap();
    let at = |what| plan.moments().filter(move |moment| moment.what == what).map(|it| it.at);
    let begins = at(What::FaultBegins { fault: 0 });
    assert_eq!(begins.collect::<Vec<_>>(), [second(9), second(19)]);
    let ends = at(What::FaultEnds { fault: 0 });
    assert_eq!(ends.collect::<Vec<_>>(), [second(12), second(22)], "it is over when it is");
    assert_eq!([0, 1].map(|fault| plan.faults()[fault].until), [second(20), second(120)]);
}

#[test]
fn a_trace_is_played_as_it_was_recorded() {
    let text = r#"
name = "trace"
question = "Is a recorded day played again?"
devices = 10
[[phase]]
name = "main"
lasts = "10s"
[[arrivals]]
instants = ["3s", "1s", "1500ms", "11s"]
commands = "sync"
"#;
    let scenario = Scenario::parse(text).unwrap();
    let plan = scenario.plan(Run::of(&scenario)).unwrap();
    let submits = plan.moments().filter(|moment| matches!(moment.what, What::Submit { .. }));
    let instants: Vec<u64> = submits.map(|moment| moment.at.as_micros() / 1_000).collect();
    assert_eq!(instants, [1_000, 1_500, 3_000]);
}

#[test]
fn a_plan_of_days_costs_what_is_read_of_it() {
    let text = r#"
name = "soak"
question = "Does a plan of thirty days begin at once?"
devices = 1_000
[[phase]]
name = "main"
lasts = "30d"
[[arrivals]]
day = { peak = "10000/s" }
commands = "sync"
"#;
    let scenario = Scenario::parse(text).unwrap();
    let plan = scenario.plan(Run::of(&scenario)).unwrap();
    assert_eq!(plan.moments().take(100_000).count(), 100_000);
}

#[test]
fn how_many_commands_there_are_is_known_before_they_are_drawn() {
    let plan = plan(300);
    let (about, drawn) = (plan.commands_about(), kinds(&plan)["Submit"] as f64);
    assert!((0.95..1.05).contains(&(about / drawn)), "{about} of {drawn}");
}

#[test]
fn there_is_a_most_devices() {
    let refused = scenario().plan(run(DEVICES_MAX + 1)).unwrap_err();
    assert_eq!(refused, PlanError { devices: DEVICES_MAX + 1 });
}

/// Moments that are everybody's, and so in every shard.
fn is_shared(moment: &Moment) -> bool {
    match moment.what {
        What::PhaseBegins { .. }
        | What::PhaseEnds { .. }
        | What::WorkBegins { .. }
        | What::FaultBegins { .. }
        | What::FaultEnds { .. }
        | What::Server { .. } => true,
        What::SwitchOn { .. }
        | What::SwitchOff { .. }
        | What::EnrolAgain { .. }
        | What::Submit { .. } => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn all_shards_together_are_the_whole(of in 1_u32..5, devices in 1_u32..200, seed: u64) {
        let of = NonZeroU32::new(of).unwrap();
        let whole = Run { seed: Seed::root(seed), ..run(devices) };
        let sharded = |index| Run { shard: Shard::new(index, of).unwrap(), ..whole };
        let sorted = |mut moments: Vec<Moment>| {
            moments.sort_by_cached_key(|moment| format!("{moment:?}"));
            moments
        };
        let plan = scenario().plan(whole).unwrap();
        let (of_all, of_one): (Vec<Moment>, Vec<Moment>) = plan.moments().partition(is_shared);
        let mut together = Vec::new();
        let mut members = 0;
        for index in 0..of.get() {
            let shard = scenario().plan(sharded(index)).unwrap();
            members += shard.devices().count();
            let own: Vec<Moment> = shard.moments().collect();
            prop_assert!(own.is_sorted_by_key(|moment| moment.at));
            let (shared, own): (Vec<Moment>, Vec<Moment>) = own.into_iter().partition(is_shared);
            prop_assert_eq!(&shared, &of_all);
            together.extend(own);
        }
        prop_assert_eq!(members, plan.whole_fleet().len());
        prop_assert_eq!(sorted(together), sorted(of_one));
    }
}
