//! A server that is a probe: takes connections, and leaves what becomes of them to its owner.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quinn::{Connection, Endpoint, Incoming, RecvStream, SendStream, VarInt};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;

use super::link::{Ending, LinkReader, LinkWriter, Reading, ending};
use super::manner::{Greeting, Manner, Tickets};
use crate::endpoint::EndpointError;
use crate::mute::mute;
use crate::network::Network;
use crate::reset::ResetKey;
use crate::tls::TlsError;

/// A socket of a server.
#[derive(Debug)]
pub struct Listener {
    endpoint: Endpoint,
    present: Mutex<Present>,
}

/// How those are met who knock now.
#[derive(Clone, Debug)]
struct Present {
    tls: ServerConfig,
    manner: Manner,
}

/// Somebody who wants to connect, and has not been answered.
#[derive(Debug)]
pub struct Knock {
    incoming: Incoming,
    endpoint: Endpoint,
    present: Present,
}

/// Somebody whose handshake is over.
#[derive(Debug)]
pub struct Visitor {
    endpoint: Endpoint,
    connection: Connection,
    greetings: Vec<Greeting>,
    early: Option<(SendStream, RecvStream)>,
}

/// One stream of a visitor.
#[derive(Debug)]
pub struct Talk {
    /// To say things with.
    pub writer: LinkWriter,
    /// To hear them with.
    pub reader: LinkReader,
}

impl Listener {
    /// Opens the socket of a server at `address`.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn open(
        network: &Network,
        address: SocketAddr,
        reset: &ResetKey,
        manner: Manner,
    ) -> Result<Self, EndpointError> {
        let tls = manner.tls()?;
        let (serving, _unused) = manner.serving(&tls)?;
        let endpoint = network.serving_endpoint(address, reset, serving)?;
        Ok(Self { endpoint, present: Mutex::new(Present { tls, manner }) })
    }

    /// Meets those like this who come from now on; the version of QUIC stays what it was.
    ///
    /// # Errors
    /// [`TlsError`] if the manner is impossible.
    pub fn behave(&self, manner: Manner) -> Result<(), TlsError> {
        let tls = manner.tls()?;
        *self.present() = Present { tls, manner };
        Ok(())
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Who wants to connect next; `None` once it is closed.
    ///
    /// Cancel safe: yes.
    pub async fn next(&self) -> Option<Knock> {
        let incoming = self.endpoint.accept().await?;
        let (endpoint, present) = (self.endpoint.clone(), self.present().clone());
        Some(Knock { incoming, endpoint, present })
    }

    /// From now on nothing is sent and nothing heard, as with one that has lost its power; another
    /// may have its address.
    pub fn vanish(&self) {
        mute(&self.endpoint);
    }

    /// Closes every connection with this code and takes no more; returns once they have been told.
    pub async fn close(&self, code: u32) {
        self.endpoint.close(VarInt::from_u32(code), b"");
        self.endpoint.wait_idle().await;
    }
}

impl Knock {
    /// Goes through the handshake.
    ///
    /// Cancel safe: yes, the connection is given up.
    ///
    /// # Errors
    /// How it ended instead.
    pub async fn admit(self) -> Result<Visitor, Ending> {
        let other = |error: &dyn std::error::Error| Ending::Other(error.to_string());
        let Present { tls, manner } = self.present;
        let (serving, greetings) = manner.serving(&tls).map_err(|error| other(&error))?;
        let accepted = self.incoming.accept_with(Arc::new(serving.config));
        let connecting = accepted.map_err(|error| ending(&error))?;
        let (connection, early) = match manner.tickets {
            Tickets::None => (connecting.await.map_err(|error| ending(&error))?, None),
            Tickets::WithEarlyData => early(connecting).await?,
        };
        let (endpoint, greetings) = (self.endpoint, greetings.all());
        Ok(Visitor { endpoint, connection, greetings, early })
    }
}

/// A connection whose client may say something before its handshake is over.
async fn early(
    connecting: quinn::Connecting,
) -> Result<(Connection, Option<(SendStream, RecvStream)>), Ending> {
    let (connection, complete) = match connecting.into_0rtt() {
        Ok(both) => both,
        Err(connecting) => return Ok((connecting.await.map_err(|error| ending(&error))?, None)),
    };
    let said = tokio::select! {
        biased;
        _is_complete = complete => None,
        opened = connection.accept_bi() => Some(opened.map_err(|error| ending(&error))?),
    };
    match connection.close_reason() {
        Some(error) => Err(ending(&error)),
        None => Ok((connection, said)),
    }
}

impl Visitor {
    /// What stood in its first messages: two, if it had to be asked again.
    #[must_use]
    pub fn greetings(&self) -> &[Greeting] {
        &self.greetings
    }

    /// The certificates it shows, its own first.
    #[must_use]
    pub fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let shown = self.connection.peer_identity().and_then(|shown| shown.downcast().ok());
        shown.map_or_else(Vec::new, |shown: Box<Vec<CertificateDer<'static>>>| *shown)
    }

    /// Whether it has opened a stream before its handshake was over.
    #[must_use]
    pub const fn spoke_early(&self) -> bool {
        self.early.is_some()
    }

    /// Closes with this code.
    pub fn close(&self, code: u32) {
        self.connection.close(VarInt::from_u32(code), b"");
    }

    /// The stream it opens.
    ///
    /// Cancel safe: no, the stream is lost.
    ///
    /// # Errors
    /// How the connection ended instead.
    pub async fn talk(&mut self) -> Result<Talk, Ending> {
        let (stream, hearing) = match self.early.take() {
            Some(both) => both,
            None => self.connection.accept_bi().await.map_err(|error| ending(&error))?,
        };
        let (endpoint, connection) = (self.endpoint.clone(), self.connection.clone());
        let reader =
            LinkReader { connection: connection.clone(), stream: hearing, state: Reading::Stream };
        Ok(Talk { writer: LinkWriter { endpoint, connection, stream }, reader })
    }
}
