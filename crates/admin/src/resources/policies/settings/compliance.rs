//! What compliance policies may say.
//!
//! Source: Microsoft Graph, the resource types of these names in v1.0 and beta.

use super::{ANY, Settings, words};

/// `iosCompliancePolicy`
pub(in crate::resources::policies) const IOS: Settings = Settings {
    flags: &[
        "deviceThreatProtectionEnabled",
        "managedEmailProfileRequired",
        "passcodeBlockSimple",
        "passcodeRequired",
        "securityBlockJailbrokenDevices",
    ],
    whole: &[
        ("passcodeExpirationDays", 1..=65535),
        ("passcodeMinimumCharacterSetCount", ANY),
        ("passcodeMinimumLength", 4..=14),
        ("passcodeMinutesOfInactivityBeforeLock", ANY),
        ("passcodePreviousPasscodeBlockCount", 1..=24),
    ],
    words: &[
        ("deviceThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("passcodeRequiredType", words::REQUIRED_PASSWORD_TYPE),
    ],
    texts: &["osMaximumVersion", "osMinimumVersion"],
    ..Settings::NONE
};

/// What beta has more in `iosCompliancePolicy`.
pub(in crate::resources::policies) const IOS_BETA: Settings = Settings {
    whole: &[("passcodeMinutesOfInactivityBeforeScreenTimeout", ANY)],
    words: &[(
        "advancedThreatProtectionRequiredSecurityLevel",
        words::DEVICE_THREAT_PROTECTION_LEVEL,
    )],
    texts: &["osMaximumBuildVersion", "osMinimumBuildVersion"],
    lists: &["restrictedApps"],
    ..Settings::NONE
};

/// `androidCompliancePolicy`
pub(in crate::resources::policies) const ANDROID: Settings = Settings {
    flags: &[
        "deviceThreatProtectionEnabled",
        "passwordRequired",
        "securityBlockJailbrokenDevices",
        "securityDisableUsbDebugging",
        "securityPreventInstallAppsFromUnknownSources",
        "securityRequireCompanyPortalAppIntegrity",
        "securityRequireGooglePlayServices",
        "securityRequireSafetyNetAttestationBasicIntegrity",
        "securityRequireSafetyNetAttestationCertifiedDevice",
        "securityRequireUpToDateSecurityProviders",
        "securityRequireVerifyApps",
        "storageRequireEncryption",
    ],
    whole: &[
        ("passwordExpirationDays", 1..=365),
        ("passwordMinimumLength", 4..=16),
        ("passwordMinutesOfInactivityBeforeLock", ANY),
        ("passwordPreviousPasswordBlockCount", 1..=24),
    ],
    words: &[
        ("deviceThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("passwordRequiredType", words::ANDROID_REQUIRED_PASSWORD_TYPE),
    ],
    texts: &["minAndroidSecurityPatchLevel", "osMaximumVersion", "osMinimumVersion"],
    ..Settings::NONE
};

/// What beta has more in `androidCompliancePolicy`.
pub(in crate::resources::policies) const ANDROID_BETA: Settings = Settings {
    flags: &["securityBlockDeviceAdministratorManagedDevices"],
    whole: &[("passwordSignInFailureCountBeforeFactoryReset", 1..=16)],
    words: &[
        ("advancedThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("requiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY),
    ],
    texts: &["conditionStatementId"],
    lists: &["restrictedApps"],
    ..Settings::NONE
};

/// `androidWorkProfileCompliancePolicy`: in v1.0 the same properties as `androidCompliancePolicy`.
pub(in crate::resources::policies) const WORK_PROFILE: Settings = ANDROID;

/// What beta has more in `androidWorkProfileCompliancePolicy`.
pub(in crate::resources::policies) const WORK_PROFILE_BETA: Settings = Settings {
    flags: &["workProfileRequirePassword"],
    whole: &[
        ("passwordSignInFailureCountBeforeFactoryReset", 1..=16),
        ("workProfileInactiveBeforeScreenLockInMinutes", ANY),
        ("workProfilePasswordExpirationInDays", 1..=365),
        ("workProfilePasswordMinimumLength", 4..=16),
        ("workProfilePreviousPasswordBlockCount", 0..=24),
    ],
    words: &[
        ("advancedThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("requiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY),
        (
            "securityRequiredAndroidSafetyNetEvaluationType",
            words::ANDROID_SAFETY_NET_EVALUATION_TYPE,
        ),
        ("workProfilePasswordRequiredType", words::ANDROID_WORK_PROFILE_REQUIRED_PASSWORD_TYPE),
        ("workProfileRequiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY),
    ],
    ..Settings::NONE
};

/// `androidDeviceOwnerCompliancePolicy`
pub(in crate::resources::policies) const DEVICE_OWNER: Settings = Settings {
    flags: &[
        "deviceThreatProtectionEnabled",
        "passwordRequired",
        "requireNoPendingSystemUpdates",
        "securityBlockJailbrokenDevices",
        "securityRequireIntuneAppIntegrity",
        "securityRequireSafetyNetAttestationBasicIntegrity",
        "securityRequireSafetyNetAttestationCertifiedDevice",
        "storageRequireEncryption",
    ],
    whole: &[
        ("passwordExpirationDays", 1..=365),
        ("passwordMinimumLength", 4..=16),
        ("passwordMinimumLetterCharacters", 1..=16),
        ("passwordMinimumLowerCaseCharacters", 1..=16),
        ("passwordMinimumNonLetterCharacters", 1..=16),
        ("passwordMinimumNumericCharacters", 1..=16),
        ("passwordMinimumSymbolCharacters", 1..=16),
        ("passwordMinimumUpperCaseCharacters", 1..=16),
        ("passwordMinutesOfInactivityBeforeLock", ANY),
        ("passwordPreviousPasswordCountToBlock", 1..=24),
    ],
    words: &[
        ("advancedThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("deviceThreatProtectionRequiredSecurityLevel", words::DEVICE_THREAT_PROTECTION_LEVEL),
        ("passwordRequiredType", words::ANDROID_DEVICE_OWNER_REQUIRED_PASSWORD_TYPE),
        (
            "securityRequiredAndroidSafetyNetEvaluationType",
            words::ANDROID_SAFETY_NET_EVALUATION_TYPE,
        ),
    ],
    texts: &["minAndroidSecurityPatchLevel", "osMaximumVersion", "osMinimumVersion"],
    ..Settings::NONE
};

/// `aospDeviceOwnerCompliancePolicy`
pub(in crate::resources::policies) const AOSP: Settings = Settings {
    flags: &["passwordRequired", "securityBlockJailbrokenDevices", "storageRequireEncryption"],
    whole: &[
        ("passwordMinimumLength", 4..=16),
        ("passwordMinutesOfInactivityBeforeLock", 1..=8640),
    ],
    words: &[("passwordRequiredType", words::ANDROID_DEVICE_OWNER_REQUIRED_PASSWORD_TYPE)],
    texts: &["minAndroidSecurityPatchLevel", "osMaximumVersion", "osMinimumVersion"],
    ..Settings::NONE
};
