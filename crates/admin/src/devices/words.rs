//! The words of Graph for what a device is.

use muster_control::{Compliance, Lifecycle, LostModeState};
use muster_protocol::status::Switch;
use muster_protocol::{Mode, OperatingSystem, Platform};

use crate::operation::path::Version;

/// `complianceState`
pub(crate) const COMPLIANCE_STATES: &[&str] = &[
    "unknown",
    "compliant",
    "noncompliant",
    "conflict",
    "error",
    "inGracePeriod",
    "configManager",
];

/// `managementState`
pub(crate) const MANAGEMENT_STATES: &[&str] = &[
    "managed",
    "retirePending",
    "retireFailed",
    "wipePending",
    "wipeFailed",
    "unhealthy",
    "deletePending",
    "retireIssued",
    "wipeIssued",
    "wipeCanceled",
    "retireCanceled",
    "discovered",
    "unknownFutureValue",
];

/// `deviceRegistrationState`
pub(crate) const REGISTRATION_STATES: &[&str] = &[
    "notRegistered",
    "registered",
    "revoked",
    "keyConflict",
    "approvalPending",
    "certificateReset",
    "notRegisteredPendingEnrollment",
    "unknown",
];

/// `partnerReportedThreatState`
pub(crate) const THREAT_STATES: &[&str] = &[
    "unknown",
    "activated",
    "deactivated",
    "secured",
    "lowSeverity",
    "mediumSeverity",
    "highSeverity",
    "unresponsive",
    "compromised",
    "misconfigured",
];

/// `managedDeviceOwnerType`, `ownerType`
pub(crate) const OWNER_TYPES: &[&str] = &["unknown", "company", "personal", "unknownFutureValue"];

/// `exchangeAccessState`
pub(crate) const EXCHANGE_STATES: &[&str] =
    &["none", "unknown", "allowed", "blocked", "quarantined"];

/// `lostModeState`
pub(crate) const LOST_MODE_STATES: &[&str] = &["disabled", "enabled"];

/// `x-muster-activation-lock`
pub(crate) const SWITCHES: &[&str] = &["on", "off"];

/// `managementAgent`, of both versions.
pub(crate) const MANAGEMENT_AGENTS: &[&str] = &[
    "eas",
    "mdm",
    "easMdm",
    "intuneClient",
    "easIntuneClient",
    "configurationManagerClient",
    "configurationManagerClientMdm",
    "configurationManagerClientMdmEas",
    "unknown",
    "jamf",
    "googleCloudDevicePolicyController",
    "microsoft365ManagedMdm",
    "msSense",
    "intuneAosp",
    "google",
    "unknownFutureValue",
];

/// `deviceEnrollmentType`, of both versions.
pub(crate) const ENROLLMENT_TYPES: &[&str] = &[
    "unknown",
    "userEnrollment",
    "deviceEnrollmentManager",
    "appleBulkWithUser",
    "appleBulkWithoutUser",
    "windowsAzureADJoin",
    "windowsBulkUserless",
    "windowsAutoEnrollment",
    "windowsBulkAzureDomainJoin",
    "windowsCoManagement",
    "windowsAzureADJoinUsingDeviceAuth",
    "appleUserEnrollment",
    "appleUserEnrollmentWithServiceAccount",
    "azureAdJoinUsingAzureVmExtension",
    "androidEnterpriseDedicatedDevice",
    "androidEnterpriseFullyManaged",
    "androidEnterpriseCorporateWorkProfile",
    "androidAOSPUserOwnedDeviceEnrollment",
    "androidAOSPUserlessDeviceEnrollment",
    "appleAccountDrivenUserEnrollment",
    "unknownFutureValue",
];

/// `deviceType`
pub(crate) const DEVICE_TYPES: &[&str] = &[
    "desktop",
    "windowsRT",
    "winMO6",
    "nokia",
    "windowsPhone",
    "mac",
    "winCE",
    "winEmbedded",
    "iPhone",
    "iPad",
    "iPod",
    "android",
    "iSocConsumer",
    "unix",
    "macMDM",
    "holoLens",
    "surfaceHub",
    "androidForWork",
    "androidEnterprise",
    "windows10x",
    "androidnGMS",
    "chromeOS",
    "linux",
    "cloudPC",
    "blackberry",
    "palm",
    "unknown",
];

