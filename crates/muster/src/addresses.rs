//! Servers that go and come back at the same addresses.

use std::net::SocketAddr;
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use muster_server::{Server, ServerConfig, ServerError};
use tokio::time::{Instant, sleep};

/// How often it is looked whether the addresses are free.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ports that no system hands out to whoever wants just any. While a server is away, nobody has come
/// by its ports by chance: devices and clients open sockets all the time.
const PORTS: Range<u32> = 20_000..30_000;

/// How many ports may be somebody else's before there seems to be none.
const PORTS_TRIED_MAX: usize = 64;

/// Starts the next server on the addresses of the last one, whose sockets may live a moment longer
/// than it does: for so long it tries.
pub(crate) async fn start_again(config: &ServerConfig, within: Duration) -> anyhow::Result<Server> {
    let deadline = Instant::now() + within;
    loop {
        match Server::start(config.clone()).await {
            Ok(server) => return Ok(server),
            Err(_taken) if Instant::now() < deadline => sleep(LOOK_EVERY).await,
            Err(error) => return Err(error).context("the server does not start again"),
        }
    }
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
