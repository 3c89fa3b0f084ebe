//! `muster fleet`

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_agent::{
    BlackBox, DevicePlan, FaultsCount, Fleet, FleetConfig, FleetProgress, FleetSummary, Sockets,
    Start, population,
};
use muster_device::{Calendar, DeviceSpec};
use muster_metrics::Reach;
use muster_protocol::Seed;
use muster_protocol::secret::EnrolmentToken;
use muster_server::DataDir;
use muster_transport::LinkTotals;
use muster_vendor::{VendorError, VendorFace};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use tokio::time::sleep;

use super::black_box::Run;
use super::interrupted;
use crate::cli::FleetArgs;
use crate::connectivity::Connectivity;
use crate::exit::{Exit, ExitWith, usage_error};
use crate::life::Life;
use crate::machine::open_files_max;
use crate::metrics;
use crate::places;
use crate::planted;
use crate::talk::{Format, print, print_json, say};
use crate::vendor;

/// Most devices of one fleet: as many as one server keeps.
const DEVICES_MAX: usize = 2_000_000;

/// Files a fleet has open beside its sockets: streams, runtime, state folder; with some room.
const FILES_BESIDE_SOCKETS: usize = 32;

/// How often progress is said while devices connect.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(args: &FleetArgs, format: Format) -> anyhow::Result<Exit> {
    check_activation_service(args)?;
    check_push_service(args)?;
    planted::sow_wanted(args.plant.as_deref())?;
    let config = fleet_config(args)?;
    let wanted = u64::try_from(config.plans.len()).unwrap_or(u64::MAX);
    let server = config.server;
    let started = Instant::now();
    let fleet = Fleet::start(config).await?;
    let reach = if args.allow_non_loopback { Reach::Anywhere } else { Reach::LoopbackOnly };
    let face = metrics::serve(args.metrics, reach, vec![Box::new(fleet.metrics())]).await?;
    if let Some(face) = &face {
        say(&format!("metrics on {}", metrics::url(face)));
    }
    let vendor = activation_service(args, &fleet)?;
    let boxes = black_boxes(args)?;
    let ended_early = tokio::select! {
        () = interrupted() => args.run_for.is_some(),
        () = live(&fleet, wanted, started, args) => false,
        () = answer_who_asks(boxes.as_ref(), &fleet, args) => false,
    };
    if let Some(vendor) = vendor {
        vendor.stop().await;
    }
    let recordings = keep_black_boxes(boxes.as_ref(), &fleet, args).await?;
    let links = (!args.fault.is_empty()).then(|| fleet.link_totals());
    let summary = fleet.stop().await;
    match format {
        Format::Text => print(&summary_text(&summary, links)),
        Format::Json => {
            let mut told = summary_json(&summary, links);
            told["case_files"] = json!(recordings);
            print_json(&told)?;
        }
    }
    if nobody_came(&summary) && !ended_early {
        let message = format!("no device got through to {server}: {}", obstacles(&summary));
        return Err(ExitWith { exit: Exit::Unreachable, message }.into());
    }
    Ok(match (summary.progress.executed_twice, ended_early) {
        (0, false) => Exit::Ok,
        (0, true) => Exit::Interrupted,
        _ => Exit::VerdictFailed,
    })
}

/// Where what the black boxes keep goes: beside what the server keeps, if nothing else is said. A
/// fleet of a server elsewhere has no such folder, and makes one when there is something to tell.
fn black_boxes(args: &FleetArgs) -> anyhow::Result<Option<Run>> {
    if args.black_box == BlackBox::Off {
        return Ok(None);
    }
    let folder = args.record.as_ref().unwrap_or(&args.data);
    let run = Run::at(folder.clone());
    if args.record.is_some() || folder.exists() {
        run.prepare(&args.data)?;
    }
    Ok(Some(run))
}

