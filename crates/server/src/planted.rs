//! Where the planted faults of `muster_protocol::planted` bite in this crate, if it takes more than
//! a word.
//!
//! Without the feature `planted` none of it is ever true, and the compiler takes it out.

use std::sync::Arc;

use muster_control::DeviceRecord;
use muster_protocol::Timestamp;
use muster_protocol::management::Hello;
use muster_protocol::planted::{Plant, is};

use crate::registry::Registry;
use crate::slot::Slot;

/// The place of the device that a Hello names, for a faulty server that believes it.
pub(crate) fn believed(registry: &Registry, hello: &Hello) -> Option<Arc<Slot>> {
    if is(Plant::HelloIsBelieved) { registry.slot(hello.device) } else { None }
}

/// Whether a faulty server makes this decision in memory alone.
pub(crate) fn loses_write(before: &DeviceRecord, after: &DeviceRecord) -> bool {
    (is(Plant::AcceptedBeforeDurable) && after.live_commands() > before.live_commands())
        || (is(Plant::KeptBeforeDurable) && after.escrow != before.escrow)
}

/// What a faulty server makes of a record when it starts again.
pub(crate) fn loaded(mut record: DeviceRecord) -> DeviceRecord {
    if is(Plant::QueueLostOverRestart) {
        let ids: Vec<_> = record.commands().map(|row| row.id).collect();
        for id in ids {
            record.cancel(Timestamp::ZERO, id);
        }
    }
    record
}
