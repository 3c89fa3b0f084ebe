//! The applications of a device and their data.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::{ClearedApplication, DeviceFacts, Mode};
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal};

use Protection::{Ordinary, Protected};

/// Whether management may clear the data of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    /// Its data can go.
    Ordinary,
    /// The device or its management cannot do without it.
    Protected,
}

/// What every simulated device has installed; a decision, no request installs more.
const INSTALLED: [(&str, Protection); 4] = [
    ("com.muster.agent", Protected),
    ("com.android.systemui", Protected),
    ("net.example.browser", Ordinary),
    ("net.example.mail", Ordinary),
];

/// Whether an application has data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Data {
    /// As if newly installed.
    Cleared,
    /// Its user has used it.
    Kept,
}

/// The data of what is installed, in the order of [`INSTALLED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applications([Data; INSTALLED.len()]);

impl Default for Applications {
    fn default() -> Self {
        Self([Data::Kept; INSTALLED.len()])
    }
}

impl Applications {
    /// Whoever uses the device makes data.
    pub(super) fn use_all(&mut self) {
        *self = Self::default();
    }

    /// Clears what may be cleared; what became of each, in the order asked for.
    ///
    /// Source: `ClearAppsDataStatus`, Android Management API.
    pub(super) fn clear(&mut self, packages: &[String], api: ApiLevel) -> Vec<ClearedApplication> {
        let cleared = packages.iter().map(|package| ClearedApplication {
            package_name: package.clone(),
            status: self.clear_one(package, api).to_string(),
        });
        cleared.collect()
    }

    fn clear_one(&mut self, package: &str, api: ApiLevel) -> &'static str {
        if api < ApiLevel::PIE {
            return "API_LEVEL";
        }
        let mut installed = INSTALLED.iter().zip(&mut self.0);
        match installed.find(|((name, _), _)| *name == package) {
            None => "APP_NOT_FOUND",
            Some(((_, Protected), _)) => "APP_PROTECTED",
            Some(((_, Ordinary), data)) => {
                *data = Data::Cleared;
                CLEARED
            }
        }
    }
}

/// The status of an application whose data is gone.
pub(super) const CLEARED: &str = "SUCCESS";

/// Whether applications may be cleared of their data at all.
///
/// An old version refuses each application for itself.
///
/// # Errors
/// A [`Refusal`] without ownership of profile or device, or without an application.
///
/// Source: `DevicePolicyManager.clearApplicationUserData`; CLEAR_APP_DATA, Android Management API.
pub(super) fn may_clear(facts: &DeviceFacts, packages: &[String]) -> Result<(), Refusal> {
    if facts.mode == Mode::AndroidDeviceAdministrator {
        return Err(NOT_AN_OWNER);
    }
    if packages.is_empty() { Err(NO_PACKAGE) } else { Ok(()) }
}

const NOT_AN_OWNER: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "only the owner of a profile or device may clear applications",
);
const NO_PACKAGE: Refusal = Refusal::new(CommandErrorCode::InvalidValue, "no application is named");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleared_data_is_gone_until_the_device_is_used_again() {
        let mut applications = Applications::default();
        let mail = ["net.example.mail".to_string()];
        let statuses = applications.clear(&mail, ApiLevel::PIE);
        assert_eq!(statuses[0].status, CLEARED);
        assert_eq!(applications.0, [Data::Kept, Data::Kept, Data::Kept, Data::Cleared]);
        applications.use_all();
        assert_eq!(applications, Applications::default());
    }

    #[test]
    fn what_is_protected_missing_or_too_old_keeps_its_data() {
        let mut applications = Applications::default();
        let all = [INSTALLED[0].0, "net.example.none"].map(str::to_string);
        let _ = applications.clear(&all, ApiLevel::PIE);
        let _ = applications.clear(&["net.example.mail".to_string()], ApiLevel::OREO);
        assert_eq!(applications, Applications::default());
    }
}
