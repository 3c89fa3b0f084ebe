//! What is asked of the devices, and what happens to many of them at once.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use muster_protocol::{Mode, Platform};

use crate::action::Action;
use crate::units::{Percent, Rate, Span, Spread, Weighted};

/// One thing that goes on during a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its name, unique among works and faults; thresholds and reports speak of it by this name.
    pub name: String,
    /// The phase whose beginning its times count from; `None` for the run.
    pub phase: Option<usize>,
    /// When it begins.
    pub at: Span,
    /// Whom it concerns.
    pub devices: Selection,
    /// What it is.
    pub kind: WorkKind,
}

impl Work {
    /// What it asks for, each once.
    #[must_use]
    pub fn commands(&self) -> Vec<Action> {
        let of_mix = |mix: &Weighted<Action>| mix.choices().iter().map(|(it, _)| *it).collect();
        match &self.kind {
            WorkKind::Arrivals(arrivals) => of_mix(&arrivals.commands),
            WorkKind::Backlog(backlog) => of_mix(&backlog.commands),
            WorkKind::Broadcast(broadcast) => vec![broadcast.command],
            WorkKind::MassWipe(wipe) => vec![wipe.command],
            WorkKind::EnrolmentWave(_) | WorkKind::ReconnectStorm(_) => Vec::new(),
        }
    }

    /// Whether it is one command for all.
    #[must_use]
    pub const fn is_broadcast(&self) -> bool {
        matches!(self.kind, WorkKind::Broadcast(_))
    }
}

/// Whom a work concerns: devices for which all of this is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Of one of these cohorts, by index; of any if there are none.
    pub cohorts: Vec<usize>,
    /// Of this platform.
    pub platform: Option<Platform>,
    /// Managed this way.
    pub mode: Option<Mode>,
    /// So many of those, drawn for each.
    pub share: Percent,
}

impl Selection {
    /// Everybody.
    pub const ALL: Self =
        Self { cohorts: Vec::new(), platform: None, mode: None, share: Percent::ALL };
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkKind {
    /// Commands that arrive one after another, whatever became of those before: an open model.
    Arrivals(Arrivals),
    /// One command for all at once.
    Broadcast(Broadcast),
    /// Devices that are switched on for the first time, each after a span drawn from this.
    EnrolmentWave(Spread),
    /// Devices that vanish from the network at once, and are back after a span drawn from this.
    ReconnectStorm(Spread),
    /// Devices that are away while commands for them pile up.
    Backlog(Backlog),
    /// Devices that are taken out of service.
    MassWipe(MassWipe),
}

impl WorkKind {
    /// The name of its table in the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Arrivals(_) => "arrivals",
            Self::Broadcast(_) => "broadcast",
            Self::EnrolmentWave(_) => "enrolment-wave",
            Self::ReconnectStorm(_) => "reconnect-storm",
            Self::Backlog(_) => "backlog",
            Self::MassWipe(_) => "mass-wipe",
        }
    }
}

/// Commands one after another, each for a device drawn from the selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// For how long; `None` until the phase or the run is over.
    pub lasts: Option<Span>,
    /// When they arrive.
    pub pace: Pace,
    /// What they ask for.
    pub commands: Weighted<Action>,
}

/// When commands arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// At a rate.
    Rate(Course, Spacing),
    /// At these instants after the work begins, in order.
    Trace(Vec<Span>),
}

/// How a rate changes. The rates are those of the scenario's own number of devices.
#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// Not at all.
    Constant(Rate),
    /// From one to the other in a straight line.
    Ramp(Rate, Rate),
    /// One after another, each for its span; the last until the end.
    Steps(Vec<(Rate, Span)>),
    /// A base with a peak in it.
    Spike {
        /// Before and after.
        base: Rate,
        /// Between.
        peak: Rate,
        /// From when on.
        at: Span,
        /// For how long.
        lasts: Span,
    },
    /// With the hour of the day; the run starts at 08:00 and a day lasts as long as the
    /// scenario's.
    Day {
        /// In the busiest hour.
        peak: Rate,
        /// How busy each hour is, from midnight on, in parts of the busiest.
        hours: [f64; 24],
    },
}

/// How regularly commands arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// As a clock ticks.
    Even,
    /// As people come: each independent of the others.
    Poisson,
}

/// One command for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// What is asked for.
    pub command: Action,
    /// Over how long a time the requests are spread evenly; zero for all at the same instant.
    pub within: Span,
}

/// Devices that are away while commands for them pile up.
#[derive(Clone, Debug, PartialEq)]
pub struct Backlog {
    /// For how long they are away.
    pub away: Span,
    /// How many commands wait for each when it is back.
    pub commands_each: u32,
    /// What they ask for.
    pub commands: Weighted<Action>,
    /// How long after that each is back.
    pub back_within: Spread,
}

/// Devices that are taken out of service.
#[derive(Clone, Debug, PartialEq)]
pub struct MassWipe {
    /// How: wipe, retire or delete.
    pub command: Action,
    /// Over how long a time the requests are spread evenly.
    pub within: Span,
    /// How long after the request each is set up and enrols again; `None` if it does not.
    pub enrol_again: Option<Spread>,
}

impl MassWipe {
    /// The commands that take a device out of service.
    pub const COMMANDS: [Action; 3] = [Action::Wipe, Action::Retire, Action::Delete];
}

/// How busy an office is from midnight on: nobody at night, a peak when people come, less at lunch.
pub(crate) const OFFICE_HOURS: [f64; 24] = [
    0.05, 0.05, 0.05, 0.05, 0.05, 0.1, 0.2, 0.5, 0.9, 1.0, 0.9, 0.8, 0.5, 0.7, 0.8, 0.7, 0.6, 0.4,
    0.25, 0.2, 0.15, 0.1, 0.1, 0.05,
];
