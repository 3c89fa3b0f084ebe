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

/// Lets a bounded number of connections in and closes the others at once.
#[derive(Clone, Debug)]
pub(super) struct Door {
    room: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    fn admit(&self, stream: TcpStream) -> io::Result<Admitted> {
        let place = self.room.clone().try_acquire_owned();
        let place = place.map_err(|full| io::Error::new(io::ErrorKind::QuotaExceeded, full))?;
        // Answers are small and awaited: to hold them back for more would cost 40 ms each.
        stream.set_nodelay(true)?;
        Ok(Admitted { stream, _place: place })
    }
}

impl<S> Accept<TcpStream, S> for Door {
    type Stream = Admitted;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Admitted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(self.admit(stream).map(|admitted| (admitted, service)))
    }
}

/// A connection that has a place.
#[derive(Debug)]
pub(super) struct Admitted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

/// Closes connections that never say anything once `inner` has let them in.
///
/// The time limits of HTTP begin with the first byte of a request.
#[derive(Clone, Debug)]
pub(super) struct FirstByte<A> {
    inner: A,
}

impl<A> FirstByte<A> {
    pub(super) const fn after(inner: A) -> Self {
        Self { inner }
    }
}

impl<S, A> Accept<TcpStream, S> for FirstByte<A>
where
    A: Accept<TcpStream, S, Future: Send + 'static>,
{
    type Stream = Patient<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, A::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((Patient::new(stream), service))
        })
    }
}

/// A connection that has until its patience ends to say something.
#[derive(Debug)]
pub(super) struct Patient<I> {
    stream: I,
    patience: Option<Pin<Box<Sleep>>>,
}

impl<I> Patient<I> {
    fn new(stream: I) -> Self {
        Self { stream, patience: Some(Box::pin(sleep(FIRST_BYTE_WITHIN))) }
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
macro_rules! writes_through {
    ($type:ty $(, $parameter:ident)?) => {
        impl $(<$parameter: AsyncWrite + Unpin>)? AsyncWrite for $type {
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

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
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
    };
}

writes_through!(Admitted);
writes_through!(Patient<I>, I);

impl AsyncRead for Admitted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed_and_one_that_has_spoken_may_rest() {
        let (near, mut far) = tokio::io::duplex(16);
        let mut silent = Patient::new(near);
        let refused = silent.read_u8().await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);

        let mut talker = Patient::new(silent.stream);
        far.write_u8(1).await.unwrap();
        assert_eq!(talker.read_u8().await.unwrap(), 1);
        let rest = tokio::time::timeout(10 * FIRST_BYTE_WITHIN, talker.read_u8()).await;
        assert!(rest.is_err(), "{rest:?}");
    }

    #[tokio::test]
    async fn a_full_house_turns_connections_away_until_one_leaves() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door { room: Arc::new(Semaphore::new(1)) };
        let arrive = async || {
            let (_near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
            door.admit(far.unwrap().0)
        };
        let first = arrive().await.unwrap();
        assert_eq!(arrive().await.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        drop(first);
        assert!(arrive().await.is_ok());
    }
}
