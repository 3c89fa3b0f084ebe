//! A transaction as text, in the order in which it can be applied.

use muster_control::EnrolmentTokenRecord;
use muster_protocol::DeviceId;

use crate::error::BatchError;
use crate::row::{CommandRow, to_json};
use crate::transaction::{
    DeviceRow, DeviceWrite, DocumentWrite, Enrolled, Revision, TokenWrite, Transaction,
};

/// Everything one transaction writes.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) devices: Vec<DeviceChange>,
    pub(crate) tokens: Vec<TokenChange>,
    pub(crate) documents: Vec<DocumentWrite>,
    pub(crate) meta: Option<(String, String)>,
}

pub(crate) struct DeviceChange {
    pub(crate) id: DeviceId,
    pub(crate) expected: Option<Revision>,
    pub(crate) row: Option<DeviceRow>,
    pub(crate) commands: Vec<CommandRow>,
}

pub(crate) struct TokenChange {
    pub(crate) hash: [u8; 32],
    pub(crate) expected: Option<Revision>,
    pub(crate) body: String,
}

impl Batch {
    /// Turns records into text.
    ///
    /// Lives that end go before lives that begin: the same hardware may do both in one
    /// transaction, and the rule of one enrolment per serial number is checked row by row.
    pub(crate) fn of(transaction: Transaction) -> Result<Self, BatchError> {
        let devices = transaction.devices.into_iter().map(DeviceChange::of);
        let mut devices = devices.collect::<Result<Vec<_>, _>>()?;
        devices.sort_by_key(|change| {
            change.row.as_ref().map(|row| row.enrolled) == Some(Enrolled::Yes)
        });
        let tokens = transaction.tokens.iter().map(TokenChange::of).collect();
        Ok(Self { devices, tokens, documents: transaction.documents, meta: None })
    }

    pub(crate) fn of_meta(key: String, value: String) -> Self {
        Self { meta: Some((key, value)), ..Self::default() }
    }
}

impl DeviceChange {
    fn of(write: DeviceWrite) -> Result<Self, BatchError> {
        let id = write.id;
        let own = write.body.iter().all(|row| row.id == id)
            && write.commands.iter().all(|command| command.device == id);
        if !own {
            return Err(BatchError::Foreign { device: id });
        }
        let commands = write.commands.iter().map(CommandRow::of).collect();
        Ok(Self { id, expected: write.expected, row: write.body, commands })
    }
}

impl TokenChange {
    fn of(write: &TokenWrite) -> Self {
        let EnrolmentTokenRecord { hash, .. } = write.record;
        Self { hash, expected: write.expected, body: to_json(&write.record) }
    }
}
