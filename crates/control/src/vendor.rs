//! An Activation Lock removed by the vendor's activation service, without the device.
//!
//! The shell asks [`DeviceRecord::vendor_call`], makes the call, and tells the outcome to
//! [`DeviceRecord::settle_vendor`]. One call of a device is out at a time; what else waits for the
//! device is not held up by it.

use alloc::string::{String, ToString as _};
use alloc::vec;

use muster_protocol::secret::BypassCode;
use muster_protocol::{CommandId, ErrorItem, SerialNumber, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::ActionKind;
use crate::command::CommandState;
use crate::compose::{ERROR_DOMAIN, Unsendable};
use crate::readings::{ActivationLockRoute, Readings};
use crate::record::{DeviceRecord, Introduced};
use crate::settle::Settled;
use crate::transitions::{Event, Stage};

/// A call to make to the activation service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorCall {
    /// The command it carries out.
    pub id: CommandId,
    /// Whose lock it is.
    pub serial: SerialNumber,
    /// The commercial model: the service's `productType`.
    pub product_type: String,
    /// The code itself, not its hash.
    pub escrow_key: BypassCode,
}

/// What became of a call.
///
/// Source: Apple, Activation Lock, call `escrowKeyUnlock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VendorOutcome {
    /// The lock is off; also if there was none.
    Unlocked,
    /// 404: the code is not the one the device is locked with.
    KeyMismatch,
    /// The service knows no such device.
    UnknownDevice,
    /// No answer, or one that says to try again.
    Unreachable,
}

/// What the record remembers between two calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VendorMemory {
    /// The command whose next call takes the earlier code: the current one did not fit.
    pub(crate) earlier_code: Option<u64>,
    /// The command called for, if an administrator wants it back.
    pub(crate) recalled: Option<u64>,
}

impl DeviceRecord {
    /// The call to make now; `None` while one is out, if none waits, or if the device itself is
    /// to remove its lock.
    ///
    /// A command no code is stored for is closed as failed, with the reason; but a device that
    /// has just enrolled may have its code on the way, and the command waits for its first
    /// [`DeviceRecord::token_update`] or [`DeviceRecord::idle`].
    pub fn vendor_call(&mut self, now: Timestamp, readings: &Readings) -> Option<VendorCall> {
        match readings.activation_lock_route {
            ActivationLockRoute::Device => return None,
            ActivationLockRoute::ActivationService => {}
        }
        self.expire(now);
        if self.commands.iter().any(|row| row.state.stage() == Stage::AtService) {
            return None;
        }
        while let Some(index) = self.next_for_service() {
            if let Some(escrow_key) = self.escrow_key(self.commands[index].sequence) {
                return Some(self.call(now, index, escrow_key));
            }
            if self.introduced == Introduced::NotYet {
                return None;
            }
            let failed =
                CommandState::Failed { errors: vec![Unsendable::BypassCodeMissing.into()] };
            self.apply(index, now, Event::Unsendable, failed);
        }
        None
    }

    /// Takes what the service said; no matter whether the device is online.
    ///
    /// A code that does not fit is followed by a call with the one before it, if that is kept.
    pub fn settle_vendor(
        &mut self,
        now: Timestamp,
        id: CommandId,
        outcome: VendorOutcome,
    ) -> Settled {
        let Some(index) = self.index_of(id) else {
            let settled = self.recent.contains(&id);
            return if settled { Settled::Duplicate } else { Settled::Unknown };
        };
        match self.commands[index].state.stage() {
            Stage::AtService => self.service_said(index, now, outcome),
            Stage::Queued | Stage::InFlight | Stage::NotNow => Settled::StaleAttempt,
            Stage::Done | Stage::Failed | Stage::NotSupported | Stage::Canceled => {
                Settled::Duplicate
            }
        }
    }

    fn service_said(&mut self, index: usize, now: Timestamp, outcome: VendorOutcome) -> Settled {
        match outcome {
            VendorOutcome::Unlocked => {
                let done = CommandState::Done { passcode: None };
                self.apply(index, now, Event::ServiceUnlocked, done);
                self.escrow.drop_bypass_codes();
                self.changed.device = true;
            }
            VendorOutcome::KeyMismatch => return self.code_refused(index, now),
            VendorOutcome::UnknownDevice => {
                let state = CommandState::NotSupported { errors: vec![unknown_device()] };
                self.apply(index, now, Event::ServiceUnknown, state);
            }
            VendorOutcome::Unreachable => return self.call_again(index, now),
        }
        Settled::Closed
    }

    fn code_refused(&mut self, index: usize, now: Timestamp) -> Settled {
        let sequence = self.commands[index].sequence;
        let was_current = self.vendor.earlier_code != Some(sequence);
        if was_current && self.escrow.earlier_bypass_code.is_some() {
            self.vendor.earlier_code = Some(sequence);
            self.changed.device = true;
            return self.call_again(index, now);
        }
        let state = CommandState::Failed { errors: vec![key_mismatch()] };
        self.apply(index, now, Event::ServiceRefused, state);
        Settled::Closed
    }

    fn call_again(&mut self, index: usize, now: Timestamp) -> Settled {
        self.put_back(index, now, Event::ServiceAgain, CommandState::Queued);
        if self.commands[index].state.is_terminal() { Settled::Closed } else { Settled::Deferred }
    }

    /// The oldest that waits. A wipe ahead of it does not hold it back: the device has no part
    /// in it.
    fn next_for_service(&self) -> Option<usize> {
        self.commands.iter().position(|row| {
            let waits = matches!(row.state.stage(), Stage::Queued | Stage::NotNow);
            waits && row.action.kind() == ActionKind::BypassActivationLock
        })
    }

    fn escrow_key(&self, sequence: u64) -> Option<BypassCode> {
        let earlier = self.escrow.earlier_bypass_code.as_ref().map(|earlier| &earlier.code);
        let current = self.escrow.bypass_code.as_ref();
        let chosen =
            if self.vendor.earlier_code == Some(sequence) { earlier } else { current.or(earlier) };
        chosen.cloned()
    }

    fn call(&mut self, now: Timestamp, index: usize, escrow_key: BypassCode) -> VendorCall {
        self.apply(index, now, Event::Called, CommandState::AtService);
        let row = &mut self.commands[index];
        row.attempt = row.attempt.next();
        VendorCall {
            id: row.id,
            serial: self.facts.serial.clone(),
            product_type: self.facts.model.clone(),
            escrow_key,
        }
    }
}

fn key_mismatch() -> ErrorItem {
    ErrorItem {
        domain: ERROR_DOMAIN.to_string(),
        code: 404,
        description: "the activation service refused the bypass code: escrow key mismatch"
            .to_string(),
    }
}

fn unknown_device() -> ErrorItem {
    ErrorItem {
        domain: ERROR_DOMAIN.to_string(),
        code: 5,
        description: "the activation service knows no device with this serial number".to_string(),
    }
}
