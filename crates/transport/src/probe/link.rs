//! One connection of a probe.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use quinn::{Connection, ConnectionError, Endpoint, ReadError, RecvStream, SendStream, VarInt};

use super::offer::Offer;
use crate::endpoint::EndpointError;
use crate::mute::mute;
use crate::network::Network;
use crate::tls::SERVER_NAME;

/// Most bytes taken from the stream at a time.
const CHUNK_BYTES_MAX: usize = 16 * 1024;

/// Where one probe connects from: a socket of its own, and the server it connects to.
#[derive(Debug)]
pub struct Prober {
    endpoint: Endpoint,
    server: SocketAddr,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server's application closed it.
    Closed {
        /// With this code.
        code: u64,
    },
    /// QUIC or TLS closed it, on the server's side.
    Refused {
        /// The error code of the transport: `0x100` and the alert for TLS.
        code: u64,
    },
    /// QUIC or TLS closed it on this side.
    Objected {
        /// The error code of the transport.
        code: u64,
    },
    /// The server does not know the connection.
    Reset,
    /// Nothing came for too long.
    TimedOut,
    /// This side closed it.
    Left,
    /// Something else, in words.
    Other(String),
}

/// What a probe hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Bytes of the stream.
    Bytes(Vec<u8>),
    /// The server ended its side of the stream.
    Finished,
    /// The server gave the stream up.
    StreamReset,
    /// The server opened a stream of its own.
    StreamOpened,
    /// The connection is over.
    Ended(Ending),
}

/// Which kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamWay {
    /// Both ways.
    Both,
    /// To the server only.
    One,
}

/// Says things on a connection.
#[derive(Debug)]
pub struct LinkWriter {
    pub(super) endpoint: Endpoint,
    pub(super) connection: Connection,
    pub(super) stream: SendStream,
}

/// Hears what is said on it.
#[derive(Debug)]
pub struct LinkReader {
    pub(super) connection: Connection,
    pub(super) stream: RecvStream,
    pub(super) state: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Stream,
    End,
    Over,
}

impl Prober {
    /// A new socket for a connection to `server`.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn open(network: &Network, server: SocketAddr) -> Result<Self, EndpointError> {
        Ok(Self { endpoint: network.client_endpoint(server)?.0, server })
    }

    /// Connects and opens the stream. That it worked does not mean that the server agreed.
    ///
    /// Cancel safe: yes, the attempt is given up.
    ///
    /// # Errors
    /// How it ended at once.
    pub async fn dial(self, offer: &Offer) -> Result<(LinkWriter, LinkReader), Ending> {
        let config = offer.config().map_err(|error| Ending::Other(error.to_string()))?;
        let connecting = self.endpoint.connect_with(config, self.server, SERVER_NAME);
        let connecting = connecting.map_err(|error| Ending::Other(error.to_string()))?;
        let connection = connecting.await.map_err(|error| ending(&error))?;
        let (stream, hearing) = connection.open_bi().await.map_err(|error| ending(&error))?;
        let reader =
            LinkReader { connection: connection.clone(), stream: hearing, state: Reading::Stream };
        Ok((LinkWriter { endpoint: self.endpoint, connection, stream }, reader))
    }

    /// Whether the server completes a handshake in this version of QUIC.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// How it ended if not for the version.
    pub async fn speaks(self, offer: &Offer, version: u32) -> Result<bool, Ending> {
        let mut config = offer.config().map_err(|error| Ending::Other(error.to_string()))?;
        config.version(version);
        let connecting = self.endpoint.connect_with(config, self.server, SERVER_NAME);
        match connecting.map_err(|error| Ending::Other(error.to_string()))?.await {
            Ok(_connection) => Ok(true),
            Err(ConnectionError::VersionMismatch) => Ok(false),
            Err(error) => Err(ending(&error)),
        }
    }

    /// Whether the server would take early data on a second connection: it gave a ticket for it.
    ///
    /// Both connections are closed again. Cancel safe: yes.
    ///
    /// # Errors
    /// How the first one ended.
    pub async fn takes_early_data(self, offer: &Offer) -> Result<bool, Ending> {
        let config = offer.config().map_err(|error| Ending::Other(error.to_string()))?;
        let dial = || {
            let connecting = self.endpoint.connect_with(config.clone(), self.server, SERVER_NAME);
            connecting.map_err(|error| Ending::Other(error.to_string()))
        };
        let first = dial()?.await.map_err(|error| ending(&error))?;
        // A ticket would come with the first bytes after the handshake; the credit for a stream
        // does as well, so a server that has answered anything has sent it.
        let (mut stream, _hearing) = first.open_bi().await.map_err(|error| ending(&error))?;
        let _closed = stream.write_all(&[0]).await;
        let _closed = stream.finish();
        let _gone = first.closed().await;
        match dial()?.into_0rtt() {
            Ok((early, _accepted)) => {
                early.close(VarInt::from_u32(0), b"");
                Ok(true)
            }
            Err(_connecting) => Ok(false),
        }
    }
}

