//! Does what was drawn, each deed at its time, and looks after the devices at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use muster_admin::{Backend, Submission, SubmitError};
use muster_agent::{DeviceView, Fleet};
use muster_control::Action;
use muster_device::{Phase, UserAction};
use tokio::time::{Instant, sleep_until};

use super::deeds::{Deed, Doing, deeds};
use super::house::House;
use super::plan::QuicPlan;

/// How often users look after their devices once everything is calm: what a device has put off
/// until its screen is unlocked is done then.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(60);

/// What became of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Commands the server has taken.
    pub(super) accepted: u64,
    /// What it refused, by its reason.
    pub(super) refused: BTreeMap<String, u64>,
    /// Devices somebody has asked to erase.
    wiped: BTreeSet<usize>,
}

/// Does what the plan says.
pub(super) async fn run(
    plan: &QuicPlan,
    began: Instant,
    fleet: &Fleet,
    house: &mut House,
) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    for ((at, _number), Deed { device, doing }) in deeds(plan) {
        sleep_until(began + at).await;
        match doing {
            Doing::Ask(action) => asked.ask(action, device, fleet, house).await?,
            Doing::End(manner) => house.end(manner).await,
            Doing::StartServer => house.start().await?,
            Doing::Use(action) => drop(fleet.user(device, action).await?),
        }
    }
    Ok(asked)
}

/// Has the users look after their devices until the run is over, and everybody asked once more
/// shortly before.
pub(super) async fn look_after(
    plan: &QuicPlan,
    began: Instant,
    fleet: &Fleet,
    house: &House,
    asked: &mut Asked,
) -> anyhow::Result<()> {
    let (mut next, end) = (began + plan.calm_from(), began + plan.length);
    while next < end {
        sleep_until(next).await;
        for device in 0..plan.devices.get() {
            for action in helps(&fleet.view(device).await?) {
                drop(fleet.user(device, action).await?);
            }
            if next >= began + plan.last_asked() {
                asked.ask(Action::SyncDevice, device, fleet, house).await?;
            }
        }
        next += LOOK_AFTER_EVERY;
    }
    sleep_until(end).await;
    Ok(())
}

/// What a device needs of its user so that nothing waits for them.
fn helps(device: &DeviceView) -> Vec<UserAction> {
    match device.phase {
        Phase::ActivationPrompt => vec![UserAction::SignInAsOwner],
        Phase::Enrolled => {
            vec![UserAction::ChargeBattery, UserAction::PowerOn, UserAction::Unlock]
        }
        Phase::SetupAssistant | Phase::Enrolling | Phase::Unenrolled => {
            vec![UserAction::ChargeBattery, UserAction::PowerOn]
        }
    }
}

impl Asked {
    /// How many devices are gone for good and have a right to be: what was erased on them was all
    /// there was of the enrolment.
    pub(super) async fn gone(&self, fleet: &Fleet) -> anyhow::Result<u64> {
        let mut gone = 0;
        for device in &self.wiped {
            gone += u64::from(fleet.view(*device).await?.phase == Phase::Unenrolled);
        }
        Ok(gone)
    }

    /// Asks a device for something, and counts what comes of it.
    async fn ask(
        &mut self,
        action: Action,
        device: usize,
        fleet: &Fleet,
        house: &House,
    ) -> anyhow::Result<()> {
        if let Action::Wipe { .. } = action {
            self.wiped.insert(device);
        }
        match ask(action, device, fleet, house).await? {
            None => self.accepted += 1,
            Some(reason) => *self.refused.entry(reason).or_default() += 1,
        }
        Ok(())
    }
}

/// Asks a device for something; returns why the server does not take it, if it does not.
async fn ask(
    action: Action,
    device: usize,
    fleet: &Fleet,
    house: &House,
) -> anyhow::Result<Option<String>> {
    let Some(backend) = house.backend() else {
        return Ok(Some("there is no server now".to_owned()));
    };
    let Some(id) = fleet.view(device).await?.id else {
        return Ok(Some("the device is not enrolled yet".to_owned()));
    };
    let submission = Submission::new(backend.new_command_id()?, action);
    match backend.submit(id, submission).await {
        Ok(()) => Ok(None),
        Err(failed @ SubmitError::Unavailable(_)) => Err(failed.into()),
        Err(refused) => Ok(Some(refused.to_string())),
    }
}
