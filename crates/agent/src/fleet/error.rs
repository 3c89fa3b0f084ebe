//! What a fleet cannot do.

use muster_transport::{EndpointError, TlsError};

use super::config::DEVICES_MAX;
use crate::state::StateError;

/// Why a fleet cannot start, or cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// More devices than can be counted.
    #[error("{devices} devices are more than {DEVICES_MAX}")]
    TooMany {
        /// How many were planned.
        devices: usize,
    },
    /// The CA certificate is none.
    #[error("failed to set up TLS for the fleet")]
    Tls {
        /// Why.
        #[source]
        source: TlsError,
    },
    /// The sockets cannot be opened.
    #[error("failed to open the fleet's sockets")]
    Sockets {
        /// Why.
        #[source]
        source: EndpointError,
    },
    /// The state folder cannot be used.
    #[error("failed to open the fleet's state folder")]
    State {
        /// Why.
        #[source]
        source: StateError,
    },
    /// The fleet keeps its devices on disk: a copy beyond the plan has no place there.
    #[error("a fleet with a state folder takes no copies of its devices")]
    Kept,
    /// The fleet has no device with this index.
    #[error("no device has index {index}")]
    NoSuchDevice {
        /// The index.
        index: usize,
    },
    /// The device has enough requests waiting.
    #[error("device {index} is busy: try again")]
    Busy {
        /// The index.
        index: usize,
    },
    /// The device's task has ended: the fleet is stopping, or its state could not be kept.
    #[error("device {index} does not run any more")]
    Ended {
        /// The index.
        index: usize,
    },
}
