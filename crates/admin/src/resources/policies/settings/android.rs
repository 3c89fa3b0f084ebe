//! What the restrictions of device administrators and of personally-owned work profiles may say.
//!
//! Source: Microsoft Graph, the resource types of these names in v1.0 and beta.

use super::{ANY, Settings, words};

/// `androidGeneralDeviceConfiguration`
pub(in crate::resources::policies) const ANDROID_GENERAL: Settings = Settings {
    flags: &[
        "appsBlockClipboardSharing",
        "appsBlockCopyPaste",
        "appsBlockYouTube",
        "bluetoothBlocked",
        "cameraBlocked",
        "cellularBlockDataRoaming",
        "cellularBlockMessaging",
        "cellularBlockVoiceRoaming",
        "cellularBlockWiFiTethering",
        "deviceSharingAllowed",
        "diagnosticDataBlockSubmission",
        "factoryResetBlocked",
        "googleAccountBlockAutoSync",
        "googlePlayStoreBlocked",
        "kioskModeBlockSleepButton",
        "kioskModeBlockVolumeButtons",
        "locationServicesBlocked",
        "nfcBlocked",
        "passwordBlockFingerprintUnlock",
        "passwordBlockTrustAgents",
        "passwordRequired",
        "powerOffBlocked",
        "screenCaptureBlocked",
        "securityRequireVerifyApps",
        "storageBlockGoogleBackup",
        "storageBlockRemovableStorage",
        "storageRequireDeviceEncryption",
        "storageRequireRemovableStorageEncryption",
        "voiceAssistantBlocked",
        "voiceDialingBlocked",
        "webBrowserBlockAutofill",
        "webBrowserBlockJavaScript",
        "webBrowserBlockPopups",
        "webBrowserBlocked",
        "wiFiBlocked",
    ],
    whole: &[
        ("passwordExpirationDays", 1..=365),
        ("passwordMinimumLength", 4..=16),
        ("passwordMinutesOfInactivityBeforeScreenTimeout", ANY),
        ("passwordPreviousPasswordBlockCount", 0..=24),
        ("passwordSignInFailureCountBeforeFactoryReset", 1..=16),
    ],
    words: &[
        ("compliantAppListType", words::APP_LIST_TYPE),
        ("passwordRequiredType", words::ANDROID_REQUIRED_PASSWORD_TYPE),
        ("webBrowserCookieSettings", words::WEB_BROWSER_COOKIE_SETTINGS),
    ],
    lists: &[
        "appsHideList",
        "appsInstallAllowList",
        "appsLaunchBlockList",
        "compliantAppsList",
        "kioskModeApps",
    ],
    ..Settings::NONE
};

/// What beta has more in `androidGeneralDeviceConfiguration`.
pub(in crate::resources::policies) const ANDROID_GENERAL_BETA: Settings = Settings {
    flags: &["dateAndTimeBlockChanges"],
    words: &[("requiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY)],
    ..Settings::NONE
};

/// `androidWorkProfileGeneralDeviceConfiguration`
pub(in crate::resources::policies) const WORK_PROFILE_GENERAL: Settings = Settings {
    flags: &[
        "passwordBlockFingerprintUnlock",
        "passwordBlockTrustAgents",
        "securityRequireVerifyApps",
        "workProfileBlockAddingAccounts",
        "workProfileBlockCamera",
        "workProfileBlockCrossProfileCallerId",
        "workProfileBlockCrossProfileContactsSearch",
        "workProfileBlockCrossProfileCopyPaste",
        "workProfileBlockNotificationsWhileDeviceLocked",
        "workProfileBlockScreenCapture",
        "workProfileBluetoothEnableContactSharing",
        "workProfilePasswordBlockFingerprintUnlock",
        "workProfilePasswordBlockTrustAgents",
        "workProfileRequirePassword",
    ],
    whole: &[
        ("passwordExpirationDays", 1..=365),
        ("passwordMinimumLength", 4..=16),
        ("passwordMinutesOfInactivityBeforeScreenTimeout", ANY),
        ("passwordPreviousPasswordBlockCount", 0..=24),
        ("passwordSignInFailureCountBeforeFactoryReset", 1..=16),
        ("workProfilePasswordExpirationDays", 1..=365),
        ("workProfilePasswordMinLetterCharacters", 1..=10),
        ("workProfilePasswordMinLowerCaseCharacters", 1..=10),
        ("workProfilePasswordMinNonLetterCharacters", 1..=10),
        ("workProfilePasswordMinNumericCharacters", 1..=10),
        ("workProfilePasswordMinSymbolCharacters", 1..=10),
        ("workProfilePasswordMinUpperCaseCharacters", 1..=10),
        ("workProfilePasswordMinimumLength", 4..=16),
        ("workProfilePasswordMinutesOfInactivityBeforeScreenTimeout", ANY),
        ("workProfilePasswordPreviousPasswordBlockCount", 0..=24),
        ("workProfilePasswordSignInFailureCountBeforeFactoryReset", 1..=16),
    ],
    words: &[
        ("passwordRequiredType", words::ANDROID_WORK_PROFILE_REQUIRED_PASSWORD_TYPE),
        ("workProfileDataSharingType", words::ANDROID_WORK_PROFILE_CROSS_PROFILE_DATA_SHARING_TYPE),
        (
            "workProfileDefaultAppPermissionPolicy",
            words::ANDROID_WORK_PROFILE_DEFAULT_APP_PERMISSION_POLICY_TYPE,
        ),
        ("workProfilePasswordRequiredType", words::ANDROID_WORK_PROFILE_REQUIRED_PASSWORD_TYPE),
    ],
    ..Settings::NONE
};

/// What beta has more in `androidWorkProfileGeneralDeviceConfiguration`.
pub(in crate::resources::policies) const WORK_PROFILE_GENERAL_BETA: Settings = Settings {
    flags: &[
        "blockUnifiedPasswordForWorkProfile",
        "passwordBlockFaceUnlock",
        "passwordBlockIrisUnlock",
        "vpnEnableAlwaysOnLockdownMode",
        "workProfileAllowAppInstallsFromUnknownSources",
        "workProfileAllowWidgets",
        "workProfileBlockPersonalAppInstallsFromUnknownSources",
        "workProfilePasswordBlockFaceUnlock",
        "workProfilePasswordBlockIrisUnlock",
    ],
    words: &[
        ("requiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY),
        ("workProfileAccountUse", words::ANDROID_WORK_PROFILE_ACCOUNT_USE),
        ("workProfileRequiredPasswordComplexity", words::ANDROID_REQUIRED_PASSWORD_COMPLEXITY),
    ],
    texts: &["vpnAlwaysOnPackageIdentifier"],
    lists: &["allowedGoogleAccountDomains"],
    ..Settings::NONE
};
