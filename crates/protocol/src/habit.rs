//! The habits of people who hold devices: words that scenarios and devices share.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A way to live with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Habit {
    /// Up by day, tunnels on the way to work, lunch, some weekends away.
    OfficeWorker,
    /// Hours without network on every day of work.
    FieldWorker,
    /// Up by night.
    NightShift,
    /// Looks often and late, and runs out of battery.
    Student,
    /// On a wall: always on, never locked, restarts at night.
    Kiosk,
    /// A spare device, charged once in two weeks.
    Drawer,
    /// Days without network.
    Traveller,
}

impl Habit {
    /// All habits.
    pub const ALL: [Self; 7] = [
        Self::OfficeWorker,
        Self::FieldWorker,
        Self::NightShift,
        Self::Student,
        Self::Kiosk,
        Self::Drawer,
        Self::Traveller,
    ];

    /// The name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OfficeWorker => "office-worker",
            Self::FieldWorker => "field-worker",
            Self::NightShift => "night-shift",
            Self::Student => "student",
            Self::Kiosk => "kiosk",
            Self::Drawer => "drawer",
            Self::Traveller => "traveller",
        }
    }

    /// The habit with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|habit| habit.name() == name)
    }
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
