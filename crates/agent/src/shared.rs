//! What all devices of a fleet have in common.

use std::net::SocketAddr;

use muster_transport::ClientTls;
use tokio_util::sync::CancellationToken;

use crate::activation::ActivationRecords;
use crate::clock::Clock;
use crate::pacer::Pacer;
use crate::progress::Counters;
use crate::sockets::Endpoints;
use crate::state::WriterHandle;

/// One for the fleet, reached by every task.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) server: SocketAddr,
    pub(crate) tls: ClientTls,
    pub(crate) endpoints: Endpoints,
    pub(crate) pacer: Pacer,
    pub(crate) clock: Clock,
    pub(crate) counters: Counters,
    /// What the vendor knows of the devices.
    pub(crate) activation: ActivationRecords,
    /// Absent if nothing is kept.
    pub(crate) writer: Option<WriterHandle>,
    pub(crate) stop: CancellationToken,
}
