//! The names of the properties of `microsoft.graph.managedDevice`.

/// The property that is told only to those who ask for it by name.
pub(crate) const BYPASS_CODE: &str = "activationLockBypassCode";

/// Whether the device is locked to an account; this server's own, and an option of lists.
pub(crate) const ACTIVATION_LOCK: &str = "x-muster-activation-lock";

/// Scalar and structured properties of v1.0, then those of beta and of this server that are
/// served besides. Navigation properties are not selectable here.
///
/// Source: Microsoft Graph v1.0 metadata, `managedDevice`.
const KNOWN: &[&str] = &[
    "id",
    BYPASS_CODE,
    "androidSecurityPatchLevel",
    "azureADDeviceId",
    "azureADRegistered",
    "complianceGracePeriodExpirationDateTime",
    "complianceState",
    "configurationManagerClientEnabledFeatures",
    "deviceActionResults",
    "deviceCategoryDisplayName",
    "deviceEnrollmentType",
    "deviceHealthAttestationState",
    "deviceName",
    "deviceRegistrationState",
    "easActivated",
    "easActivationDateTime",
    "easDeviceId",
    "emailAddress",
    "enrolledDateTime",
    "enrollmentProfileName",
    "ethernetMacAddress",
    "exchangeAccessState",
    "exchangeAccessStateReason",
    "exchangeLastSuccessfulSyncDateTime",
    "freeStorageSpaceInBytes",
    "iccid",
    "imei",
    "isEncrypted",
    "isSupervised",
    "jailBroken",
    "lastSyncDateTime",
    "managedDeviceName",
    "managedDeviceOwnerType",
    "managementAgent",
    "managementCertificateExpirationDate",
    "managementState",
    "manufacturer",
    "meid",
    "model",
    "notes",
    "operatingSystem",
    "osVersion",
    "partnerReportedThreatState",
    "phoneNumber",
    "physicalMemoryInBytes",
    "remoteAssistanceSessionErrorDetails",
    "remoteAssistanceSessionUrl",
    "requireUserEnrollmentApproval",
    "serialNumber",
    "subscriberCarrier",
    "totalStorageSpaceInBytes",
    "udid",
    "userDisplayName",
    "userId",
    "userPrincipalName",
    "wiFiMacAddress",
    "deviceType",
    "ownerType",
    "lostModeState",
    "x-muster-connected",
    "x-muster-mode",
    ACTIVATION_LOCK,
];

/// The name as Graph spells it; `None` if there is no such property.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}
