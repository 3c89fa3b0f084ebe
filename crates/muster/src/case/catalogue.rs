//! The cases that come with the binary.

use anyhow::Context as _;

use super::file::parse;
use super::script::Case;

/// Declares the files of `fixtures/cases/`; a test holds the list against the folder.
macro_rules! files {
    ($($name:literal)*) => {
        const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../../fixtures/cases/", $name, ".toml"))),)*
        ];
    };
}

files! {
    "activation-lock-at-setup-assistant"
    "activation-lock-returns"
    "activation-lock-unsupervised-refused"
    "bypass-code-rotated"
    "clear-passcode"
    "clear-passcode-user-enrollment-refused"
    "confirmed-whatever-happened"
    "corporate-work-profile-android-7-refused"
    "dedicated-without-policy"
    "device-passcode-android-6"
    "device-passcode-android-7-refused"
    "device-passcode-aosp"
    "device-passcode-aosp-without-policy"
    "device-passcode-dedicated"
    "erased-by-hand-and-locked"
    "erased-while-commands-wait"
    "find-my-off-by-the-owner"
    "fully-managed-token-pending"
    "lock-iphone-without-passcode"
    "not-now-while-locked"
    "offline-then-online"
    "partial-wipe"
    "passcode-set-again"
    "prompt-accepted-late"
    "queue-behind-not-now"
    "reboot-with-a-pending-token"
    "remote-lock-aosp"
    "remote-lock-aosp-without-policy"
    "remote-lock-without-passcode"
    "reset-without-a-report"
    "restarted-and-locked"
    "retire"
    "retire-fully-managed-refused"
    "retire-personally-owned"
    "retired-with-a-queue"
    "sync"
    "two-weeks-offline"
    "user-name-not-blank"
    "wipe-call-withdrawn"
    "wipe-does-not-lift-the-lock"
    "wipe-fully-managed"
    "wipe-iphone"
    "wipe-personally-owned-refused"
    "wipe-user-enrollment-refused"
    "wiped-before-the-code-was-copied"
    "wiped-with-a-full-queue"
    "work-profile-android-7-refused"
    "work-profile-corporate-owned"
    "work-profile-prompt-never-accepted"
    "work-profile-removed-by-its-user"
    "work-profile-token-active"
    "work-profile-without-policy"
    "wrong-unlock-token"
}

/// Every case, by name.
pub(crate) fn all() -> anyhow::Result<Vec<Case>> {
    let parsed = FILES.iter().map(|(name, text)| {
        parse(name, text).with_context(|| format!("case {name:?} cannot be played"))
    });
    parsed.collect()
}

/// The cases of the demo's tour, in its order.
pub(crate) fn tour() -> anyhow::Result<Vec<Case>> {
    let mut tour = all()?;
    tour.retain(|case| case.tour.is_some());
    tour.sort_by_key(|case| case.tour);
    Ok(tour)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_case_of_the_binary() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cases");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let files: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
        let known = FILES.iter().map(|(name, _text)| format!("{name}.toml"));
        assert_eq!(files, known.collect());
    }

    #[test]
    fn every_case_can_be_played_and_says_what_it_is() {
        for case in all().unwrap() {
            assert!(!case.title.is_empty() && case.story.ends_with('.'), "{}", case.name);
            assert!(!case.source.is_empty(), "{}", case.name);
        }
    }

    #[test]
    fn no_two_cases_share_a_place_in_the_tour() {
        let places: Vec<Option<u32>> = tour().unwrap().iter().map(|case| case.tour).collect();
        let apart: BTreeSet<Option<u32>> = places.iter().copied().collect();
        assert_eq!(apart.len(), places.len());
    }
}
