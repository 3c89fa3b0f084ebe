use std::sync::Arc;
use std::time::Duration;

use muster_report::{EventLegend, Header, Legend, Measured, RunReport, Vitals};
use muster_scenario::Scenario;

use super::*;

const STORM: EventKind = EventKind::Storm;
const WAVE: EventKind = EventKind::Wave;
const AWAY: EventKind = EventKind::ServerAway;
const BACKLOG: EventKind = EventKind::Backlog;
const BROADCAST: EventKind = EventKind::Broadcast;
const WIPE: EventKind = EventKind::MassWipe;

const EVENT: EventIndex = EventIndex(0);

/// A scenario of nothing, to make a report of.
const SCENARIO: &str = "name = \"a\"\nquestion = \"Is it over?\"\ndevices = 3\n\
                        [[phase]]\nname = \"one\"\nlasts = \"2m\"\n";

/// What happens, and in which second. The event begins in second 10.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begins,
    Vanishes(u64, usize),
    WokenVanishes(u64, usize),
    SwitchedOn(usize),
    ServerGoes(&'static [usize]),
    Connects(u64, usize),
    Asked(usize),
    WokenAsked(usize),
    Over(u64, usize),
    NotTaken(u64, usize),
}

use Step::{
    Asked, Begins, Connects, NotTaken, Over, ServerGoes, SwitchedOn, Vanishes, WokenAsked,
    WokenVanishes,
};

/// How many devices an event concerned, how many are through, and after how many seconds all were.
type Told = (u64, u64, Option<u64>);

