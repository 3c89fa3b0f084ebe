//! What a run in virtual time has to say at its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use muster_protocol::Timestamp;
use muster_report::{
    ByStage, Commands, EventReport, Figures, Funnel, Header, Judged, Measured, PhaseReport,
    RunReport, Table, Verdict, Vitals,
};
use muster_sim::{Ending, Invariant, Network, Violation};
use serde::Serialize;

use super::observer::{Left, Observed};
use super::thresholds::{Unjudged, parted};
use crate::recording;

/// The name of the format, and its version.
const FORMAT: &str = "muster.virtual/1";

/// What the latencies of such a run are made of.
const LATENCIES: &str = "latencies are network, people, faults and protocol: processors take no \
                         time in virtual time";

/// What a run in virtual time has found out. The same scenario, seed and number of devices give the
/// same report, byte for byte.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VirtualReport {
    format: &'static str,
    verdict: Verdict,
    reason: String,
    scenario: String,
    question: String,
    seed: u64,
    devices: u64,
    /// What the latencies are made of.
    latencies: &'static str,
    network: Way,
    promises: Promises,
    thresholds: Vec<Judged>,
    not_judged: Vec<Unjudged>,
    not_played: Vec<NotPlayed>,
    commands: Commands,
    funnel: Funnel,
    refused: BTreeMap<&'static str, u64>,
    latency_ms: ByStage<Figures>,
    phases: Vec<PhaseReport>,
    events: Vec<EventReport>,
    virtual_s: f64,
    world_events: u64,
    log_digest: String,
    made_by: String,
    #[serde(skip)]
    results: String,
}

/// A report with the recording of the failure it is about.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Data<'a> {
    #[serde(flatten)]
    report: &'a VirtualReport,
    #[serde(rename = "case_file")]
    recording: Option<&'a Path>,
}

/// How messages travelled.
#[derive(Clone, Copy, Debug, Serialize)]
struct Way {
    delay_ms: u128,
    jitter_ms: u128,
}

/// What became of the promises every world has to keep.
#[derive(Clone, Debug, Serialize)]
struct Promises {
    /// How many were watched.
    watched: usize,
    /// The first broken one: the run ends there.
    broken: Option<Broken>,
}

#[derive(Clone, Debug, Serialize)]
struct Broken {
    invariant: String,
    promise: &'static str,
    at: String,
    device: u32,
    what: String,
}

/// Something of the scenario that was not played.
#[derive(Clone, Debug, Serialize)]
struct NotPlayed {
    what: String,
    why: &'static str,
}

impl VirtualReport {
    /// Judges a run.
    pub(super) fn of(left: Left<'_>) -> Self {
        let Observed { recorder, refused } = left.observed();
        let (scenario, not_judged) = parted(left.plan.scenario());
        let judged = scenario.thresholds.len();
        let devices = u64::try_from(left.plan.whole_fleet().len()).unwrap_or(u64::MAX);
        let mut report = RunReport::new(&Measured {
            run: header(left),
            scenario,
            devices,
            recorder,
            vitals: Vitals::default(),
            faults: Vec::new(),
            interventions: Vec::new(),
        });
        // The last one is about what a generator drops: there is none.
        report.thresholds.truncate(judged);
        let promises = Promises::of(&left.outcome.ending);
        let not_played = not_played(left);
        let (verdict, reason) = verdict(&promises, &report, (&not_judged, &not_played));
        Self {
            format: FORMAT,
            verdict,
            reason,
            results: report.told_results(),
            scenario: report.run.scenario,
            question: report.run.question,
            seed: report.run.seed,
            devices,
            latencies: LATENCIES,
            network: Way::of(left.script.plan.network),
            promises,
            thresholds: report.thresholds,
            not_judged,
            not_played,
            commands: report.commands,
            funnel: report.funnel,
            refused,
            latency_ms: report.latency_ms,
            phases: report.phases,
            events: report.events,
            virtual_s: left.outcome.at.since(Timestamp::ZERO).as_secs_f64(),
            world_events: left.outcome.events,
            log_digest: format!("{:016x}", left.outcome.log.digest()),
            made_by: recording::build(),
        }
    }

    /// What it comes to.
    pub(crate) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The report for programs.
    pub(crate) const fn data<'a>(&'a self, recording: Option<&'a Path>) -> Data<'a> {
        Data { report: self, recording }
    }

    /// Whether a promise was broken.
    pub(crate) const fn is_broken(&self) -> bool {
        self.promises.broken.is_some()
    }

    /// The report on a terminal.
    pub(crate) fn told(&self, recording: Option<&Path>) -> String {
        let mut text = format!("{}  {}\n", self.verdict.name().to_uppercase(), self.reason);
        let _written = writeln!(text, "{}: {}", self.scenario, self.question);
        let _written = writeln!(
            text,
            "{} devices, seed {}, {:.1} min of virtual time, {} events; a message takes {} to {} ms",
            self.devices,
            self.seed,
            self.virtual_s / 60.0,
            self.world_events,
            self.network.delay_ms,
            self.network.delay_ms + self.network.jitter_ms,
        );
        let _written = writeln!(text, "{}", self.latencies);
        text += &self.results;
        text += &self.told_ends();
        text += &self.told_phases();
        text += &self.left_out();
        text += &self.promises.told(recording);
        text
    }

