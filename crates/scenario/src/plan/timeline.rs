//! Where phases and faults stand in time.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::Timestamp;

use super::moment::{Moment, What};
use crate::scenario::{Fault, FaultKind, Phase};
use crate::units::{Span, TimeScale};

/// A phase with its place in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPhase {
    /// The phase; its span is that of the scenario, before scaling.
    pub phase: Phase,
    /// When it begins.
    pub begins: Timestamp,
    /// When it ends: the next one begins then.
    pub ends: Timestamp,
}

/// A fault with its place in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// Its name.
    pub name: String,
    /// What goes wrong; its spans are those of the scenario, before scaling.
    pub kind: FaultKind,
    /// When it begins.
    pub begins: Timestamp,
    /// When it is over the first time; `None` if it lasts until the end.
    pub ends: Option<Timestamp>,
    /// How often it comes again.
    pub every: Option<Span>,
    /// Until when: no round begins from the end of its phase, or of the run, on.
    pub until: Timestamp,
}

/// The phases, one after another.
pub(super) fn phases(phases: &[Phase], scale: TimeScale) -> Vec<PlannedPhase> {
    let mut begins = Timestamp::ZERO;
    let placed = phases.iter().map(|phase| {
        let ends = begins.after(scale.of(phase.lasts));
        let placed = PlannedPhase { phase: phase.clone(), begins, ends };
        begins = ends;
        placed
    });
    placed.collect()
}

/// Where the part of the run begins and ends that something belongs to.
pub(super) fn part(phases: &[PlannedPhase], phase: Option<usize>) -> (Timestamp, Timestamp) {
    match phase {
        Some(phase) => (phases[phase].begins, phases[phase].ends),
        None => (Timestamp::ZERO, end(phases)),
    }
}

/// When the run is over.
pub(super) fn end(phases: &[PlannedPhase]) -> Timestamp {
    phases.last().map_or(Timestamp::ZERO, |phase| phase.ends)
}

/// The faults, each at its time.
pub(super) fn faults(
    faults: &[Fault],
    phases: &[PlannedPhase],
    scale: TimeScale,
) -> Vec<PlannedFault> {
    let placed = faults.iter().map(|fault| {
        let (beginning, until) = part(phases, fault.phase);
        let begins = beginning.after(scale.of(fault.at));
        let lasts = fault.duration().map(|lasts| scale.of(lasts));
        PlannedFault {
            name: fault.name.clone(),
            begins,
            ends: lasts.map(|lasts| begins.after(lasts)),
            every: fault.every.map(|every| scale.of(every)),
            until,
            kind: fault.kind.clone(),
        }
    });
    placed.collect()
}

/// What happens as phases begin and end.
pub(super) fn moments_of_phases(phases: &[PlannedPhase]) -> Vec<Moment> {
    let moments = phases.iter().enumerate().flat_map(|(phase, placed)| {
        let begins = Moment { at: placed.begins, what: What::PhaseBegins { phase } };
        [begins, Moment { at: placed.ends, what: What::PhaseEnds { phase } }]
    });
    moments.collect()
}

/// What happens as a fault comes and goes, before `end`. It comes again until its phase is over.
pub(super) fn moments_of_fault(
    index: usize,
    fault: &PlannedFault,
    end: Timestamp,
) -> impl Iterator<Item = Moment> + use<> {
    let begin = match &fault.kind {
        FaultKind::Fleet(_) => What::FaultBegins { fault: index },
        FaultKind::Server(kind) => What::Server { fault: index, kind: *kind },
    };
    let lasts = fault.ends.map(|ends| ends.since(fault.begins));
    let (first, every) = (fault.begins, fault.every.filter(|every| !every.is_zero()));
    let rounds = core::iter::successors(Some(first), move |at| every.map(|every| at.after(every)));
    let until = fault.until;
    rounds.take_while(move |at| *at < until).flat_map(move |at| {
        let over = lasts.map(|lasts| at.after(lasts)).filter(|over| *over < end);
        let over = over.map(|at| Moment { at, what: What::FaultEnds { fault: index } });
        core::iter::once(Moment { at, what: begin }).chain(over)
    })
}
