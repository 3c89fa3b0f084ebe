//! The way in for commands.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use muster_admin::{Backend, Submission, SubmitError};
use muster_control::Action;
use muster_protocol::{CommandId, DeviceId};
use muster_report::ErrorCode;
use tokio::sync::watch;

/// A request on its way.
pub(crate) type Submitting = Pin<Box<dyn Future<Output = Taken> + Send>>;

/// What came of a request: the id the server gave the command, if it gave it another.
pub(crate) type Taken = Result<Option<CommandId>, Turned>;

/// Where commands are handed in while a server is there.
pub(crate) trait Door: fmt::Debug + Send + Sync {
    /// Asks for something; returns once the command is durable.
    fn submit(&self, device: DeviceId, command: CommandId, action: Action) -> Submitting;
}

/// The door of the present server; `None` while there is none.
pub(crate) type Gate = watch::Receiver<Option<Arc<dyn Door>>>;

/// Why a command was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// The server says no.
    Down { code: ErrorCode, reason: String },
    /// The server did not answer. It may have taken the command, under an id that only it knows.
    Unanswered { reason: String },
    /// The server is going, or has gone: the next one may take it.
    Away,
}

/// Why a command was refused for good, in a word and in a sentence.
pub(crate) type Refusal = (ErrorCode, String);

/// Hands a command in, at the next server if the present one goes before it has answered.
///
/// A server that comes back knows the command by its id, if the last one has taken it: it is not
/// taken twice. Where the server makes the ids, only what was certainly not taken is handed in again.
pub(crate) async fn hand_in(
    mut gate: Gate,
    device: DeviceId,
    command: CommandId,
    action: Action,
) -> Result<Option<CommandId>, Refusal> {
    loop {
        let door = gate.borrow_and_update().clone();
        let turned = match door {
            Some(door) => door.submit(device, command, action.clone()).await,
            None => Err(Turned::Away),
        };
        match turned {
            Err(Turned::Away) => {}
            // What a server that is being killed says last means nothing.
            Err(Turned::Down { .. }) if gate.has_changed().unwrap_or(false) => {}
            Err(Turned::Down { code, reason }) => return Err((code, reason)),
            Err(Turned::Unanswered { reason }) => return Err((ErrorCode::ServerFailed, reason)),
            Ok(known_as) => return Ok(known_as),
        }
        if gate.changed().await.is_err() {
            let reason = "the run ended before a server was there".to_owned();
            return Err((ErrorCode::ServerFailed, reason));
        }
    }
}

/// Straight into the server, without HTTPS.
pub(super) struct Direct<B>(pub(super) B);

impl<B> fmt::Debug for Direct<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl<B: Backend + Clone + Send + Sync + 'static> Door for Direct<B> {
    fn submit(&self, device: DeviceId, command: CommandId, action: Action) -> Submitting {
        let backend = self.0.clone();
        Box::pin(async move {
            let submitted = backend.submit(device, Submission::new(command, action)).await;
            submitted.map(|()| None).map_err(|error| turned(&error))
        })
    }
}

fn turned(error: &SubmitError) -> Turned {
    let code = match error {
        SubmitError::ShuttingDown => return Turned::Away,
        SubmitError::UnknownDevice | SubmitError::NotEnrolled => ErrorCode::UnknownDevice,
        SubmitError::Capability(_) => ErrorCode::NotCapable,
        SubmitError::QueueFull { .. } => ErrorCode::ServerBusy,
        SubmitError::Unavailable(_) => ErrorCode::ServerFailed,
    };
    Turned::Down { code, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Says(Taken);

    impl Door for Says {
        fn submit(&self, _device: DeviceId, _command: CommandId, _action: Action) -> Submitting {
            let answer = self.0.clone();
            Box::pin(async move { answer })
        }
    }

    fn says(answer: Taken) -> Option<Arc<dyn Door>> {
        Some(Arc::new(Says(answer)))
    }

    async fn ask(gate: Gate) -> Result<Option<CommandId>, Refusal> {
        let (device, command) = (DeviceId::from_bytes([1; 16]), CommandId::from_bytes([2; 16]));
        hand_in(gate, device, command, Action::RemoteLock).await
    }

    #[tokio::test]
    async fn a_command_waits_for_the_next_server() {
        let (opened, gate) = watch::channel(None);
        let asked = tokio::join!(ask(gate), async {
            opened.send(says(Err(Turned::Away))).unwrap();
            tokio::task::yield_now().await;
            opened.send(says(Ok(None))).unwrap();
        });
        assert_eq!(asked.0, Ok(None));
    }

    #[tokio::test]
    async fn what_a_server_refuses_is_refused() {
        let (code, reason) = (ErrorCode::NotCapable, "no".to_owned());
        let no = Turned::Down { code, reason: reason.clone() };
        let (_opened, gate) = watch::channel(says(Err(no)));
        assert_eq!(ask(gate).await, Err((code, reason)));
    }

    /// Answers once the next server is there.
    #[derive(Debug)]
    struct SaysLate(Taken, watch::Sender<Option<Arc<dyn Door>>>);

    impl Door for SaysLate {
        fn submit(&self, _device: DeviceId, _command: CommandId, _action: Action) -> Submitting {
            self.1.send_replace(says(Ok(None)));
            let answer = self.0.clone();
            Box::pin(async move { answer })
        }
    }

    async fn ask_one_that_goes(last_word: Turned) -> Result<Option<CommandId>, Refusal> {
        let (opened, gate) = watch::channel(None);
        let door: Arc<dyn Door> = Arc::new(SaysLate(Err(last_word), opened.clone()));
        opened.send_replace(Some(door));
        ask(gate).await
    }

    #[tokio::test]
    async fn what_a_server_may_have_taken_is_not_handed_in_twice() {
        let (code, reason) = (ErrorCode::ServerFailed, "it broke off".to_owned());
        let down = Turned::Down { code, reason: reason.clone() };
        assert_eq!(ask_one_that_goes(down).await, Ok(None));
        let unanswered = Turned::Unanswered { reason: reason.clone() };
        assert_eq!(ask_one_that_goes(unanswered).await, Err((code, reason)));
    }

    #[tokio::test]
    async fn the_end_of_a_run_is_the_end_of_waiting() {
        let (opened, gate) = watch::channel(None);
        drop(opened);
        assert!(ask(gate).await.is_err());
    }
}
