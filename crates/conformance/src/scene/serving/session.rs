//! A session, as the device's server sees it.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::management::{Hello, ToDevice, ToServer, Welcome};
use muster_protocol::{Policy, alpn};

use super::commands::next_but_idle;
use crate::scene::door::Handling;
use crate::scene::stage::{Heard, Stage, encoded};
use crate::scene::{ANSWER_WITHIN, Judged, Scene, told};
use crate::script::{Line, Phone};

impl Scene {
    /// The device comes for management, with the certificate it was given.
    pub(crate) fn comes_for_management(&mut self, phone: Phone) -> Line {
        let line = self.comes("the device connects for management", alpn::MANAGEMENT);
        self.expect("the certificate the device was given", move |stage| {
            let shown = stage.lines[line.0].caller.certificate;
            let wanted = stage.id(phone);
            let is_it = || shown.is_some_and(|it| it.device == wanted);
            Some(Judged::holds(is_it, || format!("{shown:?}")))
        });
        line
    }

    /// The certificate it shows holds the key it asked with, and it has proved to hold that.
    pub(crate) fn shows_the_key_it_asked_with(&mut self, line: Line, phone: Phone) {
        self.expect("the key of its request", move |stage| {
            let shown = stage.lines[line.0].caller.certificate.map(|it| it.key);
            let asked = stage.phones[phone.0].guest.asked.last().and_then(|it| it.key);
            let is_it = || shown.is_some() && shown == asked;
            Some(Judged::holds(is_it, || "another key".to_string()))
        });
    }

    /// It named the same minor, its own, when it asked to enrol and in its Hello.
    pub(crate) fn names_one_minor(&mut self, line: Line, phone: Phone) {
        self.expect("one minor in both greetings", move |stage| {
            let asked = stage.phones[phone.0].guest.requests.last()?.minor;
            let said = stage.lines[line.0].minor?;
            Some(Judged::holds(|| asked == said, || format!("minors {asked} and {said}")))
        });
    }

    /// The device says hello, before anything else.
    pub(crate) fn says_hello(&mut self, line: Line, phone: Phone) {
        self.says_hello_with(line, phone, "a Hello of the device, first of all", |_hello| true);
    }

