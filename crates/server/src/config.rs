//! What a server has to be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use muster_admin::AdminOptions;
use muster_control::{ActivationLockRoute, COMMAND_LIFETIME, Readings};
use muster_transport::{HostName, Skew};

use crate::crash::CrashAt;
use crate::retry::RetryFault;
use crate::vendor_access::VendorAccess;
use crate::watch::Watch;

/// Whom the server listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Refuses to bind anything but loopback addresses.
    LoopbackOnly,
    /// Binds what it is told.
    Anywhere,
}

/// Where a server listens and keeps its data.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// UDP address of the devices' side; port 0 picks a free one.
    pub quic: SocketAddr,
    /// TCP address of the administrators' side; port 0 picks a free one.
    pub admin: SocketAddr,
    /// Data folder; made if it does not exist.
    pub data: PathBuf,
    /// Whether other machines may connect.
    pub exposure: Exposure,
    /// By which names clients reach it, beside those of this machine and the addresses it listens
    /// on: its certificate has to hold them.
    pub names: Vec<HostName>,
    /// How long an accepted command may wait for its device.
    pub command_lifetime: Duration,
    /// How to reach the vendor's activation service. With it bypass codes go there; without it they
    /// go to the device.
    pub activation: Option<VendorAccess>,
    /// How to reach the vendors' push services. Without it nobody is woken: commands wait until their
    /// devices come.
    pub push: Option<VendorAccess>,
    /// Which readings of the documents the server follows where they contradict each other. Who
    /// removes Activation Locks follows from `activation` alone.
    pub readings: Readings,
    /// Where to offer a proxy for scripts whose hosts are written into them; `None` for none.
    pub intercept: Option<SocketAddr>,
    /// How the admin API behaves where the service can be followed more or less closely.
    pub api: AdminOptions,
    /// Where it is to die, on purpose; nowhere unless it is told.
    pub crash_at: Vec<CrashAt>,
    /// Whether devices have to show first that they receive where they say they are; off unless
    /// somebody begins it.
    pub retry: RetryFault,
    /// How far the server's time is ahead of the machine's; the default is not at all.
    pub skew: Skew,
    /// Who looks on; nobody at a server that is not measured.
    pub watch: Option<Arc<dyn Watch>>,
}

impl ServerConfig {
    /// A server on free ports of this machine that keeps its data in this folder, with nothing around
    /// it, in the machine's time; commands wait for thirty days.
    #[must_use]
    pub fn in_folder(data: PathBuf) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            quic: any_port,
            admin: any_port,
            data,
            exposure: Exposure::LoopbackOnly,
            names: Vec::new(),
            command_lifetime: COMMAND_LIFETIME,
            activation: None,
            push: None,
            readings: Readings::default(),
            intercept: None,
            api: AdminOptions::default(),
            crash_at: Vec::new(),
            retry: RetryFault::default(),
            skew: Skew::default(),
            watch: None,
        }
    }

    /// Which readings of the documents this server follows.
    pub(crate) fn readings(&self) -> Readings {
        let activation_lock_route = match self.activation {
            Some(_) => ActivationLockRoute::ActivationService,
            None => ActivationLockRoute::Device,
        };
        Readings { activation_lock_route, ..self.readings }
    }

    /// The names it was given, then the addresses it listens on that are somebody's in particular.
    #[must_use]
    pub(crate) fn all_names(&self) -> Vec<HostName> {
        let listens = [self.quic, self.admin].into_iter();
        let addresses = listens.filter_map(|at| HostName::of_address(at.ip()));
        self.names.iter().cloned().chain(addresses).collect()
    }

    /// The first address that may not be bound, if any.
    #[must_use]
    pub(crate) fn exposed_address(&self) -> Option<SocketAddr> {
        match self.exposure {
            Exposure::Anywhere => None,
            Exposure::LoopbackOnly => {
                let all = [Some(self.quic), Some(self.admin), self.intercept];
                all.into_iter().flatten().find(|address| !address.ip().is_loopback())
            }
        }
    }
}
