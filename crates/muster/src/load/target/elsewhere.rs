//! A server that runs already, of which a run sees what devices and administrators see.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use muster_admin::action_name;
use muster_control::Action;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CommandId, DeviceId};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::address::Address;
use super::graph::Graph;
use super::{Door, Gate, Known, Question, Submitting};
use crate::client::{ActionResult, AdminClient};
use crate::load::action::action;

/// How often a server that cannot be reached is tried again.
const KNOCK_EVERY: Duration = Duration::from_millis(200);

/// How long the questions at the end of a run may take, all together.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

/// How many bytes of an id tell the time.
const MS_BYTES: usize = 6;

/// A server elsewhere.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    address: Address,
    client: AdminClient,
    /// Open for as long as the run lasts: whoever comes while the server is away knocks again.
    gate: watch::Sender<Option<Arc<dyn Door>>>,
}

impl Elsewhere {
    /// Finds the server.
    ///
    /// # Errors
    /// If its API does not answer as one.
    pub(crate) async fn find(address: Address) -> anyhow::Result<Self> {
        let client =
            AdminClient::with(&address.ca_pem, address.admin_token.clone(), &address.admin)?;
        let nobody = DeviceId::from_bytes([0; 16]).to_string();
        client.known(&nobody).await.with_context(|| format!("{} is of no use", address.admin))?;
        let door: Arc<dyn Door> = Arc::new(Patient(client.clone()));
        Ok(Self { address, client, gate: watch::Sender::new(Some(door)) })
    }

    /// Where its devices find it.
    pub(crate) const fn quic(&self) -> SocketAddr {
        self.address.quic
    }

    pub(super) fn ca_pem(&self) -> &[u8] {
        &self.address.ca_pem
    }

    pub(super) const fn token(&self) -> &EnrolmentToken {
        &self.address.token
    }

    /// Where it finds the push services of woken devices.
    pub(crate) fn push_folder(&self) -> Option<&std::path::Path> {
        self.address.push_folder.as_deref()
    }

    /// Its page of metrics, if it is known.
    pub(crate) const fn metrics(&self) -> Option<&reqwest::Url> {
        self.address.metrics()
    }

    pub(super) fn gate(&self) -> Gate {
        self.gate.subscribe()
    }

    /// Its Graph API.
    pub(crate) fn client(&self) -> AdminClient {
        self.client.clone()
    }

    /// What the API shows of commands whose end nobody has seen. Once it does not answer, or a minute
    /// has passed, it is asked no more: what the run has seen is told all the same.
    pub(super) async fn knows(&self, questions: &[Question]) -> Vec<Known> {
        let until = Instant::now() + TOLD_WITHIN;
        let mut known = Vec::with_capacity(questions.len());
        for question in questions {
            let device = question.device.to_string();
            let shown = timeout_at(until, self.client.known(&device)).await;
            let Ok(Ok(shown)) = shown else { break };
            let shown = shown.map(|device| device.device_action_results);
            known.push(fate(question, shown.as_deref()));
        }
        known.resize(questions.len(), Known::Untold);
        known
    }
}

/// What became of a command, from what is shown of its device: of each kind the latest.
fn fate(question: &Question, shown: Option<&[ActionResult]>) -> Known {
    // What was asked of a device goes when the device does.
    let Some(shown) = shown else { return Known::Over };
    let Some(result) = latest(shown, question.command, question.action) else {
        return Known::Nothing;
    };
    match id_of(result) {
        Some(id) if id == question.command && result.is_over() => Known::Over,
        Some(id) if id == question.command => Known::Live,
        Some(other) if began(other) < began(question.command) => Known::Nothing,
        Some(_) | None => Known::Replaced,
    }
}

/// What is shown of a command, or of the latest of its kind.
pub(crate) fn latest(
    shown: &[ActionResult],
    command: CommandId,
    asked: muster_scenario::Action,
) -> Option<&ActionResult> {
    let name = action_name(action(asked).kind());
    let itself = shown.iter().find(|result| id_of(result) == Some(command));
    itself.or_else(|| shown.iter().find(|result| result.action_name == name))
}