fn second(second: u64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

fn take(step: Step, kind: EventKind, over: &mut GettingOver, recorder: &mut Recorder) {
    let event = (EVENT, kind);
    match step {
        Begins => over.began(EVENT, kind, second(10)),
        Vanishes(at, place) => over.vanished(second(at), (place, Contact::Connected), recorder),
        WokenVanishes(at, place) => over.vanished(second(at), (place, Contact::Woken), recorder),
        SwitchedOn(place) => over.switched_on_first(place, recorder),
        ServerGoes(places) => {
            over.server_went(event, second(10), places.iter().copied(), recorder);
        }
        Connects(at, place) => over.connected(second(at), place, recorder),
        Asked(place) => over.asked(event, (place, Contact::Connected), recorder),
        WokenAsked(place) => over.asked(event, (place, Contact::Woken), recorder),
        Over(at, place) => over.over(second(at), event, place, recorder),
        NotTaken(at, place) => over.not_taken(second(at), event, place, recorder),
    }
}

fn recorder(kinds: &[EventKind]) -> Recorder {
    let event = |(nth, kind): (usize, &EventKind)| EventLegend {
        name: format!("event-{nth}"),
        round: 1,
        kind: *kind,
        at: second(10),
    };
    let events = kinds.iter().enumerate().map(event).collect();
    Recorder::new(Arc::new(Legend { events, ..Legend::default() }))
}

/// What the report says of each event.
fn told(recorder: Recorder) -> Vec<Told> {
    let report = RunReport::new(&Measured {
        run: Header::default(),
        scenario: Scenario::parse(SCENARIO).unwrap(),
        devices: 3,
        recorder,
        vitals: Vitals::default(),
        faults: Vec::new(),
        interventions: Vec::new(),
    });
    let whole = |seconds: f64| Duration::from_secs_f64(seconds.round()).as_secs();
    report.events.iter().map(|it| (it.devices, it.through, it.to_100_s.map(whole))).collect()
}

fn played(kind: EventKind, steps: &[Step]) -> Told {
    let (mut over, mut recorder) = (GettingOver::default(), recorder(&[kind]));
    for step in steps {
        take(*step, kind, &mut over, &mut recorder);
    }
    told(recorder)[0]
}

/// Holds each row of a table: what it promises, what happens, what is told.
fn hold(kind: EventKind, table: &[(&str, &[Step], Told)]) {
    for (promise, steps, expected) in table {
        assert_eq!(played(kind, steps), *expected, "{kind:?}: {promise}");
    }
}

#[test]
fn a_storm_is_over_for_whoever_it_took_once_they_are_back() {
    hold(
        STORM,
        &[
            (
                "whoever vanishes with it is back with the next session",
                &[Begins, Vanishes(10, 0), Vanishes(10, 1), Connects(14, 1), Connects(17, 0)],
                (2, 2, Some(7)),
            ),
            (
                "whoever stays away is missing",
                &[Begins, Vanishes(10, 0), Vanishes(10, 1), Connects(14, 1)],
                (2, 1, None),
            ),
            (
                "whoever vanishes at another time went by themselves",
                &[Begins, Vanishes(11, 0), Connects(14, 0)],
                (0, 0, None),
            ),
            (
                "who keeps no connection has none to get back",
                &[Begins, WokenVanishes(10, 0), Connects(14, 0)],
                (0, 0, None),
            ),
            (
                "a second session is none to wait for",
                &[Begins, Vanishes(10, 0), Connects(14, 0), Connects(20, 0)],
                (1, 1, Some(4)),
            ),
            (
                "who vanishes twice is one device",
                &[Begins, Vanishes(10, 0), Vanishes(10, 0), Connects(14, 0)],
                (1, 1, Some(4)),
            ),
        ],
    );
}

#[test]
fn a_wave_is_over_for_a_new_device_once_it_is_connected() {
    hold(
        WAVE,
        &[
            (
                "each from the beginning of the wave on",
                &[Begins, SwitchedOn(0), Connects(12, 0), SwitchedOn(1), Connects(30, 1)],
                (2, 2, Some(20)),
            ),
            ("who does not enrol is missing", &[Begins, SwitchedOn(0)], (1, 0, None)),
            (
                "who was switched on before it is not part of it",
                &[SwitchedOn(0), Begins, Connects(12, 0)],
                (0, 0, None),
            ),
        ],
    );
}

#[test]
fn a_server_that_was_away_is_got_over_by_whoever_was_connected() {
    hold(
        AWAY,
        &[
            (
                "all of them are back",
                &[ServerGoes(&[0, 2]), Connects(13, 2), Connects(15, 0)],
                (2, 2, Some(5)),
            ),
            (
                "one was not connected: nobody waits for it",
                &[ServerGoes(&[0]), Connects(13, 1), Connects(16, 0)],
                (1, 1, Some(6)),
            ),
            ("nobody was connected", &[ServerGoes(&[]), Connects(13, 1)], (0, 0, None)),
        ],
    );
}

#[test]
fn one_command_for_all_is_over_for_a_device_when_its_command_is() {
    for kind in [BROADCAST, WIPE] {
        hold(
            kind,
            &[
                (
                    "whether it is connected or not",
                    &[Begins, Asked(0), WokenAsked(1), Over(12, 0), Over(19, 1)],
                    (2, 2, Some(9)),
                ),
                ("who does not answer is missing", &[Begins, Asked(0)], (1, 0, None)),
                (
                    "who was never asked in earnest is missing, too",
                    &[Begins, Asked(0), NotTaken(10, 0)],
                    (1, 0, None),
                ),
                (
                    "a session alone is not enough",
                    &[Begins, Asked(0), Connects(12, 0)],
                    (1, 0, None),
                ),
            ],
        );
    }
}

#[test]
fn a_backlog_is_over_once_a_device_is_back_and_nothing_waits_for_it() {
    hold(
        BACKLOG,
        &[
            (
                "the last command counts",
                &[Asked(0), Asked(0), Begins, Connects(11, 0), Over(12, 0), Over(18, 0)],
                (1, 1, Some(8)),
            ),
            (
                "what ended while it was away does not bring it back",
                &[Asked(0), Over(10, 0), Begins, Connects(13, 0)],
                (1, 1, Some(3)),
            ),
            (
                "it is away, and all commands have ended",
                &[Asked(0), Begins, Over(12, 0)],
                (1, 0, None),
            ),
            (
                "it is back, and one command is left",
                &[Asked(0), Asked(0), Begins, Connects(11, 0), Over(12, 0)],
                (1, 0, None),
            ),
            (
                "who has to be woken has nothing to come back to",
                &[WokenAsked(0), Begins, Over(15, 0)],
                (1, 1, Some(5)),
            ),
            (
                "what was not taken does not wait",
                &[Asked(0), Asked(0), NotTaken(9, 0), Begins, Connects(11, 0), Over(14, 0)],
                (1, 1, Some(4)),
            ),
            (
                "a command more than there were changes nothing",
                &[Asked(0), Begins, Connects(11, 0), Over(12, 0), Over(15, 0)],
                (1, 1, Some(2)),
            ),
        ],
    );
}

#[test]
fn a_device_gets_over_several_things_at_once() {
    let (storm, away) = (EventIndex(0), EventIndex(1));
    let (mut over, mut recorder) = (GettingOver::default(), recorder(&[STORM, AWAY]));
    over.began(storm, STORM, second(10));
    over.vanished(second(10), (0, Contact::Connected), &mut recorder);
    over.server_went((away, AWAY), second(12), [0, 1].into_iter(), &mut recorder);
    over.connected(second(15), 0, &mut recorder);
    over.connected(second(16), 1, &mut recorder);
    assert_eq!(told(recorder), [(1, 1, Some(5)), (2, 2, Some(4))]);
}
