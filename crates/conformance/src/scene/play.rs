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
        let stage = Stage::new(scene.seed);
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
