//! A server that begins nothing with a device before it has seen that the device receives where it
//! says it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quinn::{ConnectionId, Incoming};

use crate::stats::ServerStats;

/// How often one connect is told to come again before it is refused. A device asks less often in
/// the ten seconds it waits; one that has given up answers each Retry with a further farewell, for
/// seconds, and takes a refusal for the end.
const ANSWERS_EACH: u32 = 8;

/// Of how many connects that is kept, a megabyte in all; all are forgotten then.
const CONNECTS_MAX: usize = 16_384;

/// A fault: while it lasts, the server answers the first datagram of each connection with a Retry
/// packet, as one does that takes itself for flooded. Every connect takes a round trip more.
///
/// One handle is shared by whoever switches it and by the servers that were given it, one after
/// another. It is off until somebody begins it.
///
/// Source: RFC 9000, section 8.1.2.
#[derive(Clone, Debug, Default)]
pub struct RetryFault {
    is_on: Arc<AtomicBool>,
}

impl RetryFault {
    /// Has addresses validated from now on.
    pub fn begin(&self) {
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// Lets everybody in again at once. Who was sent a Retry before comes with its token, and that
    /// is taken.
    pub fn end(&self) {
        self.is_on.store(false, Ordering::Relaxed);
    }
}

/// What one server does about it.
#[derive(Debug)]
pub(crate) struct Retries {
    fault: RetryFault,
    stats: Arc<ServerStats>,
    /// How often connects were answered while the fault lasts, by the ids devices drew for them.
    answers: BTreeMap<ConnectionId, u32>,
}

impl Retries {
    pub(crate) const fn of(fault: RetryFault, stats: Arc<ServerStats>) -> Self {
        Self { fault, stats, answers: BTreeMap::new() }
    }

    /// The connection, if it may begin now; otherwise it was told to come again, or refused.
    pub(crate) fn pass(&mut self, incoming: Incoming) -> Option<Incoming> {
        if !self.fault.is_on.load(Ordering::Relaxed) {
            self.answers.clear();
            return Some(incoming);
        }
        // It comes with the token of a Retry.
        if !incoming.may_retry() {
            return Some(incoming);
        }
        if !self.answers_again(incoming.orig_dst_cid()) {
            incoming.refuse();
        } else if incoming.retry().is_ok() {
            ServerStats::count(&self.stats.retries_sent);
        }
        None
    }

    fn answers_again(&mut self, connect: ConnectionId) -> bool {
        if self.answers.len() >= CONNECTS_MAX {
            self.answers.clear();
        }
        let answers = self.answers.entry(connect).or_default();
        *answers += 1;
        *answers <= ANSWERS_EACH
    }
}
