//! Faults planted on purpose; in builds without the feature `planted` there are none.

use muster_protocol::planted::{Plant, is};

use crate::exit::usage_error;

/// Plants the fault of this name for the whole process; whether this build has it.
#[cfg(feature = "planted")]
pub(crate) fn sow(name: &str) -> bool {
    let fault = Plant::ALL.into_iter().find(|fault| fault.name() == name);
    muster_protocol::planted::plant(fault);
    fault.is_some()
}

/// Plants nothing: this build has no faults to plant.
#[cfg(not(feature = "planted"))]
pub(crate) const fn sow(_name: &str) -> bool {
    false
}

/// Plants the fault that was asked for, if any.
///
/// # Errors
/// A usage error if this build does not have it.
pub(crate) fn sow_wanted(name: Option<&str>) -> anyhow::Result<()> {
    match name {
        Some(name) if !sow(name) => Err(usage_error(format!(
            "this build cannot plant {name:?}; one with the feature `planted` can plant {}",
            names().join(", ")
        ))),
        Some(_) | None => Ok(()),
    }
}

/// The fault that is planted.
pub(crate) fn present() -> Option<&'static str> {
    Plant::ALL.into_iter().find(|fault| is(*fault)).map(Plant::name)
}

/// The faults that can be planted in a build with the feature.
fn names() -> Vec<&'static str> {
    Plant::ALL.into_iter().map(Plant::name).collect()
}
