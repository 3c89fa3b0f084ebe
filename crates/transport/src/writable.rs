//! Room to send that is always there.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use quinn::UdpPoller;

/// For sockets that take whatever they are given, and lose what does not fit.
#[derive(Debug)]
pub(crate) struct AlwaysWritable;

impl UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
