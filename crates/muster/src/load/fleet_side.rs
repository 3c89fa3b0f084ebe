//! The devices of a run, on threads of their own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use muster_agent::{
    BlackBox, CONNECTS_IN_FLIGHT, DevicePlan, FaultsCount, Fleet, FleetConfig, FleetError,
    FleetFault, FleetProgress, FleetSummary, Sockets, Watch,
};
use muster_device::UserAction;
use muster_protocol::Seed;
use muster_transport::{CertificateDer, FaultCourse, Skew};
use muster_vendor::VendorFace;
use tracing::debug;

use super::processors::Threads;
use super::room::Room;
use super::switches::{Network, Switches};
use crate::vendor;

/// Names of its threads begin like this.
const THREADS: &str = "fleet";

/// What a fleet of a run is started with.
pub(crate) struct FleetOrder {
    pub(crate) server: SocketAddr,
    pub(crate) ca: CertificateDer<'static>,
    pub(crate) plans: Vec<DevicePlan>,
    pub(crate) seed: Seed,
    pub(crate) sockets: Sockets,
    pub(crate) keep_alive: Duration,
    pub(crate) faults: Vec<FleetFault>,
    pub(crate) black_box: BlackBox,
    pub(crate) watch: Option<Arc<dyn Watch>>,
}

/// A fleet with its room.
pub(crate) struct FleetSide {
    room: Room,
    fleet: Arc<Fleet>,
    switches: Arc<Switches>,
    vendor: Option<VendorFace>,
}

impl FleetSide {
    /// Starts the devices; those of the plan that begin online enrol and connect.
    pub(crate) async fn open(
        threads: Threads,
        order: FleetOrder,
        vendor_folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let room = Room::open(THREADS, threads)?;
        let vendor_folder = vendor_folder.map(Path::to_owned);
        let switches = Arc::new(Switches::of(order.plans.iter().map(|plan| plan.start)));
        let opened = room.run(async move {
            let fleet = Fleet::start(config(order)).await.context("failed to start the fleet")?;
            let any_port = "127.0.0.1:0".parse().context("failed to parse a constant address")?;
            let vendor = vendor_folder.map(|folder| vendor::serve(&fleet, any_port, &folder));
            anyhow::Ok((Arc::new(fleet), vendor.transpose()?))
        });
        let (fleet, vendor) = opened.await??;
        Ok(Self { room, fleet, switches, vendor })
    }

    /// Its threads.
    pub(crate) const fn room(&self) -> &Room {
        &self.room
    }

    /// The fleet itself.
    pub(crate) const fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// The counters now.
    pub(crate) fn progress(&self) -> FleetProgress {
        self.fleet.progress()
    }

    /// Where devices can be told to do something.
    pub(crate) fn remote(&self) -> Remote {
        Remote {
            tasks: self.room.remote(),
            fleet: Arc::clone(&self.fleet),
            switches: Arc::clone(&self.switches),
        }
    }

    /// Stops the devices.
    pub(crate) async fn close(self) -> anyhow::Result<FleetSummary> {
        let Self { room, fleet, vendor, .. } = self;
        let closed = room.run(async move {
            if let Some(vendor) = vendor {
                vendor.stop().await;
            }
            match Arc::try_unwrap(fleet) {
                Ok(fleet) => fleet.stop().await,
                // A request is still under way: the tasks end with the last handle.
                Err(shared) => FleetSummary { progress: shared.progress(), ..Default::default() },
            }
        });
        closed.await
    }
}

/// A remote control of the devices, for threads that do not wait.
#[derive(Clone)]
pub(crate) struct Remote {
    tasks: super::room::RoomHandle,
    fleet: Arc<Fleet>,
    switches: Arc<Switches>,
}

/// What a device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// Have a network.
    On,
    /// Have none.
    Off,
    /// Be set up and enrol again.
    EnrolAgain,
}

impl Remote {
    /// Tells the device with this place in the fleet. Returns at once.
    pub(crate) fn tell(&self, place: usize, what: Tell) {
        let (fleet, switches) = (Arc::clone(&self.fleet), Arc::clone(&self.switches));
        switches.planned(
            place,
            match what {
                Tell::On | Tell::EnrolAgain => Network::There,
                Tell::Off => Network::Away,
            },
        );
        self.tasks.spawn(async move {
            if what == Tell::EnrolAgain {
                heard(set_up_again(&fleet, place).await);
            }
            follow(&fleet, &switches, place).await;
        });
    }

    /// Has the time of the fleet's faults go on like this from now on.
    pub(crate) fn time_faults(&self, course: FaultCourse) {
        self.fleet.time_faults(course);
    }

    /// Takes the network from a device; after a while it has again what the plan wants it to have.
    /// Returns at once.
    pub(crate) fn outage(&self, place: usize, lasts: Duration) {
        let (fleet, switches) = (Arc::clone(&self.fleet), Arc::clone(&self.switches));
        switches.cut(place);
        self.tasks.spawn(async move {
            follow(&fleet, &switches, place).await;
            tokio::time::sleep(lasts).await;
            switches.mended(place);
            follow(&fleet, &switches, place).await;
        });
    }
}

/// Has a device follow its switch. Others may throw it meanwhile, and their words may overtake this
/// one: it is over when the device was told what the switch says now.
async fn follow(fleet: &Fleet, switches: &Switches, place: usize) {
    loop {
        let network = switches.now(place);
        heard(have(fleet, place, network).await);
        if switches.now(place) == network {
            return;
        }
    }
}

async fn have(fleet: &Fleet, place: usize, network: Network) -> Result<(), FleetError> {
    match network {
        Network::There => fleet.go_online(place).await,
        Network::Away => fleet.go_offline(place).await,
    }
}

fn heard(told: Result<(), FleetError>) {
    if let Err(error) = told {
        debug!(error = &error as &dyn std::error::Error, "a device does not hear");
    }
}

/// Whoever has the device next erases what is left on it and signs in if it is locked to the owner:
/// once it is online it sets itself up.
async fn set_up_again(fleet: &Fleet, place: usize) -> Result<(), FleetError> {
    use muster_device::Phase;
    match fleet.view(place).await?.phase {
        Phase::Unenrolled => drop(fleet.user(place, UserAction::EraseAllContent).await?),
        Phase::ActivationPrompt => drop(fleet.user(place, UserAction::SignInAsOwner).await?),
        Phase::SetupAssistant | Phase::Enrolling | Phase::Enrolled => {}
    }
    Ok(())
}

fn config(order: FleetOrder) -> FleetConfig {
    FleetConfig {
        server: order.server,
        ca: order.ca,
        plans: order.plans,
        seed: order.seed,
        sockets: order.sockets,
        state_dir: None,
        connects_in_flight: CONNECTS_IN_FLIGHT,
        keep_alive: order.keep_alive,
        skew: Skew::default(),
        faults: order.faults,
        faults_count: FaultsCount::WhenTold,
        black_box: order.black_box,
        watch: order.watch,
    }
}
