//! Devices that do not behave, so that it can be shown what their server makes of it.

use muster_protocol::CommandId;
use muster_protocol::management::{CommandResult, ToServer};

use super::DeviceTask;
use crate::link::Link;

/// What a device does wrong with the next answer it gives. Once, then it behaves again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Gives it twice.
    AnswerTwice,
    /// Gives it for an attempt that has not been, and none for the one that is.
    AnswerAnotherAttempt,
    /// Answers a command nobody asked for first.
    AnswerAnUnknownCommand,
    /// Loses the connection when the command has been executed, before the answer is out.
    LoseTheConnection,
    /// Executes and keeps the answer to itself; the connection stays.
    SayNothing,
}

/// The id of a command no server has made.
const UNKNOWN_COMMAND: CommandId = CommandId::from_bytes([0xfe; 16]);

impl DeviceTask {
    /// Has the next answer go wrong.
    pub(super) fn misbehave(&mut self, how: Misbehaviour) {
        self.mischief = Some(how);
    }

    /// Sends a message, or what a device makes of it that does not behave.
    pub(super) async fn send(&mut self, message: ToServer) {
        match message {
            ToServer::CommandResult(answer)
                if self.mischief.is_some() || self.trouble.is_some() =>
            {
                // Boxed: what few devices do wrong, all would otherwise reserve room for.
                Box::pin(self.answer_in_trouble(answer)).await;
            }
            behaved @ (ToServer::CommandResult(_)
            | ToServer::Hello(_)
            | ToServer::TokenUpdate(_)
            | ToServer::StatusReport(_)
            | ToServer::Idle
            | ToServer::PushUpdate(_)) => self.send_as_is(&behaved).await,
        }
    }

    pub(super) async fn answer_wrongly(&mut self, how: Misbehaviour, answer: CommandResult) {
        let right = ToServer::CommandResult(answer.clone());
        match how {
            Misbehaviour::AnswerTwice => {
                self.send_as_is(&right).await;
                self.send_as_is(&right).await;
            }
            Misbehaviour::AnswerAnotherAttempt => {
                let attempt = answer.attempt.next();
                let wrong = CommandResult { attempt, ..answer };
                self.send_as_is(&ToServer::CommandResult(wrong)).await;
            }
            Misbehaviour::AnswerAnUnknownCommand => {
                let stray = CommandResult { id: UNKNOWN_COMMAND, ..answer };
                self.send_as_is(&ToServer::CommandResult(stray)).await;
                self.send_as_is(&right).await;
            }
            // The session notices its end by itself, as it would any other.
            Misbehaviour::LoseTheConnection => {
                if let Link::Up(session) = &self.link {
                    session.close();
                }
            }
            Misbehaviour::SayNothing => {}
        }
    }
}
