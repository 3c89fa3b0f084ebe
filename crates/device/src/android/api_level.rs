//! API levels: Android's own count of its versions.

use muster_protocol::OsVersion;

/// An API level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiLevel(u16);

impl ApiLevel {
    /// Android 7: the first where a work profile may have a lock of its own, and with a command to
    /// restart.
    pub(super) const NOUGAT: Self = Self(24);
    /// Android 8: the first with reset-password tokens.
    pub(super) const OREO: Self = Self(26);
    /// Android 9: the first that clears the data of applications for its management.
    pub(super) const PIE: Self = Self(28);
    /// Android 11: the first where a corporate work profile is locked on its own, and with Lost
    /// Mode.
    pub(super) const R: Self = Self(30);
    /// Android 13: the first with Lost Mode for corporate work profiles.
    pub(super) const TIRAMISU: Self = Self(33);
    /// Android 14: refuses short numeric passcodes, and wants `wipeDevice` of agents built for it.
    pub(super) const UPSIDE_DOWN_CAKE: Self = Self(34);

    /// The number.
    pub(super) const fn number(self) -> u16 {
        self.0
    }

    /// The level of a version; 19 stands for all before Android 5.
    ///
    /// Source: developer.android.com, "Platform codenames, versions, API levels".
    pub(super) const fn of(version: OsVersion) -> Self {
        Self(match (version.major, version.minor) {
            (0..=4, _) => 19,
            (5, 0) => 21,
            (5, _) => 22,
            (6, _) => 23,
            (7, 0) => 24,
            (7, _) => 25,
            (8, 0) => 26,
            (8, _) => 27,
            (9, _) => 28,
            (10, _) => 29,
            (11, _) => 30,
            (12, 0) => 31,
            (12, _) => 32,
            (later, _) => later.saturating_add(20),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl ApiLevel {
        pub(crate) const fn new(number: u16) -> Self {
            Self(number)
        }
    }

    #[test]
    fn every_version_has_the_api_level_android_gives_it() {
        let levels = [
            (OsVersion::new(4, 4), 19),
            (OsVersion::major(5), 21),
            (OsVersion::major(6), 23),
            (OsVersion::major(7), 24),
            (OsVersion::new(7, 1), 25),
            (OsVersion::major(8), 26),
            (OsVersion::new(8, 1), 27),
            (OsVersion::major(9), 28),
            (OsVersion::major(10), 29),
            (OsVersion::major(11), 30),
            (OsVersion::major(12), 31),
            (OsVersion::major(13), 33),
            (OsVersion::major(14), 34),
            (OsVersion::major(15), 35),
        ];
        for (version, level) in levels {
            assert_eq!(ApiLevel::of(version), ApiLevel(level), "{version}");
        }
    }
}
