//! The words of properties that have words.
//!
//! Source: Microsoft Graph, the resource types of these names in v1.0 and beta.

/// `androidDeviceOwnerAppAutoUpdatePolicyType`
pub(super) const ANDROID_DEVICE_OWNER_APP_AUTO_UPDATE_POLICY_TYPE: &[&str] =
    &["notConfigured", "userChoice", "never", "wiFiOnly", "always"];

/// `androidDeviceOwnerCrossProfileDataSharing`
pub(super) const ANDROID_DEVICE_OWNER_CROSS_PROFILE_DATA_SHARING: &[&str] = &[
    "notConfigured",
    "crossProfileDataSharingBlocked",
    "dataSharingFromWorkToPersonalBlocked",
    "crossProfileDataSharingAllowed",
    "unkownFutureValue",
];

/// `androidDeviceOwnerDefaultAppPermissionPolicyType`
pub(super) const ANDROID_DEVICE_OWNER_DEFAULT_APP_PERMISSION_POLICY_TYPE: &[&str] =
    &["deviceDefault", "prompt", "autoGrant", "autoDeny"];

/// `androidDeviceOwnerEnrollmentProfileType`
pub(super) const ANDROID_DEVICE_OWNER_ENROLLMENT_PROFILE_TYPE: &[&str] =
    &["notConfigured", "dedicatedDevice", "fullyManaged"];

/// `androidDeviceOwnerKioskCustomizationStatusBar`
pub(super) const ANDROID_DEVICE_OWNER_KIOSK_CUSTOMIZATION_STATUS_BAR: &[&str] =
    &["notConfigured", "notificationsAndSystemInfoEnabled", "systemInfoOnly"];

/// `androidDeviceOwnerKioskCustomizationSystemNavigation`
pub(super) const ANDROID_DEVICE_OWNER_KIOSK_CUSTOMIZATION_SYSTEM_NAVIGATION: &[&str] =
    &["notConfigured", "navigationEnabled", "homeButtonOnly"];

/// `androidDeviceOwnerKioskModeFolderIcon`
pub(super) const ANDROID_DEVICE_OWNER_KIOSK_MODE_FOLDER_ICON: &[&str] =
    &["notConfigured", "darkSquare", "darkCircle", "lightSquare", "lightCircle"];

/// `androidDeviceOwnerKioskModeIconSize`
pub(super) const ANDROID_DEVICE_OWNER_KIOSK_MODE_ICON_SIZE: &[&str] =
    &["notConfigured", "smallest", "small", "regular", "large", "largest"];

/// `androidDeviceOwnerKioskModeScreenOrientation`
pub(super) const ANDROID_DEVICE_OWNER_KIOSK_MODE_SCREEN_ORIENTATION: &[&str] =
    &["notConfigured", "portrait", "landscape", "autoRotate"];

/// `androidDeviceOwnerLocationMode`
pub(super) const ANDROID_DEVICE_OWNER_LOCATION_MODE: &[&str] =
    &["notConfigured", "disabled", "unknownFutureValue"];

/// `androidDeviceOwnerPlayStoreMode`
pub(super) const ANDROID_DEVICE_OWNER_PLAY_STORE_MODE: &[&str] =
    &["notConfigured", "allowList", "blockList"];

/// `androidDeviceOwnerRequiredPasswordType`
pub(super) const ANDROID_DEVICE_OWNER_REQUIRED_PASSWORD_TYPE: &[&str] = &[
    "deviceDefault",
    "required",
    "numeric",
    "numericComplex",
    "alphabetic",
    "alphanumeric",
    "alphanumericWithSymbols",
    "lowSecurityBiometric",
    "customPassword",
];

/// `androidDeviceOwnerRequiredPasswordUnlock`
pub(super) const ANDROID_DEVICE_OWNER_REQUIRED_PASSWORD_UNLOCK: &[&str] =
    &["deviceDefault", "daily", "unkownFutureValue"];

/// `androidDeviceOwnerSystemUpdateInstallType`
pub(super) const ANDROID_DEVICE_OWNER_SYSTEM_UPDATE_INSTALL_TYPE: &[&str] =
    &["deviceDefault", "postpone", "windowed", "automatic"];

/// `androidDeviceOwnerVirtualHomeButtonType`
pub(super) const ANDROID_DEVICE_OWNER_VIRTUAL_HOME_BUTTON_TYPE: &[&str] =
    &["notConfigured", "swipeUp", "floating"];

