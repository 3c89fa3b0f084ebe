//! What a target claims to offer: `capabilities.toml`.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Need, Variant};
use crate::requirement::Profile;

/// Longest file, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// What a target claims. Cases beyond it are not applicable to it, and never count as passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What it is called in reports.
    pub name: String,
    /// The parts of the protocol it has.
    pub profiles: BTreeSet<Profile>,
    /// The modes of management it enrols.
    pub modes: Vec<Mode>,
    /// What it offers beside the protocol.
    pub offers: BTreeSet<Need>,
}

/// The file as it stands.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilityFile {
    name: String,
    profiles: BTreeSet<Profile>,
    #[serde(default)]
    modes: Vec<String>,
    #[serde(default)]
    offers: BTreeSet<Need>,
}

/// A file that claims nothing one could hold a target to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// Longer than any such file.
    #[error("the file is longer than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or with members that mean nothing.
    #[error("{0}")]
    Malformed(String),
    /// A mode nobody knows.
    #[error("there is no mode {0:?}; there are {all}", all = mode_names())]
    UnknownMode(String),
}

impl Capabilities {
    /// Reads a file.
    ///
    /// # Errors
    /// [`CapabilityError`].
    pub fn parse(text: &str) -> Result<Self, CapabilityError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(CapabilityError::TooLarge);
        }
        let malformed = |error: toml::de::Error| CapabilityError::Malformed(error.to_string());
        let file: CapabilityFile = toml::from_str(text).map_err(malformed)?;
        let modes = file.modes.into_iter();
        let modes =
            modes.map(|name| name.parse().map_err(|_unknown| CapabilityError::UnknownMode(name)));
        let modes = modes.collect::<Result<Vec<Mode>, _>>()?;
        let (name, profiles, offers) = (file.name, file.profiles, file.offers);
        Ok(Self { name, profiles, modes, offers })
    }

    /// The mode of devices of which a case does not say how they are managed: the most capable one,
    /// or the first the target claims.
    #[must_use]
    pub fn usual_mode(&self) -> Mode {
        let best = Mode::AppleAutomatedDevice;
        let first = self.modes.first().copied().unwrap_or(best);
        if self.modes.contains(&best) { best } else { first }
    }

    /// Why this play of a case is not for this target, if it is not.
    #[must_use]
    pub fn lacks(&self, variant: &Variant) -> Option<String> {
        let profile = variant.case.profile;
        if !self.profiles.contains(&profile) {
            return Some(format!("it does not claim the profile {}", profile.name()));
        }
        if let Some(mode) = variant.case.mode.filter(|mode| !self.modes.contains(mode)) {
            return Some(format!("it does not claim the mode {mode}"));
        }
        let needs = variant.case.needs();
        let lacking = needs.difference(&self.offers).find(|need| **need != Need::VirtualTime)?;
        Some(format!("it does not offer {}", lacking.name()))
    }
}

impl Need {
    /// The word it is offered by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Cancel => "cancel",
            Self::Inspect => "inspect",
            Self::OneTimeToken => "one-time-token",
            Self::ExpiredToken => "expired-token",
            Self::CaKey => "ca-key",
            Self::Clock => "clock",
            Self::Power => "power",
            Self::ChangeAddress => "change-address",
            Self::Person => "person",
            Self::Push => "push",
            Self::VirtualTime => "virtual-time",
        }
    }
}

fn mode_names() -> String {
    Mode::ALL.map(Mode::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
        name = "a server"
        profiles = ["core", "ios"]
        modes = ["automated-device"]
        offers = ["enqueue", "one-time-token"]
    "#;

    #[test]
    fn what_a_target_claims_is_read() {
        let claimed = Capabilities::parse(TEXT).unwrap();
        assert_eq!(claimed.modes, [Mode::AppleAutomatedDevice]);
        assert!(claimed.offers.contains(&Need::OneTimeToken));
        assert!(!claimed.profiles.contains(&Profile::Push));
    }

    #[test]
    fn a_claim_that_means_nothing_is_refused() {
        let wrong = TEXT.replace("automated-device", "telepathy");
        assert!(matches!(Capabilities::parse(&wrong), Err(CapabilityError::UnknownMode(_))));
        let wrong = TEXT.replace("offers", "ofers");
        assert!(matches!(Capabilities::parse(&wrong), Err(CapabilityError::Malformed(_))));
        let long = " ".repeat(FILE_BYTES_MAX + 1);
        assert_eq!(Capabilities::parse(&long), Err(CapabilityError::TooLarge));
    }

    #[test]
    fn a_target_that_knows_one_mode_is_tried_with_that() {
        let claimed = Capabilities::parse(&TEXT.replace("automated-device", "dedicated")).unwrap();
        assert_eq!(claimed.usual_mode(), Mode::AndroidDedicated);
        let claimed = Capabilities::parse(TEXT).unwrap();
        assert_eq!(claimed.usual_mode(), Mode::AppleAutomatedDevice);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,400}") {
            let _judged = Capabilities::parse(&text);
        }
    }
}
