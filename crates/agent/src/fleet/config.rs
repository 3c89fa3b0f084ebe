//! What a fleet is made of.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use muster_device::{DeviceSpec, Person};
use muster_protocol::Seed;
use muster_protocol::secret::EnrolmentToken;
use muster_transport::{CertificateDer, Skew};

use super::FleetError;
use crate::black_box::BlackBox;
use crate::faults::{FaultsCount, FleetFault};
use crate::sockets::Sockets;
use crate::watch::Watch;

/// Most devices of one fleet: effects are counted by a 32-bit index.
pub(super) const DEVICES_MAX: usize = u32::MAX as usize;

/// What a fleet consists of.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// Where the server listens.
    pub server: SocketAddr,
    /// The run's CA: the only one whose servers the devices trust.
    pub ca: CertificateDer<'static>,
    /// The devices, in the order of their indices.
    pub plans: Vec<DevicePlan>,
    /// All chance of the fleet.
    pub seed: Seed,
    /// How devices share UDP sockets.
    pub sockets: Sockets,
    /// Where the devices survive the end of the process; nothing is kept without it.
    pub state_dir: Option<PathBuf>,
    /// How many may connect at once; [`CONNECTS_IN_FLIGHT`](crate::CONNECTS_IN_FLIGHT) is proved.
    pub connects_in_flight: NonZeroUsize,
    /// How often a connected device pings. The sooner, the earlier it notices a server that was
    /// killed; the usual is [`KEEP_ALIVE`](muster_protocol::limits::KEEP_ALIVE).
    pub keep_alive: Duration,
    /// How far the fleet's time is ahead of the machine's: the same handle as its server's.
    pub skew: Skew,
    /// What goes wrong on purpose.
    pub faults: Vec<FleetFault>,
    /// What the times of the faults count from.
    pub faults_count: FaultsCount,
    /// Whether devices keep their last inputs.
    pub black_box: BlackBox,
    /// Who looks on; nobody in a fleet that is not measured.
    pub watch: Option<Arc<dyn Watch>>,
}

/// One device of a fleet.
#[derive(Clone, Debug)]
pub struct DevicePlan {
    /// Hardware and user.
    pub spec: DeviceSpec,
    /// What it enrols with.
    pub token: EnrolmentToken,
    /// How it begins.
    pub start: Start,
    /// Who holds it; without anyone it lies there until it is asked.
    pub person: Option<Box<Person>>,
}

/// Whether a device may have a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It enrols and connects as its state asks.
    Online,
    /// It does neither until [`Fleet::go_online`](super::Fleet::go_online).
    Offline,
}

impl FleetConfig {
    /// Refuses more devices than can be counted.
    pub(super) const fn check(&self) -> Result<(), FleetError> {
        if self.plans.len() > DEVICES_MAX {
            return Err(FleetError::TooMany { devices: self.plans.len() });
        }
        Ok(())
    }
}
