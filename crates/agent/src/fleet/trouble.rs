//! What a fleet tells about the faults it was given, and about its devices when something failed.

use muster_device::recording::Recording;
use muster_protocol::Mode;
use muster_transport::{FaultCourse, LinkTotals};

use super::{Fleet, FleetError};
use crate::device_task::Request;
use crate::faults::{Subject, Trouble, WakeFault};

impl Fleet {
    /// What goes wrong with a device of the plan.
    pub(super) fn trouble_of(&self, index: u32, mode: Mode) -> Option<Box<Trouble>> {
        self.shared.faults.trouble(Subject { index, mode }, self.shared.clock.started())
    }

    /// Has the time of the fleet's faults go on like this from now on: it begins, stands still, or
    /// goes at another pace. A fault that is on stays on while its time stands still.
    pub fn time_faults(&self, course: FaultCourse) {
        self.shared.faults.go(course);
        if self.shared.faults.sets_timers() {
            for mailbox in &self.mailboxes {
                // One that is full has its device look anyway, and one that is closed has none.
                let _looks_anyway = mailbox.post(Request::SetTimers);
            }
        }
    }

    /// What was done to the datagrams of devices with a faulty link.
    #[must_use]
    pub fn link_totals(&self) -> LinkTotals {
        self.shared.faults.totals()
    }

    /// Has the next push of a woken device go wrong; a device that stays connected has none.
    ///
    /// Cancel safe: no, as for [`Self::user`].
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn spoil_push(&self, index: usize, fault: WakeFault) -> Result<(), FleetError> {
        self.ask(index, |answer| Request::SpoilPush(fault, answer)).await
    }

    /// The last inputs of a device; `None` with [`BlackBox::Off`](crate::BlackBox::Off).
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn black_box(&self, index: usize) -> Result<Option<Recording>, FleetError> {
        let recording = self.ask(index, Request::BlackBox).await?;
        Ok(recording.map(|recording| *recording))
    }

    /// Recordings of devices on which a command took effect twice, each from that moment.
    #[must_use]
    pub fn spilled(&self) -> Vec<Recording> {
        self.shared.spilled.all()
    }
}
