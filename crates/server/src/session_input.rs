//! What a session does with each message of a device.

use muster_control::{DeviceRecord, Lifecycle, Settled};
use muster_protocol::limits::{
    ERROR_ITEMS_MAX, LIST_ITEMS_MAX, TEXT_BYTES_MAX, UNLOCK_TOKEN_BYTES_MAX,
};
use muster_protocol::management::{CommandResult, ToDevice, ToServer, TokenUpdate};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{
    Answer, CloseCode, Command, ErrorItem, Outcome, PushUpdate, QueryResponse, QueryValue,
    Timestamp,
};
use tokio::sync::MutexGuard;
use tracing::{Instrument as _, debug, info_span};

use crate::activation::awaits_service;
use crate::black_box::What;
use crate::crash::CrashPoint;
use crate::session::{End, Session};
use crate::slot::{Presence, SlotState};
use crate::stats::ServerStats;
use crate::watch::{Ignored, Seen};

/// What an answer came to.
struct Taken {
    settled: Settled,
    ignored: Option<Ignored>,
    next: Option<Command>,
    lifecycle: Lifecycle,
}

impl Session {
    pub(crate) async fn handle(&mut self, message: ToServer) -> Result<(), End> {
        let now = self.gateway.clock.now();
        self.note(What::came(&message));
        match message {
            ToServer::Hello(_) if is(Plant::SecondHelloTaken) => Ok(()),
            ToServer::Hello(_) => Err(CloseCode::WrongState.into()),
            ToServer::TokenUpdate(update) => self.escrow(now, update).await,
            ToServer::StatusReport(status) => {
                self.decide(|record| record.report(now, status)).await
            }
            ToServer::PushUpdate(update) => {
                check_push(&update)?;
                self.decide(|record| record.push_update(now, &update)).await
            }
            ToServer::Idle => self.offer(now).await,
            ToServer::CommandResult(result) => {
                self.gateway.registry.crashes.pass(CrashPoint::ResultReceived);
                let attempt = result.attempt.number();
                let span = info_span!("command", command_id = %result.id, attempt);
                self.settle(now, result).instrument(span).await
            }
        }
    }

    /// Keeps secrets and says so once they are durable.
    ///
    /// Source: REQ-SESSION-011 (docs/protocol/session.md).
    async fn escrow(&mut self, now: Timestamp, update: TokenUpdate) -> Result<(), End> {
        check_update(&update)?;
        let sequence = update.sequence;
        self.decide(|record| record.token_update(now, update.clone())).await?;
        self.send(&ToDevice::TokenUpdateAck { sequence }).await
    }

    /// Begins a new run: the device takes commands from now on.
    ///
    /// Source: REQ-QUEUE-002, REQ-QUEUE-003 (docs/protocol/session.md).
    async fn offer(&mut self, now: Timestamp) -> Result<(), End> {
        let (command, busy) = {
            let mut state = self.lock().await?;
            let looks = !is(Plant::FirstIdleOffersNothing)
                || state.presence != Presence::Greeting(self.number);
            let next = self.gateway.registry.decide(&mut state, |record| {
                record.idle(now);
                let busy = record.has_in_flight();
                let readings = self.gateway.registry.readings();
                (looks.then(|| record.next(now, readings)).flatten(), busy)
            });
            let next = next.await?;
            state.presence = match &next {
                // Source: REQ-PUSH-008 (docs/protocol/push.md).
                (None, false) if state.record.push.is_some() => Presence::Parting(self.number),
                _ => Presence::Ready(self.number),
            };
            self.note_errand(&state.record);
            next
        };
        match command {
            Some(command) => self.send(&ToDevice::Command(command)).await,
            // What is in flight is the answer.
            None if busy => Ok(()),
            None => self.send(&ToDevice::Empty).await,
        }
    }

    /// A bypass may have waited for what the device has handed over by now.
    fn note_errand(&self, record: &DeviceRecord) {
        if let Some(errands) = &self.gateway.errands
            && awaits_service(record)
        {
            errands.remind(record.id);
        }
    }

    /// Takes an answer and hands out what comes next, in one decision.
    ///
    /// Source: REQ-QUEUE-005, and "Leaving" for an answer that ends the enrolment
    /// (docs/protocol/session.md).
    async fn settle(&mut self, now: Timestamp, result: CommandResult) -> Result<(), End> {
        check_outcome(&result.outcome)?;
        let Taken { settled, ignored, next, lifecycle } = self.decide_settle(now, &result).await?;
        debug!(?settled, "answer taken");
        self.count(settled);
        if let Some(why) = ignored {
            let seen = || Seen::AnswerIgnored { command: result.id, why };
            self.gateway.registry.watch.saw(seen);
        }
        if let Some(unchanged) = What::settled(settled) {
            self.note(unchanged);
        }
        match lifecycle {
            // The device is about to leave by itself; it has nothing more to ask here.
            Lifecycle::Unenrolled { .. } => Err(CloseCode::Done.into()),
            Lifecycle::Enrolled => match next {
                Some(command) => self.send(&ToDevice::Command(command)).await,
                None => Ok(()),
            },
        }
    }

