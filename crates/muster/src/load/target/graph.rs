//! Over HTTPS, through the Graph API, as an administrator's program does.

use muster_control::Action;
use muster_protocol::{CommandId, DeviceId};
use muster_report::ErrorCode;
use serde_json::{Value, json};

use super::door::Turned;
use super::{Door, Submitting, Taken};
use crate::client::{AdminClient, Asked};

/// The admin API of a server.
#[derive(Debug)]
pub(super) struct Graph(pub(super) AdminClient);

impl Graph {
    /// Asks for an action, once.
    pub(super) async fn ask(
        admin: &AdminClient,
        device: DeviceId,
        action: &Action,
    ) -> anyhow::Result<Asked> {
        let (device, name) = (device.to_string(), action.kind().graph_name());
        if *action == Action::Delete {
            return admin.delete(&device).await;
        }
        admin.act_with(&device, name, &body(action)).await
    }

    /// Whether a request could not even be sent: nobody has taken it.
    pub(super) fn is_unsent(error: &anyhow::Error) -> bool {
        error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
    }

    /// What the answer comes to.
    pub(super) fn taken(answered: anyhow::Result<Asked>) -> Taken {
        match answered {
            Ok(Asked::Accepted { command }) => named(&command),
            Ok(Asked::Refused { status, reason }) => Err(refused(status, reason)),
            Err(error) => Err(unanswered(&error)),
        }
    }
}

impl Door for Graph {
    /// The server makes an id of its own and names it in its answer.
    fn submit(&self, device: DeviceId, _command: CommandId, action: Action) -> Submitting {
        let admin = self.0.clone();
        Box::pin(async move { Self::taken(Self::ask(&admin, device, &action).await) })
    }
}

fn named(command: &str) -> Taken {
    command.parse().map(Some).map_err(|_no_id| Turned::Down {
        code: ErrorCode::Schema,
        reason: format!("the server named its command {command:?}"),
    })
}

fn refused(status: u16, reason: String) -> Turned {
    let code = match status {
        404 | 410 => ErrorCode::UnknownDevice,
        401 | 403 => ErrorCode::BadToken,
        429 => ErrorCode::ServerBusy,
        400..500 => ErrorCode::NotCapable,
        _ => ErrorCode::ServerFailed,
    };
    Turned::Down { code, reason: format!("HTTP {status}: {reason}") }
}

/// A request without an answer may have been taken, unless it could not be sent.
fn unanswered(error: &anyhow::Error) -> Turned {
    let reason = format!("{error:#}");
    if Graph::is_unsent(error) {
        Turned::Down { code: ErrorCode::ServerFailed, reason }
    } else {
        Turned::Unanswered { reason }
    }
}

/// What goes with an action.
fn body(action: &Action) -> Value {
    if let Action::EnableLostMode { message, phone_number, footer } = action {
        json!({ "message": message, "phoneNumber": phone_number, "footer": footer })
    } else if let Action::PlayLostModeSound { duration_minutes } = action {
        json!({ "durationInMinutes": duration_minutes.to_string() })
    } else {
        json!({})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_what_the_server_said() {
        let Turned::Down { code, reason } = refused(429, "slow down".to_owned()) else {
            panic!("a refusal is no absence")
        };
        assert_eq!((code, reason.as_str()), (ErrorCode::ServerBusy, "HTTP 429: slow down"));
    }

    #[test]
    fn an_id_that_is_none_is_the_servers_fault() {
        assert!(matches!(named("7"), Err(Turned::Down { code: ErrorCode::Schema, .. })));
    }
}
