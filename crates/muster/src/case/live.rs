//! The live scene: a device of a real fleet, on a real server.

use std::time::Duration;

use muster_agent::{DeviceView, Misbehaviour, WakeFault};
use muster_device::activation::{LockRequest, Unlocking};
use muster_device::{Note, UserAction};
use muster_protocol::{DeviceId, SerialNumber};
use tokio::time::{Instant, sleep};

use super::outcome::Shown;
use super::scene::{Command, Request, Scene, Standing};
use super::script::{Counter, PUSH_LATE_BY, ServerFault, SpoiltPush};
use super::stage::Stage;
use crate::client::Asked;

/// How long a server may take to notice that a device is gone; where a copy of the device is
/// connected in its place, it never does.
const MISSED_WITHIN: Duration = Duration::from_secs(2);

/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The device at one place of a stage.
pub(crate) struct Live {
    stage: Stage,
    index: usize,
    began: Instant,
}

impl Live {
    /// Begins now.
    pub(crate) fn at(stage: Stage, index: usize) -> Self {
        Self { stage, index, began: Instant::now() }
    }
}

impl Live {
    /// Waits until a server that is there has noticed that the device is gone: what is asked for
    /// next is not to be handed to a connection that is closed already.
    async fn missed(&self) -> anyhow::Result<()> {
        let device = self.stage.fleet.view(self.index).await?.id;
        let Some(device) = device.map(|id| id.to_string()) else { return Ok(()) };
        let until = Instant::now() + MISSED_WITHIN;
        while self.stage.house.is_up().await && Instant::now() < until {
            match self.stage.admin.device(&device).await {
                Ok(shown) if shown.is_connected() => sleep(LOOK_EVERY).await,
                Ok(_) | Err(_) => return Ok(()),
            }
        }
        Ok(())
    }
}

impl Scene for Live {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn pause(&mut self, span: Duration) {
        sleep(span).await;
    }

    async fn wait(&mut self, span: Duration) -> anyhow::Result<()> {
        self.stage.house.config().skew.advance(span);
        // A task that is asked something looks at its deadlines again.
        self.view().await.map(drop)
    }

    async fn view(&mut self) -> anyhow::Result<DeviceView> {
        Ok(self.stage.fleet.view(self.index).await?)
    }

    async fn user(&mut self, action: UserAction) -> anyhow::Result<Vec<Note>> {
        Ok(self.stage.fleet.user(self.index, action).await?)
    }

    async fn offline(&mut self) -> anyhow::Result<()> {
        self.stage.fleet.go_offline(self.index).await?;
        self.missed().await
    }

    async fn online(&mut self) -> anyhow::Result<()> {
        Ok(self.stage.fleet.go_online(self.index).await?)
    }

    async fn server(&mut self, fault: ServerFault) -> anyhow::Result<()> {
        self.stage.house.suffer(fault).await
    }

    async fn misbehave(&mut self, how: Misbehaviour) -> anyhow::Result<()> {
        Ok(self.stage.fleet.misbehave(self.index, how).await?)
    }

    async fn spoil_push(&mut self, how: SpoiltPush) -> anyhow::Result<()> {
        let fault = match how {
            SpoiltPush::Lost => WakeFault::Lost,
            SpoiltPush::Doubled => WakeFault::Duplicated,
            SpoiltPush::Late => WakeFault::Late { by: PUSH_LATE_BY },
        };
        Ok(self.stage.fleet.spoil_push(self.index, fault).await?)
    }

    async fn copy(&mut self) -> anyhow::Result<()> {
        self.stage.fleet.clone_device(self.index).await?;
        Ok(())
    }

    async fn ask(&mut self, device: DeviceId, asked: Request) -> anyhow::Result<Asked> {
        let (admin, id) = (&self.stage.admin, device.to_string());
        if asked.is_delete() {
            admin.delete(&id).await
        } else {
            admin.act_with(&id, asked.action, &asked.body()).await
        }
    }

    async fn result(&mut self, command: &Command) -> anyhow::Result<Option<Standing>> {
        let result = self.stage.admin.result(&command.device.to_string(), &command.id).await?;
        Ok(result.map(|result| Standing { state: result.action_state, passcode: result.passcode }))
    }

    async fn shown(&mut self, device: DeviceId) -> anyhow::Result<Shown> {
        let (admin, device) = (&self.stage.admin, device.to_string());
        let listed = admin.devices().await?.iter().any(|listed| listed.id == device);
        let Ok(shown) = admin.device(&device).await else {
            return Ok(Shown { listed, ..Shown::default() });
        };
        let results = shown.device_action_results;
        Ok(Shown {
            passcode: results.iter().any(|result| result.passcode.is_some()),
            location: results.iter().any(|result| {
                result.rest.get("deviceLocation").is_some_and(|location| !location.is_null())
            }),
            listed,
            bypass_code: admin.bypass_code(&device).await?.is_some(),
        })
    }

    async fn bypass_code(&mut self, device: DeviceId) -> anyhow::Result<Option<String>> {
        self.stage.admin.bypass_code(&device.to_string()).await
    }

    async fn vendor_lock(&mut self, serial: SerialNumber) -> anyhow::Result<&'static str> {
        let request = LockRequest { serial, escrow_key: None, lost_message: None };
        Ok(self.stage.fleet.activation_service().lock(request).await?.word())
    }

    async fn vendor_unlock(
        &mut self,
        serial: &SerialNumber,
        code: &str,
    ) -> anyhow::Result<Unlocking> {
        Ok(self.stage.fleet.activation_service().escrow_key_unlock(serial, code).await?)
    }

    async fn vendor_status(&mut self, serial: &SerialNumber) -> anyhow::Result<&'static str> {
        let status = self.stage.fleet.activation_service().status(serial);
        Ok(status.map_or("unknown device", |status| status.lock_type.word()))
    }

    async fn counted(&mut self, of: Counter) -> anyhow::Result<u64> {
        let totals = self.stage.house.totals().await?;
        Ok(match of {
            // The device of a case that counts has its fleet to itself.
            Counter::Pushes => self.stage.fleet.progress().pushes,
            Counter::DuplicateAnswers => totals.duplicates,
            Counter::AnswersToAnotherAttempt => totals.stale_attempts,
            Counter::AnswersToUnknownCommands => totals.unknown_commands,
            Counter::Attempts => totals.attempts,
            Counter::RefusedHandshakes => totals.handshakes_failed,
        })
    }
}
