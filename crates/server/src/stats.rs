//! What a server counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_control::PushOutcome;
use muster_protocol::CloseCode;
use muster_report::{Latency, LatencySummary};
use serde::Serialize;

/// Declares the counters once, with the struct that shows them.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters since the server started.
        #[derive(Debug, Default)]
        pub(crate) struct ServerStats {
            $(pub(crate) $name: AtomicU64,)*
            pub(crate) live_commands: AtomicI64,
            closed_by_code: Mutex<BTreeMap<CloseCode, u64>>,
            latency: Mutex<Latency>,
        }

        /// The counters at one moment.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct Totals {
            $($(#[$doc])* pub $name: u64,)*
            /// Connections this server closed, by application error code.
            pub closed_by_code: BTreeMap<u32, u64>,
            /// From durable acceptance to the durable end of a command.
            pub latency_ms: LatencySummary,
        }

        impl ServerStats {
            /// The counters now.
            #[must_use]
            pub(crate) fn totals(&self) -> Totals {
                let closed = self.closed_by_code.lock().unwrap_or_else(PoisonError::into_inner);
                let latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
                Totals {
                    $($name: self.$name.load(Ordering::Relaxed),)*
                    closed_by_code: closed.iter().map(|(code, n)| (code.code(), *n)).collect(),
                    latency_ms: latency.summary(),
                }
            }
        }
    };
}

counters! {
    /// Devices that enrolled.
    enrolled,
    /// Management sessions that got as far as the welcome.
    sessions,
    /// Retry packets sent: connects that were to come again and show that they receive.
    retries_sent,
    /// Handshakes that did not finish or were refused by TLS.
    handshakes_failed,
    /// Connections refused because too many handshakes were under way.
    handshakes_refused,
    /// Commands accepted.
    accepted,
    /// Commands that ended.
    terminal,
    /// Attempts handed to devices.
    attempts,
    /// Answers for commands that had ended already.
    duplicates,
    /// Answers for an attempt that is not the current one.
    stale_attempts,
    /// Answers for commands this device never had.
    unknown_commands,
    /// Pushes that their service took.
    pushes_accepted,
    /// Pushes for a target that their service does not know, or not any more.
    pushes_unregistered,
    /// Pushes that their service did not take now.
    pushes_unreachable,
    /// Bytes received in frames.
    bytes_received,
    /// Bytes sent in frames.
    bytes_sent,
}

impl ServerStats {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self, code: CloseCode) {
        let mut closed = self.closed_by_code.lock().unwrap_or_else(PoisonError::into_inner);
        *closed.entry(code).or_default() += 1;
    }

    /// Counts a push.
    pub(crate) fn pushed(&self, outcome: PushOutcome) {
        Self::count(match outcome {
            PushOutcome::Accepted => &self.pushes_accepted,
            PushOutcome::Unregistered => &self.pushes_unregistered,
            PushOutcome::Unreachable => &self.pushes_unreachable,
        });
    }

    pub(crate) fn command_ended(&self, took: Duration) {
        Self::count(&self.terminal);
        self.latency.lock().unwrap_or_else(PoisonError::into_inner).record(took);
    }

    /// How long the commands took that have ended.
    pub(crate) fn latency(&self) -> Latency {
        self.latency.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commands that have not ended, in all.
    pub(crate) fn live_now(&self) -> u64 {
        u64::try_from(self.live_commands.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Keeps account of commands that have not ended, in all.
    pub(crate) fn live(&self, before: usize, after: usize) {
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.live_commands.fetch_add(signed(after) - signed(before), Ordering::Relaxed);
    }
}