impl LinkWriter {
    /// Sends bytes as they are. What comes after a close is lost, as it would be with a device.
    ///
    /// Cancel safe: no, a part may have been sent.
    pub async fn write(&mut self, bytes: Vec<u8>) {
        let _closed = self.stream.write_chunk(Bytes::from(bytes)).await;
    }

    /// Ends this side of the stream.
    pub fn finish(&mut self) {
        let _closed = self.stream.finish();
    }

    /// Gives the stream up.
    pub fn reset(&mut self) {
        let _closed = self.stream.reset(VarInt::from_u32(0));
    }

    /// Closes with this code.
    pub fn close(&self, code: u32) {
        self.connection.close(VarInt::from_u32(code), b"");
    }

    /// From now on nothing is sent and nothing heard on this socket; the other side is not told.
    pub fn vanish(&self) {
        mute(&self.endpoint);
    }

    /// Goes on from another address.
    ///
    /// # Errors
    /// If no other socket can be had.
    pub fn change_address(&self) -> io::Result<()> {
        let here = SocketAddr::new(self.endpoint.local_addr()?.ip(), 0);
        self.endpoint.rebind(std::net::UdpSocket::bind(here)?)
    }

    /// Whether the server lets this side open one more stream now.
    pub async fn may_open(&self, way: StreamWay) -> bool {
        match way {
            StreamWay::Both => is_ready(self.connection.open_bi()).await,
            StreamWay::One => is_ready(self.connection.open_uni()).await,
        }
    }
}

impl LinkReader {
    /// What comes next; the end of the connection comes once, and then nothing for ever.
    ///
    /// Cancel safe: yes.
    pub async fn next(&mut self) -> Heard {
        match self.state {
            Reading::Stream => {
                let heard = tokio::select! {
                    biased;
                    read = self.stream.read_chunk(CHUNK_BYTES_MAX, true) => Some(read),
                    () = opened(&self.connection) => None,
                };
                self.take(heard).await
            }
            Reading::End => {
                let ended = tokio::select! {
                    error = self.connection.closed() => Some(error),
                    () = opened(&self.connection) => None,
                };
                ended.map_or(Heard::StreamOpened, |error| self.over(&error))
            }
            Reading::Over => std::future::pending().await,
        }
    }

    async fn take(&mut self, read: Option<Result<Option<quinn::Chunk>, ReadError>>) -> Heard {
        match read {
            None => Heard::StreamOpened,
            Some(Ok(Some(chunk))) => Heard::Bytes(chunk.bytes.to_vec()),
            Some(Ok(None)) => {
                self.state = Reading::End;
                Heard::Finished
            }
            Some(Err(ReadError::ConnectionLost(error))) => self.over(&error),
            Some(Err(
                ReadError::Reset(_)
                | ReadError::ClosedStream
                | ReadError::IllegalOrderedRead
                | ReadError::ZeroRttRejected,
            )) => {
                self.state = Reading::End;
                Heard::StreamReset
            }
        }
    }

    fn over(&mut self, error: &ConnectionError) -> Heard {
        self.state = Reading::Over;
        Heard::Ended(ending(error))
    }
}

/// Waits until the server opens a stream; for ever once the connection is over.
async fn opened(connection: &Connection) {
    let opened = tokio::select! {
        both = connection.accept_bi() => both.is_ok(),
        one = connection.accept_uni() => one.is_ok(),
    };
    if !opened {
        std::future::pending().await
    }
}

/// Whether a future is done without waiting for anything.
async fn is_ready<T>(future: impl Future<Output = Result<T, ConnectionError>>) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(Ok(_stream)) => Poll::Ready(true),
        Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(false),
    })
    .await
}

pub(super) fn ending(error: &ConnectionError) -> Ending {
    match error {
        ConnectionError::ApplicationClosed(frame) => {
            Ending::Closed { code: frame.error_code.into_inner() }
        }
        ConnectionError::ConnectionClosed(frame) => {
            Ending::Refused { code: frame.error_code.into() }
        }
        ConnectionError::TransportError(raised) => Ending::Objected { code: raised.code.into() },
        ConnectionError::Reset => Ending::Reset,
        ConnectionError::TimedOut => Ending::TimedOut,
        ConnectionError::LocallyClosed => Ending::Left,
        ConnectionError::VersionMismatch | ConnectionError::CidsExhausted => {
            Ending::Other(error.to_string())
        }
    }
}
