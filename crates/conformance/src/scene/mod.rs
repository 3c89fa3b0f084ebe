//! How cases are written: as a list of what is done and what has to come of it.
//!
//! The function of a case calls the methods of a [`Scene`] one after another, and each call adds a
//! step. Nothing happens meanwhile: what a step needs to know — an id, a token — it finds on the
//! [`Stage`] when its turn comes.

mod bytes;
mod door;
mod enrolment;
mod hooks;
mod leave;
mod lines;
mod play;
mod serving;
mod session;
mod stage;
mod told;

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use core::time::Duration;

use muster_protocol::{Mode, Seed};

pub(crate) use bytes::{frame, longer, patched, shorter};
pub(crate) use enrolment::Ids;
pub(crate) use hooks::Cmd;
pub(crate) use lines::Alert;
pub(crate) use play::Play;
pub(crate) use serving::{Answered, Ask, code_of};
pub(crate) use session::{Secrets, hello, status};
pub(crate) use stage::{Stage, encoded};

use crate::case::Need;
use crate::requirement::Side;
use crate::verdict::Outcome;

/// How long a target may take to answer, unless a case says otherwise.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A case while it is written.
pub(crate) struct Scene {
    /// What its steps need beside the protocol.
    pub(crate) needs: BTreeSet<Need>,
    steps: VecDeque<Step>,
    seed: Seed,
    mode: Mode,
    side: Side,
    phones: usize,
    lines: usize,
    commands: usize,
    has_tokens: bool,
    /// Whether the suite has opened a server of its own.
    is_open: bool,
    tokens: Seed,
}

/// One step of a case.
enum Step {
    /// Done at once.
    Do(Box<dyn FnOnce(&mut Stage) + Send>),
    /// Over when it has judged what came.
    Await(Wait),
}

/// Something has to come.
struct Wait {
    /// What, in words: "the server closes with BadFrame".
    expected: String,
    within: Duration,
    judge: Judge,
}

/// Looks at what came; nothing if it has to look again.
type Judge = Box<dyn FnMut(&mut Stage) -> Option<Judged> + Send>;

/// What a wait makes of what came.
pub(crate) enum Judged {
    /// As expected.
    Right,
    /// The right thing in a wrong way, in words; the case goes on.
    Bent(String),
    /// Something else, in words.
    Wrong(String),
    /// No more of this case.
    Stop(Outcome),
}

impl Scene {
    /// A case that tries this side, before anything is written.
    pub(crate) fn new(seed: Seed, mode: Mode, side: Side) -> Self {
        Self {
            needs: BTreeSet::new(),
            steps: VecDeque::new(),
            seed,
            mode,
            side,
            phones: 0,
            lines: 0,
            commands: 0,
            has_tokens: false,
            is_open: false,
            tokens: seed,
        }
    }

    /// What devices enrol with is drawn from another seed than the rest.
    pub(crate) const fn draw_tokens_from(&mut self, seed: Seed) {
        self.tokens = seed;
    }

    /// What the other side is called.
    const fn peer(&self) -> &'static str {
        match self.side {
            Side::Device => "the device",
            Side::Server | Side::Both | Side::Authors => "the server",
        }
    }

    /// Adds something to do.
    pub(crate) fn then(&mut self, act: impl FnOnce(&mut Stage) + Send + 'static) {
        self.steps.push_back(Step::Do(Box::new(act)));
    }

    /// Adds something to wait for.
    pub(crate) fn expect(
        &mut self,
        expected: impl Into<String>,
        judge: impl FnMut(&mut Stage) -> Option<Judged> + Send + 'static,
    ) {
        self.expect_within(ANSWER_WITHIN, expected, judge);
    }

    /// The same, with a time of its own.
    pub(crate) fn expect_within(
        &mut self,
        within: Duration,
        expected: impl Into<String>,
        judge: impl FnMut(&mut Stage) -> Option<Judged> + Send + 'static,
    ) {
        let (expected, judge) = (expected.into(), Box::new(judge));
        self.steps.push_back(Step::Await(Wait { expected, within, judge }));
    }
}

impl Judged {
    /// Right if this holds, else wrong with these words.
    pub(crate) fn holds(holds: impl FnOnce() -> bool, actual: impl FnOnce() -> String) -> Self {
        if holds() { Self::Right } else { Self::Wrong(actual()) }
    }
}
