//! One socket of the network in memory.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Datagram, MemoryNetwork, address};
use crate::writable::AlwaysWritable;

/// A socket. Quinn drives it as it would drive one of the system.
pub(super) struct MemorySocket {
    network: MemoryNetwork,
    pub(super) number: u32,
    pub(super) tenant: u32,
    /// Wakes the reader when the next datagram is there.
    alarm: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl MemorySocket {
    pub(super) const fn new(network: MemoryNetwork, number: u32, tenant: u32) -> Self {
        Self { network, number, tenant, alarm: Mutex::new(None) }
    }

    /// Takes up to `room` datagrams that are there, or says when to look again.
    fn take(&self, room: usize, reader: &Waker) -> Result<Vec<Datagram>, Option<Instant>> {
        let now = Instant::now();
        let mut air = self.network.air();
        let own = air.inboxes.get_mut(&self.number).filter(|own| own.tenant == self.tenant);
        let Some(inbox) = own else { return Err(None) };
        let mut arrived = Vec::new();
        while arrived.len() < room
            && let Some(first) = inbox.coming.first_entry()
            && first.key().0 <= now
        {
            arrived.push(first.remove());
        }
        if arrived.is_empty() {
            inbox.reader = Some(reader.clone());
            return Err(inbox.coming.first_key_value().map(|((due, _), _)| *due));
        }
        Ok(arrived)
    }

    /// Has the reader woken at `due`; true if that is now.
    fn wait(&self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(context)
    }
}

impl AsyncUdpSocket for MemorySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.network.send(self, transmit);
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.take(buffers.len().min(metas.len()), context.waker()) {
                Ok(arrived) => {
                    let count = arrived.len();
                    for ((datagram, buffer), meta) in arrived.iter().zip(buffers).zip(metas) {
                        let len = datagram.bytes.len().min(buffer.len());
                        buffer[..len].copy_from_slice(&datagram.bytes[..len]);
                        let (addr, ecn) = (datagram.from, datagram.ecn);
                        *meta = RecvMeta { addr, len, stride: len, ecn, dst_ip: None };
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(None) => return Poll::Pending,
                Err(Some(due)) => match self.wait(due, context) {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(address(self.number))
    }
}

impl fmt::Debug for MemorySocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySocket").field("number", &self.number).finish_non_exhaustive()
    }
}
