//! Lets things go wrong with the server, by plan or because somebody wants it.

use std::sync::Arc;
use std::time::Duration;

use muster_scenario::{FaultKind, ServerFault, TimeScale};

use super::control::Injection;
use super::fleet_side::Remote;
use super::target::{Embedded, Leave};

/// How long a server is away that somebody takes away by hand.
const AWAY: Duration = Duration::from_secs(2);

/// How long devices are without network that somebody cuts off by hand.
const OUTAGE: Duration = Duration::from_secs(10);

/// Whoever breaks things.
pub(crate) struct Wrecker {
    /// `None` if the server is not ours to break.
    pub(crate) server: Option<Arc<Embedded>>,
    pub(crate) time_scale: TimeScale,
    /// The faults of the plan.
    pub(crate) faults: Vec<FaultKind>,
    /// How many devices the fleet of this process has.
    pub(crate) devices: usize,
}

impl Wrecker {
    /// Does to the server what the plan wants.
    pub(crate) fn wreck(&self, fault: ServerFault) {
        let Some(server) = &self.server else { return };
        match fault {
            ServerFault::Restart { away } => server.leave(Leave::Stop, self.time_scale.of(away)),
            ServerFault::Kill { away } => server.leave(Leave::Kill, self.time_scale.of(away)),
            ServerFault::SlowDisk { by } => server.slow_disk(by),
        }
    }

    /// A fault of the plan is over. A server that was away comes back by itself.
    pub(crate) fn mend(&self, fault: usize) {
        if let (Some(server), Some(FaultKind::Server(ServerFault::SlowDisk { .. }))) =
            (&self.server, self.faults.get(fault))
        {
            server.slow_disk(Duration::ZERO);
        }
    }

    /// Does what somebody wants; says what it was.
    pub(crate) fn inject(&self, injection: Injection, remote: &Remote) -> String {
        match (injection, &self.server) {
            (Injection::Restart, Some(server)) => {
                server.leave(Leave::Stop, AWAY);
                "the server restarts".to_owned()
            }
            (Injection::Kill, Some(server)) => {
                server.leave(Leave::Kill, AWAY);
                "the server is killed".to_owned()
            }
            (Injection::Restart | Injection::Kill, None) => {
                "the server is not ours to stop".to_owned()
            }
            (Injection::Outage(percent), _) => {
                let percent = percent.clamp(1, 100);
                let every = usize::try_from(100 / percent).unwrap_or(1).max(1);
                for place in (0..self.devices).step_by(every) {
                    remote.outage(place, OUTAGE);
                }
                format!("{percent} % of the devices lose their network for {OUTAGE:?}")
            }
        }
    }
}
