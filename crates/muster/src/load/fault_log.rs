//! What went wrong on purpose, as it happened: each round of each fault of the plan, and what
//! somebody let go wrong by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_protocol::Timestamp;
use muster_report::FaultReport;
use muster_scenario::{FaultKind, PlannedFault};

use super::deed::Injected;

/// Most rounds that are told one by one, over all faults. Of a fault that comes more often, the last
/// one told goes on to the end of its last round.
const ROUNDS_MAX: usize = 512;

/// The faults of a run, as they come and go.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultLog {
    planned: Vec<PlannedFault>,
    rounds: Vec<FaultReport>,
    /// How often each has come, by its name.
    counts: BTreeMap<String, u32>,
}

impl FaultLog {
    /// Of a plan of which nothing has happened yet.
    pub(crate) fn of(planned: &[PlannedFault]) -> Self {
        Self { planned: planned.to_vec(), ..Self::default() }
    }

    /// The name of a fault of the plan.
    pub(crate) fn name(&self, fault: usize) -> &str {
        self.planned.get(fault).map_or("", |fault| &fault.name)
    }

    /// A fault of the plan begins, for the first time or again.
    pub(crate) fn began(&mut self, at: Timestamp, fault: usize) {
        let Some(fault) = self.planned.get(fault) else { return };
        let (name, what, lasts) = (fault.name.clone(), words(&fault.kind), lasts(fault));
        self.begin(&name, what, (at, lasts));
    }

    /// A fault of the plan is over, for this time.
    pub(crate) fn ended(&mut self, at: Timestamp, fault: usize) {
        let Some(fault) = self.planned.get(fault) else { return };
        if let Some(round) = self.rounds.iter_mut().rfind(|round| round.name == fault.name) {
            round.to_s = Some(seconds(at));
        }
    }

    /// Somebody lets something go wrong.
    pub(crate) fn injected(&mut self, at: Timestamp, injected: &Injected) {
        self.begin(injected.name, injected.what.clone(), (at, Some(injected.lasts)));
    }

    /// All rounds, in the order in which they began.
    pub(crate) fn into_rounds(mut self) -> Vec<FaultReport> {
        self.rounds.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
        self.rounds
    }

    fn begin(&mut self, name: &str, what: String, (at, lasts): (Timestamp, Option<Duration>)) {
        let count = self.counts.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        let to_s = lasts.map(|lasts| seconds(at.after(lasts)));
        if self.rounds.len() < ROUNDS_MAX {
            let (name, round) = (name.to_owned(), *count);
            self.rounds.push(FaultReport { name, round, what, from_s: seconds(at), to_s });
        } else if let Some(last) = self.rounds.iter_mut().rfind(|round| round.name == name) {
            last.to_s = to_s;
        }
    }
}

/// How long each round of a fault lasts; `None` if until the end.
fn lasts(fault: &PlannedFault) -> Option<Duration> {
    fault.ends.map(|ends| ends.since(fault.begins))
}

fn words(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Fleet(words) => words.clone(),
        FaultKind::Server(fault) => fault.to_string(),
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.since(Timestamp::ZERO).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use muster_scenario::{Run, Scenario};

    use super::*;
    use crate::load::deed::Side;

    const TEXT: &str = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
                        [[phase]]\nname = \"one\"\nlasts = \"2m\"\n\
                        [[fault]]\nname = \"kill\"\nserver = \"kill\"\naway = \"2s\"\nat = \"10s\"\n\
                        every = \"30s\"\n\
                        [[fault]]\nname = \"lossy\"\nfleet = \"loss rate=2%\"\nat = \"20s\"\n\
                        lasts = \"5s\"\nevery = \"40s\"\n";

    fn log() -> FaultLog {
        let scenario = Scenario::parse(TEXT).unwrap();
        FaultLog::of(scenario.plan(Run::of(&scenario)).unwrap().faults())
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn told(log: FaultLog) -> Vec<(String, u32, f64, Option<f64>)> {
        let rounds = log.into_rounds().into_iter();
        rounds.map(|round| (round.name, round.round, round.from_s, round.to_s)).collect()
    }

    #[test]
    fn each_round_of_a_fault_is_told() {
        let mut log = log();
        log.began(at(10), 0);
        log.began(at(40), 0);
        log.ended(at(43), 0);
        log.began(at(50), 1);
        let kill = |round, from, to| ("kill".to_owned(), round, from, Some(to));
        let lossy = ("lossy".to_owned(), 1, 50.0, Some(55.0));
        assert_eq!(told(log), [kill(1, 10.0, 12.0), kill(2, 40.0, 43.0), lossy]);
    }

    #[test]
    fn what_never_happened_is_not_told_and_what_nobody_planned_is() {
        let mut log = log();
        let (name, what) = ("kill by hand", "the server is killed".to_owned());
        let injected = Injected { name, what, lasts: Duration::from_secs(2), side: Side::Server };
        log.injected(at(7), &injected);
        log.injected(at(9), &injected);
        let by_hand = |round, from, to| (name.to_owned(), round, from, Some(to));
        assert_eq!(told(log), [by_hand(1, 7.0, 9.0), by_hand(2, 9.0, 11.0)]);
    }

    #[test]
    fn a_run_of_days_tells_no_more_rounds_than_a_report_holds() {
        let mut log = log();
        for round in 0..1_000 {
            log.began(at(10 + 30 * round), 0);
        }
        let told = told(log);
        assert_eq!(told.len(), ROUNDS_MAX);
        assert_eq!(told.last().unwrap().3, Some(29_982.0), "the end of the last round");
    }
}
