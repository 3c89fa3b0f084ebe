//! Totals over all rows.

use serde::Serialize;

use muster_control::Stage;

/// How many of what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records, whether enrolled or not.
    pub devices: u64,
    /// Records of devices that are managed now.
    pub enrolled: u64,
    /// Commands ever accepted.
    pub accepted: u64,
    /// Commands that are over.
    pub terminal: u64,
    /// Commands in each state.
    pub by_state: StateCounts,
}

/// Commands in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StateCounts {
    /// Wait for the device.
    pub queued: u64,
    /// With the device.
    pub in_flight: u64,
    /// Deferred by the device.
    pub not_now: u64,
    /// With the activation service.
    pub at_service: u64,
    /// Done.
    pub done: u64,
    /// Tried and failed.
    pub failed: u64,
    /// Not possible on that device.
    pub not_supported: u64,
    /// Never carried out.
    pub canceled: u64,
}

impl Counts {
    /// Adds `count` commands in this state.
    pub(crate) fn add(&mut self, state: Stage, count: u64) {
        self.accepted += count;
        if !state.is_live() {
            self.terminal += count;
        }
        *self.by_state.slot(state) += count;
    }
}

impl StateCounts {
    const fn slot(&mut self, state: Stage) -> &mut u64 {
        match state {
            Stage::Queued => &mut self.queued,
            Stage::InFlight => &mut self.in_flight,
            Stage::NotNow => &mut self.not_now,
            Stage::AtService => &mut self.at_service,
            Stage::Done => &mut self.done,
            Stage::Failed => &mut self.failed,
            Stage::NotSupported => &mut self.not_supported,
            Stage::Canceled => &mut self.canceled,
        }
    }
}
