//! The hook of a server of this process: no HTTP in between.

use std::time::Duration;

use muster_admin::{Backend, Submission, SubmitError};
use muster_conformance::hook::{Answer, Cancel, Errand, Found, Kept, Refusal, Stand, Tokens, Verb};
use muster_control::{Action, CancelOutcome, CommandState, DeviceRecord, Lifecycle};
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::Presence;
use muster_protocol::{CommandId, DeviceId};
use muster_server::{DeviceSide, Server, TokenKind, TokenRequest, profile_named};

use super::failed;
use crate::conform::house::Abode;

/// How long the tokens of a case hold: longer than its clock is moved.
const TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 60 * 60);

/// Asks the server of the house.
pub(super) async fn answer(abode: &Abode, verb: Verb) -> Answer {
    match abode {
        Abode::Live(live) => match live.running().read().await.as_ref() {
            Some(server) => ask(server, verb).await,
            None => failed("no server runs"),
        },
        Abode::Memory(memory) => match memory.running().read().await.as_ref() {
            Some(server) => ask(server, verb).await,
            None => failed("no server runs"),
        },
        Abode::Elsewhere => failed("the target is not one of this process"),
    }
}

/// A server of this process, whatever it listens on.
trait Near {
    fn records(&self) -> impl Backend;
    async fn token(&self, request: TokenRequest) -> anyhow::Result<EnrolmentToken>;
    async fn recall(&self, device: DeviceId, command: CommandId) -> anyhow::Result<CancelOutcome>;
}

impl Near for Server {
    fn records(&self) -> impl Backend {
        self.backend()
    }

    async fn token(&self, request: TokenRequest) -> anyhow::Result<EnrolmentToken> {
        Ok(self.issue_token(request).await?)
    }

    async fn recall(&self, device: DeviceId, command: CommandId) -> anyhow::Result<CancelOutcome> {
        Ok(Self::recall(self, device, command).await?)
    }
}

impl Near for DeviceSide {
    fn records(&self) -> impl Backend {
        self.backend()
    }

    async fn token(&self, request: TokenRequest) -> anyhow::Result<EnrolmentToken> {
        Ok(self.issue_token(request).await?)
    }

    async fn recall(&self, device: DeviceId, command: CommandId) -> anyhow::Result<CancelOutcome> {
        Ok(Self::recall(self, device, command).await?)
    }
}

async fn ask(server: &impl Near, verb: Verb) -> Answer {
    match verb {
        Verb::Enqueue { device, action } => enqueue(&server.records(), device, action).await,
        Verb::Cancel { device, command } => match server.recall(device, command).await {
            Ok(outcome) => Answer::Cancelled { cancel: cancel(outcome) },
            Err(error) => failed(error),
        },
        Verb::Reset => tokens(server).await.map_or_else(failed, Answer::Tokens),
        Verb::Inspect { device } => inspect(&server.records(), device).await,
    }
}

async fn enqueue(records: &impl Backend, device: DeviceId, errand: Errand) -> Answer {
    let id = match records.new_command_id() {
        Ok(id) => id,
        Err(error) => return failed(error),
    };
    match records.submit(device, Submission::new(id, action(errand))).await {
        Ok(()) => Answer::Accepted { command: id },
        Err(error) => match error {
            SubmitError::UnknownDevice => refused(Refusal::UnknownDevice),
            SubmitError::NotEnrolled => refused(Refusal::NotEnrolled),
            SubmitError::Capability(_) => refused(Refusal::NotAvailable),
            SubmitError::QueueFull { .. } => refused(Refusal::QueueFull),
            SubmitError::ShuttingDown | SubmitError::Unavailable(_) => failed(error),
        },
    }
}

async fn tokens(server: &impl Near) -> anyhow::Result<Tokens> {
    let profile = profile_named("default").ok_or_else(|| anyhow::anyhow!("no default profile"))?;
    let wanted = |kind, lifetime| TokenRequest { profile: profile.clone(), kind, lifetime };
    let reusable = server.token(wanted(TokenKind::Reusable, TOKEN_LIFETIME)).await?;
    let one_time = server.token(wanted(TokenKind::OneTime, TOKEN_LIFETIME)).await?;
    let expired = server.token(wanted(TokenKind::Reusable, Duration::ZERO)).await?;
    Ok(Tokens {
        reusable: reusable.expose().clone(),
        one_time: Some(one_time.expose().clone()),
        expired: Some(expired.expose().clone()),
    })
}

async fn inspect(records: &impl Backend, device: DeviceId) -> Answer {
    match records.device(device).await {
        Ok(Some(record)) => {
            let connected = records.connected(device);
            Answer::Found(Found { connected, ..found(&record) })
        }
        Ok(None) => Answer::Found(Found::default()),
        Err(error) => failed(error),
    }
}

fn found(record: &DeviceRecord) -> Found {
    Found {
        enrolled: record.lifecycle == Lifecycle::Enrolled,
        connected: false,
        passcode_set: record.status.map(|status| status.passcode == Presence::Set),
        holds_unlock_token: Some(record.escrow.unlock_token.is_some()),
        holds_bypass_code: Some(record.escrow.bypass_code.is_some()),
        can_be_woken: Some(record.push.is_some()),
        commands: record
            .commands()
            .map(|row| Kept { command: row.id, state: stand(&row.state), attempt: row.attempt })
            .collect(),
    }
}

const fn refused(refusal: Refusal) -> Answer {
    Answer::Refused { refusal }
}

const fn action(errand: Errand) -> Action {
    match errand {
        Errand::SyncDevice => Action::SyncDevice,
        Errand::RemoteLock => Action::RemoteLock,
        Errand::ResetPasscode => Action::ResetPasscode,
        Errand::Wipe => Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false },
        Errand::Retire => Action::Retire,
        Errand::BypassActivationLock => Action::BypassActivationLock,
    }
}

const fn cancel(outcome: CancelOutcome) -> Cancel {
    match outcome {
        CancelOutcome::BeforeDelivery => Cancel::BeforeDelivery,
        CancelOutcome::TooLate => Cancel::TooLate,
        CancelOutcome::Raced => Cancel::Raced,
        CancelOutcome::Unknown => Cancel::Unknown,
    }
}

const fn stand(state: &CommandState) -> Stand {
    match state {
        CommandState::Queued | CommandState::AtService => Stand::Waiting,
        CommandState::InFlight => Stand::InFlight,
        CommandState::NotNow => Stand::NotNow,
        CommandState::Done { .. } => Stand::Done,
        CommandState::Failed { .. } => Stand::Failed,
        CommandState::NotSupported { .. } => Stand::NotSupported,
        CommandState::Canceled { .. } => Stand::Cancelled,
    }
}