/// `androidRequiredPasswordComplexity`
pub(super) const ANDROID_REQUIRED_PASSWORD_COMPLEXITY: &[&str] = &["none", "low", "medium", "high"];

/// `androidRequiredPasswordType`
pub(super) const ANDROID_REQUIRED_PASSWORD_TYPE: &[&str] = &[
    "deviceDefault",
    "alphabetic",
    "alphanumeric",
    "alphanumericWithSymbols",
    "lowSecurityBiometric",
    "numeric",
    "numericComplex",
    "any",
];

/// `androidSafetyNetEvaluationType`
pub(super) const ANDROID_SAFETY_NET_EVALUATION_TYPE: &[&str] = &["basic", "hardwareBacked"];

/// `androidWorkProfileAccountUse`
pub(super) const ANDROID_WORK_PROFILE_ACCOUNT_USE: &[&str] =
    &["allowAllExceptGoogleAccounts", "blockAll", "allowAll", "unknownFutureValue"];

/// `androidWorkProfileCrossProfileDataSharingType`
pub(super) const ANDROID_WORK_PROFILE_CROSS_PROFILE_DATA_SHARING_TYPE: &[&str] =
    &["deviceDefault", "preventAny", "allowPersonalToWork", "noRestrictions"];

/// `androidWorkProfileDefaultAppPermissionPolicyType`
pub(super) const ANDROID_WORK_PROFILE_DEFAULT_APP_PERMISSION_POLICY_TYPE: &[&str] =
    &["deviceDefault", "prompt", "autoGrant", "autoDeny"];

/// `androidWorkProfileRequiredPasswordType`
pub(super) const ANDROID_WORK_PROFILE_REQUIRED_PASSWORD_TYPE: &[&str] = &[
    "deviceDefault",
    "lowSecurityBiometric",
    "required",
    "atLeastNumeric",
    "numericComplex",
    "atLeastAlphabetic",
    "atLeastAlphanumeric",
    "alphanumericWithSymbols",
];

/// `appListType`
pub(super) const APP_LIST_TYPE: &[&str] =
    &["none", "appsInListCompliant", "appsNotInListCompliant"];

/// `deviceThreatProtectionLevel`
pub(super) const DEVICE_THREAT_PROTECTION_LEVEL: &[&str] =
    &["unavailable", "secured", "low", "medium", "high", "notSet"];

/// `iosKioskModeAppType`
pub(super) const IOS_KIOSK_MODE_APP_TYPE: &[&str] =
    &["notConfigured", "appStoreApp", "managedApp", "builtInApp"];

/// `kioskModeManagedHomeScreenPinComplexity`
pub(super) const KIOSK_MODE_MANAGED_HOME_SCREEN_PIN_COMPLEXITY: &[&str] =
    &["notConfigured", "simple", "complex"];

/// `kioskModeType`
pub(super) const KIOSK_MODE_TYPE: &[&str] = &["notConfigured", "singleAppMode", "multiAppMode"];

/// `microsoftLauncherDockPresence`
pub(super) const MICROSOFT_LAUNCHER_DOCK_PRESENCE: &[&str] =
    &["notConfigured", "show", "hide", "disabled"];

/// `microsoftLauncherSearchBarPlacement`
pub(super) const MICROSOFT_LAUNCHER_SEARCH_BAR_PLACEMENT: &[&str] =
    &["notConfigured", "top", "bottom", "hide"];

/// `personalProfilePersonalPlayStoreMode`
pub(super) const PERSONAL_PROFILE_PERSONAL_PLAY_STORE_MODE: &[&str] =
    &["notConfigured", "blockedApps", "allowedApps"];

/// `ratingAppsType`
pub(super) const RATING_APPS_TYPE: &[&str] =
    &["allAllowed", "allBlocked", "agesAbove4", "agesAbove9", "agesAbove12", "agesAbove17"];

/// `requiredPasswordType`
pub(super) const REQUIRED_PASSWORD_TYPE: &[&str] = &["deviceDefault", "alphanumeric", "numeric"];

/// `webBrowserCookieSettings`
pub(super) const WEB_BROWSER_COOKIE_SETTINGS: &[&str] = &[
    "browserDefault",
    "blockAlways",
    "allowCurrentWebSite",
    "allowFromWebsitesVisited",
    "allowAlways",
];
