//! Where the planted faults of `muster_protocol::planted` bite in this crate, if it takes more than
//! a word.
//!
//! Without the feature `planted` none of it is ever true, and the compiler takes it out.

use std::sync::Arc;

use muster_control::DeviceRecord;
use muster_protocol::management::Hello;
use muster_protocol::planted::{Plant, is};
use muster_protocol::{DeviceId, Timestamp};
use muster_transport::{CaError, CertificateDer, CsrKey, RunCa, Validity};

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

/// What is signed for a device: a faulty CA believes the names its request has.
#[cfg(feature = "planted")]
pub(crate) fn certificate(
    ca: &RunCa,
    device: DeviceId,
    (key, csr_der): (&CsrKey, &[u8]),
    validity: Validity,
) -> Result<CertificateDer<'static>, CaError> {
    if is(Plant::RequestNamesCopied) {
        ca.issue_as_asked(device, csr_der, validity)
    } else {
        ca.issue_device(device, key, validity)
    }
}

/// What is signed for a device: its key, and nothing else of what its request says.
#[cfg(not(feature = "planted"))]
pub(crate) fn certificate(
    ca: &RunCa,
    device: DeviceId,
    (key, _csr_der): (&CsrKey, &[u8]),
    validity: Validity,
) -> Result<CertificateDer<'static>, CaError> {
    ca.issue_device(device, key, validity)
}
