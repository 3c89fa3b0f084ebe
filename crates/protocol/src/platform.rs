//! What a device is: platform, mode of management, version.

use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The two families of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Platform {
    /// iOS and iPadOS.
    Apple,
    /// Android Enterprise, device administrator and AOSP.
    Android,
}

/// The operating system as Microsoft Graph's `operatingSystem` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OperatingSystem {
    /// iPhone.
    Ios,
    /// iPad.
    IpadOs,
    /// Android.
    Android,
}

/// Whether an Apple device is supervised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Supervision {
    /// Corporate-owned, under full control of its organisation.
    Supervised,
    /// Not supervised.
    Unsupervised,
}

/// How a device is managed: the enrolment type decides what may be asked of it.
///
/// Wire order is fixed: new modes are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// iOS device enrolment, unsupervised.
    AppleDevice,
    /// iOS device enrolment of a device supervised by Apple Configurator.
    AppleDeviceSupervised,
    /// iOS automated device enrolment; always supervised.
    AppleAutomatedDevice,
    /// iOS User Enrollment.
    AppleUser,
    /// Android device administrator, the legacy mode.
    AndroidDeviceAdministrator,
    /// Android Enterprise personally-owned device with a work profile.
    AndroidPersonallyOwnedWorkProfile,
    /// Android Enterprise corporate-owned device with a work profile.
    AndroidCorporateOwnedWorkProfile,
    /// Android Enterprise fully managed device (device owner).
    AndroidFullyManaged,
    /// Android Enterprise dedicated device (device owner, kiosk).
    AndroidDedicated,
    /// AOSP corporate-owned, user-associated device.
    AospUserAssociated,
    /// AOSP corporate-owned, userless device.
    AospUserless,
    /// iOS account-driven Device Enrollment; unsupervised.
    AppleAccountDrivenDevice,
    /// iOS account-driven User Enrollment.
    AppleAccountDrivenUser,
    /// Shared iPad, by automated device enrolment; always supervised.
    AppleSharedIpad,
}

impl Mode {
    /// Every mode, in wire order.
    pub const ALL: [Self; 14] = [
        Self::AppleDevice,
        Self::AppleDeviceSupervised,
        Self::AppleAutomatedDevice,
        Self::AppleUser,
        Self::AndroidDeviceAdministrator,
        Self::AndroidPersonallyOwnedWorkProfile,
        Self::AndroidCorporateOwnedWorkProfile,
        Self::AndroidFullyManaged,
        Self::AndroidDedicated,
        Self::AospUserAssociated,
        Self::AospUserless,
        Self::AppleAccountDrivenDevice,
        Self::AppleAccountDrivenUser,
        Self::AppleSharedIpad,
    ];

    /// The family this mode belongs to.
    #[must_use]
    pub const fn platform(self) -> Platform {
        match self {
            Self::AppleDevice
            | Self::AppleDeviceSupervised
            | Self::AppleAutomatedDevice
            | Self::AppleUser
            | Self::AppleAccountDrivenDevice
            | Self::AppleAccountDrivenUser
            | Self::AppleSharedIpad => Platform::Apple,
            Self::AndroidDeviceAdministrator
            | Self::AndroidPersonallyOwnedWorkProfile
            | Self::AndroidCorporateOwnedWorkProfile
            | Self::AndroidFullyManaged
            | Self::AndroidDedicated
            | Self::AospUserAssociated
            | Self::AospUserless => Platform::Android,
        }
    }

    /// Whether a device in this mode is supervised. Android knows no supervision.
    #[must_use]
    pub const fn supervision(self) -> Supervision {
        match self {
            Self::AppleDeviceSupervised | Self::AppleAutomatedDevice | Self::AppleSharedIpad => {
                Supervision::Supervised
            }
            Self::AppleDevice
            | Self::AppleUser
            | Self::AppleAccountDrivenDevice
            | Self::AppleAccountDrivenUser
            | Self::AndroidDeviceAdministrator
            | Self::AndroidPersonallyOwnedWorkProfile
            | Self::AndroidCorporateOwnedWorkProfile
            | Self::AndroidFullyManaged
            | Self::AndroidDedicated
            | Self::AospUserAssociated
            | Self::AospUserless => Supervision::Unsupervised,
        }
    }

    /// Whether the device belongs to its user and its management to one account on it.
    ///
    /// Source: Apple, User Enrollment, by profile or driven by an account.
    #[must_use]
    pub const fn is_user_enrollment(self) -> bool {
        match self {
            Self::AppleUser | Self::AppleAccountDrivenUser => true,
            Self::AppleDevice
            | Self::AppleDeviceSupervised
            | Self::AppleAutomatedDevice
            | Self::AndroidDeviceAdministrator
            | Self::AndroidPersonallyOwnedWorkProfile
            | Self::AndroidCorporateOwnedWorkProfile
            | Self::AndroidFullyManaged
            | Self::AndroidDedicated
            | Self::AospUserAssociated
            | Self::AospUserless
            | Self::AppleAccountDrivenDevice
            | Self::AppleSharedIpad => false,
        }
    }

