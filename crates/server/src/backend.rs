//! What the admin face may ask of this server.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_admin::{
    Backend, BackendError, Document, DocumentKind, DocumentPage, Submission, SubmitError, Vitals,
    is_listed,
};
use muster_control::{ActionKind, DeviceRecord, NewCommand, PrimaryUser, Readings, SubmitRefusal};
use muster_protocol::{Command, CommandId, DeviceId, Timestamp};
use muster_store::{CommitError, DocumentWrite, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, info_span, warn};

use crate::activation::Errands;
use crate::clock::Clock;
use crate::registry::{DecideError, Registry};
use crate::slot::Slot;
use crate::stats::ServerStats;
use crate::watch::Seen;

/// How many commands may wait in all. At about half a kilobyte each this is half a gibibyte.
const LIVE_COMMANDS_MAX: i64 = 1_000_000;

/// How many commands are accepted at once; others wait their turn. Without a limit a server that is
/// asked for more than it can do spends its time on accepting, and hardly any command comes to an
/// end; with it, as many are accepted as end.
pub(crate) const ACCEPTED_AT_ONCE: usize = 128;

/// How many devices are looked at before others may look up theirs.
const SCAN_PAGE: usize = 1_000;

/// When to come back after a full queue.
const RETRY_AFTER_FULL: Duration = Duration::from_secs(10);

