//! A server and a fleet of its own for a run: put up, played on, taken down.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use muster_agent::{DevicePlan, FaultsCount, Fleet, FleetConfig, FleetProgress, Sockets, Start};
use muster_device::{Contact, DeviceSpec};
use muster_protocol::Seed;
use muster_protocol::limits::KEEP_ALIVE;
use muster_server::{ServerConfig, ServerFacts, Totals, VendorAccess};
use muster_store::Counts;
use muster_vendor::VendorFace;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::time::{sleep, timeout};

use super::house::House;
use super::script::{Activation, Case, Place};
use super::stage::{Stage, serial};
use crate::client::AdminClient;
use crate::vendor;

/// How long the fleet may take to enrol and connect, plus a share for each device.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// The share of each device on a slow machine.
const CONNECT_EACH: Duration = Duration::from_millis(10);

/// How long accepted commands may take to end after the last step.
const SETTLE_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long a command may wait on a stage that cases share.
pub(crate) const SHARED_LIFETIME: Duration = Duration::from_secs(3_600);

/// How often the device of a case with its own server pings: it has to notice soon that its server
/// was killed and is back.
const PING_EVERY: Duration = Duration::from_millis(200);

/// A running server with its fleet: the devices of the cases first, then others.
pub(crate) struct Theatre {
    house: Arc<House>,
    fleet: Arc<Fleet>,
    /// The activation service, where the server is to reach it.
    vendor: Option<VendorFace>,
    /// Devices that were there when the curtain rose.
    pub(crate) present: FleetProgress,
}

/// What a run leaves.
pub(crate) struct Remains {
    /// The database's word on all commands.
    pub(crate) counts: Counts,
    /// The server's counters.
    pub(crate) totals: Totals,
    /// The fleet's counters.
    pub(crate) fleet: FleetProgress,
}

/// What differs between the stages of one run.
struct Terms {
    command_lifetime: Duration,
    keep_alive: Duration,
    activation: Activation,
    contact: Contact,
}

/// The folder of the stage's vendor, beside what the server keeps.
const VENDOR_FOLDER: &str = "vendor";

impl Theatre {
    /// Starts server and fleet and waits until every device is connected.
    pub(crate) async fn open(
        folder: &Path,
        cases: &[Case],
        others: Vec<DeviceSpec>,
        seed: Seed,
    ) -> anyhow::Result<Self> {
        let (command_lifetime, keep_alive) = (SHARED_LIFETIME, KEEP_ALIVE);
        let (activation, contact) = (Activation::Device, Contact::Connected);
        let terms = Terms { command_lifetime, keep_alive, activation, contact };
        let server = server_config(folder, &terms);
        Self::raise(server, cases, others, &terms, seed).await
    }

    /// The same for one case that cannot share its server.
    pub(crate) async fn open_for(folder: &Path, case: &Case, seed: Seed) -> anyhow::Result<Self> {
        let (command_lifetime, activation) = match case.place {
            Place::Shared => (SHARED_LIFETIME, Activation::Device),
            Place::Own { command_lifetime, activation } => (command_lifetime, activation),
        };
        let contact = case.role.contact;
        let terms = Terms { command_lifetime, keep_alive: PING_EVERY, activation, contact };
        let server = server_config(folder, &terms);
        Self::raise(server, std::slice::from_ref(case), Vec::new(), &terms, seed).await
    }

    async fn raise(
        server: ServerConfig,
        cases: &[Case],
        others: Vec<DeviceSpec>,
        terms: &Terms,
        seed: Seed,
    ) -> anyhow::Result<Self> {
        let house = House::open(server).await?;
        let plans = plans(&house, cases, others).await?;
        let wanted = u64::try_from(plans.len())?;
        let fleet = Fleet::start(fleet_config(&house, plans, seed, terms)?).await?;
        let access = house.config().activation.as_ref().or(house.config().push.as_ref());
        let vendor = match access {
            Some(access) => Some(vendor::serve(&fleet, any_port()?, access.folder())?),
            None => None,
        };
        let present = match terms.contact {
            Contact::Connected => all_here(&fleet, wanted).await?,
            Contact::Woken => all_known(&house, &fleet, cases.len()).await?,
        };
        Ok(Self { house: Arc::new(house), fleet: Arc::new(fleet), vendor, present })
    }

    /// What cases play on; the files of those that fail go to `case_dir`.
    pub(crate) fn stage(&self, case_dir: &Path) -> anyhow::Result<Stage> {
        let url = format!("https://{}", self.house.config().admin);
        let admin = AdminClient::new(&self.house.data(), &url)?;
        let (fleet, house) = (self.fleet.clone(), self.house.clone());
        Ok(Stage { admin, fleet, house, case_dir: case_dir.to_owned() })
    }

