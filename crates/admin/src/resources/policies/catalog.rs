//! The types of policies there are, and what they ask of devices.

use muster_protocol::Mode;
use serde::{Deserialize as _, Deserializer, Serializer, de};

use crate::operation::path::Version;
use crate::operation::table::Versions;
use crate::resources::policies::family::Family;
use crate::resources::policies::settings::{Settings, Wanted, android, compliance, ios, owner};

/// A type of policies.
#[derive(Debug)]
pub(crate) struct PolicyType {
    /// Without the namespace.
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// The versions that know the type.
    pub(super) versions: Versions,
    /// Its properties where it is known.
    settings: &'static Settings,
    /// What beta has more.
    beta: &'static Settings,
    /// The devices it is for.
    pub(super) scope: Scope,
    /// Where it says something of the passcode of the device.
    pub(super) device_passcode: Option<PasswordRule>,
    /// Where it says something of the password of the work profile.
    pub(super) work_profile_password: Option<PasswordRule>,
    /// Where it says whether Find My may lock a supervised device.
    pub(super) activation_lock: Option<&'static str>,
}

/// The properties that ask for a password.
#[derive(Clone, Copy, Debug)]
pub(super) struct PasswordRule {
    pub(super) asked_by: AskedBy,
    /// The fewest characters.
    pub(super) length: &'static str,
}

/// What says whether there has to be one.
#[derive(Clone, Copy, Debug)]
pub(super) enum AskedBy {
    /// A property that is true or false.
    Flag(&'static str),
    /// A property whose words are kinds of passwords.
    Word(&'static str),
}

/// Kinds of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Apple,
    DeviceAdministrator,
    PersonalWorkProfile,
    /// Fully managed and dedicated devices, and work profiles of devices an organisation owns.
    CorporateAndroid,
    Aosp,
}

impl Scope {
    /// Whether a device of this mode is one.
    pub(super) fn has(self, mode: Mode) -> bool {
        let scope = match mode {
            Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AppleSharedIpad => Self::Apple,
            Mode::AndroidDeviceAdministrator => Self::DeviceAdministrator,
            Mode::AndroidPersonallyOwnedWorkProfile => Self::PersonalWorkProfile,
            Mode::AndroidCorporateOwnedWorkProfile
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated => Self::CorporateAndroid,
            Mode::AospUserAssociated | Mode::AospUserless => Self::Aosp,
        };
        self == scope
    }

    /// `policyPlatformType`
    pub(super) const fn platform_word(self) -> &'static str {
        match self {
            Self::Apple => "iOS",
            Self::DeviceAdministrator | Self::CorporateAndroid => "android",
            Self::PersonalWorkProfile => "androidWorkProfile",
            Self::Aosp => "androidAOSP",
        }
    }
}

/// Every type.
///
/// Source: Microsoft Graph, the types derived from `deviceConfiguration` and
/// `deviceCompliancePolicy` for the devices there are here.
pub(super) static TYPES: &[PolicyType] = &[
    PolicyType {
        device_passcode: Some(PASSCODE_REQUIRED),
        activation_lock: Some("activationLockAllowWhenSupervised"),
        beta: &ios::IOS_GENERAL_BETA,
        ..configuration("iosGeneralDeviceConfiguration", Scope::Apple, &ios::IOS_GENERAL)
    },
    PolicyType {
        device_passcode: Some(PASSWORD_REQUIRED),
        beta: &android::ANDROID_GENERAL_BETA,
        ..configuration(
            "androidGeneralDeviceConfiguration",
            Scope::DeviceAdministrator,
            &android::ANDROID_GENERAL,
        )
    },
    PolicyType {
        device_passcode: Some(PASSWORD_TYPE),
        work_profile_password: Some(PasswordRule {
            asked_by: AskedBy::Flag("workProfileRequirePassword"),
            length: "workProfilePasswordMinimumLength",
        }),
        beta: &android::WORK_PROFILE_GENERAL_BETA,
        ..configuration(
            "androidWorkProfileGeneralDeviceConfiguration",
            Scope::PersonalWorkProfile,
            &android::WORK_PROFILE_GENERAL,
        )
    },
    PolicyType {
        versions: Versions::BetaOnly,
        device_passcode: Some(PASSWORD_TYPE),
        work_profile_password: Some(PasswordRule {
            asked_by: AskedBy::Word("workProfilePasswordRequiredType"),
            length: "workProfilePasswordMinimumLength",
        }),
        ..configuration(
            "androidDeviceOwnerGeneralDeviceConfiguration",
            Scope::CorporateAndroid,
            &owner::DEVICE_OWNER_GENERAL,
        )
    },
    PolicyType {
        versions: Versions::BetaOnly,
        device_passcode: Some(PASSWORD_TYPE),
        ..configuration("aospDeviceOwnerDeviceConfiguration", Scope::Aosp, &owner::AOSP)
    },
    PolicyType {
        device_passcode: Some(PASSCODE_REQUIRED),
        beta: &compliance::IOS_BETA,
        ..compliance("iosCompliancePolicy", Scope::Apple, &compliance::IOS)
    },
    PolicyType {
        beta: &compliance::ANDROID_BETA,
        ..compliance("androidCompliancePolicy", Scope::DeviceAdministrator, &compliance::ANDROID)
    },
    PolicyType {
        beta: &compliance::WORK_PROFILE_BETA,
        ..compliance(
            "androidWorkProfileCompliancePolicy",
            Scope::PersonalWorkProfile,
            &compliance::WORK_PROFILE,
        )
    },
    PolicyType {
        versions: Versions::BetaOnly,
        ..compliance(
            "androidDeviceOwnerCompliancePolicy",
            Scope::CorporateAndroid,
            &compliance::DEVICE_OWNER,
        )
    },
    PolicyType {
        versions: Versions::BetaOnly,
        ..compliance("aospDeviceOwnerCompliancePolicy", Scope::Aosp, &compliance::AOSP)
    },
];

