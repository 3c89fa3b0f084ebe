//! The names of a plan, as the recorder counts by them.

use std::sync::Arc;

use muster_protocol::{Platform, Timestamp};
use muster_report::{
    CommandIndex, EventIndex, EventKind, EventLegend, Label, Legend, PhaseLegend, PhaseRole,
};
use muster_scenario::{
    Action, Counts, FaultKind, Plan, Scenario, ServerFault, TimeScale, WorkKind,
};

/// What has a name in a run, and where its numbers go.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// The names, with their places in the plan's own time.
    pub(crate) legend: Arc<Legend>,
    /// The event a work is, by its index in the scenario.
    works: Vec<Option<(EventIndex, EventKind)>>,
    /// The event a fault is.
    faults: Vec<Option<(EventIndex, EventKind)>>,
}

impl Labels {
    /// All names of a plan.
    pub(crate) fn of(scenario: &Scenario, plan: &Plan, scale: TimeScale) -> Self {
        let begins = |phase: Option<usize>| {
            let phase = phase.and_then(|phase| plan.phases().get(phase));
            phase.map_or(Timestamp::ZERO, |phase| phase.begins)
        };
        let mut events = Vec::new();
        let mut event = |name: &str, kind: Option<EventKind>, at: Timestamp| {
            let (index, kind) = (u16::try_from(events.len()).ok()?, kind?);
            events.push(EventLegend { name: name.to_owned(), round: 1, kind, at });
            Some((EventIndex(index), kind))
        };
        let works = scenario.works.iter();
        let works = works.map(|work| {
            let at = begins(work.phase).after(scale.of(work.at));
            event(&work.name, kind_of_work(&work.kind), at)
        });
        let works = works.collect();
        let faults = plan.faults().iter();
        let faults =
            faults.map(|fault| event(&fault.name, kind_of_fault(&fault.kind), fault.begins));
        let faults = faults.collect();
        let legend = Legend { phases: phases(plan), commands: commands(), events };
        Self { legend: Arc::new(legend), works, faults }
    }

    /// Names of a plan in which nothing happens to many at once.
    #[cfg(test)]
    pub(super) fn without_events(legend: Arc<Legend>) -> Self {
        Self { legend, works: Vec::new(), faults: Vec::new() }
    }

    /// What the numbers of a command are sorted by that the plan has at this moment, by its own time.
    pub(crate) fn label(&self, moment: Timestamp, action: Action, platform: Platform) -> Label {
        let place = Action::ALL.iter().position(|known| *known == action).unwrap_or_default();
        let command = CommandIndex(u16::try_from(place).unwrap_or_default());
        Label { phase: self.legend.phase_at(moment), command, platform }
    }

    /// The event a work is, if devices have to get over it.
    pub(crate) fn event_of_work(&self, work: usize) -> Option<(EventIndex, EventKind)> {
        self.works.get(work).copied().flatten()
    }

    /// Whether a work takes devices out of service.
    pub(crate) fn takes_out(&self, work: usize) -> bool {
        self.event_of_work(work).is_some_and(|(_event, kind)| kind == EventKind::MassWipe)
    }

    /// The event a fault is, if devices have to get over it.
    pub(crate) fn event_of_fault(&self, fault: usize) -> Option<(EventIndex, EventKind)> {
        self.faults.get(fault).copied().flatten()
    }

    /// The name of a phase.
    pub(crate) fn phase_name(&self, phase: usize) -> &str {
        self.legend.phases.get(phase).map_or("", |phase| &phase.name)
    }
}

fn commands() -> Vec<String> {
    Action::ALL.iter().map(|action| action.name().to_owned()).collect()
}

fn phases(plan: &Plan) -> Vec<PhaseLegend> {
    let phase = |planned: &muster_scenario::PlannedPhase| PhaseLegend {
        name: planned.phase.name.clone(),
        role: match planned.phase.counts {
            Counts::Yes => PhaseRole::Measured,
            Counts::WarmUp => PhaseRole::WarmUp,
        },
        begins: planned.begins,
        ends: planned.ends,
    };
    plan.phases().iter().map(phase).collect()
}

const fn kind_of_work(kind: &WorkKind) -> Option<EventKind> {
    match kind {
        WorkKind::Arrivals(_) => None,
        WorkKind::Broadcast(_) => Some(EventKind::Broadcast),
        WorkKind::EnrolmentWave(_) => Some(EventKind::Wave),
        WorkKind::ReconnectStorm(_) => Some(EventKind::Storm),
        WorkKind::Backlog(_) => Some(EventKind::Backlog),
        WorkKind::MassWipe(_) => Some(EventKind::MassWipe),
    }
}

const fn kind_of_fault(kind: &FaultKind) -> Option<EventKind> {
    match kind {
        FaultKind::Server(ServerFault::Restart { .. } | ServerFault::Kill { .. }) => {
            Some(EventKind::ServerAway)
        }
        FaultKind::Server(ServerFault::SlowDisk { .. } | ServerFault::Retry)
        | FaultKind::Fleet(_) => None,
    }
}
