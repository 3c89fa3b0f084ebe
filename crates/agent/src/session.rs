//! The management connection: from the first packet to the last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::frame::Peer;
use muster_protocol::limits::GREETING_WITHIN;
use muster_protocol::management::{ToDevice, ToServer, Welcome};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{CloseCode, DeviceId};
use muster_transport::{
    FrameReceiver, FrameSender, Identity, PathMtu, ReceiveError, SERVER_NAME, close, violation,
};
use quinn::{Connection, ConnectionError, Endpoint};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{Span, debug, info_span};

use crate::ending::Ending;
use crate::pacer::Turn;
use crate::progress::{Bytes, Counters};
use crate::shared::Shared;
use crate::state::Credentials;

/// How long a handshake may take. QUIC itself would wait for the idle timeout.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long the server may leave a message unread before the connection counts as stuck.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// An open management connection.
pub(crate) struct Session {
    connection: Connection,
    sender: FrameSender,
    receiver: FrameReceiver,
    bytes_counted: u64,
    stage: Stage,
    since: Instant,
    /// What the device has hung up for, should it do so.
    hung_up: Ending,
    pub(crate) span: Span,
}

/// How far the session is.
enum Stage {
    /// Not welcomed yet: still counts as connecting, so the turn is kept.
    Greeting {
        _turn: Turn,
        until: Instant,
    },
    Welcomed {
        peer: Peer,
    },
}

/// What a session was when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    Greeting,
    Welcomed,
}

/// Opens a connection within its own time limit.
pub(crate) async fn dial(
    endpoint: &Endpoint,
    config: quinn::ClientConfig,
    server: SocketAddr,
) -> Result<Connection, Ending> {
    let connecting = endpoint.connect_with(config, server, SERVER_NAME).map_err(|cause| {
        debug!(error = &cause as &dyn std::error::Error, "cannot connect");
        Ending::NoMeans
    })?;
    match timeout(CONNECT_WITHIN, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        // Nobody has been silent who never spoke.
        Ok(Err(ConnectionError::TimedOut)) | Err(_) => Err(Ending::Unanswered),
        Ok(Err(cause)) => Err(Ending::from(&cause)),
    }
}

/// What a connection needs, owned so that the attempt can run beside everything else.
pub(crate) struct Caller {
    pub(crate) shared: Arc<Shared>,
    pub(crate) endpoint: Endpoint,
    pub(crate) index: usize,
    pub(crate) device: DeviceId,
    pub(crate) identity: Identity,
    pub(crate) path: PathMtu,
}

/// The identity to show, if the kept credentials are those of `device`.
pub(crate) fn identity(credentials: &Credentials, device: DeviceId) -> Option<Identity> {
    let grant = credentials.grant.as_ref().filter(|grant| grant.device == device)?;
    // Not read here: TLS does, and finds out what is no key.
    Some(Identity::of(vec![grant.certificate.clone()], credentials.pkcs8.clone()))
}

/// Connects, once. The device still has to say hello.
pub(crate) async fn connect(caller: Caller) -> Result<Box<Session>, Ending> {
    let Some(turn) = caller.shared.pacer.turn().await else {
        return Err(Ending::HungUp);
    };
    let config = caller.shared.tls.management_over(caller.path, &caller.identity);
    let config = config.map_err(|cause| {
        debug!(error = &cause as &dyn std::error::Error, "own identity refused");
        Ending::NoMeans
    })?;
    let connection = dial(&caller.endpoint, config, caller.shared.server).await?;
    let opened = timeout(GREETING_WITHIN, connection.open_bi()).await;
    let opened = opened.map_err(|_elapsed| Ending::NoStream)?;
    let (send, receive) = opened.map_err(|cause| Ending::from(&cause))?;
    let stage = Stage::Greeting { _turn: turn, until: Instant::now() + GREETING_WITHIN };
    Ok(Box::new(Session {
        sender: FrameSender::new(send),
        receiver: FrameReceiver::new(receive),
        bytes_counted: 0,
        stage,
        since: Instant::now(),
        hung_up: Ending::HungUp,
        span: info_span!("session", index = caller.index, device_id = %caller.device),
        connection,
    }))
}

