//! How the thresholds stand while a run goes on, and whether one of them wants it to end.

use std::sync::Arc;

use muster_protocol::Timestamp;
use muster_report::{Ends, Evidence, Judged, Outcome, PhaseRole, Recorder, Vitals, judge};
use muster_scenario::{Comparison, Scenario, Threshold};

use crate::load::pacer::Places;
use crate::load::snapshot::Standing;

/// Judges the thresholds now and then.
#[derive(Debug)]
pub(super) struct Watchdog {
    scenario: Arc<Scenario>,
    ends: Ends,
    part: Part,
    /// When each phase has ended.
    ended: Vec<Option<Timestamp>>,
    failing: Failing,
}

/// Since when each threshold has not held.
#[derive(Debug)]
pub(crate) struct Failing(Vec<Option<Timestamp>>);

impl Failing {
    /// Of so many thresholds that have not failed yet.
    pub(crate) fn none_of(thresholds: usize) -> Self {
        Self(vec![None; thresholds])
    }

    /// Whether one that may end the run has not held for long enough, as all stand now.
    pub(crate) fn ends_run(
        &mut self,
        thresholds: &[Threshold],
        standing: &[Standing],
        now: Timestamp,
    ) -> bool {
        let mut ends = false;
        for ((threshold, since), standing) in thresholds.iter().zip(&mut self.0).zip(standing) {
            *since = (standing.holds == Some(false)).then(|| since.unwrap_or(now));
            if let (Some(since), Some(after)) = (*since, threshold.abort_after) {
                ends |= now.since(since) >= after;
            }
        }
        ends
    }
}

/// How much of a run is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// What the others bring is not known.
    Share,
}

impl Part {
    /// What a fleet in these places is of the whole.
    pub(super) const fn of(places: Places) -> Self {
        if places.shards > 1 { Self::Share } else { Self::Whole }
    }
}

impl Watchdog {
    pub(super) fn new(scenario: Arc<Scenario>, ends: Ends, part: Part) -> Self {
        let ended = vec![None; scenario.phases.len()];
        let failing = Failing::none_of(scenario.thresholds.len());
        Self { scenario, ends, part, ended, failing }
    }

    /// A phase is over.
    pub(super) fn phase_ended(&mut self, at: Timestamp, phase: usize) {
        if let Some(ended) = self.ended.get_mut(phase) {
            *ended = Some(at);
        }
    }

    /// How they stand, and whether one that may end the run has not held for long enough.
    pub(super) fn look(
        &mut self,
        recorder: &Recorder,
        vitals: Vitals,
        now: Timestamp,
    ) -> (Vec<Standing>, bool) {
        let evidence = Evidence { recorder, vitals, ends: self.ends, now };
        let judged = judge(&self.scenario, &evidence).thresholds;
        let standing = judged.into_iter().enumerate().map(|(nth, judged)| {
            let threshold = self.scenario.thresholds.get(nth);
            let is_open = threshold.is_some_and(|it| self.is_open(it, &judged, recorder, now));
            let (holds, value) = match judged.outcome {
                Outcome::Pass => (Some(true), judged.value),
                Outcome::Fail if is_open => (None, judged.value),
                Outcome::Fail => (Some(false), judged.value),
                Outcome::Inconclusive => (None, None),
            };
            Standing { text: judged.text, holds, value }
        });
        let standing: Vec<_> = standing.collect();
        let aborts = self.failing.ends_run(&self.scenario.thresholds, &standing, now);
        (standing, aborts)
    }

    /// Whether what does not hold now may still come to hold: what has to grow to its limit has time
    /// until everything that was planned has come to its end or its deadline. Of a share it is never
    /// known.
    fn is_open(
        &self,
        threshold: &Threshold,
        judged: &Judged,
        recorder: &Recorder,
        now: Timestamp,
    ) -> bool {
        has_to_grow(threshold.comparison, judged.value, judged.limit)
            && match self.part {
                Part::Share => true,
                Part::Whole => self.settles(threshold, recorder).is_none_or(|at| now < at),
            }
    }

    /// When the phases that a threshold is about have brought all they can; `None` before their end.
    fn settles(&self, threshold: &Threshold, recorder: &Recorder) -> Option<Timestamp> {
        let phases = recorder.legend().phases.iter().enumerate();
        let mut meant = phases.filter(|(index, phase)| match threshold.scope.phase {
            Some(wanted) => wanted == *index,
            None => phase.role == PhaseRole::Measured,
        });
        let last = meant.try_fold(Timestamp::ZERO, |last, (index, _phase)| {
            let ended = self.ended.get(index).copied().flatten()?;
            Some(last.max(ended))
        });
        Some(last?.after(self.scenario.limits.deadline))
    }
}

