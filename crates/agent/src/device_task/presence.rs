//! Whether a device can be reached: what the run wants of it, and what is around it.

use muster_device::Connectivity;

use crate::fleet::Start;

/// Two facts with an owner each: neither brings back what the other has taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    /// Whether the run has switched it on.
    pub(super) switch: Start,
    /// Whether its person is where there is a network.
    pub(super) around: Connectivity,
}

impl Presence {
    /// Of a device that begins like this, wherever there is a network.
    pub(super) const fn beginning(switch: Start) -> Self {
        Self { switch, around: Connectivity::Online }
    }

    /// The network it has: one that is switched off has none.
    pub(super) const fn network(self) -> Connectivity {
        match self.switch {
            Start::Online => self.around,
            Start::Offline => Connectivity::Offline,
        }
    }
}
