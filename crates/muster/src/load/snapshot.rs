//! A run as it is at one moment, for whoever looks on while it goes.
//!
//! Everything comes from the recorder that the report is made of: the last snapshot and the report
//! say the same.

use std::collections::VecDeque;
use std::time::Duration;

use muster_protocol::Timestamp;
use muster_report::{Look, Recorder};

use super::collect::{Devices, Labels};

/// How many of the last things that went wrong are told.
const HAPPENED_MAX: usize = 5;

/// A run at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// How far the run is; zero until its plan begins.
    pub(crate) at: Duration,
    /// How long the plan is.
    pub(crate) lasts: Duration,
    /// The name of the phase.
    pub(crate) phase: String,
    /// Devices of the plan, and how many are enrolled and connected.
    pub(crate) devices: u64,
    pub(crate) enrolled: u64,
    pub(crate) connected: u64,
    /// Commands that were asked for and are not over.
    pub(crate) open: u64,
    /// The numbers of the recorder; `None` before the first look.
    pub(crate) look: Option<Look>,
    /// The last things that went wrong or were changed, and when, oldest first.
    pub(crate) happened: Vec<(Duration, String)>,
    /// The thresholds as they stand.
    pub(crate) thresholds: Vec<Standing>,
    /// Whether one of them wants the run to end.
    pub(crate) aborts: bool,
}

/// A threshold while the run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) text: String,
    /// `None` while there is nothing to judge by.
    pub(crate) holds: Option<bool>,
}

/// What the collector keeps for the next snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    pub(crate) lasts: Duration,
    pub(crate) devices: u64,
    /// Names of the faults and of the works, by their indices.
    pub(crate) faults: Vec<String>,
    pub(crate) works: Vec<String>,
    pub(super) phase: Option<usize>,
    pub(super) happened: VecDeque<(Duration, String)>,
    pub(crate) thresholds: Vec<Standing>,
    pub(crate) aborts: bool,
    /// Everything that was changed by hand, for the report.
    pub(crate) changed: Vec<(Duration, String)>,
}

impl Board {
    pub(super) const fn phase_began(&mut self, phase: usize) {
        self.phase = Some(phase);
    }

    pub(super) fn work_began(&mut self, at: Timestamp, work: usize) {
        let name = self.works.get(work).cloned().unwrap_or_default();
        self.happens(at, format!("{name} begins"));
    }

    pub(super) fn fault_began(&mut self, at: Timestamp, fault: usize) {
        let name = self.faults.get(fault).cloned().unwrap_or_default();
        self.happens(at, format!("{name} begins"));
    }

    pub(super) fn fault_ended(&mut self, at: Timestamp, fault: usize) {
        let name = self.faults.get(fault).cloned().unwrap_or_default();
        self.happens(at, format!("{name} is over"));
    }

    /// Somebody has changed the run.
    pub(super) fn said(&mut self, at: Timestamp, what: String) {
        self.changed.push((at.since(Timestamp::ZERO), what.clone()));
        self.happens(at, what);
    }

    pub(super) fn snapshot(
        &self,
        now: Timestamp,
        recorder: &Recorder,
        labels: &Labels,
        (devices, open): (&Devices, usize),
    ) -> Snapshot {
        Snapshot {
            at: now.since(Timestamp::ZERO),
            lasts: self.lasts,
            phase: self.phase.map(|phase| labels.phase_name(phase).to_owned()).unwrap_or_default(),
            devices: self.devices,
            enrolled: devices.enrolled,
            connected: devices.connected,
            open: u64::try_from(open).unwrap_or(u64::MAX),
            look: Some(recorder.look(now)),
            happened: self.happened.iter().cloned().collect(),
            thresholds: self.thresholds.clone(),
            aborts: self.aborts,
        }
    }

    fn happens(&mut self, at: Timestamp, what: String) {
        self.happened.push_back((at.since(Timestamp::ZERO), what));
        if self.happened.len() > HAPPENED_MAX {
            self.happened.pop_front();
        }
    }
}
