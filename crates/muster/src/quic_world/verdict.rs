//! What has to be true at the end of every run, and all the way through it.

use super::plan::QuicPlan;
use super::promises;
use super::timeline::Timeline;
use super::world::Facts;

/// What was promised and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Commands the server took.
    pub(crate) accepted: u64,
    /// Commands that are over.
    pub(crate) terminal: u64,
    /// Requests the server refused: no promise was made.
    pub(crate) refused: u64,
    /// Effects on devices.
    pub(crate) executed: u64,
    /// Devices with a connection at the end.
    pub(crate) connected: u64,
    /// Connections of devices that had one before.
    pub(crate) reconnects: u64,
    /// Sessions the servers have welcomed.
    pub(crate) sessions: u64,
    /// Servers, one after another.
    pub(crate) servers: u64,
    /// Promises that were broken; none is as it should be.
    pub(crate) broken: Vec<String>,
}

impl Verdict {
    /// Holds what both sides say against what was promised.
    pub(super) fn of(plan: &QuicPlan, facts: &Facts, timeline: &Timeline) -> Self {
        let Facts { asked, gone, counts, seen, fleet } = facts;
        let progress = &fleet.progress;
        let devices = u64::try_from(plan.devices.get()).unwrap_or(u64::MAX).saturating_sub(*gone);
        let mut broken = Vec::new();
        let mut holds = |promise: &str, wanted: u64, found: u64| {
            if wanted != found {
                broken.push(format!("{promise}: {found} instead of {wanted}"));
            }
        };
        holds("commands in the store", asked.accepted, counts.accepted);
        holds("commands that have ended", asked.accepted, counts.terminal);
        holds("commands a server saw end", asked.accepted, seen.terminal);
        holds("commands executed twice", 0, progress.executed_twice);
        holds("devices enrolled in the store", devices, counts.enrolled);
        holds("devices enrolled", devices, progress.enrolled);
        holds("devices connected", devices, progress.connected);
        holds("devices that stay away", 0, progress.given_up);
        holds("enrolments refused", 0, progress.enrolments_refused);
        broken.extend(promises::broken(plan, timeline));
        broken.extend(timeline.errors.iter().map(|error| format!("an error was logged: {error}")));
        Self {
            accepted: asked.accepted,
            terminal: counts.terminal,
            refused: asked.refused.values().sum(),
            executed: progress.executed,
            connected: progress.connected,
            reconnects: progress.reconnects,
            sessions: seen.sessions,
            servers: seen.servers,
            broken,
        }
    }
}
