//! Journeys of commands, put together from what several sides have seen.

use std::sync::Arc;

use muster_protocol::{Mode, Platform};
use muster_report::{LatencySummary, Legend, PhaseLegend, PhaseRole};
use muster_scenario::{Holder, PlannedDevice, Stage};

use super::*;

const DEADLINE: Duration = Duration::from_secs(5);

/// A join with one device that keeps its connection and one that is woken.
struct World {
    join: Join,
    labels: Labels,
    recorder: Recorder,
    devices: Devices,
    over: GettingOver,
    in_flight: InFlight,
}

impl World {
    fn new() -> Self {
        let legend = Arc::new(Legend {
            phases: vec![PhaseLegend {
                name: "all".to_owned(),
                role: PhaseRole::Measured,
                begins: Timestamp::ZERO,
                ends: ms(60_000),
            }],
            commands: Action::ALL.iter().map(|action| action.name().to_owned()).collect(),
            events: Vec::new(),
        });
        let device = |index, contact| PlannedDevice {
            index,
            cohort: 0,
            nth: index,
            mode: Mode::AndroidDedicated,
            holder: Holder::Nobody,
            contact,
            switched_on_at: None,
        };
        let planned = [device(0, Contact::Connected), device(1, Contact::Woken)];
        let (in_flight, places) = (InFlight::up_to(2), Places { shards: 1 });
        Self {
            join: Join::new(DEADLINE, in_flight.clone(), places),
            labels: Labels::without_events(Arc::clone(&legend)),
            recorder: Recorder::new(legend),
            devices: Devices::of(&planned),
            over: GettingOver::default(),
            in_flight,
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Join, &mut Around<'_>) -> T) -> T {
        let mut around = Around {
            labels: &self.labels,
            recorder: &mut self.recorder,
            devices: &self.devices,
            over: &mut self.over,
        };
        act(&mut self.join, &mut around)
    }

    fn submit(&mut self, device: u32, command: CommandId) {
        assert!(self.in_flight.enter());
        let request = Request { moment: ms(10), device, action: Action::Sync, work: 0 };
        self.with(|join, around| {
            join.submitted((Some(ms(11)), ms(10)), (command, request), Some(PHONE), around);
            join.accepted(ms(13), command, around);
        });
    }

    fn end(&mut self, command: CommandId) {
        self.with(|join, around| {
            join.delivered(ms(20), command, around);
            join.answered(ms(22), (command, AnswerClass::NotNow), None, around);
            join.delivered(ms(25), command, around);
            join.answered(ms(26), (command, AnswerClass::Acknowledged), None, around);
            join.ended(ms(30), (command, CommandEnd::Done), around);
        });
    }

    fn total(&self) -> LatencySummary {
        self.recorder.look(ms(60_000)).total
    }
}

fn ms(ms: u64) -> Timestamp {
    Timestamp::from_micros(ms * 1_000)
}

const ONE: CommandId = CommandId::from_bytes([1; 16]);
const PHONE: DeviceId = DeviceId::from_bytes([9; 16]);

#[test]
fn a_command_is_counted_once_at_each_step_and_from_its_planned_instant() {
    let mut world = World::new();
    world.submit(0, ONE);
    world.end(ONE);
    let funnel = world.recorder.look(ms(60_000)).funnel;
    assert_eq!((funnel.planned, funnel.queued, funnel.delivered), (1, 1, 1));
    assert_eq!((funnel.not_now, funnel.acknowledged, funnel.stored), (1, 1, 1));
    assert_eq!(world.total().count, 1);
    assert!((19.9..20.1).contains(&world.total().max), "{:?}", world.total());
    assert_eq!((world.join.open(), world.in_flight.count()), (0, 0));
}

#[test]
fn what_is_seen_of_a_command_before_its_name_is_known_is_not_forgotten() {
    let (mut world, own) = (World::new(), CommandId::from_bytes([8; 16]));
    assert!(world.in_flight.enter());
    let request = Request { moment: ms(10), device: 0, action: Action::Sync, work: 0 };
    world.with(|join, around| {
        join.submitted((Some(ms(10)), ms(10)), (own, request), Some(PHONE), around);
        join.accepted(ms(13), ONE, around);
    });
    world.end(ONE);
    assert_eq!((world.total().count, world.join.open()), (0, 1));
    world.with(|join, around| join.named((own, ONE), around));
    assert_eq!((world.total().count, world.join.open()), (1, 0));
    let funnel = world.recorder.look(ms(60_000)).funnel;
    assert_eq!((funnel.queued, funnel.delivered, funnel.acknowledged), (1, 1, 1));
    assert_eq!(funnel.not_now, 1);
    assert!((19.9..20.1).contains(&world.total().max), "{:?}", world.total());
}

#[test]
fn a_command_that_waited_for_a_thread_begins_when_it_is_sent() {
    let (mut world, own) = (World::new(), CommandId::from_bytes([8; 16]));
    assert!(world.in_flight.enter());
    let request = Request { moment: ms(10), device: 0, action: Action::Sync, work: 0 };
    world.with(|join, around| {
        join.submitted((None, ms(10)), (own, request), Some(PHONE), around);
    });
    world.join.sent(ms(17), own);
    world.with(|join, around| {
        join.named((own, ONE), around);
        join.accepted(ms(18), ONE, around);
    });
    world.end(ONE);
    let service = world.recorder.latency(Stage::Service).summary().max;
    assert!((12.9..13.1).contains(&service), "from 17 to 30 ms: {service}");
    assert!((19.9..20.1).contains(&world.total().max), "from 10 to 30 ms");
}

#[test]
fn a_command_the_server_has_named_is_given_up_under_that_name() {
    let (mut world, own) = (World::new(), CommandId::from_bytes([8; 16]));
    assert!(world.in_flight.enter());
    let request = Request { moment: ms(10), device: 1, action: Action::Sync, work: 0 };
    world.with(|join, around| {
        join.submitted((Some(ms(10)), ms(10)), (own, request), Some(PHONE), around);
        join.named((own, ONE), around);
        join.accepted(ms(13), ONE, around);
        join.pushed(ms(15), 1, around);
        join.expire(ms(5_010), around);
    });
    let funnel = world.recorder.look(ms(60_000)).funnel;
    assert_eq!((funnel.pushed, funnel.timed_out), (1, 1));
    assert_eq!(world.join.pending()[0].question().unwrap().command, ONE);
    assert!(world.join.names.is_empty());
    world.end(ONE);
    assert_eq!((world.join.open(), world.in_flight.count()), (0, 0));
}

#[test]
fn a_command_over_its_deadline_is_given_up_once_and_followed_to_its_end() {
    let mut world = World::new();
    world.submit(0, ONE);
    world.with(|join, around| join.expire(ms(5_009), around));
    assert_eq!(world.total().count, 0);
    world.with(|join, around| join.expire(ms(5_010), around));
    world.end(ONE);
    let look = world.recorder.look(ms(60_000));
    assert_eq!((look.funnel.timed_out, look.funnel.stored), (1, 1));
    assert_eq!(look.errors, [(ErrorCode::DeviceBusy, 1), (ErrorCode::DeadlinePassed, 1)]);
    assert_eq!(look.total.count, 1);
}

#[test]
fn what_is_open_at_the_end_counts_as_at_least_so_long() {
    let mut world = World::new();
    world.submit(0, ONE);
    world.with(|join, around| join.close(ms(1_010), around));
    assert_eq!(world.total().count, 1);
    assert!(world.total().max >= 999.0);
    assert_eq!(world.join.pending().len(), 1);
}

#[test]
fn who_was_asked_stays_who_it_was_when_the_command_was_handed_in() {
    let mut world = World::new();
    world.submit(0, ONE);
    let question = world.join.pending()[0].question().unwrap();
    assert_eq!((question.device, question.command), (PHONE, ONE));
    world.with(|join, around| {
        join.answered(ms(22), (ONE, AnswerClass::Acknowledged), None, around);
    });
    assert_eq!(world.join.take_answered()[0].device, PHONE);
}

#[test]
fn what_the_server_has_not_taken_it_is_not_asked_about() {
    let mut world = World::new();
    let request = Request { moment: ms(10), device: 0, action: Action::Sync, work: 0 };
    world.with(|join, around| {
        join.submitted((Some(ms(11)), ms(10)), (ONE, request), Some(PHONE), around);
    });
    assert!(world.join.pending()[0].question().is_none());
}

#[test]
fn a_look_too_late_at_a_command_that_is_over_already_is_none() {
    let mut world = World::new();
    world.submit(0, ONE);
    let late = |join: &mut Join, around: &mut Around<'_>| {
        join.ended_before(ms(40), (ONE, CommandEnd::Done), around)
    };
    assert!(world.with(late));
    assert!(!world.with(late));
    assert_eq!((world.join.open(), world.in_flight.count()), (0, 0));
}

