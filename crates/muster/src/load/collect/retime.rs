//! Phases of a plan that was stopped for a while, or is played faster or slower than it says.
//!
//! Every command belongs to the phase that the plan has it in, whenever it was played. What is counted
//! by the second needs the instants at which phases really begin and end.

use muster_protocol::Timestamp;
use muster_report::{Legend, Recorder};

use super::Collector;
use crate::load::clock::RunClock;
use crate::load::timeline::Timeline;

impl Collector {
    /// What the plan has ahead comes at other instants from now on.
    pub(super) fn retime(&mut self, timeline: Timeline) {
        self.board.tempo = timeline.tempo();
        retime(&mut self.recorder, &self.labels.legend, timeline, &self.clock);
        if let Some(last) = self.recorder.legend().phases.last() {
            self.board.lasts = last.ends.since(Timestamp::ZERO);
        }
    }
}

fn retime(recorder: &mut Recorder, plan: &Legend, timeline: Timeline, clock: &RunClock) {
    recorder.retime(plan, |moment| timeline.ahead(moment).map(|instant| clock.at(instant)));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use muster_protocol::Platform;
    use muster_report::{PhaseIndex, PhaseLegend, PhaseRole};
    use muster_scenario::Action;

    use super::super::Labels;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn second(second: u64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn legend() -> Arc<Legend> {
        let phase = |name: &str, role, begins, ends| PhaseLegend {
            name: name.to_owned(),
            role,
            begins: second(begins),
            ends: second(ends),
        };
        let phases = vec![
            phase("warm-up", PhaseRole::WarmUp, 0, 10),
            phase("steady", PhaseRole::Measured, 10, 40),
        ];
        let commands = Action::ALL.iter().map(|action| action.name().to_owned()).collect();
        Arc::new(Legend { phases, commands, events: Vec::new() })
    }

    fn limits(recorder: &Recorder) -> Vec<(u64, u64)> {
        let phases = recorder.legend().phases.iter();
        let seconds = |at: Timestamp| at.as_micros() / 1_000_000;
        phases.map(|phase| (seconds(phase.begins), seconds(phase.ends))).collect()
    }

    #[test]
    fn a_phase_that_was_stopped_ends_later_and_the_next_one_begins_later() {
        let (plan, clock, start) = (legend(), RunClock::default(), Instant::now());
        clock.begin(start);
        let mut recorder = Recorder::new(Arc::clone(&plan));
        let mut timeline = Timeline::from(start);
        timeline.pause(start + 4 * SECOND);
        retime(&mut recorder, &plan, timeline, &clock);
        assert_eq!(limits(&recorder), [(0, 10), (10, 40)], "nobody knows for how long");
        timeline.resume(start + 24 * SECOND);
        retime(&mut recorder, &plan, timeline, &clock);
        assert_eq!(limits(&recorder), [(0, 30), (30, 60)]);
        timeline.pace(start + 40 * SECOND, 200);
        retime(&mut recorder, &plan, timeline, &clock);
        assert_eq!(limits(&recorder), [(0, 30), (30, 50)]);
    }

    #[test]
    fn a_late_command_of_the_warm_up_is_one_of_the_warm_up() {
        let labels = Labels::without_events(legend());
        let phase = |moment| labels.label(moment, Action::Sync, Platform::Apple).phase;
        assert_eq!([phase(second(9)), phase(second(10))], [PhaseIndex(0), PhaseIndex(1)]);
    }
}
