//! The server of a stage, which a case may stop, kill and start again.

use std::net::SocketAddr;
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use muster_protocol::SerialNumber;
use muster_protocol::secret::EnrolmentToken;
use muster_server::{
    DataDir, Server, ServerConfig, ServerError, ServerFacts, TokenKind, TokenRequest, Totals,
    profile_named,
};
use muster_store::Counts;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

use super::script::ServerFault;

/// How long the next server may wait for the addresses of the last one.
const FREE_WITHIN: Duration = Duration::from_secs(5);

/// How long the enrolment tokens of a stage hold: a case may move time by years.
const TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 60 * 60);

/// How often it looks whether they are free.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ports that no system hands out to whoever wants just any. While a server is away, nobody has come
/// by its ports by chance: devices and clients of other cases open sockets all the time.
const PORTS: Range<u32> = 20_000..30_000;

/// How many ports may be somebody else's before there seems to be none.
const PORTS_TRIED_MAX: usize = 64;

/// A server that can go and come back at the same addresses.
pub(crate) struct House {
    server: Mutex<Option<Server>>,
    /// What the next server is started with.
    config: ServerConfig,
}

impl House {
    /// Starts the first server; those after it have its addresses.
    pub(crate) async fn open(mut config: ServerConfig) -> anyhow::Result<Self> {
        let server = start_somewhere(&config).await?;
        config.quic = server.endpoints().quic;
        config.admin = server.endpoints().admin;
        Ok(Self { server: Mutex::new(Some(server)), config })
    }

    /// What the servers of this house are started with.
    pub(crate) const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The data folder.
    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(self.config.data.clone())
    }

    /// A token to enrol with under this profile.
    pub(crate) async fn token(&self, profile: &str) -> anyhow::Result<EnrolmentToken> {
        let profile = profile_named(profile).context("no profile has this name")?;
        let (kind, lifetime) = (TokenKind::Reusable, TOKEN_LIFETIME);
        let server = self.server.lock().await;
        Ok(running(&server)?.issue_token(TokenRequest { profile, kind, lifetime }).await?)
    }

    /// Lets something happen to the server.
    pub(crate) async fn suffer(&self, fault: ServerFault) -> anyhow::Result<()> {
        let mut server = self.server.lock().await;
        match (fault, server.take()) {
            (ServerFault::Kill, Some(running)) => running.kill().await,
            (ServerFault::Stop, Some(running)) => drop(running.stop().await),
            (ServerFault::Start, None) => *server = Some(self.start_again().await?),
            (ServerFault::Start, Some(running)) => *server = Some(running),
            (ServerFault::Kill | ServerFault::Stop, None) => {}
        }
        Ok(())
    }

    /// Whether a server runs.
    pub(crate) async fn is_up(&self) -> bool {
        self.server.lock().await.is_some()
    }

    /// The counters of the server that runs.
    pub(crate) async fn totals(&self) -> anyhow::Result<Totals> {
        Ok(running(&self.server.lock().await)?.totals())
    }

    /// What the server that runs knows of a device.
    pub(crate) async fn facts(&self, serial: &SerialNumber) -> Option<ServerFacts> {
        let server = self.server.lock().await;
        server.as_ref()?.facts(serial).await
    }

    /// The database's word on all commands.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let server = self.server.lock().await;
        Ok(running(&server)?.counts().await?)
    }

    /// Stops the server, if one runs.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server.into_inner() {
            server.stop().await;
        }
    }

    /// The last server's sockets may live a moment longer than it does.
    async fn start_again(&self) -> anyhow::Result<Server> {
        let deadline = Instant::now() + FREE_WITHIN;
        loop {
            match Server::start(self.config.clone()).await {
                Ok(server) => return Ok(server),
                Err(_taken) if Instant::now() < deadline => sleep(LOOK_EVERY).await,
                Err(error) => return Err(error).context("the server does not start again"),
            }
        }
    }
}

fn running<'a>(server: &'a MutexGuard<'_, Option<Server>>) -> anyhow::Result<&'a Server> {
    server.as_ref().context("no server runs")
}

/// Starts a server on ports that stay its own, where the configuration leaves them open.
pub(crate) async fn start_somewhere(config: &ServerConfig) -> Result<Server, ServerError> {
    let mut tried = 0;
    loop {
        let (quic, admin) = (own(config.quic), own(config.admin));
        tried += 1;
        match Server::start(ServerConfig { quic, admin, ..config.clone() }).await {
            Err(ServerError::Quic { .. } | ServerError::Admin { .. })
                if tried < PORTS_TRIED_MAX => {}
            started => return started,
        }
    }
}

/// This address, with a port nobody in this process has been given if it has none.
fn own(address: SocketAddr) -> SocketAddr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    if address.port() != 0 {
        return address;
    }
    // Processes that run at the same time have numbers next to each other: their ports lie apart.
    let first = process::id().wrapping_mul(257);
    let nth = first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
    let port = PORTS.start + nth % (PORTS.end - PORTS.start);
    SocketAddr::new(address.ip(), u16::try_from(port).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_server_gets_ports_no_system_hands_out_and_none_twice() {
        let open: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let ports: BTreeSet<u16> = (0..500).map(|_nth| own(open).port()).collect();
        assert_eq!(ports.len(), 500);
        assert!(ports.iter().all(|port| PORTS.contains(&u32::from(*port))));
        let wanted: SocketAddr = "127.0.0.1:443".parse().unwrap();
        assert_eq!(own(wanted), wanted);
    }
}