    async fn decide_settle(&self, now: Timestamp, result: &CommandResult) -> Result<Taken, End> {
        let mut state = self.lock().await?;
        let presence = state.presence;
        let decided = self.gateway.registry.decide(&mut state, |record| {
            let settled = record.settle(now, result);
            let ignored = Ignored::of(settled, record, result);
            let next = presence.take_next(record, now, self.gateway.registry.readings());
            Taken { settled, ignored, next, lifecycle: record.lifecycle }
        });
        Ok(decided.await?)
    }

    async fn decide(&self, decide: impl Fn(&mut DeviceRecord)) -> Result<(), End> {
        let mut state = self.lock().await?;
        Ok(self.gateway.registry.decide(&mut state, decide).await?)
    }

    async fn lock(&self) -> Result<MutexGuard<'_, SlotState>, End> {
        self.slot.lock_for(self.number).await.ok_or(CloseCode::Replaced.into())
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

/// Source: REQ-LIMIT-002, REQ-LIMIT-005 (docs/protocol/limits.md).
fn check_update(update: &TokenUpdate) -> Result<(), End> {
    let token = update.unlock_token.as_ref().map_or(0, |token| token.expose().len());
    let code = update.bypass_code.as_ref().map_or(0, |code| code.expose().len());
    within(token, UNLOCK_TOKEN_BYTES_MAX)?;
    within(code, TEXT_BYTES_MAX)
}

/// Source: REQ-LIMIT-002, REQ-LIMIT-005 (docs/protocol/limits.md).
fn check_push(update: &PushUpdate) -> Result<(), End> {
    let Some(target) = &update.target else {
        return Ok(());
    };
    let texts = [&target.topic, &target.token, &target.magic];
    texts.into_iter().try_for_each(|text| within(text.len(), TEXT_BYTES_MAX))
}

/// Source: REQ-LIMIT-002, REQ-LIMIT-005 (docs/protocol/limits.md).
fn check_outcome(outcome: &Outcome) -> Result<(), End> {
    match outcome {
        Outcome::Error(items) | Outcome::NotSupported(items) => check_errors(items),
        Outcome::Acknowledged(answer) => check_answer(answer),
        Outcome::CommandFormatError | Outcome::NotNow => Ok(()),
    }
}

fn check_answer(answer: &Answer) -> Result<(), End> {
    match answer {
        Answer::TemporaryPasscode(passcode) => within(passcode.expose().len(), TEXT_BYTES_MAX),
        Answer::DeviceInformation(responses) => check_responses(responses),
        Answer::ActivationLockBypassCode(code) => {
            within(code.as_ref().map_or(0, |code| code.expose().len()), TEXT_BYTES_MAX)
        }
        Answer::Profiles(texts) | Answer::Certificates(texts) => {
            within(texts.len(), LIST_ITEMS_MAX)?;
            texts.iter().try_for_each(|text| within(text.len(), TEXT_BYTES_MAX))
        }
        Answer::ClearedApplications(applications) => {
            within(applications.len(), LIST_ITEMS_MAX)?;
            applications.iter().try_for_each(|application| {
                within(application.package_name.len(), TEXT_BYTES_MAX)?;
                within(application.status.len(), TEXT_BYTES_MAX)
            })
        }
        Answer::Applications(applications) => {
            within(applications.len(), LIST_ITEMS_MAX)?;
            applications.iter().try_for_each(|application| {
                within(application.identifier.len(), TEXT_BYTES_MAX)?;
                within(application.short_version.len(), TEXT_BYTES_MAX)
            })
        }
        Answer::Settings(results) => {
            within(results.len(), LIST_ITEMS_MAX)?;
            results.iter().try_for_each(|result| {
                within(result.item.len(), TEXT_BYTES_MAX)?;
                check_errors(&result.errors)
            })
        }
        Answer::UnlockToken(token) => within(token.expose().len(), UNLOCK_TOKEN_BYTES_MAX),
        Answer::Done | Answer::Locked(_) | Answer::Status(_) | Answer::Location(_) => Ok(()),
    }
}

fn check_responses(responses: &[QueryResponse]) -> Result<(), End> {
    within(responses.len(), LIST_ITEMS_MAX)?;
    responses.iter().try_for_each(|response| {
        within(response.key.len(), TEXT_BYTES_MAX)?;
        match &response.value {
            QueryValue::Text(text) => within(text.len(), TEXT_BYTES_MAX),
            QueryValue::Flag(_) | QueryValue::MdmOptions { .. } | QueryValue::Percent(_) => Ok(()),
        }
    })
}

fn check_errors(items: &[ErrorItem]) -> Result<(), End> {
    within(items.len(), ERROR_ITEMS_MAX)?;
    items.iter().try_for_each(|item| {
        within(item.domain.len(), TEXT_BYTES_MAX)?;
        within(item.description.len(), TEXT_BYTES_MAX)
    })
}

fn within(length: usize, max: usize) -> Result<(), End> {
    if length <= max || is(Plant::FieldsWithoutLimit) {
        Ok(())
    } else {
        Err(CloseCode::FieldTooLarge.into())
    }
}