/// `chassisType`
pub(crate) const CHASSIS_TYPES: &[&str] = &[
    "unknown",
    "desktop",
    "laptop",
    "worksWorkstation",
    "enterpriseServer",
    "phone",
    "tablet",
    "mobileOther",
    "mobileUnknown",
];

/// A switch as this server's own properties and options write it.
pub(crate) const fn switch_word(switch: Switch) -> &'static str {
    match switch {
        Switch::On => "on",
        Switch::Off => "off",
    }
}

/// Android phones have many makers and the devices do not say which; some names of models do.
pub(crate) fn manufacturer(platform: Platform, model: &str) -> &'static str {
    match platform {
        Platform::Apple => "Apple",
        Platform::Android if model.starts_with("Pixel") => "Google",
        Platform::Android if model.starts_with("SM-") => "samsung",
        Platform::Android => "",
    }
}

pub(crate) const fn operating_system(system: OperatingSystem) -> &'static str {
    match system {
        OperatingSystem::Ios => "iOS",
        OperatingSystem::IpadOs => "iPadOS",
        OperatingSystem::Android => "Android",
    }
}

pub(crate) const fn owner_type(mode: Mode) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => "personal",
        Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleSharedIpad
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => "company",
    }
}

/// `deviceEnrollmentType`. The enumeration of v1.0 ends with Apple's first values.
pub(crate) const fn enrollment_type(mode: Mode, version: Version) -> &'static str {
    let of_beta = match mode {
        Mode::AppleDevice
        | Mode::AppleAccountDrivenDevice
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => return "userEnrollment",
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => {
            return "appleBulkWithoutUser";
        }
        Mode::AppleUser => return "appleUserEnrollment",
        Mode::AppleAccountDrivenUser => "appleAccountDrivenUserEnrollment",
        Mode::AndroidCorporateOwnedWorkProfile => "androidEnterpriseCorporateWorkProfile",
        Mode::AndroidFullyManaged => "androidEnterpriseFullyManaged",
        Mode::AndroidDedicated => "androidEnterpriseDedicatedDevice",
        Mode::AospUserAssociated => "androidAOSPUserOwnedDeviceEnrollment",
        Mode::AospUserless => "androidAOSPUserlessDeviceEnrollment",
    };
    match version {
        Version::V1 => "unknownFutureValue",
        Version::Beta => of_beta,
    }
}

/// `managementAgent`. The enumeration of v1.0 has no agent for AOSP.
pub(crate) const fn management_agent(mode: Mode, version: Version) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator => "mdm",
        Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => "googleCloudDevicePolicyController",
        Mode::AospUserAssociated | Mode::AospUserless => match version {
            Version::V1 => "unknown",
            Version::Beta => "intuneAosp",
        },
    }
}

pub(crate) const fn device_type(mode: Mode, system: OperatingSystem) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => match system {
            OperatingSystem::IpadOs => "iPad",
            OperatingSystem::Ios | OperatingSystem::Android => "iPhone",
        },
        Mode::AndroidDeviceAdministrator => "android",
        Mode::AndroidPersonallyOwnedWorkProfile => "androidForWork",
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => "androidEnterprise",
        Mode::AospUserAssociated | Mode::AospUserless => "androidnGMS",
    }
}

pub(crate) const fn registration_state(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Enrolled => "registered",
        Lifecycle::Unenrolled { .. } => "notRegistered",
    }
}

/// `complianceState`: by the passwords the policy of the device asks for.
pub(crate) const fn compliance_state(compliance: Compliance) -> &'static str {
    match compliance {
        Compliance::Unknown => "unknown",
        Compliance::Compliant => "compliant",
        Compliance::NonCompliant => "noncompliant",
    }
}

/// `lostModeState`, which v1.0 does not have.
pub(crate) const fn lost_mode_word(state: LostModeState) -> &'static str {
    match state {
        LostModeState::Disabled => "disabled",
        LostModeState::Enabled => "enabled",
    }
}
