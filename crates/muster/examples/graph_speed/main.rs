//! How many actions a second the admin API takes: each is durable, with its entry of the audit
//! log, before its 204.
//!
//! ```sh
//! muster server &
//! muster fleet --devices 1000 &
//! cargo run --release -p muster --example graph_speed -- .muster 20000 64
//! ```
//!
//! Asks for `syncDevice` of the devices in turn, so many requests at a time over HTTP/2, and prints
//! one JSON object. Latency is that of one request, 429 counts as a request that was refused.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use muster_server::DataDir;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What to ask of whom.
struct Target {
    http: Client,
    devices: String,
    token: String,
    ids: Vec<String>,
    next: AtomicUsize,
    actions: usize,
}

/// What one worker saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    refused: usize,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, actions, at_once] = args.as_slice() else {
        bail!("usage: graph_speed DATA ACTIONS AT_ONCE, for example .muster 20000 64");
    };
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(data.as_ref(), actions.parse()?, at_once.parse()?))
}

async fn measure(data: &Path, actions: usize, at_once: usize) -> anyhow::Result<()> {
    let target = Arc::new(Target::find(data, actions).await?);
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..at_once {
        workers.spawn(work(target.clone()));
    }
    let (mut latencies, mut refused) = (Vec::new(), 0);
    while let Some(seen) = workers.join_next().await {
        let seen = seen??;
        latencies.extend(seen.latencies);
        refused += seen.refused;
    }
    let seconds = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: usize| {
        let place = (latencies.len() * share / 100).min(latencies.len().saturating_sub(1));
        latencies.get(place).map(|latency| latency.as_secs_f64() * 1_000.0)
    };
    println!(
        "{}",
        json!({
            "devices": target.ids.len(), "accepted": latencies.len(), "refused": refused,
            "seconds": seconds, "per_second": latencies.len() as f64 / seconds,
            "latency_ms": { "p50": at(50), "p99": at(99) },
        })
    );
    Ok(())
}

impl Target {
    async fn find(data: &Path, actions: usize) -> anyhow::Result<Self> {
        let data = DataDir::at(data.to_owned());
        let ca = Certificate::from_pem(&std::fs::read(data.ca_certificate())?)?;
        let http = Client::builder().tls_certs_only([ca]).no_proxy().build()?;
        let admin = data.read_endpoints()?.admin;
        let devices = format!("https://{admin}/v1.0/deviceManagement/managedDevices");
        let token = std::fs::read_to_string(data.admin_token())?.trim().to_owned();
        let page = http.get(format!("{devices}?$select=id")).bearer_auth(&token).send().await?;
        let page: Value = page.error_for_status()?.json().await?;
        let listed = page["value"].as_array().context("no list of devices")?;
        let ids = listed.iter().filter_map(|device| device["id"].as_str().map(str::to_owned));
        let ids: Vec<String> = ids.collect();
        if ids.is_empty() {
            bail!("the server knows no device; start `muster fleet` first");
        }
        Ok(Self { http, devices, token, ids, next: AtomicUsize::new(0), actions })
    }
}

/// Takes one action after another until all are asked for.
async fn work(target: Arc<Target>) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    loop {
        let number = target.next.fetch_add(1, Ordering::Relaxed);
        if number >= target.actions {
            return Ok(seen);
        }
        let id = &target.ids[number % target.ids.len()];
        let begun = Instant::now();
        let asked = target.http.post(format!("{}/{id}/syncDevice", target.devices));
        let answer = asked.bearer_auth(&target.token).send().await?;
        match answer.status() {
            StatusCode::NO_CONTENT => seen.latencies.push(begun.elapsed()),
            StatusCode::TOO_MANY_REQUESTS => seen.refused += 1,
            other => bail!("the server answered {other}"),
        }
    }
}