const PASSCODE_REQUIRED: PasswordRule =
    PasswordRule { asked_by: AskedBy::Flag("passcodeRequired"), length: "passcodeMinimumLength" };

const PASSWORD_REQUIRED: PasswordRule =
    PasswordRule { asked_by: AskedBy::Flag("passwordRequired"), length: "passwordMinimumLength" };

const PASSWORD_TYPE: PasswordRule = PasswordRule {
    asked_by: AskedBy::Word("passwordRequiredType"),
    length: "passwordMinimumLength",
};

const fn configuration(
    name: &'static str,
    scope: Scope,
    settings: &'static Settings,
) -> PolicyType {
    PolicyType {
        name,
        family: Family::Configuration,
        versions: Versions::Both,
        settings,
        beta: &Settings::NONE,
        scope,
        device_passcode: None,
        work_profile_password: None,
        activation_lock: None,
    }
}

const fn compliance(name: &'static str, scope: Scope, settings: &'static Settings) -> PolicyType {
    PolicyType {
        family: Family::Compliance,
        device_passcode: Some(PASSWORD_REQUIRED),
        ..configuration(name, scope, settings)
    }
}

impl PolicyType {
    /// The type of this name, with or without the namespace and `#`.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        let name = name.trim_start_matches('#');
        let bare = name.strip_prefix("microsoft.graph.").unwrap_or(name);
        TYPES.iter().find(|one| one.name == bare)
    }

    /// What one of its properties wants, if a version has it.
    pub(super) fn wanted(&self, version: Version, name: &str) -> Option<Wanted> {
        let of_all = || self.settings.find(name);
        let of_beta = || self.beta.find(name).or_else(|| self.family.of_beta().find(name));
        match version {
            Version::V1 if self.versions == Versions::BetaOnly => None,
            Version::V1 => of_all(),
            Version::Beta => of_all().or_else(of_beta),
        }
    }
}

/// Writes a type as its name.
///
/// # Errors
/// Those of the serializer.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
pub(super) fn serialize<S: Serializer>(
    kind: &&'static PolicyType,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name)
}

/// Reads a type by its name.
///
/// # Errors
/// If there is no such type.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<&'static PolicyType, D::Error> {
    let name = String::deserialize(deserializer)?;
    PolicyType::find(&name).ok_or_else(|| de::Error::custom("no policy has this type"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn every_name(settings: &Settings) -> Vec<&'static str> {
        let Settings { flags, whole, words, texts, lists, structures } = settings;
        let named = whole.iter().map(|(name, _)| *name).chain(words.iter().map(|(name, _)| *name));
        let lists = [flags, texts, lists, structures].into_iter().flat_map(|names| names.iter());
        lists.copied().chain(named).collect()
    }

    #[test]
    fn no_property_of_a_type_stands_there_twice() {
        for kind in TYPES {
            let lists = [kind.settings, kind.beta, kind.family.of_beta()];
            let names: Vec<_> = lists.into_iter().flat_map(every_name).collect();
            let different: BTreeSet<_> = names.iter().collect();
            assert_eq!(names.len(), different.len(), "{}", kind.name);
        }
    }

    #[test]
    fn what_has_an_effect_is_a_property_of_its_type() {
        for kind in TYPES {
            let rules = [kind.device_passcode, kind.work_profile_password].into_iter().flatten();
            for rule in rules {
                let wanted = |name| kind.wanted(Version::Beta, name);
                assert!(matches!(wanted(rule.length), Some(Wanted::Whole(_))), "{}", kind.name);
                match rule.asked_by {
                    AskedBy::Flag(name) => assert_eq!(wanted(name), Some(Wanted::Flag)),
                    AskedBy::Word(name) => assert!(matches!(wanted(name), Some(Wanted::Words(_)))),
                }
            }
            let lock = kind.activation_lock;
            assert!(lock.is_none_or(|name| kind.wanted(Version::V1, name) == Some(Wanted::Flag)));
        }
    }

    #[test]
    fn every_device_has_a_type_of_both_families() {
        for mode in Mode::ALL {
            for family in [Family::Compliance, Family::Configuration] {
                let fits = |kind: &&PolicyType| kind.family == family && kind.scope.has(mode);
                assert_eq!(TYPES.iter().filter(fits).count(), 1, "{mode:?} {family:?}");
            }
        }
    }

    #[test]
    fn a_type_is_found_with_and_without_its_namespace() {
        for name in ["#microsoft.graph.iosCompliancePolicy", "iosCompliancePolicy"] {
            assert_eq!(PolicyType::find(name).map(|kind| kind.name), Some("iosCompliancePolicy"));
        }
        assert!(PolicyType::find("#microsoft.graph.windows10CompliancePolicy").is_none());
    }
}
