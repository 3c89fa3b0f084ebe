//! Muster's own agent on trial: a fleet of one device.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use muster_agent::{
    BlackBox, CONNECTS_IN_FLIGHT, DevicePlan, FaultsCount, Fleet, FleetConfig, Sockets, Start,
};
use muster_conformance::script::{Contact, Deed, Make, Power};
use muster_device::push::{Expiry, PushRequest};
use muster_device::{DeviceSpec, Persona, PromptHabit, Screen, UserAction};
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::Presence;
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Platform, PushTarget};
use muster_transport::Network;

use super::premises::Premises;

/// A fleet of one.
pub(super) struct Fleeting {
    network: Network,
    config: FleetConfig,
    running: Option<Fleet>,
}

impl Fleeting {
    /// Switches a device on that enrols at this address with this token.
    pub(super) async fn start(
        premises: &Premises,
        at: (SocketAddr, EnrolmentToken),
        make: Make,
    ) -> anyhow::Result<Self> {
        let (network, config) = (premises.network.clone(), config(premises, at, make));
        let running = Some(Fleet::start_on(network.clone(), config.clone()).await?);
        Ok(Self { network, config, running })
    }

    /// Something befalls the agent.
    pub(super) async fn suffer(&mut self, power: Power) -> anyhow::Result<()> {
        match (power, self.running.take()) {
            (Power::Stop | Power::Kill, Some(fleet)) => drop(fleet.stop().await),
            (Power::Start, None) => {
                let again = Fleet::start_on(self.network.clone(), self.config.clone()).await;
                self.running = Some(again.context("the agent does not start again")?);
            }
            (Power::Start, already @ Some(_)) => self.running = already,
            (Power::Stop | Power::Kill, None) => {}
        }
        Ok(())
    }

    /// Somebody does something at the device.
    pub(super) async fn person(&self, deed: Deed) -> anyhow::Result<()> {
        let action = match deed {
            Deed::Unlock => UserAction::Unlock,
            Deed::SetPasscode => UserAction::SetPasscode,
            Deed::StartFindMy => UserAction::StartFindMy,
        };
        self.fleet()?.user(0, action).await?;
        Ok(())
    }

    /// A push for the device arrives at its service.
    pub(super) fn push(&self, target: PushTarget) -> anyhow::Result<()> {
        let PushTarget { service, topic, token, magic } = target;
        let (payload_bytes, expiry) = (magic.len(), Expiry::Unsaid);
        let request =
            PushRequest { service, topic, token, magic, payload_bytes, collapse_key: None, expiry };
        let accepted = self.fleet()?.push_services().accept(request);
        if let Err(refusal) = accepted {
            bail!("the push service refuses: {refusal}");
        }
        Ok(())
    }

    /// Switches it off, and forgets it: the case may be played again with the same device.
    pub(super) async fn end(self) {
        if let Some(fleet) = self.running {
            fleet.stop().await;
        }
        if let Some(folder) = self.config.state_dir {
            // One that is there all the same is seen by the next play.
            let _gone = std::fs::remove_dir_all(folder);
        }
    }

    fn fleet(&self) -> anyhow::Result<&Fleet> {
        self.running.as_ref().context("the agent does not run")
    }
}

fn config(
    premises: &Premises,
    (server, token): (SocketAddr, EnrolmentToken),
    make: Make,
) -> FleetConfig {
    let plan = |spec| DevicePlan { spec, token, start: Start::Online, person: None };
    FleetConfig {
        server,
        ca: premises.ca.certificate_der(),
        state_dir: state_dir(premises, &make),
        plans: vec![plan(spec(make))],
        seed: premises.seed.child("fleet", 0),
        sockets: Sockets::Shared(NonZeroUsize::MIN),
        connects_in_flight: CONNECTS_IN_FLIGHT,
        keep_alive: KEEP_ALIVE,
        skew: premises.skew.clone(),
        faults: Vec::new(),
        faults_count: FaultsCount::FromStart,
        black_box: BlackBox::Off,
        watch: None,
    }
}

/// On the disk, unless time is virtual: disks know the real one only.
fn state_dir(premises: &Premises, make: &Make) -> Option<PathBuf> {
    match premises.network {
        Network::Udp => Some(premises.folder.path().join(make.serial.as_str())),
        Network::Memory(_) => None,
    }
}

fn spec(make: Make) -> DeviceSpec {
    let facts = facts(&make);
    let persona = Persona {
        passcode: make.passcode,
        work_profile_password: Presence::NotSet,
        prompt: PromptHabit::Accepts,
        find_my: make.find_my,
        screen: Screen::Unlocked,
    };
    let spec = DeviceSpec::new(facts, persona);
    match make.contact {
        Contact::Connected => spec,
        Contact::Woken => spec.woken(),
    }
}

fn facts(make: &Make) -> DeviceFacts {
    let (model, operating_system, os_version) = match (make.mode.platform(), make.mode) {
        (Platform::Apple, Mode::AppleSharedIpad) => {
            ("iPad14,1", OperatingSystem::IpadOs, OsVersion::major(17))
        }
        (Platform::Apple, _) => ("iPhone15,2", OperatingSystem::Ios, OsVersion::major(17)),
        (Platform::Android, Mode::AndroidDeviceAdministrator) => {
            ("Pixel 4", OperatingSystem::Android, OsVersion::major(11))
        }
        (Platform::Android, _) => ("Pixel 8", OperatingSystem::Android, OsVersion::major(14)),
    };
    let (serial, model, mode) = (make.serial.clone(), model.to_owned(), make.mode);
    DeviceFacts { serial, model, operating_system, os_version, mode }
}
