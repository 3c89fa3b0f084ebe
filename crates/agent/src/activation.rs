//! The vendor's activation service, as the devices of a fleet and its servers reach it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_device::DeviceSpec;
use muster_device::activation::{
    ActivationCall, ActivationReply, ActivationService, LockRequest, LockResponse, LockStatus,
    Ownership, Unlocking,
};
use muster_protocol::SerialNumber;
use tokio::task::spawn_blocking;

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

/// What came of changing a copy of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replaced {
    Done,
    /// The record is not the one that was copied any more.
    Overtaken,
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
    /// An organisation's lock costs the fifty thousand rounds of its escrow key, which hold up
    /// nobody else. Cancel safe: no, as for [`Self::lock`].
    ///
    /// # Errors
    /// As for [`Self::lock`].
    pub async fn escrow_key_unlock(
        &self,
        serial: &SerialNumber,
        escrow_key: &str,
    ) -> Result<Unlocking, StateError> {
        let (wanted, code) = (serial.clone(), escrow_key.to_owned());
        let attempt = move |books: &mut ActivationService| books.escrow_key_unlock(&wanted, &code);
        let (unlocking, _records) = self.records.try_code(serial, attempt).await;
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

impl Records {
    fn between(before: &ActivationService, after: &ActivationService) -> Self {
        if before == after { Self::Unchanged } else { Self::Changed }
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
            if let Some(ownership) = Ownership::of(spec.facts.mode) {
                service.admit(&spec.facts.serial, ownership);
            }
        }
        Self(Arc::new(Mutex::new(service)))
    }

    /// Answers a device.
    ///
    /// Cancel safe: no. A dropped call may or may not have changed the records.
    pub(crate) async fn answer(
        &self,
        serial: &SerialNumber,
        call: ActivationCall,
    ) -> (ActivationReply, Records) {
        match &call {
            ActivationCall::Disable { .. } | ActivationCall::EnterCode { .. } => {
                let wanted = serial.clone();
                let attempt =
                    move |books: &mut ActivationService| books.answer(&wanted, call.clone());
                self.try_code(serial, attempt).await
            }
            ActivationCall::Register { .. }
            | ActivationCall::Release
            | ActivationCall::Activate
            | ActivationCall::EnterAccount
            | ActivationCall::SignIn
            | ActivationCall::Check
            | ActivationCall::Open => self.answer_at_once(serial, call),
        }
    }

    fn answer_at_once(
        &self,
        serial: &SerialNumber,
        call: ActivationCall,
    ) -> (ActivationReply, Records) {
        let mut service = self.service();
        let before = service.of_device(serial);
        let reply = service.answer(serial, call);
        (reply, Records::between(&before, &service.of_device(serial)))
    }

    /// Tries a code on a copy of what is known of one device, away from the async threads: each
    /// comparison may cost fifty thousand rounds, and the other devices do not wait for them.
    async fn try_code<T: Send + 'static>(
        &self,
        serial: &SerialNumber,
        attempt: impl Fn(&mut ActivationService) -> T + Clone + Send + 'static,
    ) -> (T, Records) {
        loop {
            let before = self.of_device(serial);
            let (mut after, attempt) = (before.clone(), attempt.clone());
            let tried = spawn_blocking(move || (attempt(&mut after), after)).await;
            let (told, after) = tried.expect("comparing a code does not panic");
            let records = Records::between(&before, &after);
            if self.replace(serial, &before, after) == Replaced::Done {
                return (told, records);
            }
        }
    }

    /// Takes over what became of one device, unless somebody else has changed it meanwhile.
    fn replace(
        &self,
        serial: &SerialNumber,
        before: &ActivationService,
        after: ActivationService,
    ) -> Replaced {
        let mut service = self.service();
        if service.of_device(serial) != *before {
            return Replaced::Overtaken;
        }
        service.adopt(after);
        Replaced::Done
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

#[cfg(test)]
mod tests {
    use super::*;
    use muster_device::activation::{BypassKey, EscrowHash, LockType};

    #[tokio::test]
    async fn a_lock_set_while_a_code_is_tried_is_tried_too_and_not_lost() {
        let serial: SerialNumber = "PHONE".parse().unwrap();
        let key = BypassKey::from_bytes([9; 16]);
        let records = ActivationRecords::default();
        records.service().admit(&serial, Ownership::Organisation);

        let (meanwhile, wanted) = (records.clone(), serial.clone());
        let attempt = move |books: &mut ActivationService| {
            let unlocking = books.escrow_key_unlock(&wanted, "another code");
            let escrow_key = Some(EscrowHash::of(&key));
            let request = LockRequest { serial: wanted.clone(), escrow_key, lost_message: None };
            meanwhile.service().lock(request);
            unlocking
        };
        let told = records.try_code(&serial, attempt).await;
        assert_eq!(told, (Unlocking::KeyMismatch, Records::Unchanged));
        let status = records.service().status(&serial).unwrap();
        assert_eq!(status.lock_type, LockType::Mdm);
    }
}
