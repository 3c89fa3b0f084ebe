//! What cases ask of the control hook.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::stage::{CommandState, News, Stage};
use super::{ANSWER_WITHIN, Judged, Scene, told};
use crate::case::Need;
use crate::hook::{Answer, Cancel, Errand, Found, Refusal, Stand, Verb};
use crate::script::{Act, Phone, Power};
use crate::verdict::Outcome;

/// How long a case waits between two looks at what a target knows.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One command of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cmd(pub(super) usize);

/// Commands have letters: they are told apart before they have ids.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = u8::try_from(self.0 % 26).unwrap_or_default();
        write!(f, "{}", char::from(b'A' + letter))
    }
}

impl Scene {
    /// An administrator asks for something, and the server accepts it.
    pub(crate) fn enqueues(&mut self, phone: Phone, errand: Errand) -> Cmd {
        self.needs.insert(Need::Enqueue);
        let command = Cmd(self.commands);
        self.commands += 1;
        self.then(move |stage| {
            stage.commands.push(CommandState { phone: Some(phone), ..CommandState::default() });
            ask_for(stage, phone, errand);
        });
        self.answer("the server accepts the command", move |stage, answer| match answer {
            Answer::Accepted { command: id } => {
                stage.commands[command.0].id = Some(*id);
                true
            }
            Answer::Refused { .. }
            | Answer::Cancelled { .. }
            | Answer::Tokens(_)
            | Answer::Found(_)
            | Answer::Unsupported
            | Answer::Failed { .. } => false,
        });
        command
    }

    /// An administrator asks for something, and the server refuses it for one of these reasons.
    pub(crate) fn is_refused(&mut self, phone: Phone, errand: Errand, reasons: &'static [Refusal]) {
        self.needs.insert(Need::Enqueue);
        self.then(move |stage| ask_for(stage, phone, errand));
        let expected = format!("the server refuses the command: {reasons:?}");
        self.answer(expected, move |_stage, answer| {
            reasons.iter().any(|why| *answer == Answer::Refused { refusal: *why })
        });
    }

    /// An administrator takes a command back, and this comes of it.
    pub(crate) fn cancels(&mut self, command: Cmd, outcome: Cancel) {
        self.needs.insert(Need::Cancel);
        self.then(move |stage| {
            let phone = stage.commands[command.0].phone;
            let device = phone.map(|phone| stage.id(phone));
            if let Some(device) = device {
                let command = stage.command(command.0);
                stage.ask(Verb::Cancel { device, command });
            }
        });
        self.answer(format!("the cancel comes out as {outcome:?}"), move |_stage, answer| {
            *answer == Answer::Cancelled { cancel: outcome }
        });
    }

    /// Sooner or later the server says that the command stands so.
    pub(crate) fn comes_to(&mut self, command: Cmd, wanted: Stand) {
        self.comes_to_any(command, wanted.name(), move |stand| stand.is_as_good_as(wanted));
    }

    /// Sooner or later the server says that the command is over, however it ended.
    pub(crate) fn comes_to_an_end(&mut self, command: Cmd) {
        self.comes_to_any(command, "over", Stand::is_over);
    }

    fn comes_to_any(
        &mut self,
        command: Cmd,
        wanted: &str,
        holds: impl Fn(Stand) -> bool + Send + 'static,
    ) {
        self.find_out(
            format!("Command {command} is {wanted} at the server"),
            move |stage| stage.commands[command.0].phone,
            move |stage, found| {
                let id = stage.command(command.0);
                let kept = found.commands.iter().find(|kept| kept.command == id);
                Some(kept.is_some_and(|kept| holds(kept.state)))
            },
        );
    }

    /// Sooner or later this holds of what the server knows of a device; nothing if it does not tell.
    pub(crate) fn is_known(
        &mut self,
        phone: Phone,
        expected: &'static str,
        holds: impl Fn(&Found) -> Option<bool> + Send + 'static,
    ) {
        self.find_out(String::from(expected), move |_| Some(phone), move |_, found| holds(found));
    }

