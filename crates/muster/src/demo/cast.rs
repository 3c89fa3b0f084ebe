//! The devices of the tour: one role each.

use anyhow::Context as _;
use muster_device::{DeviceSpec, Persona, PromptHabit, Screen};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Platform};

/// A device made for one case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    pub(crate) model: &'static str,
    pub(crate) mode: Mode,
    pub(crate) os: OsVersion,
    /// Enrolment profile: its policies are the device's.
    pub(crate) profile: &'static str,
    pub(crate) persona: Persona,
}

/// A user with a passcode who does as asked.
const ORDINARY: Persona = Persona {
    passcode: Presence::Set,
    work_profile_password: Presence::NotSet,
    prompt: PromptHabit::Accepts,
    find_my: Switch::Off,
    screen: Screen::Unlocked,
};

/// A supervised iPhone of the organisation.
pub(crate) const fn iphone() -> Role {
    apple("iPhone15,2", Mode::AppleAutomatedDevice)
}

/// An iPhone in another mode of enrolment.
pub(crate) const fn apple(model: &'static str, mode: Mode) -> Role {
    let os = OsVersion::new(17, 4);
    Role { model, mode, os, profile: "default", persona: ORDINARY }
}

/// An Android device.
pub(crate) const fn android(model: &'static str, mode: Mode, version: u16) -> Role {
    Role { model, mode, os: OsVersion::major(version), profile: "default", persona: ORDINARY }
}

impl Role {
    /// Enrolled with a profile that configures nothing.
    pub(crate) const fn without_policy(mut self) -> Self {
        self.profile = "no-policy";
        self
    }

    /// With the Find My app in use.
    pub(crate) const fn with_find_my(mut self) -> Self {
        self.persona.find_my = Switch::On;
        self
    }

    /// With a password of the work profile's own.
    pub(crate) const fn with_work_password(mut self) -> Self {
        self.persona.work_profile_password = Presence::Set;
        self
    }

    /// With a user who leaves notifications alone.
    pub(crate) const fn ignoring_prompts(mut self) -> Self {
        self.persona.prompt = PromptHabit::Ignores;
        self
    }

    /// Lying there locked.
    pub(crate) const fn locked(mut self) -> Self {
        self.persona.screen = Screen::Locked;
        self
    }

    /// The system in the words of a table.
    pub(crate) fn system(&self) -> &'static str {
        match self.operating_system() {
            OperatingSystem::Ios => "ios",
            OperatingSystem::IpadOs => "ipados",
            OperatingSystem::Android => "android",
        }
    }

    fn operating_system(&self) -> OperatingSystem {
        match self.mode.platform() {
            Platform::Android => OperatingSystem::Android,
            Platform::Apple if self.model.starts_with("iPad") => OperatingSystem::IpadOs,
            Platform::Apple => OperatingSystem::Ios,
        }
    }

    /// The device of this role; `index` makes its serial number.
    pub(crate) fn spec(&self, index: usize) -> anyhow::Result<DeviceSpec> {
        let serial = format!("TOUR{index:04}").parse().context("failed to make a serial number")?;
        let facts = DeviceFacts {
            serial,
            model: self.model.to_owned(),
            operating_system: self.operating_system(),
            os_version: self.os,
            mode: self.mode,
        };
        Ok(DeviceSpec { facts, persona: self.persona })
    }
}