/// The server, as the admin face sees it.
#[derive(Clone, Debug)]
pub(crate) struct ServerBackend {
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Clock,
    pub(crate) command_lifetime: Duration,
    /// Where calls to the activation service are left, if there is one.
    pub(crate) errands: Option<Arc<Errands>>,
    /// Room for commands that are being accepted: [`ACCEPTED_AT_ONCE`].
    pub(crate) accepting: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Backend for ServerBackend {
    async fn device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, BackendError> {
        match self.registry.slot(device) {
            Some(slot) => Ok(Some(slot.state.lock().await.record.clone())),
            None => Ok(None),
        }
    }

    async fn enrolled(&self) -> Result<u64, BackendError> {
        Ok(self.registry.enrolled())
    }

    fn connected(&self, device: DeviceId) -> bool {
        self.registry.slot(device).is_some_and(|slot| slot.is_held())
    }

    async fn scan(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> Result<(), BackendError> {
        let mut last = after;
        loop {
            let page = self.registry.page(last, SCAN_PAGE);
            let Some((end, _slot)) = page.last() else {
                return Ok(());
            };
            last = Some(*end);
            for (_id, slot) in page {
                let state = slot.state.lock().await;
                if is_listed(&state.record) && visit(&state.record).is_break() {
                    return Ok(());
                }
            }
        }
    }

    fn new_command_id(&self) -> Result<CommandId, BackendError> {
        self.registry.new_command_id().map_err(|cause| BackendError(Box::new(cause)))
    }

    async fn give(
        &self,
        device: DeviceId,
        user: PrimaryUser,
        kept: Vec<Document>,
    ) -> Result<(), BackendError> {
        // In a task of its own, as below.
        let given = self.tasks.spawn(self.clone().give_to(device, user, kept)).await;
        given.map_err(|died| BackendError(Box::new(died)))?
    }

    async fn keep(&self, documents: Vec<Document>) -> Result<(), BackendError> {
        // In a task of its own: a caller who goes away must not leave a policy in the store that
        // nobody puts into effect.
        let keeping = self.clone().keep_all(documents);
        let kept = self.tasks.spawn(keeping).await;
        kept.map_err(|died| BackendError(Box::new(died)))?
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        page: DocumentPage,
        limit: usize,
    ) -> Result<Vec<Document>, BackendError> {
        let page = match page {
            DocumentPage::After(id) => muster_store::DocumentPage::After(id),
            DocumentPage::Before(id) => muster_store::DocumentPage::Before(id),
        };
        let found = self.registry.store().documents(kind.name(), page, limit).await;
        let found = found.map_err(|cause| BackendError(Box::new(cause)))?;
        Ok(found.into_iter().map(|(id, body)| Document { kind, id, body: Some(body) }).collect())
    }

    async fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Document>, BackendError> {
        let found = self.registry.store().document(kind.name(), id).await;
        let found = found.map_err(|cause| BackendError(Box::new(cause)))?;
        Ok(found.map(|body| Document { kind, id: id.to_owned(), body: Some(body) }))
    }

    async fn submit(&self, device: DeviceId, submission: Submission) -> Result<(), SubmitError> {
        if self.stop.is_cancelled() {
            return Err(SubmitError::ShuttingDown);
        }
        let stats = &self.registry.stats;
        if stats.live_commands.load(Ordering::Relaxed) >= LIVE_COMMANDS_MAX {
            return Err(SubmitError::QueueFull { retry_after: RETRY_AFTER_FULL });
        }
        let slot = self.registry.slot(device).ok_or(SubmitError::UnknownDevice)?;
        let room = self.room().await?;
        // In a task of its own: a caller who goes away must not leave a command in the store that
        // nobody hands over.
        let span = info_span!("command", device_id = %device, command_id = %submission.id);
        let accepting = self.clone().accept(slot, submission).instrument(span);
        let accepted = self.tasks.spawn(async move {
            let _until_accepted = room;
            accepting.await
        });
        let accepted = accepted.await;
        accepted.map_err(|died| SubmitError::Unavailable(Box::new(died)))?
    }

    async fn vitals(&self) -> Result<Vitals, BackendError> {
        let counts = self.registry.store().counts().await;
        let counts = counts.map_err(|cause| BackendError(Box::new(cause)))?;
        Ok(Vitals {
            devices: counts.devices,
            enrolled: counts.enrolled,
            connected: self.registry.connected(),
            waiting: counts.accepted - counts.terminal,
            accepted: counts.accepted,
            ended: counts.terminal,
        })
    }

    fn readings(&self) -> Readings {
        *self.registry.readings()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn wall(&self, at: Timestamp) -> jiff::Timestamp {
        let micros = i64::try_from(self.clock.unix_us(at)).unwrap_or(i64::MAX);
        jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl ServerBackend {
    /// Room for one more to be accepted. Who has to wait for it is taken in the order of coming.
    async fn room(&self) -> Result<OwnedSemaphorePermit, SubmitError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(SubmitError::ShuttingDown),
            room = self.accepting.clone().acquire_owned() => {
                room.map_err(|_closed| SubmitError::ShuttingDown)
            }
        }
    }

    /// Accepts a command and, if its device is here and free, hands it over at once: one write
    /// for both.
    ///
    /// Source: REQ-QUEUE-001, REQ-QUEUE-006 (docs/protocol/session.md).
    async fn accept(self, slot: Arc<Slot>, submission: Submission) -> Result<(), SubmitError> {
        let Submission { id, action, kept } = submission;
        let now = self.clock.now();
        let mut state = slot.state.lock().await;
        if state.record.knows(id) {
            return Ok(());
        }
        let presence = state.presence;
        let decide = |record: &mut DeviceRecord| {
            let lifetime = self.command_lifetime;
            let command = NewCommand { id, action: action.clone(), lifetime };
            record.submit(now, command, self.registry.readings())?;
            let next = presence.take_next(record, now, self.registry.readings());
            Ok::<Option<Command>, SubmitRefusal>(next)
        };
        // A refused command leaves no trace.
        let along = |decided: &Result<_, _>| match decided {
            Ok(_) => kept.iter().cloned().map(written).collect(),
            Err(_) => Vec::new(),
        };
        let decided = self.registry.decide_along(&mut state, decide, along);
        let decided = decided.await.map_err(unavailable)?;
        let next = decided.map_err(refused)?;
        self.registry.watch.saw(|| Seen::Accepted { command: id });
        if let Some(command) = next {
            slot.deliver(command);
        }
        if let (Some(errands), ActionKind::BypassActivationLock) = (&self.errands, action.kind()) {
            errands.add(state.record.id);
        }
        debug!(action = action.kind().graph_name(), "command accepted");
        ServerStats::count(&self.registry.stats.accepted);
        Ok(())
    }
}

impl ServerBackend {
    /// Gives a device to somebody, and has all devices looked at: other policies may be for it now.
    async fn give_to(
        self,
        device: DeviceId,
        user: PrimaryUser,
        kept: Vec<Document>,
    ) -> Result<(), BackendError> {
        let slot = self.registry.slot(device);
        let slot = slot.ok_or_else(|| BackendError("no device has this id".into()))?;
        let mut state = slot.state.lock().await;
        let give = |record: &mut DeviceRecord| record.set_user(user);
        let along = |(): &()| kept.iter().cloned().map(written).collect();
        let given = self.registry.decide_along(&mut state, give, along).await;
        given.map_err(|cause| BackendError(Box::new(cause)))?;
        self.registry.policies.look_again();
        Ok(())
    }

    async fn keep_all(self, documents: Vec<Document>) -> Result<(), BackendError> {
        let written = documents.iter().cloned().map(written).collect();
        let transaction = Transaction { documents: written, ..Transaction::default() };
        let kept = self.registry.store().commit(transaction).await;
        kept.map_err(|cause| BackendError(Box::new(cause)))?;
        self.registry.policies.note(&documents);
        Ok(())
    }
}

fn written(document: Document) -> DocumentWrite {
    let Document { kind, id, body } = document;
    DocumentWrite { kind: kind.name(), id, body }
}

fn refused(refusal: SubmitRefusal) -> SubmitError {
    match refusal {
        SubmitRefusal::NotEnrolled => SubmitError::NotEnrolled,
        SubmitRefusal::Capability(refusal) => SubmitError::Capability(refusal),
        SubmitRefusal::QueueFull => SubmitError::QueueFull { retry_after: RETRY_AFTER_FULL },
    }
}

fn unavailable(error: DecideError) -> SubmitError {
    if let DecideError::Store { source: CommitError::Full, .. } = error {
        return SubmitError::QueueFull { retry_after: RETRY_AFTER_FULL };
    }
    warn!(error = &error as &dyn std::error::Error, "command not accepted");
    SubmitError::Unavailable(Box::new(error))
}
