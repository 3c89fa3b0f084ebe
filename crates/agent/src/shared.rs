//! What all devices of a fleet have in common.

use std::net::SocketAddr;

use muster_transport::ClientTls;
use tokio_util::sync::CancellationToken;

use crate::activation::ActivationRecords;
use crate::black_box::Spilled;
use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::pacer::Pacer;
use crate::progress::Counters;
use crate::push::PushServices;
use crate::sockets::Endpoints;
use crate::state::WriterHandle;
use crate::watch::Watched;

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
    /// What wakes the devices that keep no connection.
    pub(crate) push: PushServices,
    /// Absent if nothing is kept.
    pub(crate) writer: Option<WriterHandle>,
    /// What goes wrong on purpose.
    pub(crate) faults: FaultPlan,
    /// What led to second effects.
    pub(crate) spilled: Spilled,
    /// Who looks on.
    pub(crate) watch: Watched,
    pub(crate) stop: CancellationToken,
}
