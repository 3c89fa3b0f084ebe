//! Where the suite is a server, and on whose authority.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use muster_protocol::Seed;
use muster_transport::{MemoryNetwork, Network, ResetKey, RunCa, Skew, Weather};
use tempfile::TempDir;

/// When every simulated case begins: 2026-01-01, midnight UTC, in seconds since 1970.
const BEGAN_UNIX_S: u64 = 1_767_225_600;

/// How long a datagram takes in memory: enough that order shows.
const DELAY: Duration = Duration::from_millis(1);

/// What all cases share.
pub(crate) struct Premises {
    /// On which network.
    pub(super) network: Network,
    /// Where the suite listens; port 0 is any free one.
    pub(super) address: SocketAddr,
    /// Whom devices trust.
    pub(super) ca: Arc<RunCa>,
    /// Makes the tokens of stateless resets.
    pub(super) reset: ResetKey,
    /// What time it is.
    pub(super) skew: Skew,
    /// What everything of the agents is drawn from.
    pub(super) seed: Seed,
    /// What agents are given in files, and where they keep what they store.
    pub(super) folder: TempDir,
    /// Who is let in.
    pub(super) guests: Guests,
}

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guests {
    /// Everybody: each case has an address of its own.
    All,
    /// Who has no certificate, or one of the present case: those of the cases before are told that
    /// they are not managed any more.
    OfThisCase,
}

impl Premises {
    /// On any free port of this machine, another for each case.
    pub(super) fn anywhere() -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let ca = RunCa::ephemeral().context("failed to make a CA")?;
        Self::of((Network::Udp, address), ca, (Skew::default(), Seed::root(0)))
    }

    /// At this address of the machine for all cases, where agents come by themselves.
    pub(super) fn waiting(address: SocketAddr, ca: RunCa) -> anyhow::Result<Self> {
        let here = (Network::Udp, address);
        let premises = Self::of(here, ca, (Skew::default(), Seed::root(0)))?;
        Ok(Self { guests: Guests::OfThisCase, ..premises })
    }

    /// In memory, in the time of the present runtime.
    pub(super) fn in_memory(seed: Seed) -> anyhow::Result<Self> {
        let skew = Skew::of_runtime(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGAN_UNIX_S));
        let weather = Weather { delay: DELAY, ..Weather::default() };
        let network = MemoryNetwork::new(seed.child("network", 0), weather);
        let address = network.server_address();
        let ca = RunCa::ephemeral_from(skew.wall()).context("failed to make a CA")?;
        Self::of((Network::Memory(network), address), ca, (skew, seed))
    }

    fn of(
        (network, address): (Network, SocketAddr),
        ca: RunCa,
        (skew, seed): (Skew, Seed),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("failed to make a folder for the agents")?;
        std::fs::write(folder.path().join("ca.pem"), ca.certificate_pem())
            .context("failed to write the certificate of the CA")?;
        let reset = ca.reset_key();
        let (ca, guests) = (Arc::new(ca), Guests::All);
        Ok(Self { network, address, ca, reset, skew, seed, folder, guests })
    }
}
