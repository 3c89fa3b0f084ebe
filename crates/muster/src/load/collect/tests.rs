//! A collector without fleet and server: what was noted, and what it leaves.

mod errors;

use std::num::NonZeroUsize;

use muster_agent::Seen;
use muster_protocol::CommandId;
use muster_report::EventKind;
use muster_scenario::Run;

use super::*;
use crate::load::deed::{Done, Injected, Side};
use crate::load::fault_log::FaultLog;
use crate::load::health::Stall;
use crate::load::processors::{Half, Threads};
use crate::load::room::Room;

const TEXT: &str = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 2\n\
                    [[phase]]\nname = \"one\"\nlasts = \"2m\"\n\
                    [[fault]]\nname = \"kill\"\nserver = \"kill\"\naway = \"2s\"\nat = \"10s\"\n\
                    every = \"30s\"\n";

/// A collector of a run that begins now.
struct World {
    collector: Collector,
    began: Instant,
    _room: Room,
}

impl World {
    fn new() -> Self {
        Self::of(TEXT)
    }

    /// Of a run of this scenario.
    fn of(text: &str) -> Self {
        let scenario = Scenario::parse(text).unwrap();
        let run = Run::of(&scenario);
        let plan = scenario.plan(run).unwrap();
        let room = Room::open("test", Threads::of(Half::Any, NonZeroUsize::MIN)).unwrap();
        let (clock, began) = (RunClock::default(), Instant::now());
        clock.begin(began);
        let collector = Collector::new(Making {
            clock,
            eyes: Eyes::default(),
            labels: Labels::of(&scenario, &plan, run.time_scale),
            planned: plan.devices().copied().collect(),
            in_flight: InFlight::without_end(),
            places: Places { shards: 1 },
            boxes: Boxes::of_nobody(room.remote()),
            health: Health::new(|_name| false, Stall::default()),
            board: Board { faults: FaultLog::of(plan.faults()), ..Board::default() },
            scenario: Arc::new(scenario),
            remote: Arc::default(),
            view: None,
            instruments: Instruments::On,
        });
        Self { collector, began, _room: room }
    }

    fn at(&self, second: u64) -> Instant {
        self.began + Duration::from_secs(second)
    }

    fn deed(&mut self, second: u64, what: Done) {
        let at = self.at(second);
        let planned = self.collector.clock.at(at);
        self.collector.on_deed(Note { at, what: Deed { planned, what } });
    }

    /// Both devices have a session.
    fn connected(&mut self, second: u64) {
        for place in 0..2 {
            let note =
                Note { at: self.at(second), what: OfDevice { place, seen: Seen::Connected } };
            self.collector.on_device(note);
        }
    }
}

fn report(collected: &Collected) -> muster_report::RunReport {
    muster_report::RunReport::new(&muster_report::Measured {
        run: muster_report::Header { took_ms: 120_000, ..Default::default() },
        scenario: Scenario::parse(TEXT).unwrap(),
        devices: 2,
        recorder: collected.recorder.clone(),
        vitals: collected.vitals,
        faults: collected.faults.clone(),
        interventions: collected.interventions.clone(),
    })
}

/// The server's times away: name, round, second of the beginning, devices, seconds until all were
/// back.
fn times_away(collected: &Collected) -> Vec<(String, u32, u64, u64, Option<u64>)> {
    let whole = |seconds: f64| Duration::from_secs_f64(seconds.round()).as_secs();
    let away =
        report(collected).events.into_iter().filter(|event| event.kind == EventKind::ServerAway);
    let told = away.map(|event| {
        (event.name, event.round, whole(event.at_s), event.devices, event.to_100_s.map(whole))
    });
    told.collect()
}

#[test]
fn what_was_seen_and_not_noted_is_left_as_unseen() {
    let world = World::new();
    let outside = Arc::clone(&world.collector.eyes.outside);
    while outside.missed() < 3 {
        outside.note(Outside::Taken(CommandId::from_bytes([7; 16])));
    }
    assert_eq!(world.collector.leave().vitals.unseen, 3);
}

#[test]
fn each_time_the_server_goes_is_an_event_of_its_own() {
    let mut world = World::new();
    world.connected(0);
    for (goes, back) in [(10, 13), (40, 48)] {
        world.deed(goes, Done::FaultBegan { fault: 0 });
        world.connected(back);
    }
    let collected = world.collector.leave();
    let kill = |round, at, took| ("kill".to_owned(), round, at, 2, Some(took));
    assert_eq!(times_away(&collected), [kill(1, 10, 3), kill(2, 40, 8)]);
    let rounds: Vec<_> = collected.faults.iter().map(|it| (it.round, it.from_s, it.to_s)).collect();
    assert_eq!(rounds, [(1, 10.0, Some(12.0)), (2, 40.0, Some(42.0))]);
}

#[test]
fn the_faults_of_a_fleet_are_told_like_those_of_the_server_but_take_nobody_away() {
    let lossy = "[[fault]]\nname = \"lossy\"\nfleet = \"loss rate=2%\"\nat = \"15s\"\n\
                 lasts = \"5s\"\nevery = \"30s\"\n";
    let mut world = World::of(&format!("{TEXT}{lossy}"));
    world.connected(0);
    world.deed(15, Done::FaultBegan { fault: 1 });
    world.deed(45, Done::FaultBegan { fault: 1 });
    world.deed(47, Done::FaultEnded { fault: 1 });
    let collected = world.collector.leave();
    assert!(times_away(&collected).iter().all(|(_, _, _, devices, _)| *devices == 0));
    let rounds = collected.faults.iter().map(|it| (it.round, it.from_s, it.to_s));
    assert_eq!(rounds.collect::<Vec<_>>(), [(1, 15.0, Some(20.0)), (2, 45.0, Some(47.0))]);
}

#[test]
fn what_somebody_changes_or_breaks_by_hand_is_left_for_the_report() {
    let mut world = World::new();
    world.connected(0);
    world.deed(5, Done::Changed("paused".to_owned()));
    world.deed(6, Done::Unheeded("the server is not ours to stop"));
    let (name, lasts) = ("kill by hand", Duration::from_secs(2));
    let what = "the server is killed".to_owned();
    world.deed(7, Done::Changed(what.clone()));
    world.deed(8, Done::Injected(Injected { name, what, lasts, side: Side::Server }));
    world.connected(12);
    let collected = world.collector.leave();
    let told = collected.interventions.iter().map(|it| (it.at_s, it.what.as_str()));
    assert_eq!(told.collect::<Vec<_>>(), [(5.0, "paused"), (7.0, "the server is killed")]);
    let away = times_away(&collected);
    assert_eq!(
        away[0],
        ("kill by hand".to_owned(), 1, 8, 2, Some(4)),
        "from when it goes: {away:?}"
    );
    assert_eq!((collected.faults[0].name.as_str(), collected.faults[0].to_s), (name, Some(10.0)));
}