/// Who asks names the folder of the run or, whether there is one or not, the data folder. Does not
/// end.
async fn answer_who_asks(boxes: Option<&Run>, fleet: &Fleet, args: &FleetArgs) {
    let (devices, seed) = (args.devices.get(), Seed::root(args.seed));
    match (boxes, &args.record) {
        (Some(run), Some(record)) if *record != args.data => {
            let beside = Run::at(args.data.clone());
            tokio::join!(run.answer(fleet, devices, seed), beside.answer(fleet, devices, seed));
        }
        (Some(run), Some(_) | None) => run.answer(fleet, devices, seed).await,
        (None, _) => std::future::pending().await,
    }
}

/// Writes what is to be kept, and a recording for each device on which a promise was broken.
async fn keep_black_boxes(
    boxes: Option<&Run>,
    fleet: &Fleet,
    args: &FleetArgs,
) -> anyhow::Result<Vec<PathBuf>> {
    let Some(run) = boxes else { return Ok(Vec::new()) };
    run.close();
    if args.record.is_some() {
        Run::at(args.data.clone()).close();
        let written = run.write_all(fleet).await?;
        say(&format!("{written} recordings in {}", run.folder().display()));
    }
    let recordings = run.spill(fleet).await?;
    for file in &recordings {
        say(&format!("a promise was broken: muster case replay {}", file.display()));
    }
    Ok(recordings)
}

