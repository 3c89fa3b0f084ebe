//! What a stage is furnished with: its devices, its folder, its board.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use muster_agent::Sockets;
use muster_device::Calendar;
use muster_protocol::limits::KEEP_ALIVE;
use muster_transport::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::eyes::{Eyes, FleetEye};
use super::fault_log::FaultLog;
use super::faults;
use super::fleet_side::{FleetOrder, FleetSide};
use super::order::Order;
use super::population::Ground;
use super::processors::{Half, Threads};
use super::snapshot::{Board, Standing};
use super::submit::Book;
use super::target::Target;

/// Starts the devices of a run.
pub(super) async fn fleet(
    order: &Order,
    server: &Target,
    (book, eyes): (&Arc<Book>, &Eyes),
    vendor: Option<&Path>,
) -> anyhow::Result<FleetSide> {
    let pem = server.ca_pem()?;
    let calendar = Calendar::new(order.plan.day_length());
    let ground = Ground {
        plan: &order.plan,
        token: server.token().await?,
        calendar: calendar.context("the day of the scenario's people is too short")?,
    };
    let eye = FleetEye {
        book: Arc::clone(book),
        notes: Arc::clone(&eyes.fleet),
        instruments: order.instruments,
    };
    let fleet = FleetOrder {
        server: server.address(),
        ca: CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?,
        plans: ground.plans()?,
        seed: order.run.seed,
        sockets: sockets(order),
        keep_alive: KEEP_ALIVE,
        faults: faults::of_fleet(&order.plan)?,
        black_box: order.black_box,
        watch: Some(Arc::new(eye)),
    };
    let half = if server.own().is_some() { Half::Devices } else { Half::Any };
    FleetSide::open(Threads::of(half, order.fleet_threads), fleet, vendor).await
}

/// Sockets are the fleet's affair: one cohort that wants its own gets them for all.
fn sockets(order: &Order) -> Sockets {
    let wants_own =
        |cohort: &muster_scenario::Cohort| cohort.sockets == muster_scenario::Sockets::Own;
    match order.scenario.cohorts.iter().any(wants_own) {
        true => Sockets::PerDevice,
        false => Sockets::Shared(order.sockets),
    }
}

/// What is shown of a run before anything is seen.
pub(super) fn board(order: &Order) -> Board {
    let (plan, scenario) = (&order.plan, &order.scenario);
    let lasts = plan.ends().since(muster_protocol::Timestamp::ZERO);
    let standing = |threshold: &muster_scenario::Threshold| Standing {
        text: threshold.text.clone(),
        ..Standing::default()
    };
    Board {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        lasts,
        devices: u64::try_from(plan.devices().count()).unwrap_or(u64::MAX),
        faults: FaultLog::of(plan.faults()),
        works: scenario.works.iter().map(|work| work.name.clone()).collect(),
        thresholds: scenario.thresholds.iter().map(standing).collect(),
        ..Board::default()
    }
}

/// Where the run keeps its data.
pub(super) fn folder(order: &Order) -> anyhow::Result<(Option<tempfile::TempDir>, PathBuf)> {
    if let Some(kept) = &order.keep {
        return Ok((None, kept.clone()));
    }
    let made = tempfile::Builder::new().prefix("muster-load-").tempdir();
    let made = made.context("failed to make a temporary folder")?;
    let path = made.path().to_owned();
    Ok((Some(made), path))
}
