//! Measures durable commits per second with 256 callers that each wait for their own.
//!
//! `cargo run --release -p muster-store --example store_bench [file]`; without a file, a temporary
//! one. Half of the commits insert a command, half change its state.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use muster_control::{
    Action, CommandRecord, CommandState, DeviceRecord, EnrolmentProfile, KeyFingerprint, NewLife,
};
use muster_protocol::{
    Attempt, CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Policy, Timestamp,
};
use muster_store::{DeviceRow, DeviceWrite, Revision, Store, Transaction};
use tokio::task::JoinSet;

const CALLERS: u32 = 256;
const COMMANDS_PER_CALLER: u64 = 200;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let store = Store::sqlite(&named.unwrap_or_else(|| folder.path().join("bench.db")))?;

    let start = Instant::now();
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(call(store.clone(), number));
    }
    let mut commits = 0;
    while let Some(outcome) = callers.join_next().await {
        commits += outcome??;
    }
    report(commits, store.groups(), start.elapsed());
    store.close().await;
    Ok(())
}

async fn call(store: Store, number: u32) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let record = record(number)?;
    let body = Some(DeviceRow::of(&record));
    let write = DeviceWrite { id: record.id, expected: None, body, commands: Vec::new() };
    let mut revision = commit(&store, write).await?;
    for sequence in 1..=COMMANDS_PER_CALLER {
        for state in [CommandState::Queued, CommandState::InFlight] {
            let commands = vec![command(record.id, sequence, state)];
            let expected = Some(revision);
            let write = DeviceWrite { id: record.id, expected, body: None, commands };
            revision = commit(&store, write).await?;
        }
    }
    Ok(revision.number())
}

async fn commit(store: &Store, write: DeviceWrite) -> Result<Revision, muster_store::CommitError> {
    let expected = write.expected;
    let transaction =
        Transaction { devices: vec![write], tokens: Vec::new(), documents: Vec::new() };
    let revisions = store.commit(transaction).await?;
    Ok(revisions.first().copied().or(expected).unwrap_or(Revision::FIRST))
}

fn record(number: u32) -> Result<DeviceRecord, Box<dyn Error + Send + Sync>> {
    let facts = DeviceFacts {
        serial: format!("BENCH{number}").parse()?,
        model: "iPhone15,2".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::major(17),
        mode: Mode::AppleAutomatedDevice,
    };
    let id = DeviceId::from_bytes(u128::from(number).to_be_bytes());
    let profile = EnrolmentProfile { name: "bench".to_owned(), policy: Policy::FULL };
    let life = NewLife { id, facts, key: KeyFingerprint([0; 32]), profile };
    Ok(DeviceRecord::new(Timestamp::ZERO, life))
}

fn command(device: DeviceId, sequence: u64, state: CommandState) -> CommandRecord {
    let place = u128::from_be_bytes(*device.as_bytes()) << 64 | u128::from(sequence);
    CommandRecord {
        id: CommandId::from_bytes(place.to_be_bytes()),
        device,
        sequence,
        action: Action::RemoteLock,
        state,
        attempt: Attempt::new(1),
        accepted_at: Timestamp::ZERO,
        updated_at: Timestamp::ZERO,
        expires_at: Timestamp::ZERO.after(Duration::from_secs(60)),
    }
}

fn report(commits: u64, groups: u64, elapsed: Duration) {
    let rate = commits as f64 / elapsed.as_secs_f64();
    println!("{commits} commits in {elapsed:.2?}: {rate:.0}/s, {groups} groups");
}
