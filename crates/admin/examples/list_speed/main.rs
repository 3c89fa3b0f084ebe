//! What it costs to list 1,000 of 100,000 devices, and to page through all of them.
//!
//! ```text
//! cargo run --release -p muster-admin --example list_speed
//! cargo run --release -p muster-admin --example list_speed -- 'three parts'
//! ```
//!
//! With words, only the queries whose names have them, and no paging.
//!
//! The processor time is that of the thread which does all the work, so that it does not matter
//! what else the machine does. The backend is a map in memory; what the server's own adds, the
//! example `scan_speed` of `muster-server` says.

mod shelf;

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use muster_admin::{AdminOptions, AdminToken, Identity, Microsoft, Origins, router};
use serde_json::Value;
use shelf::Shelf;
use tower::ServiceExt as _;

/// Devices in the fleet.
const DEVICES: u64 = 100_000;

/// Runs of each query. Linux counts in ticks of some milliseconds, so that one run says little.
const RUNS: u32 = 40;

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

/// A name and the options of a list.
const QUERIES: [(&str, &str); 7] = [
    ("$select, no filter", "$select=id,deviceName,complianceState"),
    (
        "$select and a filter",
        "$select=id,deviceName,complianceState&$filter=operatingSystem%20eq%20%27Android%27",
    ),
    (
        "$select and a filter of three parts",
        "$select=id,deviceName&$filter=lastSyncDateTime%20gt%202026-01-01T00:00:00Z%20and%20\
         (operatingSystem%20eq%20%27iOS%27%20or%20contains(deviceName,%2799%27))",
    ),
    (
        "$select, a filter, without a count",
        "$select=id,deviceName&$count=false&$filter=operatingSystem%20eq%20%27Android%27",
    ),
    ("$select, sorted", "$select=id,deviceName&$orderby=deviceName%20desc"),
    ("every property", ""),
    ("every property, one device", "$top=1"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let identity = Identity::new(AdminToken::from_text(TOKEN)?);
    let origins = Origins::new("https://127.0.0.1:8443".parse()?, Microsoft::Elsewhere);
    let api = router(Shelf::of(DEVICES), identity, origins, AdminOptions::default());
    println!("{DEVICES} devices, processor time of one page, the mean of {RUNS} runs");
    let wanted = std::env::args().nth(1);
    let asked = |name: &str| wanted.as_ref().is_none_or(|words| name.contains(words.as_str()));
    for (name, options) in QUERIES.into_iter().filter(|(name, _options)| asked(name)) {
        let (mut spent, mut shown) = (Duration::ZERO, 0);
        for _run in 0..RUNS {
            let before = processor_time()?;
            let page = fetch(&api, &format!("{LIST}?{options}")).await?;
            spent += processor_time()?.saturating_sub(before);
            shown = serde_json::from_slice::<Value>(&page)?["value"].as_array().map_or(0, Vec::len);
        }
        println!("{name:40} {shown:5} devices {:6.1} ms", millis(spent / RUNS));
    }
    if wanted.is_none() { page_through(&api).await } else { Ok(()) }
}

/// Follows the links through the whole fleet and looks at the memory on the way.
async fn page_through(api: &Router) -> Result<(), Box<dyn Error>> {
    let mut target = format!("{LIST}?$filter=isSupervised%20or%20not%20isSupervised");
    let (mut met, mut pages, mut memory) = (0, 0, Vec::new());
    let before = processor_time()?;
    loop {
        let page: Value = serde_json::from_slice(&fetch(api, &target).await?)?;
        met += page["value"].as_array().map_or(0, Vec::len);
        pages += 1;
        memory.push(resident_kib()?);
        let Some(next) = page["@odata.nextLink"].as_str() else {
            break;
        };
        next.trim_start_matches("https://127.0.0.1:8443").clone_into(&mut target);
    }
    let spent = processor_time()?.saturating_sub(before);
    println!(
        "paged through {met} devices in {pages} pages, {:.1} ms each",
        millis(spent) / f64::from(pages)
    );
    let (after_first, largest) = (memory[0], memory.iter().max().copied().unwrap_or_default());
    println!("memory: {after_first} KiB after the first page, {largest} KiB at most");
    Ok(())
}

async fn fetch(api: &Router, target: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let request = Request::get(target).header("authorization", format!("Bearer {TOKEN}"));
    let response = api.clone().oneshot(request.body(Body::empty())?).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    if status.is_success() { Ok(body.to_vec()) } else { Err(format!("{target}: {status}").into()) }
}

/// How long this thread has been running on a processor.
///
/// Source: Linux, `Documentation/scheduler/sched-stats.rst`, the first field.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanos))
}

/// The memory of this process.
fn resident_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.unwrap_or_default().trim().trim_end_matches(" kB").parse()?)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
