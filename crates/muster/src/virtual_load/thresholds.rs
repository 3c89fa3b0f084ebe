//! Which thresholds mean something in virtual time.

use muster_scenario::{Counted, Metric, Scenario, Threshold};
use serde::Serialize;

/// Something of a scenario that virtual time has no answer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unjudged {
    /// As it stands in the scenario.
    pub(super) threshold: String,
    /// The phase it is about; none if it is about all but warm-ups.
    pub(super) phase: Option<String>,
    /// Why it is not judged.
    pub(super) why: &'static str,
}

impl Unjudged {
    /// It, as a line of text.
    pub(super) fn told(&self) -> String {
        let phase = self.phase.as_ref().map_or_else(String::new, |phase| format!(" in {phase}"));
        format!("not judged {}{phase}: {}\n", self.threshold, self.why)
    }
}

/// The scenario with the thresholds that can be judged, and the others.
pub(super) fn parted(scenario: &Scenario) -> (Scenario, Vec<Unjudged>) {
    let (judged, others): (Vec<Threshold>, Vec<Threshold>) =
        scenario.thresholds.iter().cloned().partition(|it| why_not(&it.metric).is_none());
    let unjudged = others.into_iter().filter_map(|threshold| {
        let why = why_not(&threshold.metric)?;
        let phase = threshold.scope.phase.and_then(|phase| scenario.phases.get(phase));
        let phase = phase.map(|phase| phase.name.clone());
        Some(Unjudged { threshold: threshold.text, phase, why })
    });
    (Scenario { thresholds: judged, ..scenario.clone() }, unjudged.collect())
}

/// Why a metric means nothing in virtual time; `None` if it means something.
const fn why_not(metric: &Metric) -> Option<&'static str> {
    match metric {
        Metric::Latency { .. } => {
            Some("processors take no time in virtual time: a latency says nothing of a server")
        }
        Metric::Lag { .. } => Some("nothing begins late in virtual time"),
        Metric::PerSecond(_) => {
            Some("processors take no time in virtual time: nothing bounds a rate")
        }
        Metric::Memory | Metric::MemoryGrowth => Some("no server of its own has memory here"),
        Metric::Count(counted) | Metric::Share(counted) => why_not_counted(*counted),
        Metric::TimeTo { .. } => None,
    }
}

const fn why_not_counted(counted: Counted) -> Option<&'static str> {
    match counted {
        Counted::Dropped => Some("no generator is there to drop anything"),
        Counted::UdpDrops => Some("there are no sockets in virtual time"),
        Counted::ConnectFailures => Some("attempts to connect are not counted in virtual time"),
        Counted::Accepted
        | Counted::Terminal
        | Counted::Lost
        | Counted::ExecutedTwice
        | Counted::TimedOut
        | Counted::Refused
        | Counted::Errors
        | Counted::Expired
        | Counted::Cancelled => None,
    }
}
