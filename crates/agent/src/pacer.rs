//! How many devices may connect at once.
//!
//! Ten thousand devices that all connect at one moment overrun the receive buffer of the server's
//! socket: a third of the handshakes time out. Measured with 256 in flight and 4 MiB of buffer:
//! none fails and the kernel drops nothing.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connects in flight unless told otherwise.
pub const CONNECTS_IN_FLIGHT: NonZeroUsize = match NonZeroUsize::new(256) {
    Some(count) => count,
    None => NonZeroUsize::MIN,
};

/// Hands out the right to connect, first come first served.
#[derive(Clone, Debug)]
pub(crate) struct Pacer(Arc<Semaphore>);

/// The right to connect, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Pacer {
    /// Lets this many connect at once.
    #[must_use]
    pub(crate) fn new(in_flight: NonZeroUsize) -> Self {
        let permits = in_flight.get().min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(permits)))
    }

    /// Waits for a turn; `None` once [`Self::close`] was called.
    ///
    /// Cancel safe: yes, but the place in the queue is lost.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        Some(Turn { _permit: permit })
    }

    /// Gives out no more turns: whoever waits is sent away.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn one_turn_more_than_allowed_waits_until_one_is_given_back() {
        let pacer = Pacer::new(NonZeroUsize::MIN);
        let mut first = pin!(pacer.turn());
        let mut second = pin!(pacer.turn());
        let Poll::Ready(turn) = poll(&mut first) else {
            panic!("the first turn is free");
        };
        assert!(poll(&mut second).is_pending());
        drop(turn);
        assert!(matches!(poll(&mut second), Poll::Ready(Some(_))));
    }

    #[test]
    fn a_closed_pacer_sends_the_waiting_away() {
        let pacer = Pacer::new(NonZeroUsize::MIN);
        let mut first = pin!(pacer.turn());
        let mut second = pin!(pacer.turn());
        let turn = poll(&mut first);
        assert!(poll(&mut second).is_pending());
        pacer.close();
        assert!(matches!(poll(&mut second), Poll::Ready(None)));
        drop(turn);
    }
}
