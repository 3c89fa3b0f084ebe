//! The hook of a muster server with a data folder: its admin API, as any administrator has it.

use std::time::Duration;

use muster_conformance::hook::{Answer, Errand, Found, Kept, Refusal, Stand, Tokens, Verb};
use muster_protocol::{Attempt, DeviceId};
use muster_server::{DataDir, TokenKind, TokenRequest, issue_folder_token, profile_named};

use super::failed;
use crate::client::{ActionResult, AdminClient, Asked};
use crate::exit::{Exit, ExitWith};

/// How long the tokens of a case hold.
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The admin API of a server and its data folder.
pub(crate) struct AdminHook {
    client: AdminClient,
    data: DataDir,
}

impl AdminHook {
    pub(crate) const fn new(client: AdminClient, data: DataDir) -> Self {
        Self { client, data }
    }

    pub(super) async fn answer(&self, verb: Verb) -> Answer {
        match verb {
            Verb::Enqueue { device, action } => self.enqueue(device, action).await,
            // The admin API takes nothing back.
            Verb::Cancel { .. } => Answer::Unsupported,
            Verb::Reset => match self.tokens().await {
                Ok(tokens) => Answer::Tokens(tokens),
                Err(error) => failed(format_args!("{error:#}")),
            },
            Verb::Inspect { device } => self.inspect(device).await,
        }
    }

    async fn enqueue(&self, device: DeviceId, errand: Errand) -> Answer {
        match self.client.act(&device.to_string(), errand.name()).await {
            Ok(Asked::Accepted { command }) => match command.parse() {
                Ok(command) => Answer::Accepted { command },
                Err(error) => failed(error),
            },
            Ok(Asked::Refused { status, reason }) => match status {
                404 => Answer::Refused { refusal: Refusal::UnknownDevice },
                429 => Answer::Refused { refusal: Refusal::QueueFull },
                400 | 403 => Answer::Refused { refusal: Refusal::NotAvailable },
                _ => failed(reason),
            },
            Err(error) => failed(format_args!("{error:#}")),
        }
    }

    async fn tokens(&self) -> anyhow::Result<Tokens> {
        let profile = profile_named("default").ok_or_else(no_profile)?;
        let wanted = |kind, lifetime| TokenRequest { profile: profile.clone(), kind, lifetime };
        let make = |request| issue_folder_token(&self.data, request);
        let reusable = make(wanted(TokenKind::Reusable, TOKEN_LIFETIME)).await?;
        let one_time = make(wanted(TokenKind::OneTime, TOKEN_LIFETIME)).await?;
        let expired = make(wanted(TokenKind::Reusable, Duration::ZERO)).await?;
        Ok(Tokens {
            reusable: reusable.expose().clone(),
            one_time: Some(one_time.expose().clone()),
            expired: Some(expired.expose().clone()),
        })
    }

    /// The API shows enrolled devices only, and of each kind of action the latest.
    async fn inspect(&self, device: DeviceId) -> Answer {
        match self.client.device(&device.to_string()).await {
            Ok(shown) => Answer::Found(Found {
                enrolled: shown.rest.get("deviceRegistrationState") == Some(&"registered".into()),
                connected: shown.is_connected(),
                commands: shown.device_action_results.iter().filter_map(kept).collect(),
                ..Found::default()
            }),
            Err(error) if is_unreachable(&error) => failed(format_args!("{error:#}")),
            Err(_not_listed) => Answer::Found(Found::default()),
        }
    }
}

fn kept(result: &ActionResult) -> Option<Kept> {
    let command = result.command_id.as_ref()?.parse().ok()?;
    let state = match result.action_state.as_str() {
        "active" => Stand::InFlight,
        "done" => Stand::Done,
        "failed" => Stand::Failed,
        "notSupported" => Stand::NotSupported,
        "canceled" => Stand::Cancelled,
        _ => Stand::Waiting,
    };
    Some(Kept { command, state, attempt: Attempt::default() })
}

fn is_unreachable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ExitWith>().is_some_and(|with| with.exit == Exit::Unreachable)
}

fn no_profile() -> anyhow::Error {
    anyhow::anyhow!("there is no enrolment profile of the name default")
}
