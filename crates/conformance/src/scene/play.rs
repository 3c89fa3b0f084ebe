//! Plays what was written.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use muster_protocol::Timestamp;

use super::{Judged, Scene, Stage, Step, Wait};
use crate::script::{Act, Event, Script};
use crate::transcript::Transcript;
use crate::verdict::Outcome;

/// A written case on its way.
pub(crate) struct Play {
    steps: VecDeque<Step>,
    stage: Stage,
    patience_percent: u32,
    /// Until when the present wait waits.
    deadline: Option<Timestamp>,
    bent: Option<Outcome>,
    outcome: Option<Outcome>,
}

impl Play {
    pub(crate) fn new(scene: Scene, patience_percent: u32) -> Self {
        let stage = Stage::new(scene.seed, scene.tokens);
        let steps = scene.steps;
        Self { steps, stage, patience_percent, deadline: None, bent: None, outcome: None }
    }

    /// Takes step after step, as far as it can go now.
    fn go_on(&mut self) {
        while self.outcome.is_none() {
            match self.steps.pop_front() {
                None => self.outcome = Some(self.bent.take().unwrap_or(Outcome::Kept)),
                Some(Step::Do(act)) => act(&mut self.stage),
                Some(Step::Await(wait)) => {
                    if let Some(wait) = self.weigh(wait) {
                        self.steps.push_front(Step::Await(wait));
                        return;
                    }
                }
            }
        }
    }

    /// Has a wait look at what came; it is given back if it waits on.
    fn weigh(&mut self, mut wait: Wait) -> Option<Wait> {
        let now = self.stage.now;
        let patience = wait.within.saturating_mul(self.patience_percent) / 100;
        let deadline = *self.deadline.get_or_insert(now.after(patience));
        self.stage.give_up_at = deadline;
        let judged = match (wait.judge)(&mut self.stage) {
            None if now < deadline => return Some(wait),
            None => Judged::Wrong(format!("nothing within {}", told(wait.within))),
            Some(judged) => judged,
        };
        self.deadline = None;
        self.stage.look_at = None;
        let expected = wait.expected;
        match judged {
            Judged::Right => {}
            Judged::Bent(actual) => self.bent = Some(Outcome::Bent { expected, actual }),
            Judged::Wrong(actual) => self.outcome = Some(Outcome::Broken { expected, actual }),
            Judged::Stop(outcome) => self.outcome = Some(outcome),
        }
        None
    }
}

impl Script for Play {
    fn handle(&mut self, now: Timestamp, event: Event) {
        if let Err(outcome) = self.stage.take(now, event) {
            self.outcome.get_or_insert(outcome);
        }
        self.go_on();
    }

    fn poll_act(&mut self) -> Option<Act> {
        self.stage.acts.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        [self.deadline, self.stage.look_at].into_iter().flatten().min()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn transcript(&self) -> &Transcript {
        &self.stage.transcript
    }
}

fn told(span: Duration) -> String {
    match (span.as_secs(), span.subsec_millis()) {
        (0, ms) => format!("{ms} ms"),
        (s, _) => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Side;
    use crate::script::{Ending, Line, Phone, Show};
    use muster_protocol::{CloseCode, Mode, Seed};

    const AT: fn(u64) -> Timestamp = |seconds| Timestamp::from_micros(seconds * 1_000_000);

    /// A case that connects and wants to be closed with `BadFrame`, when it has begun.
    fn begun(patience_percent: u32) -> Play {
        let mut scene = Scene::new(Seed::root(1), Mode::AppleDevice, Side::Server);
        let line = scene.shows(Show::Own(Phone(0)));
        scene.closed_with(line, CloseCode::BadFrame);
        let mut play = Play::new(scene, patience_percent);
        play.handle(Timestamp::ZERO, Event::Begin);
        play
    }

    fn ended(code: CloseCode) -> Event {
        Event::Ended { line: Line(0), ending: Ending::Closed(code.code().into()) }
    }

    #[test]
    fn what_comes_as_expected_keeps_the_promise() {
        let mut play = begun(100);
        assert!(matches!(play.poll_act(), Some(Act::Dial { .. })));
        play.handle(AT(1), ended(CloseCode::BadFrame));
        assert_eq!(play.outcome(), Some(&Outcome::Kept));
        assert_eq!(play.transcript().entries().len(), 2);
    }

    #[test]
    fn the_right_end_with_another_code_bends_it() {
        let mut play = begun(100);
        play.handle(AT(1), ended(CloseCode::WrongState));
        assert!(matches!(play.outcome(), Some(Outcome::Bent { .. })));
    }

    #[test]
    fn another_end_breaks_it() {
        let mut play = begun(100);
        play.handle(AT(1), Event::Ended { line: Line(0), ending: Ending::Reset });
        let Some(Outcome::Broken { expected, actual }) = play.outcome() else {
            panic!("{:?}", play.outcome());
        };
        assert_eq!(expected, "the server closes with BadFrame (0x11)");
        assert_eq!(actual, "a stateless reset");
    }

    #[test]
    fn what_does_not_come_in_time_breaks_it_and_patience_has_a_scale() {
        let mut play = begun(300);
        assert_eq!(play.next_deadline(), Some(AT(15)));
        play.handle(AT(14), Event::Time);
        assert_eq!(play.outcome(), None);
        play.handle(AT(15), Event::Time);
        assert!(matches!(play.outcome(), Some(Outcome::Broken { .. })));
    }

    #[test]
    fn what_the_runner_cannot_do_speaks_against_nobody() {
        let mut play = begun(100);
        play.handle(AT(1), Event::Unable("no key".into()));
        assert!(matches!(play.outcome(), Some(Outcome::Unsupported(_))));
        let mut play = begun(100);
        play.handle(AT(1), Event::Trouble("no socket".into()));
        assert!(matches!(play.outcome(), Some(Outcome::Trouble(_))));
    }
}