/// Whether a value that does not hold may come to hold once more is brought.
pub(crate) fn has_to_grow(comparison: Comparison, value: Option<f64>, limit: f64) -> bool {
    match comparison {
        Comparison::AtLeast | Comparison::Above => true,
        Comparison::Equal => value.is_some_and(|value| value < limit),
        Comparison::Below | Comparison::AtMost => false,
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::Platform;
    use muster_report::Step;
    use muster_scenario::{Action, Run};

    use super::super::Labels;
    use super::*;

    const TEXT: &str = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
                        [limits]\ndeadline = \"5s\"\n\
                        [[phase]]\nname = \"one\"\nlasts = \"10s\"\n\
                        [[phase]]\nname = \"two\"\nlasts = \"10s\"\n\
                        [[arrivals]]\nrate = \"10/s\"\ncommands = \"sync\"\n";

    /// A watchdog over one threshold, with what it looks at.
    struct World {
        watchdog: Watchdog,
        labels: Labels,
        recorder: Recorder,
    }

    impl World {
        fn new(threshold: &str, part: Part) -> Self {
            let threshold = format!("[[threshold]]\n{threshold}\nabort-on-fail = true\n");
            let scenario = Scenario::parse(&format!("{TEXT}{threshold}")).unwrap();
            let run = Run::of(&scenario);
            let labels = Labels::of(&scenario, &scenario.plan(run).unwrap(), run.time_scale);
            let recorder = Recorder::new(Arc::clone(&labels.legend));
            Self { watchdog: Watchdog::new(Arc::new(scenario), Ends::All, part), labels, recorder }
        }

        fn count(&mut self, at: Timestamp, step: Step, times: u64) {
            let label = self.labels.label(at, Action::Sync, Platform::Apple);
            (0..times).for_each(|_nth| self.recorder.count(at, label, step));
        }

        /// How it stands at a second, and whether it ends the run.
        fn look(&mut self, at: u64) -> (Option<bool>, bool) {
            let looked = self.watchdog.look(&self.recorder, Vitals::default(), second(at));
            (looked.0[0].holds, looked.1)
        }
    }

    fn second(second: u64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn what_has_to_grow_ends_no_run_before_it_had_its_time() {
        for growing in
            ["accepted >= 100", "terminal > 99", "rate(terminal) >= 5/s", "accepted == 7"]
        {
            let mut world = World::new(&format!("require = \"{growing}\""), Part::Whole);
            world.count(second(1), Step::Queued, 1);
            assert_eq!(world.look(1), (None, false), "{growing}");
            world.watchdog.phase_ended(second(10), 0);
            assert_eq!(world.look(19), (None, false), "{growing}");
            world.watchdog.phase_ended(second(20), 1);
            assert_eq!(world.look(24), (None, false), "{growing}: the last may still end");
            assert_eq!(world.look(25), (Some(false), true), "{growing}");
        }
    }

    #[test]
    fn a_phase_that_was_stopped_has_its_time_all_the_same() {
        let mut world = World::new("require = \"accepted >= 100\"\nphase = \"one\"", Part::Whole);
        assert_eq!(world.look(60), (None, false));
        world.watchdog.phase_ended(second(70), 0);
        assert_eq!(world.look(75), (Some(false), true));
    }

    #[test]
    fn what_has_grown_enough_holds_at_once() {
        let mut world = World::new("require = \"accepted >= 3\"", Part::Whole);
        world.count(second(1), Step::Queued, 3);
        assert_eq!(world.look(2), (Some(true), false));
    }

    #[test]
    fn what_is_too_much_ends_the_run_at_once_and_for_as_long_as_it_says() {
        let mut world = World::new("require = \"lost == 0\"\nfor = \"3s\"", Part::Whole);
        assert_eq!(world.look(1), (Some(true), false));
        world.count(second(1), Step::Lost, 1);
        assert_eq!(world.look(2), (Some(false), false));
        assert_eq!(world.look(5), (Some(false), true));
    }

    #[test]
    fn a_share_does_not_judge_what_all_shares_have_to_bring_together() {
        let part = Part::of(Places { shards: 4 });
        let mut world = World::new("require = \"rate(terminal) >= 100/s\"", part);
        world.count(second(1), Step::Stored, 30);
        world.watchdog.phase_ended(second(10), 0);
        world.watchdog.phase_ended(second(20), 1);
        assert_eq!(world.look(60), (None, false));
        let mut world = World::new("require = \"lost == 0\"", part);
        world.count(second(1), Step::Lost, 1);
        assert_eq!(world.look(2), (Some(false), true));
    }
}
