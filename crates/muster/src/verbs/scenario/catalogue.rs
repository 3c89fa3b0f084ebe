//! The scenarios that come with the binary.

/// Declares the files of `fixtures/scenarios/`; a test holds the list against the folder.
macro_rules! files {
    ($($name:literal)*) => {
        const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../../../fixtures/scenarios/", $name, ".toml"))),)*
        ];
    };
}

files! {
    "breaking-point"
    "broadcast-to-everybody"
    "first-minute"
    "lost-office-network"
    "mass-wipe-after-incident"
    "monday-nine"
    "patch-tuesday"
    "roll-out-day"
    "rough-weather"
    "server-killed"
    "server-restart"
    "slow-disk"
    "soak"
    "steady-half-load"
    "tower-outage"
    "two-weeks-of-backlog"
    "woken-fleet-under-push-loss"
    "working-day"
}

/// All of them, by name, as they are written.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// The text of the one with this name.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == name).map(|(_, text)| text)
}
