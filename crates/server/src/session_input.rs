//! What a session does with each message of a device.

use muster_control::{DeviceRecord, Lifecycle, Settled};
use muster_protocol::limits::{ERROR_ITEMS_MAX, TEXT_BYTES_MAX, UNLOCK_TOKEN_BYTES_MAX};
use muster_protocol::management::{CommandResult, ToDevice, ToServer, TokenUpdate};
use muster_protocol::{Answer, CloseCode, Command, ErrorItem, Outcome, Timestamp};
use tracing::{Instrument as _, debug, info_span};

use crate::session::{End, Session};
use crate::slot::Presence;
use crate::stats::ServerStats;

impl Session {
    pub(crate) async fn handle(&mut self, message: ToServer) -> Result<(), End> {
        let now = self.gateway.clock.now();
        match message {
            ToServer::Hello(_) => Err(CloseCode::WrongState.into()),
            ToServer::TokenUpdate(update) => self.escrow(now, update).await,
            ToServer::StatusReport(status) => {
                self.decide(|record| record.report(now, status)).await
            }
            ToServer::Idle => self.offer(now).await,
            ToServer::CommandResult(result) => {
                let attempt = result.attempt.number();
                let span = info_span!("command", command_id = %result.id, attempt);
                self.settle(now, result).instrument(span).await
            }
        }
    }

    /// Keeps secrets and says so once they are durable.
    async fn escrow(&mut self, now: Timestamp, update: TokenUpdate) -> Result<(), End> {
        check_update(&update)?;
        let sequence = update.sequence;
        self.decide(|record| record.token_update(now, update.clone())).await?;
        self.send(&ToDevice::TokenUpdateAck { sequence }).await
    }

    /// Begins a new run: the device takes commands from now on.
    async fn offer(&mut self, now: Timestamp) -> Result<(), End> {
        let (command, busy) = {
            let mut state = self.slot.state.lock().await;
            if !state.presence.is(self.number) {
                return Err(CloseCode::Replaced.into());
            }
            let registry = &self.gateway.registry;
            let next = registry.decide_locked(&mut state, |record, _presence| {
                record.idle(now);
                let busy = record.has_in_flight();
                (record.next(now), busy)
            });
            let next = next.await?;
            state.presence = Presence::Ready(self.number);
            next
        };
        match command {
            Some(command) => self.send(&ToDevice::Command(command)).await,
            // What is in flight is the answer (REQ-QUEUE-003, docs/protocol/session.md).
            None if busy => Ok(()),
            None => self.send(&ToDevice::Empty).await,
        }
    }

    /// Takes an answer and hands out what comes next, in one decision.
    async fn settle(&mut self, now: Timestamp, result: CommandResult) -> Result<(), End> {
        check_outcome(&result.outcome)?;
        let (settled, next, lifecycle) = self.decide_settle(now, &result).await?;
        debug!(?settled, "answer taken");
        self.count(settled);
        match lifecycle {
            // The device is about to leave by itself; it has nothing more to ask here.
            Lifecycle::Unenrolled { .. } => Err(CloseCode::Done.into()),
            Lifecycle::Enrolled => match next {
                Some(command) => self.send(&ToDevice::Command(command)).await,
                None => Ok(()),
            },
        }
    }

    async fn decide_settle(
        &self,
        now: Timestamp,
        result: &CommandResult,
    ) -> Result<(Settled, Option<Command>, Lifecycle), End> {
        let mut state = self.slot.state.lock().await;
        if !state.presence.is(self.number) {
            return Err(CloseCode::Replaced.into());
        }
        let registry = &self.gateway.registry;
        let decided = registry.decide_locked(&mut state, |record, presence| {
            let settled = record.settle(now, result);
            let next = match presence {
                Presence::Ready(_) => record.next(now),
                Presence::Away | Presence::Greeting(_) => None,
            };
            (settled, next, record.lifecycle)
        });
        Ok(decided.await?)
    }

    async fn decide(&self, decide: impl Fn(&mut DeviceRecord)) -> Result<(), End> {
        Ok(self.gateway.registry.decide(&self.slot, decide).await?)
    }

    fn count(&self, settled: Settled) {
        let stats = &self.gateway.registry.stats;
        match settled {
            Settled::Closed | Settled::Deferred => {}
            Settled::StaleAttempt => ServerStats::count(&stats.stale_attempts),
            Settled::Duplicate => ServerStats::count(&stats.duplicates),
            Settled::Unknown => ServerStats::count(&stats.unknown_commands),
        }
    }
}

/// Source: REQ-LIMIT (docs/protocol/limits.md).
fn check_update(update: &TokenUpdate) -> Result<(), End> {
    let token = update.unlock_token.as_ref().map_or(0, |token| token.expose().len());
    let code = update.bypass_code.as_ref().map_or(0, |code| code.expose().len());
    within(token, UNLOCK_TOKEN_BYTES_MAX)?;
    within(code, TEXT_BYTES_MAX)
}

fn check_outcome(outcome: &Outcome) -> Result<(), End> {
    match outcome {
        Outcome::Error(items) | Outcome::NotSupported(items) => check_errors(items),
        Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)) => {
            within(passcode.expose().len(), TEXT_BYTES_MAX)
        }
        Outcome::Acknowledged(Answer::Done | Answer::Locked(_) | Answer::Status(_))
        | Outcome::CommandFormatError
        | Outcome::NotNow => Ok(()),
    }
}

fn check_errors(items: &[ErrorItem]) -> Result<(), End> {
    within(items.len(), ERROR_ITEMS_MAX)?;
    items.iter().try_for_each(|item| {
        within(item.domain.len(), TEXT_BYTES_MAX)?;
        within(item.description.len(), TEXT_BYTES_MAX)
    })
}

fn within(length: usize, max: usize) -> Result<(), End> {
    if length <= max { Ok(()) } else { Err(CloseCode::FieldTooLarge.into()) }
}
