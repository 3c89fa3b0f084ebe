//! The devices of a plan, as a fleet takes them.

use anyhow::Context as _;
use muster_agent::{DevicePlan, Start, device_of, habit};
use muster_device::{Calendar, Contact, DeviceSpec, Habit, Person, Screen};
use muster_protocol::Platform;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::Presence;
use muster_scenario::{self as scenario, Holder, Plan, PlannedDevice, Versions};

/// Every version there is.
const ANY_VERSION: Versions = Versions { first: 0, last: u16::MAX };

/// What the devices of a run have in common.
pub(crate) struct Ground<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) token: EnrolmentToken,
    pub(crate) calendar: Calendar,
}

impl Ground<'_> {
    /// The devices, in the order of the plan.
    ///
    /// # Errors
    /// If a cohort wants a version of a system on which one of its modes does not exist.
    pub(crate) fn plans(&self) -> anyhow::Result<Vec<DevicePlan>> {
        self.plan.devices().map(|device| self.device(device)).collect()
    }

    fn device(&self, device: &PlannedDevice) -> anyhow::Result<DevicePlan> {
        let start = match device.switched_on_at {
            None => Start::Online,
            Some(_) => Start::Offline,
        };
        let (spec, person) = (spec(self.plan, device)?, self.person(device));
        Ok(DevicePlan { spec, token: self.token.clone(), start, person })
    }

    fn person(&self, device: &PlannedDevice) -> Option<Box<Person>> {
        let habit = habit_of(self.plan, device)?;
        let seed = self.plan.device_seed(device).child("person", 0);
        Some(Box::new(Person::new(habit, seed, self.calendar)))
    }
}

/// What a device of a plan is.
///
/// # Errors
/// If its cohort wants a version of a system on which its mode does not exist.
pub(crate) fn spec(plan: &Plan, device: &PlannedDevice) -> anyhow::Result<DeviceSpec> {
    let cohorts = &plan.scenario().cohorts;
    let cohort = cohorts.get(device.cohort).context("no such cohort")?;
    let Versions { first, last } = cohort.versions.unwrap_or(ANY_VERSION);
    let seed = plan.device_seed(device);
    let spec = device_of(device.index.into(), device.mode, (first, last), seed);
    let spec = spec.with_context(|| {
        format!(
            "cohort {:?}: no {} exists on versions {first} to {last}; \
             give it other modes or other versions",
            cohort.name, device.mode
        )
    })?;
    let spec = match device.holder {
        Holder::Nobody => unattended(spec),
        Holder::Realistic | Holder::Of(_) => spec,
    };
    Ok(DeviceSpec { contact: contact(device.contact), ..spec })
}

/// How the person lives who holds a device of a plan; `None` if nobody does.
pub(crate) fn habit_of(plan: &Plan, device: &PlannedDevice) -> Option<Habit> {
    match device.holder {
        Holder::Nobody => None,
        Holder::Realistic => Some(habit(device.mode, 0, plan.device_seed(device))),
        Holder::Of(habit) => Some(habit),
    }
}

/// A device that nobody holds has no passcode: a locked one would put off most of what it is asked
/// until somebody unlocks it, and nobody would.
fn unattended(mut spec: DeviceSpec) -> DeviceSpec {
    if spec.facts.mode.platform() == Platform::Apple {
        spec.persona.passcode = Presence::NotSet;
    }
    spec.persona.screen = Screen::Unlocked;
    spec
}

const fn contact(contact: scenario::Contact) -> Contact {
    match contact {
        scenario::Contact::Connected => Contact::Connected,
        scenario::Contact::Woken => Contact::Woken,
    }
}