    /// Waits until nothing accepted is open, counts, and stops both sides.
    pub(crate) async fn close(self) -> anyhow::Result<Remains> {
        let counts = settled(&self.house).await?;
        let totals = self.house.totals().await?;
        let fleet = self.strike().await?;
        Ok(Remains { counts, totals, fleet })
    }

    /// Stops both sides as they are; a command may be open.
    pub(crate) async fn strike(self) -> anyhow::Result<FleetProgress> {
        if let Some(vendor) = self.vendor {
            vendor.stop().await;
        }
        let fleet = Arc::into_inner(self.fleet).context("the fleet is still in use")?;
        let fleet = fleet.stop().await.progress;
        Arc::into_inner(self.house).context("the server is still in use")?.close().await;
        Ok(fleet)
    }
}

/// Waits until nothing accepted is open; what is open when the time is up counts as lost.
async fn settled(house: &House) -> anyhow::Result<Counts> {
    let nothing_open = async {
        loop {
            let totals = house.totals().await?;
            if totals.terminal >= totals.accepted {
                return anyhow::Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
    };
    drop(timeout(SETTLE_WITHIN, nothing_open).await);
    // The counters of the process say when to look; the database says what is true.
    house.counts().await
}

async fn all_here(fleet: &Fleet, wanted: u64) -> anyhow::Result<FleetProgress> {
    let share = CONNECT_EACH.saturating_mul(u32::try_from(wanted)?);
    let here = fleet.until(|progress| progress.connected >= wanted);
    match timeout(CONNECT_WITHIN + share, here).await {
        Ok(progress) => Ok(progress),
        Err(_elapsed) => {
            let progress = fleet.progress();
            bail!("only {} of {wanted} devices connected: {progress:?}", progress.connected)
        }
    }
}

/// The same for devices that are woken, which come and go: the server knows how to reach them.
async fn all_known(house: &House, fleet: &Fleet, wanted: usize) -> anyhow::Result<FleetProgress> {
    let all_known = async {
        for index in 0..wanted {
            let serial = fleet.view(index).await?.serial;
            while !house.facts(&serial).await.is_some_and(|facts| is_woken(&facts)) {
                sleep(LOOK_EVERY).await;
            }
        }
        anyhow::Ok(fleet.progress())
    };
    timeout(CONNECT_WITHIN, all_known).await.context("a woken device has not come")?
}

fn is_woken(facts: &ServerFacts) -> bool {
    facts.record.as_ref().is_some_and(|record| record.woken)
}

fn any_port() -> anyhow::Result<SocketAddr> {
    "127.0.0.1:0".parse().context("failed to parse a constant address")
}

fn server_config(folder: &Path, terms: &Terms) -> ServerConfig {
    let vendor = || VendorAccess::in_folder(folder.join(VENDOR_FOLDER));
    ServerConfig {
        command_lifetime: terms.command_lifetime,
        activation: matches!(terms.activation, Activation::Service).then(vendor),
        push: matches!(terms.contact, Contact::Woken).then(vendor),
        ..ServerConfig::in_folder(folder.to_owned())
    }
}

fn fleet_config(
    house: &House,
    plans: Vec<DevicePlan>,
    seed: Seed,
    terms: &Terms,
) -> anyhow::Result<FleetConfig> {
    let pem =
        std::fs::read(house.data().ca_certificate()).context("failed to read the run's CA")?;
    Ok(FleetConfig {
        server: house.config().quic,
        ca: CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?,
        plans,
        seed,
        sockets: Sockets::Shared(NonZeroUsize::MIN),
        state_dir: None,
        keep_alive: terms.keep_alive,
        skew: house.config().skew.clone(),
        faults: Vec::new(),
        faults_count: FaultsCount::FromStart,
        black_box: muster_agent::BlackBox::LONGEST,
        watch: None,
        connects_in_flight: muster_agent::CONNECTS_IN_FLIGHT,
    })
}

async fn plans(
    house: &House,
    cases: &[Case],
    others: Vec<DeviceSpec>,
) -> anyhow::Result<Vec<DevicePlan>> {
    let start = Start::Online;
    let mut plans = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let (spec, token) =
            (case.role.spec(&serial(index))?, house.token(&case.role.profile).await?);
        plans.push(DevicePlan { spec, token, start, person: None });
    }
    let token = house.token("default").await?;
    let other = |spec| DevicePlan { spec, token: token.clone(), start, person: None };
    plans.extend(others.into_iter().map(other));
    Ok(plans)
}
