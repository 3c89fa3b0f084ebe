//! What an endpoint takes for its UDP socket.

use std::fmt;
use std::future::Future as _;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::time::{Instant, Sleep, sleep_until};

use super::link::{Datagram, Inner, State, Waiting};
use crate::writable::AlwaysWritable;

/// A socket that does to datagrams what its link says.
///
/// It sends one datagram at a time: faults are those of packets. What waits is moved on by
/// whoever reads, which an endpoint always does.
pub(super) struct FaultySocket {
    link: Arc<Inner>,
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl FaultySocket {
    pub(super) const fn new(link: Arc<Inner>) -> Self {
        Self { link, timer: Mutex::new(None) }
    }

    /// Sends everything that is due, as far as the socket takes it. A socket takes nothing before
    /// the runtime has heard that it is writable, not even when it is new.
    fn flush(&self, state: &mut State, now: Instant) -> io::Result<()> {
        let socket = state.socket()?;
        while let Some(waiting) = state.up.take_due(now) {
            let sent = socket.try_send(&waiting.datagram.transmit());
            if sent.is_err_and(|cause| cause.kind() == io::ErrorKind::WouldBlock) {
                state.up.put_back(waiting);
                state.blocked = Some(socket.create_io_poller());
                break;
            }
        }
        Ok(())
    }

    /// Decides over what has just been read: `count` buffers, each of one datagram or several.
    fn admit(&self, state: &mut State, now: Instant, received: impl Iterator<Item = Datagram>) {
        let moment = self.link.moment(now);
        for datagram in received {
            let fate = state.came(moment, datagram.content.len());
            self.link.counters.count_all(&fate);
            state.down.queue(now, &fate, datagram, &self.link.counters);
        }
    }

    /// Has the reader woken when the next datagram is due; says whether one is already.
    fn arm(&self, due: Option<Instant>, context: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(due) = due else {
            *timer = None;
            return Poll::Pending;
        };
        let sleep = match &mut *timer {
            Some(sleep) => {
                sleep.as_mut().reset(due);
                sleep
            }
            None => timer.insert(Box::pin(sleep_until(due))),
        };
        sleep.as_mut().poll(context)
    }
}

impl fmt::Debug for FaultySocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultySocket").finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for FaultySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let now = Instant::now();
        let mut state = self.link.state();
        let fate = state.sent(self.link.moment(now), transmit.contents.len());
        self.link.counters.count_all(&fate);
        state.up.queue(now, &fate, Datagram::of_transmit(transmit), &self.link.counters);
        if state.blocked.is_none() {
            self.flush(&mut state, now)?;
        }
        let waits = state.blocked.is_some() || state.next_due().is_some();
        let reader = waits.then(|| state.reader.take()).flatten();
        drop(state);
        if let Some(reader) = reader {
            // To wait for the new datagram as well.
            reader.wake();
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let now = Instant::now();
            let mut state = self.link.state();
            state.reader = Some(context.waker().clone());
            if state.blocked.is_none() {
                self.flush(&mut state, now)?;
            }
            let delivered = deliver(&mut state, now, buffers, metas);
            if delivered > 0 {
                return Poll::Ready(Ok(delivered));
            }
            match state.socket()?.poll_recv(context, buffers, metas) {
                Poll::Ready(Ok(count)) => {
                    let read = buffers.iter().zip(metas.iter()).take(count);
                    self.admit(
                        &mut state,
                        now,
                        read.flat_map(|(buffer, meta)| split(buffer, meta)),
                    );
                }
                Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                Poll::Pending if state.is_writable_again(context) => {}
                Poll::Pending => {
                    let due = state.next_due();
                    drop(state);
                    ready!(self.arm(due, context));
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.link.state().socket()?.local_addr()
    }

    fn max_receive_segments(&self) -> usize {
        let socket = self.link.state().socket();
        socket.map_or(1, |socket| socket.max_receive_segments())
    }

    fn may_fragment(&self) -> bool {
        let socket = self.link.state().socket();
        socket.map_or(true, |socket| socket.may_fragment())
    }
}

/// Hands out what is due, one datagram a buffer.
fn deliver(
    state: &mut State,
    now: Instant,
    buffers: &mut [IoSliceMut<'_>],
    metas: &mut [RecvMeta],
) -> usize {
    let mut delivered = 0;
    for (buffer, meta) in buffers.iter_mut().zip(metas) {
        let Some(Waiting { datagram, .. }) = state.down.take_due(now) else {
            break;
        };
        let len = datagram.content.len().min(buffer.len());
        buffer[..len].copy_from_slice(&datagram.content[..len]);
        *meta = RecvMeta {
            addr: datagram.peer,
            len,
            stride: len,
            ecn: datagram.ecn,
            dst_ip: datagram.local,
        };
        delivered += 1;
    }
    delivered
}

/// The datagrams of one buffer: the system may have put several together.
fn split<'a>(buffer: &'a [u8], meta: &'a RecvMeta) -> impl Iterator<Item = Datagram> + 'a {
    let content = buffer.get(..meta.len).unwrap_or(buffer);
    content.chunks(meta.stride.max(1)).map(|content| Datagram::received(meta, content))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Waker;

    use muster_protocol::Seed;

    use super::*;
    use crate::fault::FaultClock;
    use crate::fault::FaultyLink;

    /// Takes nothing before somebody has asked whether it is writable, as a new socket.
    #[derive(Debug, Default)]
    struct Stubborn {
        writable: AtomicBool,
        sent: Mutex<Vec<Vec<u8>>>,
    }

    impl AsyncUdpSocket for Stubborn {
        fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
            Box::pin(Asked(self))
        }

        fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
            if !self.writable.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.sent.lock().unwrap().push(transmit.contents.to_vec());
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
            Ok(([127, 0, 0, 1], 1).into())
        }
    }

    #[derive(Debug)]
    struct Asked(Arc<Stubborn>);

    impl UdpPoller for Asked {
        fn poll_writable(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.0.writable.store(true, Ordering::Relaxed);
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_a_new_socket_does_not_take_yet_is_sent_in_order_once_it_does() {
        let link =
            FaultyLink::new(Seed::root(1), &[], FaultClock::since(Instant::now()), Arc::default());
        let stubborn = Arc::new(Stubborn::default());
        link.0.state().go_through(stubborn.clone());
        let socket = FaultySocket::new(Arc::clone(&link.0));
        for content in [b"first".as_slice(), b"second"] {
            let destination = ([127, 0, 0, 1], 2).into();
            let transmit = Transmit {
                destination,
                ecn: None,
                contents: content,
                segment_size: None,
                src_ip: None,
            };
            socket.try_send(&transmit).unwrap();
        }
        assert!(stubborn.sent.lock().unwrap().is_empty());
        let read = socket.poll_recv(&mut Context::from_waker(Waker::noop()), &mut [], &mut []);
        assert!(read.is_pending());
        assert_eq!(*stubborn.sent.lock().unwrap(), [b"first".to_vec(), b"second".to_vec()]);
    }
}