    /// Asks the hook what it knows until it is this, for as long as an answer may take.
    fn find_out(
        &mut self,
        expected: String,
        phone: impl Fn(&Stage) -> Option<Phone> + Send + 'static,
        holds: impl Fn(&Stage, &Found) -> Option<bool> + Send + 'static,
    ) {
        self.needs.insert(Need::Inspect);
        let mut last: Option<Found> = None;
        let mut is_asked = false;
        self.expect_within(ANSWER_WITHIN, expected, move |stage| {
            if let Some(answer) = stage.answers.pop_front() {
                is_asked = false;
                stage.look_at = Some(stage.now.after(LOOK_EVERY));
                match answer {
                    Answer::Found(found) => match holds(stage, &found) {
                        Some(true) => return Some(Judged::Right),
                        Some(false) => last = Some(found),
                        None => return Some(not_told()),
                    },
                    other @ (Answer::Accepted { .. }
                    | Answer::Refused { .. }
                    | Answer::Cancelled { .. }
                    | Answer::Tokens(_)
                    | Answer::Unsupported
                    | Answer::Failed { .. }) => return Some(unexpected(&other)),
                }
            } else if !is_asked && stage.look_at.is_none_or(|at| at <= stage.now) {
                is_asked = true;
                stage.look_at = None;
                let device = phone(stage).map(|phone| stage.id(phone))?;
                stage.ask(Verb::Inspect { device });
            }
            let is_late = stage.now >= stage.give_up_at;
            is_late.then(|| Judged::Wrong(last.as_ref().map_or_else(String::new, told::found)))
        });
    }

    fn answer(
        &mut self,
        expected: impl Into<String>,
        is_it: impl Fn(&mut Stage, &Answer) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let answer = stage.answers.pop_front()?;
            Some(if is_it(stage, &answer) { Judged::Right } else { unexpected(&answer) })
        });
    }

    /// The certificates of the case are made with the key of the target's CA.
    pub(crate) fn needs_the_key_of_the_ca(&mut self) {
        self.needs.insert(Need::CaKey);
    }

    /// Moves the clock of the target ahead.
    pub(crate) fn moves_the_clock(&mut self, span: Duration) {
        self.needs.insert(Need::Clock);
        self.then(move |stage| {
            let days = span.as_secs() / 86_400;
            stage.act(format!("moves the clock by {days} days"), Act::MoveClock(span));
        });
        self.is_done();
    }

    /// Lets something happen to the target.
    pub(crate) fn target(&mut self, power: Power) {
        self.needs.insert(Need::Power);
        self.then(move |stage| stage.act(format!("the target: {power:?}"), Act::Target(power)));
        self.is_done();
    }

    fn is_done(&mut self) {
        self.expect_within(ANSWER_WITHIN * 4, "it is done", |stage| {
            let news = stage.news.pop_front()?;
            Some(Judged::holds(|| news == News::Done, || String::from("something else was done")))
        });
    }

    /// What is expected comes within minutes, not seconds.
    pub(crate) fn takes_minutes(&mut self) {
        self.needs.insert(Need::VirtualTime);
    }

    /// Lets minutes pass in which nothing is done.
    pub(crate) fn waits(&mut self, span: Duration) {
        self.takes_minutes();
        let mut until = None;
        self.expect_within(Duration::MAX, "time passes", move |stage| {
            let until = *until.get_or_insert(stage.now.after(span));
            stage.look_at = Some(until);
            (stage.now >= until).then_some(Judged::Right)
        });
    }
}

fn ask_for(stage: &mut Stage, phone: Phone, action: Errand) {
    let device = stage.id(phone);
    stage.ask(Verb::Enqueue { device, action });
}

fn not_told() -> Judged {
    Judged::Stop(Outcome::Unsupported(String::from("the hook does not tell it")))
}

fn unexpected(answer: &Answer) -> Judged {
    match answer {
        Answer::Unsupported => {
            Judged::Stop(Outcome::Unsupported(String::from("the hook has no such verb")))
        }
        Answer::Failed { reason } => Judged::Stop(Outcome::Trouble(reason.clone())),
        Answer::Accepted { .. }
        | Answer::Refused { .. }
        | Answer::Cancelled { .. }
        | Answer::Tokens(_)
        | Answer::Found(_) => Judged::Wrong(told::answer(answer)),
    }
}
