//! What it costs a server to look at all of 100,000 devices, as a list of the admin API does.
//!
//! ```text
//! cargo run --release -p muster-server --example scan_speed
//! ```
//!
//! The records are written into a data folder first, and the server is started on it. The processor
//! time is that of the one thread which does all the work.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use muster_admin::Backend as _;
use muster_control::{DeviceRecord, EnrolmentProfile, KeyFingerprint, NewLife};
use muster_protocol::{DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Policy, Timestamp};
use muster_server::{Server, ServerConfig};
use muster_store::{DeviceRow, DeviceWrite, Store, Transaction};

/// Devices of the server.
const DEVICES: u64 = 100_000;

/// Devices of one transaction.
const WRITTEN_AT_ONCE: usize = 1_000;

/// Looks at all of them.
const RUNS: u32 = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    fill(&folder.path().join("muster.db")).await?;
    let server = Server::start(ServerConfig::in_folder(folder.path().to_owned())).await?;
    let backend = server.backend();
    // The first look is also that of the policies, which go round all devices at the start.
    for (name, runs) in [("the first look", 1), ("a look", RUNS)] {
        let (before, mut seen) = (processor_time()?, 0_u64);
        for _run in 0..runs {
            let visit = &mut |record: &DeviceRecord| {
                seen += u64::from(record.enrolled_at > Timestamp::ZERO);
                ControlFlow::Continue(())
            };
            backend.scan(None, visit).await?;
        }
        let spent = processor_time()?.saturating_sub(before) / runs;
        println!("{name} at {} devices: {:.1} ms", seen / u64::from(runs), millis(spent));
    }
    server.stop().await;
    Ok(())
}

async fn fill(database: &Path) -> Result<(), Box<dyn Error>> {
    let store = Store::sqlite(database)?;
    let numbers: Vec<u64> = (0..DEVICES).collect();
    for some in numbers.chunks(WRITTEN_AT_ONCE) {
        let devices = some.iter().copied().map(written).collect();
        let transaction = Transaction { devices, tokens: Vec::new(), documents: Vec::new() };
        store.commit(transaction).await?;
    }
    store.close().await;
    Ok(())
}

fn written(number: u64) -> DeviceWrite {
    let facts = DeviceFacts {
        serial: format!("F17{number:08}").parse().expect("a serial number"),
        model: "iPhone15,2".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::major(17),
        mode: Mode::AppleAutomatedDevice,
    };
    let life = NewLife {
        id: DeviceId::from_parts(number.wrapping_mul(0x9E37_79B9) % 1_000_003, [7; 10]),
        facts,
        key: KeyFingerprint([1; 32]),
        profile: EnrolmentProfile { name: "everyone".to_owned(), policy: Policy::FULL },
    };
    let record = DeviceRecord::new(Timestamp::from_micros(number + 1), life);
    let body = Some(DeviceRow::of(&record));
    DeviceWrite { id: record.id, expected: None, body, commands: Vec::new() }
}

/// How long this thread has been running on a processor.
///
/// Source: Linux, `Documentation/scheduler/sched-stats.rst`, the first field.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanos))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
