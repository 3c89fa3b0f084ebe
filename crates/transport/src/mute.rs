//! Endpoints that let go of their socket: of a server that has stopped or was killed, of a probe whose
//! machine has lost its power.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Endpoint, UdpPoller};

use crate::writable::AlwaysWritable;

/// Takes its socket from an endpoint: it hears and says nothing more, and whoever comes next may have
/// the address. Without it an endpoint keeps both for three probe timeouts after its last connection
/// was closed.
///
/// Source: RFC 9000, section 10.2.
pub fn mute(endpoint: &Endpoint) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let address = endpoint.local_addr().unwrap_or(address);
    // Twice, because the library goes on to listen to the socket it had last.
    for _last_and_one_before in 0..2 {
        let _cannot_fail = endpoint.rebind_abstract(Arc::new(MuteSocket(address)));
    }
}

/// Takes what is to be sent and tells nobody; hears nothing.
#[derive(Debug)]
struct MuteSocket(SocketAddr);

impl AsyncUdpSocket for MuteSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, _transmit: &Transmit<'_>) -> io::Result<()> {
        Ok(())
    }

    fn poll_recv(
        &self,
        _context: &mut Context<'_>,
        _buffers: &mut [IoSliceMut<'_>],
        _metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0)
    }
}