    /// The same, and this holds of what it says.
    pub(crate) fn says_hello_with(
        &mut self,
        line: Line,
        phone: Phone,
        expected: &'static str,
        holds: impl Fn(&Hello) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let wanted = stage.id(phone);
            let state = &mut stage.lines[line.0];
            let heard = state.next()?;
            if let Some(first) = state.aside.first() {
                return Some(Judged::Wrong(told::to_server(first)));
            }
            let hello = match heard.told() {
                Some(ToServer::Hello(hello)) if hello.device == wanted => hello,
                Some(_) | None => return Some(Judged::Wrong(told::heard(&heard))),
            };
            state.minor = Some(hello.minor);
            Some(Judged::holds(|| holds(hello), || format!("{hello:?}")))
        });
    }

    /// The suite says something.
    pub(crate) fn tells(
        &mut self,
        line: Line,
        message: impl FnOnce(&Stage) -> ToDevice + Send + 'static,
    ) {
        self.then(move |stage| {
            let message = message(stage);
            stage.says_to(line, &message);
        });
    }

    /// The suite welcomes the device.
    pub(crate) fn welcomes(&mut self, line: Line) {
        self.welcomes_with(line, |_welcome| {});
    }

    /// The same with something changed.
    pub(crate) fn welcomes_with(
        &mut self,
        line: Line,
        change: impl FnOnce(&mut Welcome) + Send + 'static,
    ) {
        self.tells(line, move |stage| {
            let mut welcome = welcome(stage);
            change(&mut welcome);
            ToDevice::Welcome(welcome)
        });
        self.then(move |stage| stage.has_welcomed(line));
    }

    /// What the organisation asks of devices from now on.
    pub(crate) fn has_policy(&mut self, policy: Policy) {
        self.then(move |stage| stage.door.policy = Some(policy));
    }

    /// The same in bytes this has had its way with; `what` says what is wrong with them.
    pub(crate) fn welcomes_in_bytes(
        &mut self,
        line: Line,
        what: &'static str,
        change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) {
        self.sends(line, what, move |stage| change(encoded(&ToDevice::Welcome(welcome(stage)))));
        self.then(move |stage| stage.has_welcomed(line));
    }

    /// The device says that it takes commands.
    pub(crate) fn is_idle(&mut self, line: Line) {
        self.expect("an Idle", move |stage| {
            let heard = stage.lines[line.0].next()?;
            let is_it = heard.told() == Some(&ToServer::Idle);
            Some(Judged::holds(|| is_it, || told::heard(&heard)))
        });
    }

    /// The suite has nothing for it.
    pub(crate) fn has_nothing(&mut self, line: Line) {
        self.tells(line, |_stage| ToDevice::Empty);
    }

    /// What a device said of its own accord on this line, so far, is like this.
    pub(crate) fn has_said(
        &mut self,
        line: Line,
        expected: &'static str,
        holds: impl Fn(&[ToServer]) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let said = &stage.lines[line.0].aside;
            let actual = || match said.last() {
                Some(last) => told::to_server(last),
                None => "nothing".to_string(),
            };
            Some(Judged::holds(|| holds(said), actual))
        });
    }

    /// The suite acknowledges no secrets from now on.
    pub(crate) fn ignores_secrets(&mut self) {
        self.then(|stage| stage.door.secrets = Handling::Ignored);
    }

    /// Sooner or later the device says something like this of its own accord.
    pub(crate) fn comes_to_say(
        &mut self,
        line: Line,
        expected: &'static str,
        holds: impl Fn(&ToServer) -> bool + Send + 'static,
    ) {
        self.comes_to_say_within(ANSWER_WITHIN, line, expected, holds);
    }

    /// The same within a time of its own.
    pub(crate) fn comes_to_say_within(
        &mut self,
        within: Duration,
        line: Line,
        expected: &'static str,
        holds: impl Fn(&ToServer) -> bool + Send + 'static,
    ) {
        self.expect_within(within, expected, move |stage| {
            let state = &mut stage.lines[line.0];
            while let Some(heard) = state.next() {
                if heard.told() != Some(&ToServer::Idle) {
                    return Some(Judged::Wrong(told::heard(&heard)));
                }
            }
            state.aside.iter().any(&holds).then_some(Judged::Right)
        });
    }

    /// The device ends its side of the stream.
    pub(crate) fn takes_its_leave(&mut self, line: Line) {
        self.expect("the device ends its side of the stream", move |stage| {
            let heard = next_but_idle(&mut stage.lines[line.0])?;
            Some(Judged::holds(|| heard == Heard::Finished, || told::heard(&heard)))
        });
    }

    /// The connection stands, and nothing more was said on it.
    pub(crate) fn still_stands(&mut self, line: Line) {
        self.expect("the connection stands", move |stage| {
            let heard = next_but_idle(&mut stage.lines[line.0]);
            Some(heard.map_or(Judged::Right, |heard| Judged::Wrong(told::heard(&heard))))
        });
    }

    /// The device comes, and is welcomed.
    pub(crate) fn is_admitted(&mut self, phone: Phone) -> Line {
        let line = self.comes_for_management(phone);
        self.says_hello(line, phone);
        self.welcomes(line);
        line
    }

    /// The same, until it takes commands.
    pub(crate) fn is_served(&mut self, phone: Phone) -> Line {
        let line = self.is_admitted(phone);
        self.is_idle(line);
        line
    }

    /// Enrols a device that was summoned, until it takes commands.
    pub(crate) fn settles(&mut self, phone: Phone) -> Line {
        self.gets_enrolled(phone);
        self.is_served(phone)
    }

    /// A device that takes commands.
    pub(crate) fn settled(&mut self) -> (Phone, Line) {
        let phone = self.summons();
        let line = self.settles(phone);
        (phone, line)
    }
}

fn welcome(stage: &Stage) -> Welcome {
    let policy = stage.door.policy.unwrap_or(Policy::NONE);
    Welcome { minor: alpn::MINOR, now: stage.now, policy }
}
