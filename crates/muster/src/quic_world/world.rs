//! Puts up server, network and fleet, lets time pass, and takes them down.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use muster_agent::{DevicePlan, FaultsCount, Fleet, FleetConfig, FleetSummary, Sockets, Start};
use muster_control::Readings;
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_server::{Rehearsal, TokenKind, TokenRequest, profiles};
use muster_store::{Counts, Store};
use muster_transport::{MemoryNetwork, Network, Packet, RunCa, Skew};
use tokio::time::Instant;

use super::house::{House, Seen};
use super::load::{self, Asked};
use super::plan::QuicPlan;

/// When every run begins: 2026-01-01, midnight UTC, in seconds since 1970.
const BEGAN_UNIX_S: u64 = 1_767_225_600;

/// How long commands and tokens hold: longer than any run.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many devices connect at once: a tenth of the fleet, so that some have to wait.
const CONNECTING_SHARE: usize = 10;

/// What a run leaves.
pub(super) struct Ending {
    pub(super) facts: Facts,
    pub(super) packets: Vec<Packet>,
    pub(super) virtual_time: Duration,
}

/// What either side says at the end.
pub(super) struct Facts {
    pub(super) asked: Asked,
    /// Devices that left for good because somebody had them erased.
    pub(super) gone: u64,
    /// The store's word on all commands.
    pub(super) counts: Counts,
    /// The counters of all servers.
    pub(super) seen: Seen,
    /// The fleet's, from before it was stopped.
    pub(super) fleet: FleetSummary,
}

/// Plays a run, in the time of the runtime it is called in.
pub(super) async fn run(plan: &QuicPlan) -> anyhow::Result<Ending> {
    let began = Instant::now();
    let skew = Skew::of_runtime(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGAN_UNIX_S));
    let network = MemoryNetwork::new(plan.root().child("network", 0), plan.weather());
    let ca = Arc::new(RunCa::ephemeral_from(skew.wall()).context("failed to make a CA")?);
    let mut house = House::open(Rehearsal {
        network: network.clone(),
        seed: plan.root().child("server", 0),
        store: Store::memory(),
        ca: ca.clone(),
        command_lifetime: LIFETIME,
        readings: Readings::default(),
        skew: skew.clone(),
    })
    .await?;
    let [profile, _] = profiles();
    let wanted = TokenRequest { profile, kind: TokenKind::Reusable, lifetime: LIFETIME };
    let server = house.running().context("no server runs")?;
    let token = server.issue_token(wanted).await?;
    let config = fleet_config(plan, &network, &ca, token, skew)?;
    let fleet = Fleet::start_on(Network::Memory(network.clone()), config).await?;
    let mut asked = load::run(plan, began, &fleet, &mut house).await?;
    load::look_after(plan, began, &fleet, &house, &mut asked).await?;
    let gone = asked.gone(&fleet).await?;
    let counts = house.running().context("no server runs")?.counts().await?;
    let (fleet, seen) = (fleet.stop().await, house.close().await);
    let facts = Facts { asked, gone, counts, seen, fleet };
    Ok(Ending { facts, packets: network.packets(), virtual_time: began.elapsed() })
}

fn fleet_config(
    plan: &QuicPlan,
    network: &MemoryNetwork,
    ca: &RunCa,
    token: EnrolmentToken,
    skew: Skew,
) -> anyhow::Result<FleetConfig> {
    let specs = plan.population().into_iter().zip(0..);
    let plans = specs.map(|(spec, index)| {
        let person = plan.person(index, &spec);
        DevicePlan { spec, token: token.clone(), start: Start::Online, person }
    });
    let share = plan.devices.get().div_ceil(CONNECTING_SHARE);
    Ok(FleetConfig {
        server: network.server_address(),
        ca: ca.certificate_der(),
        plans: plans.collect(),
        seed: plan.root().child("fleet", 0),
        // An address each, so that each has a link of its own.
        sockets: Sockets::PerDevice,
        state_dir: None,
        connects_in_flight: NonZeroUsize::new(share).unwrap_or(NonZeroUsize::MIN),
        keep_alive: KEEP_ALIVE,
        skew,
        faults: plan.faults()?,
        faults_count: FaultsCount::FromStart,
        black_box: muster_agent::BlackBox::Off,
        watch: None,
    })
}