    /// The name used in tables, fixtures and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppleDevice => "device",
            Self::AppleDeviceSupervised => "device-supervised",
            Self::AppleAutomatedDevice => "automated-device",
            Self::AppleUser => "user-enrollment",
            Self::AndroidDeviceAdministrator => "device-administrator",
            Self::AndroidPersonallyOwnedWorkProfile => "work-profile-personal",
            Self::AndroidCorporateOwnedWorkProfile => "work-profile-corporate",
            Self::AndroidFullyManaged => "fully-managed",
            Self::AndroidDedicated => "dedicated",
            Self::AospUserAssociated => "aosp-user",
            Self::AospUserless => "aosp-userless",
            Self::AppleAccountDrivenDevice => "account-driven-device",
            Self::AppleAccountDrivenUser => "account-driven-user",
            Self::AppleSharedIpad => "shared-ipad",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name no mode has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown mode {0:?}")]
pub struct ParseModeError(String);

impl FromStr for Mode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, ParseModeError> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == text);
        found.ok_or_else(|| ParseModeError(text.to_string()))
    }
}

/// A version of an operating system, for example 17.4 or 8.1.0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OsVersion {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u16,
}

impl OsVersion {
    /// The first release of a major version.
    #[must_use]
    pub const fn major(major: u16) -> Self {
        Self { major, minor: 0, patch: 0 }
    }

    /// A version of two numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor, patch: 0 }
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch } = self;
        if *patch == 0 {
            write!(f, "{major}.{minor}")
        } else {
            write!(f, "{major}.{minor}.{patch}")
        }
    }
}

impl fmt::Debug for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version: expected one to three numbers with dots between, such as 17.4")]
pub struct ParseVersionError;

impl FromStr for OsVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let mut numbers = [0_u16; 3];
        let mut parts = text.split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part) => *number = part.parse().map_err(|_cause| ParseVersionError)?,
                None if index > 0 => break,
                None => return Err(ParseVersionError),
            }
        }
        let [major, minor, patch] = numbers;
        if parts.next().is_some() {
            Err(ParseVersionError)
        } else {
            Ok(Self { major, minor, patch })
        }
    }
}

/// The number engraved on the hardware; it survives a wipe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SerialNumber(String);

/// A text that cannot be a serial number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number: expected 1 to 32 of A-Z, 0-9 and dash")]
pub struct ParseSerialError;

impl SerialNumber {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SerialNumber {
    type Err = ParseSerialError;

    fn from_str(text: &str) -> Result<Self, ParseSerialError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_string())) } else { Err(ParseSerialError) }
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a device says of itself when it enrols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// The hardware's own number.
    pub serial: SerialNumber,
    /// Commercial model, for example `iPhone15,2`.
    pub model: String,
    /// Which system it runs.
    pub operating_system: OperatingSystem,
    /// Which version of it.
    pub os_version: OsVersion,
    /// How it is to be managed.
    pub mode: Mode,
}

/// Facts that contradict themselves or the limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// A serial number that is none; decoding alone does not check it.
    #[error("serial number is not 1 to 32 of A-Z, 0-9 and dash")]
    Serial,
    /// A model name that is empty or too long.
    #[error("model is empty or longer than 64 bytes")]
    Model,
    /// An Apple mode on Android or the reverse.
    #[error("mode and operating system belong to different platforms")]
    Platform,
}

impl DeviceFacts {
    /// Checks facts that came from outside.
    ///
    /// # Errors
    /// [`FactsError`] with the first contradiction found.
    pub fn check(&self) -> Result<(), FactsError> {
        self.serial.0.parse::<SerialNumber>().map_err(|_cause| FactsError::Serial)?;
        if self.model.is_empty() || self.model.len() > 64 {
            return Err(FactsError::Model);
        }
        let platform = match self.operating_system {
            OperatingSystem::Ios | OperatingSystem::IpadOs => Platform::Apple,
            OperatingSystem::Android => Platform::Android,
        };
        if platform == self.mode.platform() { Ok(()) } else { Err(FactsError::Platform) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_found_again_by_its_name() {
        for mode in Mode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
        }
    }

    #[test]
    fn versions_compare_by_number_not_by_letter() {
        let parse = |text: &str| text.parse::<OsVersion>().expect("a version");
        assert!(parse("9.3.6") < parse("10"));
        assert_eq!(parse("17"), OsVersion::major(17));
    }

    #[test]
    fn text_that_is_no_version_is_refused() {
        for text in ["", ".", "17.", "1.2.3.4", "a", "70000", "-1"] {
            assert_eq!(text.parse::<OsVersion>(), Err(ParseVersionError), "{text:?}");
        }
    }

    #[test]
    fn an_iphone_cannot_claim_an_android_mode() {
        let facts = DeviceFacts {
            serial: "F17".parse().expect("a serial"),
            model: "iPhone15,2".to_string(),
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::major(17),
            mode: Mode::AndroidDedicated,
        };
        assert_eq!(facts.check(), Err(FactsError::Platform));
    }
}