/// The millisecond in which a command was taken, with which its id begins.
fn began(command: CommandId) -> [u8; MS_BYTES] {
    let mut ms = [0; MS_BYTES];
    ms.copy_from_slice(&command.as_bytes()[..MS_BYTES]);
    ms
}

/// The command of which this is the result.
pub(crate) fn id_of(result: &ActionResult) -> Option<CommandId> {
    result.command_id.as_ref()?.parse().ok()
}

/// Over HTTPS, and again if nobody is there.
#[derive(Debug)]
struct Patient(AdminClient);

impl Door for Patient {
    fn submit(&self, device: DeviceId, _command: CommandId, action: Action) -> Submitting {
        let admin = self.0.clone();
        Box::pin(async move {
            loop {
                let answered = Graph::ask(&admin, device, &action).await;
                match answered {
                    Err(error) if Graph::is_unsent(&error) => sleep(KNOCK_EVERY).await,
                    answered => return Graph::taken(answered),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use muster_transport::RunCa;
    use serde_json::json;

    use super::*;

    fn id(first: u8) -> CommandId {
        CommandId::from_bytes([first; 16])
    }

    fn fate_of(command: CommandId, shown: Option<(CommandId, &str)>) -> Known {
        let result = |(id, state): (CommandId, &str)| {
            let result = json!({
                "actionName": "syncDevice", "actionState": state, "startDateTime": "",
                "lastUpdatedDateTime": "", "x-muster-command-id": id.to_string(),
            });
            serde_json::from_value(result).unwrap()
        };
        let shown: Vec<ActionResult> = shown.into_iter().map(result).collect();
        let device = DeviceId::from_bytes([9; 16]);
        fate(&Question { device, command, action: muster_scenario::Action::Sync }, Some(&shown))
    }

    /// A server that has gone: nobody listens where it was.
    fn gone() -> Elsewhere {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = Address {
            quic: place,
            ca_pem: RunCa::ephemeral().unwrap().certificate_pem().into(),
            token: EnrolmentToken::new("for-nobody".to_owned()),
            admin: format!("https://{place}"),
            admin_token: "for-nobody".to_owned(),
            push_folder: None,
            metrics: None,
        };
        let client = AdminClient::with(&address.ca_pem, String::new(), &address.admin).unwrap();
        Elsewhere { address, client, gate: watch::Sender::new(None) }
    }

    #[tokio::test]
    async fn a_server_that_is_gone_at_the_end_leaves_questions_open_and_nothing_broken() {
        let device = DeviceId::from_bytes([9; 16]);
        let ask = |command| Question { device, command, action: muster_scenario::Action::Sync };
        let known = gone().knows(&[ask(id(5)), ask(id(6))]).await;
        assert_eq!(known, [Known::Untold, Known::Untold]);
    }

    #[test]
    fn a_command_of_which_nothing_is_shown_is_lost() {
        assert_eq!(fate_of(id(5), None), Known::Nothing);
        assert_eq!(fate_of(id(5), Some((id(4), "done"))), Known::Nothing);
    }

    #[test]
    fn a_command_is_known_by_what_is_shown_of_it() {
        assert_eq!(fate_of(id(5), Some((id(5), "done"))), Known::Over);
        assert_eq!(fate_of(id(5), Some((id(5), "pending"))), Known::Live);
    }

    #[test]
    fn of_a_command_that_made_way_for_a_later_one_nobody_can_tell() {
        assert_eq!(fate_of(id(5), Some((id(6), "done"))), Known::Replaced);
        let mut same_moment = [5; 16];
        same_moment[15] = 4;
        let other = CommandId::from_bytes(same_moment);
        assert_eq!(fate_of(id(5), Some((other, "done"))), Known::Replaced);
    }
}
