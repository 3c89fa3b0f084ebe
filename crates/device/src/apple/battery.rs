//! The battery.

use serde::{Deserialize, Serialize};

/// How full the battery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Battery {
    percent: u8,
}

impl Battery {
    pub(super) const FULL: Self = Self { percent: 100 };

    /// A battery with so much left; what is more than all counts as all.
    pub(super) fn with(percent: u8) -> Self {
        Self { percent: percent.min(Self::FULL.percent) }
    }

    pub(super) const fn percent(self) -> u8 {
        self.percent
    }

    /// Whether nothing can be switched on with it.
    pub(super) const fn is_empty(self) -> bool {
        self.percent == 0
    }
}
