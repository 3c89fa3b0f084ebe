//! What has to be true all the way through a run, read from its timeline.
//!
//! What is only late leaves no trace at the end: a device that comes back, or a server that starts
//! again, mends it. So these are promises about time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::house::KILLED;
use super::plan::QuicPlan;
use super::timeline::Timeline;

/// Within this time after its session has ended a command waits again: a write, and no network.
const HANDED_BACK_WITHIN: Duration = Duration::from_secs(1);

/// Within this time after a session has begun, the command that was in flight before is offered
/// again: two ways there and back, at most a quarter of a second each when nothing is lost, with
/// much to spare.
const OFFERED_AGAIN_WITHIN: Duration = Duration::from_secs(5);

/// Within this time a device that is connected and unlocked has done what it is asked: one way
/// there and one back, and as much to spare.
const ENDED_WITHIN: Duration = Duration::from_secs(5);

/// The promises of time that were broken, in words.
pub(super) fn broken(plan: &QuicPlan, timeline: &Timeline) -> Vec<String> {
    let mut broken = Vec::new();
    for (device, story) in stories(timeline) {
        let mut reader = Reader::new(plan, &story);
        for at in 0..story.len() {
            reader.read(at);
        }
        broken.extend(reader.broken.iter().map(|what| format!("device {device}: {what}")));
    }
    broken
}

/// What the server says about one device, one thing after another.
type Story<'a> = Vec<Moment<'a>>;

#[derive(Clone, Copy)]
struct Moment<'a> {
    at: Duration,
    what: Happening<'a>,
}

#[derive(Clone, Copy)]
enum Happening<'a> {
    /// A new life: its commands are counted from one again.
    Enrolled,
    SessionBegins,
    SessionEnds,
    /// With the whole server.
    SessionDies,
    Stands {
        number: &'a str,
        stage: &'a str,
    },
}

fn stories(timeline: &Timeline) -> BTreeMap<u64, Story<'_>> {
    let mut stories: BTreeMap<u64, Story<'_>> = BTreeMap::new();
    for entry in &timeline.entries {
        if entry.device.is_none() && entry.what == KILLED {
            let died =
                Moment { at: Duration::from_micros(entry.at_us), what: Happening::SessionDies };
            stories.values_mut().for_each(|story| story.push(died));
        }
        if let (Some(device), Some(what)) = (entry.device, happening(&entry.what)) {
            let at = Duration::from_micros(entry.at_us);
            stories.entry(device).or_default().push(Moment { at, what });
        }
    }
    stories
}

fn happening(what: &str) -> Option<Happening<'_>> {
    match what {
        "enrolment" => Some(Happening::Enrolled),
        "session begins" => Some(Happening::SessionBegins),
        "session ends" => Some(Happening::SessionEnds),
        other => {
            let (number, stage) = other.strip_prefix("command ")?.split_once(' ')?;
            Some(Happening::Stands { number, stage })
        }
    }
}

impl Happening<'_> {
    fn is_about(self, command: &str) -> bool {
        matches!(self, Self::Stands { number, .. } if number == command)
    }

    fn ends(self, command: &str) -> bool {
        matches!(self, Self::Stands { number, stage } if number == command && is_terminal(stage))
    }

    fn is_leaving(self) -> bool {
        matches!(self, Self::SessionEnds | Self::SessionDies | Self::Enrolled)
    }
}

fn is_terminal(stage: &str) -> bool {
    matches!(stage, "done" | "failed" | "notSupported" | "canceled")
}

/// Reads one story, and knows what stood in it so far.
struct Reader<'a> {
    plan: &'a QuicPlan,
    story: &'a [Moment<'a>],
    has_session: bool,
    stages: BTreeMap<&'a str, &'a str>,
    /// Commands that wait, and were in flight before.
    returned: BTreeSet<&'a str>,
    broken: Vec<String>,
}

impl<'a> Reader<'a> {
    const fn new(plan: &'a QuicPlan, story: &'a [Moment<'a>]) -> Self {
        Self {
            plan,
            story,
            has_session: false,
            stages: BTreeMap::new(),
            returned: BTreeSet::new(),
            broken: Vec::new(),
        }
    }

    fn read(&mut self, index: usize) {
        match self.story[index].what {
            Happening::Enrolled => {
                self.stages.clear();
                self.returned.clear();
            }
            Happening::SessionDies => self.has_session = false,
            Happening::SessionBegins => self.session_begins(index),
            Happening::SessionEnds => self.session_ends(index),
            Happening::Stands { number, stage } => self.stands(index, number, stage),
        }
    }

    fn session_begins(&mut self, index: usize) {
        self.has_session = true;
        if self.story[index].at < self.plan.calm_from() {
            return;
        }
        for number in self.in_flight().chain(self.returned.clone()).collect::<Vec<_>>() {
            let answered = |it: Happening<'_>| it.is_about(number) || it.is_leaving();
            let missed = format!("command {number} was not offered again");
            self.wait(index, OFFERED_AGAIN_WITHIN, missed, answered);
        }
    }

    fn session_ends(&mut self, index: usize) {
        self.has_session = false;
        for number in self.in_flight().collect::<Vec<_>>() {
            let answered = |it: Happening<'_>| it.is_about(number);
            let missed = format!("command {number} was not handed back by its session");
            self.wait(index, HANDED_BACK_WITHIN, missed, answered);
        }
    }

    fn stands(&mut self, index: usize, number: &'a str, stage: &'a str) {
        let before = self.stages.insert(number, stage);
        if stage == "queued" && before == Some("inFlight") {
            self.returned.insert(number);
        } else {
            self.returned.remove(number);
        }
        let is_late = self.story[index].at >= self.plan.last_asked();
        if before.is_none() && is_late && self.has_session && !is_terminal(stage) {
            let answered = |it: Happening<'_>| it.ends(number) || it.is_leaving();
            self.wait(index, ENDED_WITHIN, format!("command {number} did not end"), answered);
        }
    }

    /// Notes what was missed unless the answer comes within this time.
    fn wait(
        &mut self,
        index: usize,
        within: Duration,
        missed: String,
        is_answer: impl Fn(Happening<'_>) -> bool,
    ) {
        let from = self.story[index].at;
        let mut rest = self.story[index + 1..].iter().take_while(|it| it.at <= from + within);
        if !rest.any(|it| is_answer(it.what)) {
            let (within, at) = (within.as_secs(), from.as_secs_f64());
            self.broken.push(format!("{missed} within {within} s from {at:.3} s on"));
        }
    }

    fn in_flight(&self) -> impl Iterator<Item = &'a str> + use<'a, '_> {
        self.stages.iter().filter(|(_, stage)| **stage == "inFlight").map(|(number, _)| *number)
    }
}
