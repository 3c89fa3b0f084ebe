//! What is kept beside the device itself.

use std::time::Duration;

use muster_protocol::{DeviceId, Seed};
use serde::{Deserialize, Serialize};

use super::StateError;

/// Layout of the file; another number is another build's.
const LAYOUT: u16 = 4;

/// What the state folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Folder {
    layout: u16,
    /// Tells seeds apart without being one.
    seed_mark: u64,
    /// When the folder was made, since the Unix epoch.
    pub(super) made_at: Duration,
}

impl Folder {
    pub(super) fn new(seed: Seed, made_at: Duration) -> Self {
        Self { layout: LAYOUT, seed_mark: mark(seed), made_at }
    }

    /// A folder as another version has left it.
    #[cfg(test)]
    pub(super) fn of_layout(self, layout: u16) -> Self {
        Self { layout, ..self }
    }

    pub(super) fn check(&self, seed: Seed) -> Result<(), StateError> {
        if self.layout != LAYOUT {
            return Err(StateError::OtherLayout { found: self.layout, known: LAYOUT });
        }
        if self.seed_mark == mark(seed) { Ok(()) } else { Err(StateError::OtherSeed) }
    }
}

/// A device's key, and what the server granted for it.
///
/// The key is kept before it is shown to the server: a one-time token is bound to the first key
/// that comes with it, and a fleet killed in between has to come back with the same one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The private key in PKCS #8.
    pub(crate) pkcs8: Vec<u8>,
    /// Absent until the server has answered.
    pub(crate) grant: Option<Grant>,
}

/// What the server granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// Who the device is.
    pub(crate) device: DeviceId,
    /// Its certificate in DER. The CA's is not kept: the server has it.
    pub(crate) certificate: Vec<u8>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("device", &self.grant.as_ref().map(|grant| grant.device))
            .finish_non_exhaustive()
    }
}

fn mark(seed: Seed) -> u64 {
    seed.child("state folder", 0).stream().next_u64()
}