    fn told_ends(&self) -> String {
        let Funnel { stored, error, expired, cancelled, timed_out, .. } = self.funnel;
        let over = self.commands.terminal.saturating_add(self.commands.lost);
        let waiting = self.commands.accepted.saturating_sub(over);
        let mut text = format!(
            "ends       {stored} acknowledged, {error} errors, {expired} expired, {cancelled} \
             cancelled; {waiting} still waited, {timed_out} took longer than the deadline\n"
        );
        for (reason, count) in &self.refused {
            let _written = writeln!(text, "refused    {count}: {reason}");
        }
        text
    }

    fn told_phases(&self) -> String {
        let headings =
            ["phase", "accepted", "acknowledged", "errors", "expired", "cancelled", "lost"];
        let mut table = Table::new(&headings);
        (1..headings.len()).for_each(|column| table.right(column));
        for phase in &self.phases {
            let Funnel { queued, stored, error, expired, cancelled, lost, .. } = phase.funnel;
            let counts = [queued, stored, error, expired, cancelled, lost];
            let counts = counts.into_iter().map(|count| count.to_string());
            table.row(std::iter::once(phase.name.clone()).chain(counts));
        }
        let lines: String = table.to_string().lines().map(|line| format!("  {line}\n")).collect();
        format!("\n{lines}\n")
    }

    fn left_out(&self) -> String {
        let judged = self.not_judged.iter().map(Unjudged::told);
        let played =
            self.not_played.iter().map(|it| format!("not played {}: {}\n", it.what, it.why));
        judged.chain(played).collect()
    }
}

impl Way {
    const fn of(network: Network) -> Self {
        Self { delay_ms: network.delay.as_millis(), jitter_ms: network.jitter.as_millis() }
    }
}

impl Promises {
    fn of(ending: &Ending) -> Self {
        let broken = match ending {
            Ending::Kept => None,
            Ending::Broken(violation) => Some(Broken::of(violation)),
        };
        Self { watched: Invariant::ALL.len(), broken }
    }

    fn told(&self, recording: Option<&Path>) -> String {
        let Some(Broken { invariant, promise, at, device, what }) = &self.broken else {
            return format!("promises   all {} were kept\n", self.watched);
        };
        let file = recording.map(|path| format!("recording  {}\n", path.display()));
        let file = file.unwrap_or_default();
        format!(
            "promises   {invariant} was broken: {promise}\nseen       {what}: device {device}, at \
             {at} of virtual time\n{file}"
        )
    }
}

impl Broken {
    fn of(violation: &Violation) -> Self {
        Self {
            invariant: violation.invariant.to_string(),
            promise: violation.invariant.promise(),
            at: violation.at.to_string(),
            device: violation.device,
            what: violation.what.clone(),
        }
    }
}

fn header(left: Left<'_>) -> Header {
    let scenario = left.plan.scenario();
    let took = left.now().since(Timestamp::ZERO);
    Header {
        scenario: scenario.name.clone(),
        question: scenario.question.clone(),
        seed: left.script.plan.seed,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        ..Header::default()
    }
}

fn not_played(left: Left<'_>) -> Vec<NotPlayed> {
    let left_out = left.script.not_played.iter();
    left_out.map(|(what, why)| NotPlayed { what: what.clone(), why }).collect()
}

/// What it comes to: a broken promise is a failure whatever the thresholds say. Thresholds of which
/// none can be judged leave the question open, and so does what holds without part of the scenario.
fn verdict(
    promises: &Promises,
    run: &RunReport,
    (not_judged, not_played): (&[Unjudged], &[NotPlayed]),
) -> (Verdict, String) {
    if let Some(Broken { invariant, promise, .. }) = &promises.broken {
        return (Verdict::Fail, format!("the promise {invariant} was broken: {promise}"));
    }
    let (verdict, reason) = judged(run, not_judged);
    match (verdict, not_played.first()) {
        (Verdict::Pass, Some(NotPlayed { what, .. })) => {
            let why = format!("what can be judged holds, but {what} was not played");
            (Verdict::Inconclusive, why)
        }
        (verdict, _) => (verdict, reason),
    }
}

fn judged(run: &RunReport, not_judged: &[Unjudged]) -> (Verdict, String) {
    match (run.thresholds.len(), not_judged.len()) {
        (0, 0) => {
            (Verdict::Pass, "every promise was kept, and nothing else had to hold".to_owned())
        }
        (0, _) => {
            let why = "nobody can tell: no threshold of it can be judged in virtual time";
            (Verdict::Inconclusive, why.to_owned())
        }
        (_, 0) => (run.verdict, run.reason.clone()),
        (_, others) if run.verdict == Verdict::Pass => {
            let why = format!("every threshold holds that can be judged; {others} cannot");
            (Verdict::Pass, why)
        }
        (_, _) => (run.verdict, run.reason.clone()),
    }
}
