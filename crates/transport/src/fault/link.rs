//! A link that outlives the sockets it goes through.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use muster_protocol::Seed;
use quinn::udp::{EcnCodepoint, RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Endpoint, UdpPoller};
use tokio::time::Instant;

use super::counters::{LinkCount, LinkCounters};
use super::lane::{Fate, Lane, Moment, Passing};
use super::socket::FaultySocket;
use super::{Direction, FaultClock, LinkRule, Window};
use crate::digest::random;
use crate::endpoint::{EndpointError, SocketBuffers, client_on, local_socket};

/// Datagrams that may wait in one direction: a second of a busy link. More are lost, as in a
/// router, and counted.
const WAITING_MAX: usize = 4_096;

/// The link of one endpoint: its faults, how far its chance is, and what is on its way.
#[derive(Clone)]
pub struct FaultyLink(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// What windows count in.
    clock: FaultClock,
    /// What everything else counts from.
    start: Instant,
    pub(super) state: Mutex<State>,
    pub(super) counters: Arc<LinkCounters>,
}

pub(super) struct State {
    /// The socket underneath.
    pub(super) socket: Option<Arc<dyn AsyncUdpSocket>>,
    pub(super) up: Way,
    pub(super) down: Way,
    /// Whoever waits for datagrams.
    pub(super) reader: Option<Waker>,
    /// What says when the socket takes datagrams again; none while it does.
    pub(super) blocked: Option<Pin<Box<dyn UdpPoller>>>,
    /// When the device sent something last, counted from the start of the link.
    last_sent: Duration,
}

/// One direction: its faults and what waits.
pub(super) struct Way {
    lane: Lane,
    /// By time, then by order of arrival.
    waiting: Vec<Waiting>,
}

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) due: Instant,
    pub(super) datagram: Datagram,
}

/// A datagram of its own.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) peer: SocketAddr,
    pub(super) ecn: Option<EcnCodepoint>,
    pub(super) local: Option<std::net::IpAddr>,
    pub(super) content: Vec<u8>,
}

impl fmt::Debug for FaultyLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyLink").finish_non_exhaustive()
    }
}

impl FaultyLink {
    /// A link with these faults; their windows count in the time of `clock`, `seed` is for this link
    /// only.
    #[must_use]
    pub fn new(
        seed: Seed,
        rules: &[LinkRule],
        clock: FaultClock,
        counters: Arc<LinkCounters>,
    ) -> Self {
        let way = |direction| Way { lane: Lane::new(seed, direction, rules), waiting: Vec::new() };
        Self(Arc::new(Inner {
            clock,
            start: Instant::now(),
            counters,
            state: Mutex::new(State {
                socket: None,
                up: way(Direction::Up),
                down: way(Direction::Down),
                reader: None,
                blocked: None,
                last_sent: Duration::ZERO,
            }),
        }))
    }

    /// Opens an endpoint for the device of this link, as
    /// [`client_endpoint`](crate::client_endpoint) does.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn client_endpoint(
        &self,
        server: SocketAddr,
    ) -> Result<(Endpoint, SocketBuffers), EndpointError> {
        let (socket, _address, buffers) = local_socket(server)?;
        self.0.state().go_through(socket);
        let socket = Arc::new(FaultySocket::new(Arc::clone(&self.0)));
        Ok((client_on(socket, random())?, buffers))
    }

    /// Has the fault with this number, in the order they were given, be on from now on, for so long
    /// or for ever; whatever window it had is over.
    pub fn begin(&self, rule: usize, lasts: Option<Duration>) {
        let mut state = self.0.state();
        let at = self.0.clock.elapsed(Instant::now()).unwrap_or_default();
        let window = Window { at, lasts, ..Window::ALWAYS };
        state.up.lane.open(rule, window);
        state.down.lane.open(rule, window);
    }

    /// Moves the device to another port behind its back, as the router of a home does that has
    /// forgotten it. What was on its way to the old port is lost.
    ///
    /// # Errors
    /// [`EndpointError`] if there is no other port; then nothing has changed.
    pub fn rebind(&self, server: SocketAddr) -> Result<(), EndpointError> {
        let (socket, _address, _buffers) = local_socket(server)?;
        let mut state = self.0.state();
        state.go_through(socket);
        state.down.waiting.clear();
        self.0.counters.count(LinkCount::Rebound);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    /// Moves the device to another path, and it knows: from Wi-Fi to the mobile network. QUIC
    /// takes every connection of `endpoint` there.
    ///
    /// # Errors
    /// [`EndpointError`] if there is no other path; then nothing has changed.
    pub fn migrate(&self, endpoint: &Endpoint, server: SocketAddr) -> Result<(), EndpointError> {
        let (socket, address, _buffers) = local_socket(server)?;
        self.0.state().go_through(socket);
        self.0.counters.count(LinkCount::Rebound);
        let socket = Arc::new(FaultySocket::new(Arc::clone(&self.0)));
        endpoint.rebind_abstract(socket).map_err(|source| EndpointError::Socket { address, source })
    }
}