impl Session {
    /// The next message, or how the session ended.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn next(&mut self) -> Result<ToDevice, Ending> {
        let received = match self.stage {
            // A newer server may append to its welcome what this build does not know.
            Stage::Greeting { until, .. } => {
                let greeting = self.receiver.receive(Peer::Newer);
                // Boxed: it is over soon, and what follows waits for long.
                match Box::pin(timeout_at(until, greeting)).await {
                    Ok(received) => received,
                    Err(_elapsed) => {
                        close(&self.connection, CloseCode::GreetingTimeout);
                        return Err(Ending::Unanswered);
                    }
                }
            }
            Stage::Welcomed { peer } => self.receiver.receive(peer).await,
        };
        match received {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(self.told(Ending::of(&self.connection))),
            Err(cause) => Err(self.told(broken(&self.connection, &cause))),
        }
    }

    /// The ending with the reason the device had, if it was the one to hang up.
    fn told(&self, ending: Ending) -> Ending {
        if ending == Ending::HungUp { self.hung_up } else { ending }
    }

    /// Sends one message. A session that cannot is closed, and ends with the next receive.
    ///
    /// Cancel safe: no, and not to be cancelled but for the end of everything.
    pub(crate) async fn send(&mut self, message: &ToServer, counters: &Counters) {
        match timeout(SEND_WITHIN, self.sender.send(message)).await {
            Ok(Ok(sent)) => counters.bytes(Bytes::Sent, u64::try_from(sent).unwrap_or(0)),
            Ok(Err(cause)) => {
                debug!(error = &cause as &dyn std::error::Error, "failed to send");
                self.close();
            }
            Err(_elapsed) => {
                debug!(message = message.name(), "the server does not read");
                self.hung_up = Ending::Unread;
                self.close();
            }
        }
    }

    /// Takes note of the server's welcome; says whether it is the first of this session.
    pub(crate) fn on_welcome(&mut self, welcome: &Welcome) -> Reached {
        let before = self.reached();
        let is_strict = is(Plant::NewerNotUnderstood);
        let peer = if is_strict { Peer::Known } else { Peer::of_minor(welcome.minor) };
        self.stage = Stage::Welcomed { peer };
        before
    }

    pub(crate) const fn reached(&self) -> Reached {
        match self.stage {
            Stage::Greeting { .. } => Reached::Greeting,
            Stage::Welcomed { .. } => Reached::Welcomed,
        }
    }

    /// Bytes received since the last call.
    pub(crate) fn take_bytes_received(&mut self) -> u64 {
        let bytes = self.receiver.bytes_received();
        let new = bytes.saturating_sub(self.bytes_counted);
        self.bytes_counted = bytes;
        new
    }

    /// How long the session has lasted.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Says that nothing follows, so that what was sent arrives before the end.
    pub(crate) fn finish(&mut self) {
        self.sender.finish();
    }

    /// Closes at once.
    pub(crate) fn close(&self) {
        close(&self.connection, CloseCode::Done);
    }
}

/// Closes a connection over what came on it, if that is wrong, and says how it ended.
///
/// Source: REQ-FRAME-001 to REQ-FRAME-004 (docs/protocol/framing.md).
pub(crate) fn broken(connection: &Connection, cause: &ReceiveError) -> Ending {
    let code = match cause {
        ReceiveError::Frame { source } => violation(source),
        ReceiveError::TruncatedFrame => CloseCode::BadFrame,
        ReceiveError::Connection { .. } | ReceiveError::Stream { .. } => {
            return Ending::of(connection);
        }
    };
    close(connection, code);
    Ending::Refused(code)
}
