//! The devices' front door: accepts connections and sends each to the room its ALPN names.

use std::sync::Arc;

use muster_protocol::CloseCode;
use muster_protocol::limits::GREETING_WITHIN;
use muster_transport::{Purpose, close, purpose};
use quinn::{Endpoint, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::activation::Errands;
use crate::clock::Clock;
use crate::enrolment::Enroller;
use crate::farewell::Farewells;
use crate::registry::Registry;
use crate::retry::{Retries, RetryFault};
use crate::session;
use crate::stats::ServerStats;

/// How many handshakes may be under way. Each costs the server about a quarter of a
/// millisecond; more than this cannot finish within the greeting time on two cores.
const HANDSHAKES_MAX: usize = 4_096;

/// How many connections may be between their handshake and the end of their greeting or enrolment.
/// At about thirty kilobytes each this is half a gibibyte.
const GREETINGS_MAX: usize = 16_384;

/// What every connection needs.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) registry: Arc<Registry>,
    pub(crate) enroller: Enroller,
    pub(crate) clock: Clock,
    /// What the activation service is to be asked for, if it is asked at all.
    pub(crate) errands: Option<Arc<Errands>>,
    /// Who has to come again before anything is begun with them.
    pub(crate) retry: RetryFault,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Who may end now that the server stops.
    pub(crate) farewells: Farewells,
    /// The server is being killed: nothing is handed back.
    pub(crate) killed: CancellationToken,
}

impl Gateway {
    /// Accepts connections until told to stop.
    pub(crate) async fn run(self: Arc<Self>, endpoint: Endpoint) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        let greetings = Arc::new(Semaphore::new(GREETINGS_MAX));
        let mut retries = Retries::of(self.retry.clone(), self.registry.stats.clone());
        loop {
            let incoming = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                incoming = endpoint.accept() => incoming,
            };
            let Some(incoming) = incoming else { break };
            let Some(incoming) = retries.pass(incoming) else { continue };
            match handshakes.clone().try_acquire_owned() {
                Ok(permit) => {
                    let greetings = greetings.clone();
                    self.tasks.spawn(self.clone().admit(incoming, permit, greetings));
                }
                Err(_full) => {
                    ServerStats::count(&self.registry.stats.handshakes_refused);
                    incoming.refuse();
                }
            }
        }
    }

    async fn admit(
        self: Arc<Self>,
        incoming: Incoming,
        permit: OwnedSemaphorePermit,
        greetings: Arc<Semaphore>,
    ) {
        let peer = incoming.remote_address();
        let connection = match timeout(GREETING_WITHIN, incoming).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                ServerStats::count(&self.registry.stats.handshakes_failed);
                debug!(%peer, %error, "handshake failed");
                return;
            }
            Err(_elapsed) => {
                ServerStats::count(&self.registry.stats.handshakes_failed);
                debug!(%peer, "handshake not finished in time");
                return;
            }
        };
        drop(permit);
        let Ok(greeting) = greetings.try_acquire_owned() else {
            return self.close(&connection, CloseCode::RetryLater);
        };
        match purpose(&connection) {
            Some(Purpose::Enrolment) => self.enrol(connection).await,
            // A task of its own, without the room a handshake takes: sessions last.
            Some(Purpose::Management) => {
                self.tasks.spawn(session::serve(self.clone(), connection, greeting));
            }
            None => self.close(&connection, CloseCode::WrongState),
        }
    }

    async fn enrol(&self, connection: quinn::Connection) {
        let enrolled = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(CloseCode::RetryLater),
            enrolled = self.enroller.serve(&connection) => enrolled,
        };
        match enrolled {
            Ok(()) => close(&connection, CloseCode::Done),
            Err(code) => self.close(&connection, code),
        }
    }

    /// Closes a connection for a reason that is counted.
    pub(crate) fn close(&self, connection: &quinn::Connection, code: CloseCode) {
        self.registry.stats.closed(code);
        close(connection, code);
    }
}
