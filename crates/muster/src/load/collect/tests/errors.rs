//! What goes wrong on either side is an error of the report, with its cause.

use muster_agent::{AnswerClass, Ending};
use muster_protocol::{CloseCode, ErrorItem};
use muster_scenario::Action;
use muster_server::{CommandEnd, Ignored, Seen as ServerSeen};

use super::*;
use crate::load::deed::{Begins, Request};

const COMMAND: CommandId = CommandId::from_bytes([7; 16]);

impl World {
    fn device(&mut self, second: u64, seen: Seen) {
        let note = Note { at: self.at(second), what: OfDevice { place: 1, seen } };
        self.collector.on_device(note);
    }

    fn server(&mut self, second: u64, what: ServerSeen) {
        self.collector.on_server(&Note { at: self.at(second), what });
    }

    /// The device at place 1 is asked to lock itself.
    fn lock(&mut self, second: u64) {
        let planned = self.collector.clock.at(self.at(second));
        let request = Request { moment: planned, device: 1, action: Action::Lock, work: 0 };
        let begins = Begins::AtOnce;
        self.deed(second, Done::Submitted { command: COMMAND, request, who: None, begins });
    }

    fn answers(&mut self, second: u64, class: AnswerClass, error: Option<ErrorItem>) {
        self.device(second, Seen::Answered(COMMAND, class, error.map(Box::new)));
    }

    /// Code, count and example of every kind of error.
    fn errors(self) -> Vec<(String, u64, String)> {
        let report = report(&self.collector.leave());
        let errors = report.errors.into_iter();
        errors.map(|error| (error.code, error.count, error.example)).collect()
    }
}

fn told(code: &str, count: u64, example: &str) -> (String, u64, String) {
    (code.to_owned(), count, example.to_owned())
}

#[test]
fn a_lost_session_is_an_error_with_its_cause_and_one_the_device_has_ended_is_none() {
    let mut world = World::new();
    let closed = Ending::Closed(CloseCode::InternalError);
    for ending in [Ending::Silent, Ending::HungUp, Ending::Forgotten, Ending::Silent, closed] {
        world.device(1, Seen::Connected);
        world.device(2, Seen::Disconnected(ending));
    }
    let expected = [
        told("E0108", 2, "device 1: the server was silent for too long"),
        told("E0110", 1, "device 1: the server has forgotten the connection"),
        told("E0407", 1, &format!("device 1: {closed}")),
    ];
    assert_eq!(world.errors(), expected);
}

#[test]
fn an_attempt_that_fails_names_the_alert_of_tls() {
    let mut world = World::new();
    world.device(1, Seen::ConnectFailed(Ending::Tls(45)));
    assert_eq!(world.errors(), [told("E0105", 1, "device 1: TLS refused with alert 45")]);
}

#[test]
fn a_device_that_puts_a_command_off_says_whether_it_is_locked() {
    let mut world = World::new();
    world.lock(1);
    world.answers(2, AnswerClass::NotNow, None);
    world.answers(3, AnswerClass::Locked, None);
    world.answers(4, AnswerClass::Locked, None);
    let example = "lock for device 1";
    assert_eq!(world.errors(), [told("E0301", 1, example), told("E0302", 2, example)]);
}

#[test]
fn a_command_that_fails_is_told_with_domain_and_code_of_the_device() {
    let mut world = World::new();
    let (domain, description) = ("MCMDMErrorDomain".to_owned(), "not supervised".to_owned());
    world.lock(1);
    let error = ErrorItem { domain, code: 12_021, description };
    world.answers(2, AnswerClass::Error, Some(error));
    world.server(3, ServerSeen::Ended { command: COMMAND, end: CommandEnd::Failed });
    let example = "lock for device 1: it has failed: MCMDMErrorDomain 12021, not supervised";
    assert_eq!(world.errors(), [told("E0303", 1, example)]);
}

#[test]
fn a_command_nobody_came_for_is_an_error() {
    let mut world = World::new();
    world.lock(1);
    world.server(3, ServerSeen::Ended { command: COMMAND, end: CommandEnd::Expired });
    assert_eq!(world.errors(), [told("E0404", 1, "lock for device 1: it has not answered")]);
}

#[test]
fn answers_that_change_nothing_are_errors_of_their_own() {
    let mut world = World::new();
    for why in [Ignored::Stale, Ignored::Duplicate, Ignored::Conflicting, Ignored::Unknown] {
        world.server(1, ServerSeen::AnswerIgnored { command: COMMAND, why });
    }
    let codes: Vec<_> = world.errors().into_iter().map(|(code, ..)| code).collect();
    assert_eq!(codes, ["E0203", "E0204", "E0205", "E0206"]);
}

#[test]
fn what_begins_a_second_late_is_an_error_of_the_machine() {
    let mut world = World::new();
    let planned = world.collector.clock.at(world.at(1));
    for late_ms in [999, 1_500] {
        let at = world.at(1) + Duration::from_millis(late_ms);
        let what = Done::SwitchedOn { device: 1 };
        world.collector.on_deed(Note { at, what: Deed { planned, what } });
    }
    assert_eq!(world.errors(), [told("E0501", 1, "began 1.5 s after its time")]);
}