impl Inner {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst a datagram lost, which is what links do.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This instant, as faults count it.
    pub(super) fn moment(&self, now: Instant) -> Moment {
        let since_start = now.saturating_duration_since(self.start);
        Moment { since_start, fault_time: self.clock.elapsed(now) }
    }
}

impl State {
    /// The socket underneath; there is one from the first endpoint on.
    pub(super) fn socket(&self) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.socket.clone().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Takes another socket for all that is sent and read from now on.
    pub(super) fn go_through(&mut self, socket: Arc<dyn AsyncUdpSocket>) {
        self.socket = Some(socket);
        self.blocked = None;
    }

    /// Whether the socket has begun to take datagrams again; if it has not, `context` hears of it.
    pub(super) fn is_writable_again(&mut self, context: &mut Context<'_>) -> bool {
        // A socket that fails says so to whoever sends next.
        let is_again =
            self.blocked.as_mut().is_some_and(|it| it.as_mut().poll_writable(context).is_ready());
        if is_again {
            self.blocked = None;
        }
        is_again
    }

    /// Decides over a datagram of `bytes` that the device sends.
    pub(super) fn sent(&mut self, moment: Moment, bytes: usize) -> Fate {
        self.last_sent = moment.since_start;
        self.up.lane.next(Passing { moment, bytes, silent_for: Duration::ZERO })
    }

    /// Decides over a datagram of `bytes` that comes for the device.
    pub(super) fn came(&mut self, moment: Moment, bytes: usize) -> Fate {
        let silent_for = moment.since_start.saturating_sub(self.last_sent);
        self.down.lane.next(Passing { moment, bytes, silent_for })
    }

    /// When something is due next, in either direction; what the socket does not take is not.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let next = |way: &Way| way.waiting.first().map(|waiting| waiting.due);
        let up = if self.blocked.is_some() { None } else { next(&self.up) };
        up.into_iter().chain(next(&self.down)).min()
    }
}

impl Way {
    /// Puts copies of a datagram where their fate wants them.
    pub(super) fn queue(
        &mut self,
        now: Instant,
        fate: &Fate,
        datagram: Datagram,
        counters: &LinkCounters,
    ) {
        let mut datagram = datagram;
        datagram.flip(fate.flipped_bit);
        for later in &fate.arrivals {
            if self.waiting.len() >= WAITING_MAX {
                counters.count(LinkCount::Overflowed);
                continue;
            }
            let due = now + *later;
            let at = self.waiting.partition_point(|waiting| waiting.due <= due);
            self.waiting.insert(at, Waiting { due, datagram: datagram.clone() });
        }
    }

    /// The next datagram that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Waiting> {
        let is_due = self.waiting.first().is_some_and(|waiting| waiting.due <= now);
        is_due.then(|| self.waiting.remove(0))
    }

    /// Has a datagram wait that could not be sent, before all others.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.waiting.insert(0, waiting);
    }
}

impl Datagram {
    pub(super) fn of_transmit(transmit: &Transmit<'_>) -> Self {
        Self {
            peer: transmit.destination,
            ecn: transmit.ecn,
            local: transmit.src_ip,
            content: transmit.contents.to_vec(),
        }
    }

    pub(super) fn received(meta: &RecvMeta, content: &[u8]) -> Self {
        Self { peer: meta.addr, ecn: meta.ecn, local: meta.dst_ip, content: content.to_vec() }
    }

    pub(super) fn transmit(&self) -> Transmit<'_> {
        Transmit {
            destination: self.peer,
            ecn: self.ecn,
            contents: &self.content,
            segment_size: None,
            src_ip: self.local,
        }
    }

    /// Changes one bit, the `bit`-th counted over and over.
    fn flip(&mut self, bit: Option<u64>) {
        let bits = u64::try_from(self.content.len()).unwrap_or(u64::MAX).saturating_mul(8);
        let Some(bit) = bit.and_then(|bit| bit.checked_rem(bits)) else {
            return;
        };
        let byte = usize::try_from(bit / 8).ok().and_then(|at| self.content.get_mut(at));
        if let Some(byte) = byte {
            *byte ^= 1 << (bit % 8);
        }
    }
}
