//! The device a case is about.

use anyhow::Context as _;
use muster_device::{Contact, DeviceSpec, Persona, PromptHabit, Screen, Traits};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Platform};

/// A device made for one case.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) model: String,
    pub(crate) mode: Mode,
    pub(crate) os: OsVersion,
    /// Enrolment profile: its policies are the device's.
    pub(crate) profile: String,
    pub(crate) persona: Persona,
    /// What is peculiar about it.
    pub(crate) traits: Traits,
    /// Whether it keeps its connection or is woken.
    pub(crate) contact: Contact,
}

impl Role {
    /// A device whose user has a passcode and does as asked.
    pub(crate) fn new(model: String, mode: Mode, os: OsVersion, profile: String) -> Self {
        let persona = Persona {
            passcode: Presence::Set,
            work_profile_password: Presence::NotSet,
            prompt: PromptHabit::Accepts,
            find_my: Switch::Off,
            screen: Screen::Unlocked,
        };
        let traits = Traits::default();
        Self { model, mode, os, profile, persona, traits, contact: Contact::Connected }
    }

    /// The system in the words of a table.
    pub(crate) fn system(&self) -> &'static str {
        match self.operating_system() {
            OperatingSystem::Ios => "ios",
            OperatingSystem::IpadOs => "ipados",
            OperatingSystem::Android => "android",
        }
    }

    /// The device of this role with this serial number.
    pub(crate) fn spec(&self, serial: &str) -> anyhow::Result<DeviceSpec> {
        let facts = DeviceFacts {
            serial: serial.parse().context("failed to make a serial number")?,
            model: self.model.clone(),
            operating_system: self.operating_system(),
            os_version: self.os,
            mode: self.mode,
        };
        let spec = DeviceSpec::new(facts, self.persona);
        Ok(DeviceSpec { traits: self.traits, contact: self.contact, ..spec })
    }

    fn operating_system(&self) -> OperatingSystem {
        match self.mode.platform() {
            Platform::Android => OperatingSystem::Android,
            Platform::Apple if self.model.starts_with("iPad") => OperatingSystem::IpadOs,
            Platform::Apple => OperatingSystem::Ios,
        }
    }
}
