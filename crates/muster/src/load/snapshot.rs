//! A run as it is at one moment, for whoever looks on while it goes.
//!
//! Everything comes from the recorder that the report is made of: the last snapshot and the report
//! say the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use muster_agent::FleetProgress;
use muster_protocol::Timestamp;
use muster_report::{Intervention, Look, Recorder, Share};
use serde::{Deserialize, Serialize};

use super::collect::{Devices, Labels};
use super::fault_log::FaultLog;
use super::timeline::Tempo;

/// How many of the last things that went wrong are told.
pub(crate) const HAPPENED_MAX: usize = 5;

/// How many changes by hand a report tells: nobody has that many wishes, but a program may. The last
/// one is always told.
const INTERVENTIONS_MAX: usize = 256;

/// A run at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// The name of the scenario, and the question it answers.
    pub(crate) name: String,
    pub(crate) question: String,
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
    /// What they were summed up from, for whoever adds them to those of other processes.
    pub(crate) share: Option<Arc<Share>>,
    /// How the devices are, if they are of other processes, which tell of them.
    pub(crate) elsewhere: FleetProgress,
    /// The last things that went wrong or were changed, and when, oldest first.
    pub(crate) happened: Vec<(Duration, String)>,
    /// The thresholds as they stand.
    pub(crate) thresholds: Vec<Standing>,
    /// Whether one of them wants the run to end.
    pub(crate) aborts: bool,
    /// How the plan is played.
    pub(crate) tempo: Tempo,
}

/// A threshold while the run goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub(crate) text: String,
    /// `None` while there is nothing to judge by, or its limit has still to be reached.
    pub(crate) holds: Option<bool>,
    /// What was measured, in the unit of the limit, if it can be judged by it.
    pub(crate) value: Option<f64>,
}

/// What the collector keeps for the next snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) lasts: Duration,
    pub(crate) devices: u64,
    /// The faults of the plan and those by hand, as they come and go.
    pub(crate) faults: FaultLog,
    /// Names of the works, by their indices.
    pub(crate) works: Vec<String>,
    pub(super) phase: Option<usize>,
    pub(super) happened: VecDeque<(Duration, String)>,
    pub(crate) thresholds: Vec<Standing>,
    pub(crate) aborts: bool,
    pub(super) tempo: Tempo,
    /// What was changed by hand.
    pub(crate) interventions: Vec<Intervention>,
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
        self.faults.began(at, fault);
        self.happens(at, format!("{} begins", self.faults.name(fault)));
    }

    pub(super) fn fault_ended(&mut self, at: Timestamp, fault: usize) {
        self.faults.ended(at, fault);
        self.happens(at, format!("{} is over", self.faults.name(fault)));
    }

    /// Somebody has changed the run.
    pub(super) fn said(&mut self, at: Timestamp, what: String) {
        let at_s = at.since(Timestamp::ZERO).as_secs_f64();
        if self.interventions.len() >= INTERVENTIONS_MAX {
            self.interventions.pop();
        }
        self.interventions.push(Intervention { at_s, what: what.clone() });
        self.happens(at, what);
    }

    /// Somebody wanted what cannot be done.
    pub(super) fn unheeded(&mut self, at: Timestamp, why: &str) {
        self.happens(at, why.to_owned());
    }

    pub(super) fn snapshot(
        &self,
        now: Timestamp,
        recorder: &Recorder,
        labels: &Labels,
        (devices, open): (&Devices, usize),
    ) -> Snapshot {
        let share = recorder.share(now);
        Snapshot {
            name: self.name.clone(),
            question: self.question.clone(),
            at: now.since(Timestamp::ZERO),
            lasts: self.lasts,
            phase: self.phase.map(|phase| labels.phase_name(phase).to_owned()).unwrap_or_default(),
            devices: self.devices,
            enrolled: devices.enrolled,
            connected: devices.connected,
            open: u64::try_from(open).unwrap_or(u64::MAX),
            look: Some(share.look()),
            share: Some(Arc::new(share)),
            elsewhere: FleetProgress::default(),
            happened: self.happened.iter().cloned().collect(),
            thresholds: self.thresholds.clone(),
            aborts: self.aborts,
            tempo: self.tempo,
        }
    }

    fn happens(&mut self, at: Timestamp, what: String) {
        self.happened.push_back((at.since(Timestamp::ZERO), what));
        if self.happened.len() > HAPPENED_MAX {
            self.happened.pop_front();
        }
    }
}
