//! Faults planted on purpose; in builds without the feature `planted` there are none.

use muster_protocol::planted::{Plant, is};

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

/// The fault that is planted.
pub(crate) fn present() -> Option<&'static str> {
    Plant::ALL.into_iter().find(|fault| is(*fault)).map(Plant::name)
}

/// The faults that can be planted in a build with the feature.
pub(crate) fn names() -> Vec<&'static str> {
    Plant::ALL.into_iter().map(Plant::name).collect()
}
