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
    "account-driven-user"
    "acknowledged-before-executing"
    "acknowledgement-for-another-attempt"
    "activation-lock-at-setup-assistant"
    "activation-lock-returns"
    "activation-lock-unsupervised-refused"
    "answer-to-a-command-nobody-asked-for"
    "answer-twice-to-a-wipe"
    "asked-while-it-leaves"
    "battery-empty"
    "bypass-at-the-service"
    "bypass-at-the-service-of-a-phone-away-for-days"
    "bypass-code-after-fifteen-days"
    "bypass-code-fetched-after-the-lock-was-set"
    "bypass-code-gone-with-the-wipe"
    "bypass-code-rotated"
    "certificate-almost-expired"
    "certificate-expired-while-offline"
    "clear-passcode"
    "clear-passcode-user-enrollment-refused"
    "clone-with-the-same-identity"
    "command-outlives-its-device"
    "confirmed-whatever-happened"
    "corporate-work-profile-android-7-refused"
    "dedicated-without-policy"
    "deleted"
    "deleted-while-away"
    "deleted-work-profile"
    "device-passcode-android-6"
    "device-passcode-android-7-refused"
    "device-passcode-aosp"
    "device-passcode-aosp-without-policy"
    "device-passcode-dedicated"
    "duplicate-acknowledgement"
    "duplicate-acknowledgement-with-a-queue"
    "erased-by-hand-and-locked"
    "erased-while-commands-wait"
    "executed-connection-lost-before-the-answer"
    "expired-command-wakes-nobody"
    "find-my-off-by-the-owner"
    "forgotten-passcode"
    "fully-managed-token-pending"
    "kiosk-located"
    "located-with-location-off"
    "located-without-consent"
    "located-without-lost-mode"
    "location-after-a-day"
    "lock-iphone-without-passcode"
    "locked-by-the-organisation"
    "lost-and-locked"
    "lost-mode"
    "lost-mode-ended-twice"
    "lost-mode-lost-by-a-wipe"
    "lost-mode-on-android-refused"
    "lost-mode-survives-a-restart"
    "lost-mode-unsupervised-refused"
    "no-unlock-token"
    "not-now-for-days"
    "not-now-while-locked"
    "nothing-said-for-a-month"
    "nothing-said-until-it-reconnects"
    "offline-then-online"
    "organisation-lock-without-a-code"
    "partial-wipe"
    "passcode-set-again"
    "passcode-set-again-after-days"
    "private-hardware-cannot-be-locked"
    "prompt-accepted-after-a-week"
    "prompt-accepted-late"
    "pupil-leaves"
    "pupil-works-offline"
    "push-doubled"
    "push-late"
    "push-lost"
    "queue-behind-not-now"
    "reboot-with-a-pending-token"
    "released-from-setup-assistant"
    "remote-lock-aosp"
    "remote-lock-aosp-without-policy"
    "remote-lock-without-passcode"
    "rename-unsupervised-refused"
    "renamed"
    "reset-without-a-report"
    "restart-fully-managed"
    "restart-of-a-locked-phone-that-never-comes-back"
    "restart-work-profile-refused"
    "restarted-and-locked"
    "restarted-by-the-administrator"
    "restored-from-another-backup"
    "retire"
    "retire-fully-managed-refused"
    "retire-personally-owned"
    "retired-while-woken"
    "retired-with-a-queue"
    "return-to-service"
    "return-to-service-blocked-by-activation-lock"
    "rights-not-granted"
    "server-killed-that-owed-a-push"
    "server-killed-while-a-command-is-in-flight"
    "server-killed-with-a-full-queue"
    "server-restarted"
    "server-restarted-after-a-wipe"
    "shared-ipad"
    "short-lived-command"
    "shut-down-by-the-administrator"
    "shut-down-unsupervised-refused"
    "sound-without-lost-mode"
    "stolen-code-after-rotation"
    "switched-off-and-woken"
    "switched-off-for-weeks"
    "sync"
    "system-holds-management-back"
    "temporary-passcode-after-seven-days"
    "two-locks-the-first-wins"
    "two-weeks-offline"
    "unlock-token-stale-after-wipe"
    "unlocked-at-the-service"
    "unlocked-twice-at-the-service"
    "user-name-not-blank"
    "user-name-wanted"
    "wipe-call-withdrawn"
    "wipe-does-not-lift-the-lock"
    "wipe-fully-managed"
    "wipe-iphone"
    "wipe-personally-owned-refused"
    "wipe-two-weeks-late"
    "wipe-user-enrollment-refused"
    "wipe-waits-for-the-first-unlock"
    "wiped-before-the-answer-was-out"
    "wiped-before-the-code-was-copied"
    "wiped-by-its-clone"
    "wiped-while-woken"
    "wiped-with-a-full-queue"
    "woken-and-locked"
    "woken-for-two-commands"
    "woken-phone"
    "woken-scanner"
    "work-profile-android-7-refused"
    "work-profile-corporate-owned"
    "work-profile-password-forgotten"
    "work-profile-prompt-never-accepted"
    "work-profile-removed-by-its-user"
    "work-profile-token-active"
    "work-profile-without-policy"
    "wrong-code-at-the-service"
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

    use super::super::script::Place;
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
    fn the_tour_is_played_on_one_stage() {
        assert!(tour().unwrap().iter().all(|case| case.place == Place::Shared));
    }

    #[test]
    fn every_story_is_two_sentences() {
        for case in all().unwrap() {
            let ends = case.story.matches(". ").count() + 1;
            assert_eq!(ends, 2, "{}: {}", case.name, case.story);
        }
    }

    #[test]
    fn no_two_cases_share_a_place_in_the_tour() {
        let places: Vec<Option<u32>> = tour().unwrap().iter().map(|case| case.tour).collect();
        let apart: BTreeSet<Option<u32>> = places.iter().copied().collect();
        assert_eq!(apart.len(), places.len());
    }
}
