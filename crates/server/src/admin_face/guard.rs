//! What a connection to the admin face may cost: a place among a bounded number, for as long as it
//! lasts, and little patience until its first request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// How many connections may be open at once. Each costs two buffers and a descriptor.
const CONNECTIONS_MAX: usize = 1_024;

/// How long a connection may say nothing at all after its TLS handshake.
const FIRST_BYTE_WITHIN: Duration = Duration::from_secs(10);

/// Lets a bounded number of connections in, closes the others at once, and closes those that never
/// say anything once `inner` has let them in.
///
/// The time limits of HTTP begin with the first byte of a request.
#[derive(Clone, Debug)]
pub(super) struct Door<A> {
    inner: A,
    room: Arc<Semaphore>,
}

impl<A> Door<A> {
    /// A door before `inner`.
    pub(super) fn before(inner: A) -> Self {
        Self::of_room(inner, CONNECTIONS_MAX)
    }

    fn of_room(inner: A, places: usize) -> Self {
        Self { inner, room: Arc::new(Semaphore::new(places)) }
    }

    fn place(&self, stream: &TcpStream) -> io::Result<OwnedSemaphorePermit> {
        let place = self.room.clone().try_acquire_owned();
        let place = place.map_err(|full| io::Error::new(io::ErrorKind::QuotaExceeded, full))?;
        // Answers are small and awaited: to hold them back for more would cost 40 ms each.
        stream.set_nodelay(true)?;
        Ok(place)
    }
}

impl<S, A> Accept<TcpStream, S> for Door<A>
where
    A: Accept<TcpStream, S, Future: Send + 'static>,
{
    type Stream = Patient<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, A::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // A connection has its place from before its TLS handshake on.
        let accepted = self.place(&stream).map(|place| (place, self.inner.accept(stream, service)));
        Box::pin(async move {
            let (place, accepted) = accepted?;
            let (stream, service) = accepted.await?;
            Ok((Patient::new(stream, place), service))
        })
    }
}

/// A connection that has a place, and until its patience ends to say something.
#[derive(Debug)]
pub(super) struct Patient<I> {
    stream: I,
    patience: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl<I> Patient<I> {
    fn new(stream: I, place: OwnedSemaphorePermit) -> Self {
        Self { stream, patience: Some(Box::pin(sleep(FIRST_BYTE_WITHIN))), _place: place }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Patient<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            self.patience = None;
            return Poll::Ready(outcome);
        }
        let Some(patience) = &mut self.patience else {
            return Poll::Pending;
        };
        ready!(patience.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Writing is left as it is.
impl<I: AsyncWrite + Unpin> AsyncWrite for Patient<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_server::accept::DefaultAcceptor;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed_and_one_that_has_spoken_may_rest() {
        let (near, mut far) = tokio::io::duplex(16);
        let place = || Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let mut silent = Patient::new(near, place());
        let refused = silent.read_u8().await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);

        let mut talker = Patient::new(silent.stream, place());
        far.write_u8(1).await.unwrap();
        assert_eq!(talker.read_u8().await.unwrap(), 1);
        let rest = tokio::time::timeout(10 * FIRST_BYTE_WITHIN, talker.read_u8()).await;
        assert!(rest.is_err(), "{rest:?}");
    }

    #[tokio::test]
    async fn a_full_house_turns_connections_away_until_one_leaves() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door::of_room(DefaultAcceptor::new(), 1);
        let arrive = async || {
            let (_near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
            door.accept(far.unwrap().0, ()).await
        };
        let first = arrive().await.unwrap();
        assert_eq!(arrive().await.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        drop(first);
        assert!(arrive().await.is_ok());
    }
}
