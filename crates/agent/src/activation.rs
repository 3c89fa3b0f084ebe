//! The vendor's activation service, as the devices of a fleet and its servers reach it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_device::DeviceSpec;
use muster_device::activation::{
    ActivationCall, ActivationReply, ActivationService, LockRequest, LockResponse, LockStatus,
    Ownership, Unlocking,
};
use muster_protocol::{Mode, SerialNumber};

use crate::state::{StateError, WeakWriter, WriterHandle};

/// The one activation service of a fleet, which its devices and its servers share.
///
/// What a server changes here is durable before it is answered, if the fleet keeps its state.
#[derive(Clone, Debug)]
pub struct ActivationHandle {
    records: ActivationRecords,
    writer: Option<WeakWriter>,
}

/// The records, without a way to keep them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActivationRecords(Arc<Mutex<ActivationService>>);

/// Whether an answer changed the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Records {
    Unchanged,
    Changed,
}

impl ActivationHandle {
    pub(crate) fn new(records: ActivationRecords, writer: Option<&WriterHandle>) -> Self {
        Self { records, writer: writer.map(WriterHandle::downgrade) }
    }

    /// Locks a device to its organisation; the device hears of it when it next asks.
    ///
    /// Cancel safe: no. A dropped call may or may not have locked.
    ///
    /// # Errors
    /// [`StateError`] if the change cannot be kept, also because the fleet has stopped; it holds
    /// until then.
    pub async fn lock(&self, request: LockRequest) -> Result<LockResponse, StateError> {
        let serial = request.serial.clone();
        let response = self.records.service().lock(request);
        self.keep(serial).await?;
        Ok(response)
    }

    /// Removes a lock with its code, in the form for people.
    ///
    /// An organisation's lock costs the fifty thousand rounds of its escrow key. Cancel safe: no,
    /// as for [`Self::lock`].
    ///
    /// # Errors
    /// As for [`Self::lock`].
    pub async fn escrow_key_unlock(
        &self,
        serial: &SerialNumber,
        escrow_key: &str,
    ) -> Result<Unlocking, StateError> {
        let unlocking = self.records.service().escrow_key_unlock(serial, escrow_key);
        self.keep(serial.clone()).await?;
        Ok(unlocking)
    }

    /// How a device stands; `None` if the service knows no such device.
    #[must_use]
    pub fn status(&self, serial: &SerialNumber) -> Option<LockStatus> {
        self.records.service().status(serial)
    }

    async fn keep(&self, serial: SerialNumber) -> Result<(), StateError> {
        match &self.writer {
            Some(writer) => writer.upgrade()?.write_lock(serial).await,
            None => Ok(()),
        }
    }
}

impl ActivationRecords {
    /// Takes over what was kept, then what hardware there is.
    pub(crate) fn of<'a>(
        kept: ActivationService,
        specs: impl Iterator<Item = &'a DeviceSpec>,
    ) -> Self {
        let mut service = kept;
        for spec in specs {
            if let Some(ownership) = ownership(spec.facts.mode) {
                service.admit(&spec.facts.serial, ownership);
            }
        }
        Self(Arc::new(Mutex::new(service)))
    }

    /// Answers a device.
    pub(crate) fn answer(
        &self,
        serial: &SerialNumber,
        call: ActivationCall,
    ) -> (ActivationReply, Records) {
        let mut service = self.service();
        let before = service.of_device(serial);
        let reply = service.answer(serial, call);
        let changed = service.of_device(serial) != before;
        (reply, if changed { Records::Changed } else { Records::Unchanged })
    }

    /// What is to be kept of one device.
    pub(crate) fn of_device(&self, serial: &SerialNumber) -> ActivationService {
        self.service().of_device(serial)
    }

    /// The records themselves; a panic elsewhere leaves them as they were between two calls.
    fn service(&self) -> MutexGuard<'_, ActivationService> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose the hardware is: what enrols by itself stands in the organisation's account.
const fn ownership(mode: Mode) -> Option<Ownership> {
    match mode {
        Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => Some(Ownership::Organisation),
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some(Ownership::Private),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => None,
    }
}
