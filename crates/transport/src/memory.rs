//! A network within one process: datagrams travel in the time of the runtime, not of the machine.
//!
//! With paused time a run of an hour takes seconds, and the same seed gives the same packets at
//! the same points. Everything above the sockets is what runs over UDP.

mod socket;
mod weather;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use muster_protocol::Seed;
use quinn::Endpoint;
use quinn::udp::{EcnCodepoint, Transmit};
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

use crate::endpoint::{EndpointError, Serving, client_on, open_on, server_on};
use crate::identity::Identity;
use crate::reset::ResetKey;
use crate::skew::Skew;
use socket::MemorySocket;
use weather::Link;

pub use weather::{Outage, Weather};

/// Port of every socket: here, addresses tell sockets apart.
const PORT: u16 = 4433;

/// A network of sockets in memory. Clones are the same network.
#[derive(Clone, Debug)]
pub struct MemoryNetwork {
    shared: Arc<Shared>,
}

/// A datagram that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// When it was sent, in microseconds since the network was made.
    pub at_us: u64,
    /// The client's socket, counted from 1 in the order of their opening.
    pub link: u32,
    /// Which way.
    pub way: Way,
    /// UDP payload, in bytes.
    pub bytes: u16,
    /// What became of it.
    pub fate: Fate,
}

/// A direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It arrives this many microseconds after it was sent.
    Arrives(u32),
    /// It is lost on the way.
    Lost,
}

#[derive(Debug)]
struct Shared {
    seed: Seed,
    began: Instant,
    weather: Weather,
    air: Mutex<Air>,
}

/// What is on its way, and what was.
#[derive(Debug, Default)]
struct Air {
    links: BTreeMap<u32, Link>,
    inboxes: BTreeMap<u32, Inbox>,
    clients: u32,
    tenants: u32,
    sent: u64,
    packets: Vec<Packet>,
}

/// What one socket is going to receive, in the order of arrival.
#[derive(Debug, Default)]
struct Inbox {
    /// Whose it is: sockets that had the address before are deaf and mute.
    tenant: u32,
    coming: BTreeMap<(Instant, u64), Datagram>,
    reader: Option<Waker>,
}

#[derive(Debug)]
struct Datagram {
    from: SocketAddr,
    ecn: Option<EcnCodepoint>,
    bytes: Box<[u8]>,
}

impl MemoryNetwork {
    /// A network that begins now. Has to be called within the runtime whose time it is to follow.
    #[must_use]
    pub fn new(seed: Seed, weather: Weather) -> Self {
        let (began, air) = (Instant::now(), Mutex::default());
        Self { shared: Arc::new(Shared { seed, began, weather, air }) }
    }

    /// Opens the endpoint of the server; one that was opened before hears nothing any more.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn server_endpoint(
        &self,
        identity: Identity,
        ca: CertificateDer<'static>,
        reset: &ResetKey,
        skew: &Skew,
    ) -> Result<Endpoint, EndpointError> {
        server_on(self.server_socket(), self.draws(SERVER), (identity, ca), reset, skew)
    }

    /// The same with settings of the caller's own.
    pub(crate) fn serving_endpoint(
        &self,
        reset: &ResetKey,
        serving: Serving,
    ) -> Result<Endpoint, EndpointError> {
        open_on(self.server_socket(), self.draws(SERVER), reset, Some(serving))
    }

    fn server_socket(&self) -> Arc<MemorySocket> {
        let tenant = self.air().move_in(SERVER);
        Arc::new(MemorySocket::new(self.clone(), SERVER, tenant))
    }

    /// Takes its address from the server's endpoint: from now on it hears and says nothing, as one
    /// whose process was killed. The next server to be opened has the address.
    pub fn silence_server(&self) {
        self.air().move_in(SERVER);
    }

    /// Opens an endpoint for devices: a link of its own to the server.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn client_endpoint(&self) -> Result<Endpoint, EndpointError> {
        let (number, tenant) = {
            let mut air = self.air();
            air.clients += 1;
            let number = air.clients;
            let link = Link::new(self.shared.seed, number, &self.shared.weather);
            air.links.insert(number, link);
            (number, air.move_in(number))
        };
        let socket = Arc::new(MemorySocket::new(self.clone(), number, tenant));
        client_on(socket, self.draws(number))
    }

    /// Where the server of this network is.
    #[must_use]
    pub fn server_address(&self) -> SocketAddr {
        address(SERVER)
    }

    /// All packets so far, in the order they were sent.
    #[must_use]
    pub fn packets(&self) -> Vec<Packet> {
        self.air().packets.clone()
    }

    /// What a socket's QUIC draws from.
    fn draws(&self, socket: u32) -> [u8; 32] {
        self.shared.seed.child("endpoint", u64::from(socket)).stream().bytes()
    }

    /// Puts a datagram on its way.
    fn send(&self, sender: &MemorySocket, transmit: &Transmit<'_>) {
        let (from, ecn, bytes) = (sender.number, transmit.ecn, transmit.contents);
        let Some(to) = socket_at(transmit.destination) else { return };
        let (link, way) = if to == SERVER { (from, Way::Up) } else { (to, Way::Down) };
        let now = Instant::now();
        let at = now.duration_since(self.shared.began);
        let mut air = self.air();
        if air.inboxes.get(&from).is_none_or(|own| own.tenant != sender.tenant) {
            return;
        }
        let Some(fate) = air.links.get_mut(&link).map(|it| it.fate(at, way, &self.shared.weather))
        else {
            return;
        };
        let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        air.packets.push(Packet { at_us: micros(at), link, way, bytes: size, fate });
        let Fate::Arrives(after_us) = fate else { return };
        let due = now + Duration::from_micros(u64::from(after_us));
        let datagram = Datagram { from: address(from), ecn, bytes: bytes.into() };
        let reader = air.post(to, due, datagram);
        drop(air);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn air(&self) -> MutexGuard<'_, Air> {
        self.shared.air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Air {
    /// Gives an address to a new socket.
    fn move_in(&mut self, socket: u32) -> u32 {
        self.tenants += 1;
        let tenant = self.tenants;
        self.inboxes.insert(socket, Inbox { tenant, ..Inbox::default() });
        tenant
    }

    /// Leaves a datagram for its reader, who has to be woken if it is the first to come.
    fn post(&mut self, to: u32, due: Instant, datagram: Datagram) -> Option<Waker> {
        self.sent += 1;
        let inbox = self.inboxes.get_mut(&to)?;
        let key = (due, self.sent);
        inbox.coming.insert(key, datagram);
        let is_first = inbox.coming.first_key_value().is_some_and(|(first, _)| *first == key);
        if is_first { inbox.reader.take() } else { None }
    }
}

/// The server's socket.
const SERVER: u32 = 0;

/// Sockets live at 127.0.0.0/8, one address each.
fn address(socket: u32) -> SocketAddr {
    let [_, a, b, c] = socket.to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(127, a, b, c), PORT))
}

fn socket_at(address: SocketAddr) -> Option<u32> {
    match address.ip() {
        IpAddr::V4(ip) => {
            let [_, a, b, c] = ip.octets();
            Some(u32::from_be_bytes([0, a, b, c]))
        }
        IpAddr::V6(_) => None,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