#[test]
fn a_push_and_a_session_belong_to_all_commands_their_device_waits_for() {
    let mut world = World::new();
    let two = CommandId::from_bytes([2; 16]);
    world.submit(1, ONE);
    world.submit(1, two);
    world.with(|join, around| join.pushed(ms(15), 1, around));
    world.join.connected(ms(18), 1);
    world.end(ONE);
    world.end(two);
    assert_eq!(world.recorder.look(ms(60_000)).funnel.pushed, 2);
    assert!(world.join.of_woken.is_empty());
}

#[test]
fn there_is_room_for_so_many_and_a_dropped_one_is_counted() {
    let mut world = World::new();
    world.submit(0, ONE);
    world.submit(0, CommandId::from_bytes([2; 16]));
    assert!(!world.in_flight.enter());
    let request = Request { moment: ms(10), device: 0, action: Action::Sync, work: 0 };
    world.with(|join, around| join.dropped(ms(12), ms(12), request, around));
    let look = world.recorder.look(ms(60_000));
    assert_eq!((look.funnel.planned, look.funnel.dropped), (3, 1));
    assert_eq!(look.errors, [(ErrorCode::InFlightCap, 1)]);
    assert!(look.total.max >= 4_999.0, "{:?}", look.total);
}

#[test]
fn a_refused_command_gives_its_room_back() {
    let mut world = World::new();
    world.submit(0, ONE);
    let request = Request { moment: ms(10), device: 0, action: Action::Sync, work: 0 };
    let no = (ErrorCode::NotCapable, "no");
    world.with(|join, around| join.refused(ms(12), (ONE, request), no, around));
    assert_eq!((world.in_flight.count(), world.join.open()), (0, 0));
    assert_eq!(world.devices.at(0).map(|device| device.platform), Some(Platform::Android));
}
