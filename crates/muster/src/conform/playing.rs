//! Plays one case, as often as it is wanted, and weighs what comes of it.

use std::time::Duration;

use muster_conformance::exceptions::Excused;
use muster_conformance::result::CaseResult;
use muster_conformance::script::{Act, Event, Script};
use muster_conformance::{Need, Outcome, Setting, Side, Variant, Verdict};
use muster_protocol::{Seed, Timestamp};
use tokio::time::{Instant as Moment, timeout_at};

use super::runner::Plan;

/// Where a case is played: makes its surroundings, plays it, and clears away.
pub(super) trait Place {
    /// Plays a script to its end, and says how long that was.
    async fn host(&self, script: &mut dyn Script) -> Duration;
}

/// The surroundings of one play of a case.
pub(super) trait Surroundings {
    /// Does what is wanted.
    async fn perform(&mut self, act: Act);

    /// What happens next; for ever if nothing does.
    ///
    /// Cancel safe: yes.
    async fn next(&mut self) -> Event;
}

/// What time a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Real,
    Virtual,
}

/// The result of a case that is not for this target or this run.
pub(super) fn not_played(plan: &Plan, variant: &Variant, clock: Clock) -> Option<CaseResult> {
    if let Some(lack) = plan.capabilities.lacks(variant) {
        return Some(silent(variant, Verdict::NotApplicable, lack));
    }
    let needs = variant.case.needs();
    let (lacks, why) = match (clock, variant.case.side) {
        (Clock::Real, _) => (Need::VirtualTime, "it waits for minutes: play it with --sim"),
        (Clock::Virtual, Side::Device) => (Need::Power, "what a device stores is on a real disk"),
        (Clock::Virtual, Side::Server | Side::Both | Side::Authors) => {
            (Need::ChangeAddress, "addresses do not change in memory")
        }
    };
    needs.contains(&lacks).then(|| silent(variant, Verdict::Skipped, why.to_owned()))
}

/// Plays a case as often as it is wanted.
pub(super) async fn play_again(plan: &Plan, variant: Variant, place: &impl Place) -> CaseResult {
    let mut result = play(plan, variant, place).await;
    for _again in 1..plan.repeat {
        let again = play(plan, variant, place).await;
        if again.verdict != result.verdict {
            let verdicts = format!("{} and {}", result.verdict.name(), again.verdict.name());
            result = if result.verdict == Verdict::Pass { again } else { result };
            (result.verdict, result.reason) = (Verdict::Flaky, Some(verdicts));
            break;
        }
    }
    result
}

async fn play(plan: &Plan, variant: Variant, place: &impl Place) -> CaseResult {
    let mut script = variant.script(&plan.setting(&variant));
    let took = place.host(script.as_mut()).await;
    let outcome = script.outcome().cloned();
    let outcome = outcome.unwrap_or_else(|| Outcome::Trouble("the script has no end".to_owned()));
    let verdict = outcome.weigh(variant.case.level(), plan.rigour);
    let (expected, actual, reason) = match outcome {
        Outcome::Kept => (None, None, None),
        Outcome::Bent { expected, actual } | Outcome::Broken { expected, actual } => {
            (Some(expected), Some(actual), None)
        }
        Outcome::Unsupported(why) | Outcome::Unclear(why) | Outcome::Trouble(why) => {
            (None, None, Some(why))
        }
    };
    let transcript = script.transcript().entries().to_vec();
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let played = CaseResult { expected, actual, transcript, took_us, ..blank(&variant) };
    excused(plan, CaseResult { verdict, reason, ..played })
}

/// Plays a script to its end, and says how long that was.
pub(super) async fn through(script: &mut dyn Script, world: &mut impl Surroundings) -> Duration {
    let began = Moment::now();
    let since = || Timestamp::ZERO.after(began.elapsed());
    script.handle(Timestamp::ZERO, Event::Begin);
    loop {
        while let Some(act) = script.poll_act() {
            world.perform(act).await;
        }
        if script.outcome().is_some() {
            return began.elapsed();
        }
        let event = match script.next_deadline() {
            None => world.next().await,
            Some(at) => {
                let at = began + at.since(Timestamp::ZERO);
                timeout_at(at, world.next()).await.unwrap_or(Event::Time)
            }
        };
        script.handle(since(), event);
    }
}

/// A failure that was expected does not count, and a pass that was not does.
fn excused(plan: &Plan, mut result: CaseResult) -> CaseResult {
    match plan.exceptions.excuse(&result.name, result.verdict, &plan.today) {
        Excused::No | Excused::PassesAfterAll(_) => {}
        Excused::AsExpected(entry) => result.excused = Some(entry.reason.clone()),
        Excused::Flaky(entry) => {
            result.excused = Some(entry.reason.clone());
            if result.verdict == Verdict::Fail {
                result.verdict = Verdict::Flaky;
            }
        }
    }
    result
}

/// A result that says nothing about the target.
pub(super) fn silent(variant: &Variant, verdict: Verdict, reason: String) -> CaseResult {
    CaseResult { verdict, reason: Some(reason), ..blank(variant) }
}

fn blank(variant: &Variant) -> CaseResult {
    let case = variant.case;
    CaseResult {
        name: variant.name(),
        case: case.id.to_owned(),
        promise: case.promise.to_owned(),
        requirements: case.tries.iter().map(|id| (*id).to_owned()).collect(),
        level: case.level(),
        profile: case.profile,
        verdict: Verdict::Skipped,
        expected: None,
        actual: None,
        reason: None,
        excused: None,
        took_us: 0,
        transcript: Vec::new(),
    }
}

impl Plan {
    /// What a play of a case draws from: its own name, so that no case shifts another's draws.
    pub(super) fn setting(&self, variant: &Variant) -> Setting {
        let seed = Seed::root(self.seed).child(&variant.name(), 0);
        let usual_mode = self.capabilities.usual_mode();
        let tokens = self.token_seed.unwrap_or(seed);
        Setting { seed, patience_percent: self.patience_percent, usual_mode, tokens }
    }
}
