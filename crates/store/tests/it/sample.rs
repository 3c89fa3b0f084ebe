//! Records to store.

use std::path::Path;
use std::time::Duration;

use muster_control::{
    Action, CommandRecord, CommandState, DeviceRecord, EnrolmentProfile, EnrolmentTokenRecord,
    KeyFingerprint, Lifecycle, NewLife, TokenUse, UnenrolReason,
};
use muster_protocol::management::TokenUpdate;
use muster_protocol::secret::UnlockToken;
use muster_protocol::{
    Attempt, CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Policy, Timestamp,
};
use muster_store::{
    DeviceRow, DeviceWrite, DocumentWrite, Revision, Store, TokenWrite, Transaction,
};
use tempfile::TempDir;

/// Both kinds of store; the folder goes with the file.
pub(crate) fn stores() -> [(&'static str, Store, Option<TempDir>); 2] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = open(&folder.path().join("muster.db"));
    [("sqlite", file, Some(folder)), ("memory", Store::memory(), None)]
}

pub(crate) fn open(path: &Path) -> Store {
    Store::sqlite(path).expect("a store that opens")
}

pub(crate) fn id(number: u64) -> DeviceId {
    DeviceId::from_bytes(bytes(number))
}

pub(crate) fn command_id(number: u64) -> CommandId {
    CommandId::from_bytes(bytes(number))
}

fn bytes(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub(crate) fn profile() -> EnrolmentProfile {
    EnrolmentProfile { name: "corporate".to_owned(), policy: Policy::FULL }
}

/// An enrolled device as it looks when it is read back: with a secret, without pending writes.
pub(crate) fn device(number: u64, serial: &str) -> DeviceRecord {
    let facts = DeviceFacts {
        serial: serial.parse().expect("a serial number"),
        model: "iPhone15,2".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::new(17, 4),
        mode: Mode::AppleDeviceSupervised,
    };
    let key = KeyFingerprint([7; 32]);
    let life = NewLife { id: id(number), facts, key, profile: profile() };
    let mut record = DeviceRecord::new(Timestamp::ZERO, life);
    let unlock_token = Some(UnlockToken::new(vec![1, 2, 3]));
    let update = TokenUpdate { sequence: 1, unlock_token, bypass_code: None };
    record.token_update(Timestamp::from_micros(5), update);
    record.take_writes();
    DeviceRecord::restore(record, Vec::new())
}

/// Every device of its own hardware.
pub(crate) fn distinct(number: u64) -> DeviceRecord {
    device(number, &format!("SN{number}"))
}

pub(crate) fn ended(mut record: DeviceRecord) -> DeviceRecord {
    let at = Timestamp::from_micros(9);
    record.lifecycle = Lifecycle::Unenrolled { reason: UnenrolReason::EnrolledAgain, at };
    record
}

pub(crate) fn command(number: u64, device: DeviceId, sequence: u64) -> CommandRecord {
    CommandRecord {
        id: command_id(number),
        device,
        sequence,
        action: Action::RemoteLock,
        state: CommandState::Queued,
        attempt: Attempt::new(0),
        accepted_at: Timestamp::from_micros(sequence),
        updated_at: Timestamp::from_micros(sequence),
        expires_at: Timestamp::ZERO.after(Duration::from_secs(60)),
    }
}

pub(crate) fn create(record: &DeviceRecord) -> DeviceWrite {
    let body = Some(DeviceRow::of(record));
    DeviceWrite { id: record.id, expected: None, body, commands: Vec::new() }
}

pub(crate) fn replace(record: &DeviceRecord, expected: Revision) -> DeviceWrite {
    DeviceWrite { expected: Some(expected), ..create(record) }
}

/// Leaves the record as it is.
pub(crate) fn touch(
    device: DeviceId,
    expected: Revision,
    commands: Vec<CommandRecord>,
) -> DeviceWrite {
    DeviceWrite { id: device, expected: Some(expected), body: None, commands }
}

pub(crate) fn token(uses: TokenUse) -> EnrolmentTokenRecord {
    let expires_at = Timestamp::from_micros(1_000);
    EnrolmentTokenRecord { hash: [3; 32], profile: profile(), expires_at, uses }
}

pub(crate) fn put_token(uses: TokenUse, expected: Option<Revision>) -> TokenWrite {
    TokenWrite { record: token(uses), expected }
}

pub(crate) fn put_document(id: &str, body: &str) -> DocumentWrite {
    DocumentWrite { kind: "note", id: id.to_owned(), body: Some(body.to_owned()) }
}

pub(crate) fn devices(devices: Vec<DeviceWrite>) -> Transaction {
    Transaction { devices, tokens: Vec::new(), documents: Vec::new() }
}

pub(crate) fn tokens(tokens: Vec<TokenWrite>) -> Transaction {
    Transaction { tokens, ..Transaction::default() }
}

/// Commits one write that has to succeed.
pub(crate) async fn put(store: &Store, write: DeviceWrite) -> Revision {
    store.commit(devices(vec![write])).await.expect("a write that fits")[0]
}
