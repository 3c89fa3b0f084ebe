//! The applications management installs.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::InstalledApplication;
use serde::{Deserialize, Serialize};

/// Applications a device has room for.
///
/// Enough to see that each is listed, few enough that the state of a device stays small.
const APPLICATIONS_MAX: usize = 16;

/// The version shown for each: no request names one.
const SHORT_VERSION: &str = "1.0";

/// The applications installed, by bundle identifier, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applications(Vec<String>);

/// There is no room for another application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Applications {
    /// Installs one, or brings one up to date that is there.
    pub(super) fn install(&mut self, identifier: String) -> Result<(), Full> {
        if self.0.contains(&identifier) {
            return Ok(());
        }
        if self.0.len() == APPLICATIONS_MAX {
            return Err(Full);
        }
        self.0.push(identifier);
        Ok(())
    }

    /// All of them, as a device lists them.
    pub(super) fn list(&self) -> Vec<InstalledApplication> {
        let listed = self.0.iter().map(|identifier| InstalledApplication {
            identifier: identifier.clone(),
            short_version: SHORT_VERSION.to_string(),
        });
        listed.collect()
    }
}