/// Refuses an address other machines could reach before any device enrols.
fn check_activation_service(args: &FleetArgs) -> anyhow::Result<()> {
    match args.activation_service {
        Some(address) if !address.ip().is_loopback() => {
            Err(usage_error(VendorError::Exposed(address).to_string()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses devices nobody can wake.
fn check_push_service(args: &FleetArgs) -> anyhow::Result<()> {
    if args.connectivity == Connectivity::CONNECTED || args.activation_service.is_some() {
        return Ok(());
    }
    Err(usage_error(
        "woken devices need their vendor's push services: add --activation-service 127.0.0.1:9443 \
         --activation-folder DIR, and start the server with --push-folder DIR"
            .to_owned(),
    ))
}

/// Serves the vendor's services if that is wanted.
fn activation_service(args: &FleetArgs, fleet: &Fleet) -> anyhow::Result<Option<VendorFace>> {
    let (Some(address), Some(folder)) = (args.activation_service, &args.activation_folder) else {
        return Ok(None);
    };
    let face = vendor::serve(fleet, address, folder)?;
    let (address, folder) = (face.address(), folder.display());
    say(&format!(
        "activation and push services on https://{address}, certificates for them in {folder}"
    ));
    Ok(Some(face))
}

/// Says how the fleet comes up, then waits for the end of the wanted time, or for ever.
async fn live(fleet: &Fleet, wanted: u64, started: Instant, args: &FleetArgs) {
    let up = async {
        if args.life != Life::None {
            watch(fleet, args.day_length).await;
        }
        let keeps_connections = args.connectivity == Connectivity::CONNECTED;
        let here = |progress: &FleetProgress| match keeps_connections {
            true => progress.connected,
            // The woken ones come and go.
            false => progress.enrolled,
        };
        while here(&fleet.progress()) < wanted {
            tokio::select! {
                () = sleep(PROGRESS_EVERY) => say(&progress_line(&fleet.progress(), wanted)),
                _progress = fleet.until(|progress| here(progress) >= wanted) => {}
            }
        }
        let up = if keeps_connections { "connected" } else { "enrolled" };
        say(&format!("{wanted} devices {up} after {:.1} s", started.elapsed().as_secs_f64()));
        std::future::pending::<()>().await;
    };
    match args.run_for {
        None => up.await,
        Some(span) => drop(tokio::time::timeout(span, up).await),
    }
}

/// Says how a fleet lives whose devices come and go with their users. Does not end.
async fn watch(fleet: &Fleet, calendar: Calendar) {
    loop {
        sleep(PROGRESS_EVERY).await;
        let time = calendar.label(fleet.now());
        say(&format!("{time}  {}", life_line(&fleet.progress())));
    }
}

fn life_line(progress: &FleetProgress) -> String {
    let FleetProgress { devices, enrolled, connected, in_use, executed, .. } = progress;
    let percent = |count: &u64| count.saturating_mul(100) / devices.max(&1);
    format!(
        "{} % online, {} % in use, {enrolled} of {devices} enrolled, {executed} commands executed",
        percent(connected),
        percent(in_use),
    )
}

fn progress_line(progress: &FleetProgress, wanted: u64) -> String {
    let FleetProgress { enrolled, connected, connect_failures, .. } = progress;
    let mut line = format!(
        "{connected} of {wanted} connected, {enrolled} enrolled, {connect_failures} connects failed"
    );
    let away = progress.enrolments_refused.saturating_add(progress.given_up);
    if away > 0 {
        line.push_str(&format!(", {away} refused and staying away"));
    }
    line
}

/// Whether devices tried and no server has told any of them anything.
const fn nobody_came(summary: &FleetSummary) -> bool {
    let FleetProgress { bytes_received, connected, connect_failures, .. } = summary.progress;
    connect_failures > 0 && connected == 0 && bytes_received == 0
}

/// What stood in the way of the devices, each with how often.
fn obstacles(summary: &FleetSummary) -> String {
    let closed = summary.closes.iter().map(|(code, count)| (code.to_string(), *count));
    let others = [
        ("TLS refused, is --ca that of this server?".to_owned(), summary.handshake_failures),
        ("no answer or connection lost, is `muster server` running?".to_owned(), summary.losses),
    ];
    let told = closed.chain(others).filter(|(_, count)| *count > 0);
    let told: Vec<String> = told.map(|(what, count)| format!("{what} ({count} times)")).collect();
    if told.is_empty() { "see the warnings above".to_owned() } else { told.join("; ") }
}

fn summary_text(summary: &FleetSummary, links: Option<LinkTotals>) -> String {
    let progress = &summary.progress;
    let mut text = format!(
        "devices {}  enrolled {}  connected at the end {}\n\
         commands executed {}  executed twice {}  pushes received {}\n\
         reconnects {}  connects failed {}  bytes sent {}  received {}\n",
        progress.devices,
        progress.enrolled,
        progress.connected,
        progress.executed,
        progress.executed_twice,
        progress.pushes,
        progress.reconnects,
        progress.connect_failures,
        progress.bytes_sent,
        progress.bytes_received,
    );
    for (code, count) in &summary.closes {
        text.push_str(&format!("closed by the server {count} times: {code}\n"));
    }
    if let Some(links) = links {
        text.push_str(&format!(
            "faulty links: datagrams {}  lost {}  swallowed {}  late {}  twice {}  changed {}  \
             too large {}  blocked {}  unmapped {}  new ports {}\n",
            links.seen,
            links.lost.saturating_add(links.overflowed),
            links.swallowed,
            links.delayed,
            links.duplicated,
            links.corrupted,
            links.too_large,
            links.blocked,
            links.unmapped,
            links.rebound,
        ));
    }
    text
}

fn summary_json(summary: &FleetSummary, links: Option<LinkTotals>) -> serde_json::Value {
    let progress = &summary.progress;
    let closes: BTreeMap<u32, u64> =
        summary.closes.iter().map(|(code, count)| (code.code(), *count)).collect();
    json!({
        "devices": progress.devices,
        "enrolled": progress.enrolled,
        "connected": progress.connected,
        "executed": progress.executed,
        "executed_twice": progress.executed_twice,
        "pushes": progress.pushes,
        "reconnects": progress.reconnects,
        "connect_failures": progress.connect_failures,
        "enrolments_refused": progress.enrolments_refused,
        "bytes_sent": progress.bytes_sent,
        "bytes_received": progress.bytes_received,
        "closed_by_code": closes,
        "faulty_links": links.map(|links| json!({
            "datagrams": links.seen,
            "lost": links.lost.saturating_add(links.overflowed),
            "swallowed": links.swallowed,
            "delayed": links.delayed,
            "duplicated": links.duplicated,
            "corrupted": links.corrupted,
            "too_large": links.too_large,
            "blocked": links.blocked,
            "unmapped": links.unmapped,
            "new_ports": links.rebound,
        })),
    })
}

fn fleet_config(args: &FleetArgs) -> anyhow::Result<FleetConfig> {
    let data = DataDir::at(args.data.clone());
    let server = server_address(args, &data)?;
    let ca_file = args.ca.clone().unwrap_or_else(|| data.ca_certificate());
    let pem = fs::read(&ca_file).with_context(|| no_data(args, "the run's CA"))?;
    let ca = CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?;
    let token_file = args.token_file.clone();
    let token_file = token_file.unwrap_or_else(|| data.enrolment_token(&args.profile));
    let token =
        fs::read_to_string(&token_file).with_context(|| no_data(args, "the enrolment token"))?;
    let token = EnrolmentToken::new(token.trim().to_owned());
    let seed = Seed::root(args.seed);
    if args.devices.get() > DEVICES_MAX {
        return Err(usage_error(format!(
            "--devices {} is more than the {DEVICES_MAX} that one server keeps",
            args.devices
        )));
    }
    room_for_sockets(args)?;
    let specs = population(args.devices.get(), seed);
    let plan = |(index, spec): (u64, DeviceSpec)| DevicePlan {
        person: args.life.person(index, spec.facts.mode, seed, args.day_length),
        spec: args.connectivity.of(index, spec, seed),
        token: token.clone(),
        start: Start::Online,
    };
    Ok(FleetConfig {
        server,
        ca,
        plans: (0..).zip(specs).map(plan).collect(),
        seed,
        sockets: args.sockets,
        state_dir: args.state.clone(),
        connects_in_flight: args.connects_in_flight,
        keep_alive: args.keep_alive,
        skew: muster_transport::Skew::default(),
        faults: args.fault.clone(),
        faults_count: FaultsCount::FromStart,
        black_box: args.black_box,
        watch: None,
    })
}

/// Refuses a socket for each device where the system has not enough of them, before half a fleet
/// is up. Where the system does not say how many there are, the devices find out.
fn room_for_sockets(args: &FleetArgs) -> anyhow::Result<()> {
    let needed = match args.sockets {
        Sockets::PerDevice => args.devices.get(),
        Sockets::Shared(count) => count.get(),
    };
    let needed =
        needed.saturating_add(sockets_for_faults(args)).saturating_add(FILES_BESIDE_SOCKETS);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    match open_files_max(&limits) {
        Some(max) if max < u64::try_from(needed)? => Err(usage_error(format!(
            "this fleet needs {needed} open files, the limit is {max}: \
             raise it with `ulimit -n {needed}`, or use --sockets shared:1"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Sockets of devices whose link or path is faulty: one each.
fn sockets_for_faults(args: &FleetArgs) -> usize {
    if args.fault.iter().any(|fault| fault.what.needs_socket()) { args.devices.get() } else { 0 }
}

fn server_address(args: &FleetArgs, data: &DataDir) -> anyhow::Result<SocketAddr> {
    let address = match &args.server {
        None => {
            data.read_endpoints().with_context(|| no_data(args, "where the server listens"))?.quic
        }
        Some(text) => places::resolved(text)?,
    };
    if address.ip().is_loopback() || args.allow_non_loopback {
        return Ok(address);
    }
    Err(usage_error(format!(
        "{address} is not a loopback address; pass --allow-non-loopback to send a fleet there"
    )))
}

fn no_data(args: &FleetArgs, what: &str) -> ExitWith {
    let message = format!(
        "failed to read {what} in {:?}; start `muster server` first, or pass --data, --ca, \
         --token-file and --server",
        args.data
    );
    ExitWith { exit: Exit::Unreachable, message }
}
