//! What the admin face may ask of this server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_admin::{Backend, BackendError, SubmitError, is_listed};
use muster_control::{Action, ActionKind, DeviceRecord, NewCommand, SubmitRefusal};
use muster_protocol::{Command, CommandId, DeviceId, Timestamp};
use muster_store::CommitError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, info_span, warn};

use crate::activation::Errands;
use crate::clock::Clock;
use crate::registry::{DecideError, Registry};
use crate::slot::Slot;
use crate::stats::ServerStats;

/// How many commands may wait in all. At about half a kilobyte each this is half a gibibyte.
const LIVE_COMMANDS_MAX: i64 = 1_000_000;

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
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Backend for ServerBackend {
    async fn devices(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<DeviceRecord>, BackendError> {
        let mut found = Vec::new();
        let mut last = after;
        while found.len() < limit {
            let page = self.registry.page(last, limit - found.len());
            if page.is_empty() {
                break;
            }
            for slot in page {
                let state = slot.state.lock().await;
                last = Some(state.record.id);
                if is_listed(&state.record) {
                    found.push(state.record.clone());
                }
            }
        }
        Ok(found)
    }

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

    async fn submit(&self, device: DeviceId, action: Action) -> Result<CommandId, SubmitError> {
        if self.stop.is_cancelled() {
            return Err(SubmitError::ShuttingDown);
        }
        let stats = &self.registry.stats;
        if stats.live_commands.load(Ordering::Relaxed) >= LIVE_COMMANDS_MAX {
            return Err(SubmitError::QueueFull { retry_after: RETRY_AFTER_FULL });
        }
        let slot = self.registry.slot(device).ok_or(SubmitError::UnknownDevice)?;
        let id = self.registry.new_command_id();
        let id = id.map_err(|cause| SubmitError::Unavailable(Box::new(cause)))?;
        // In a task of its own: a caller who goes away must not leave a command in the store that
        // nobody hands over.
        let span = info_span!("command", device_id = %device, command_id = %id);
        let accepting = self.clone().accept(slot, id, action).instrument(span);
        let accepted = self.tasks.spawn(accepting).await;
        accepted.map_err(|died| SubmitError::Unavailable(Box::new(died)))??;
        Ok(id)
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
    /// Accepts a command and, if its device is here and free, hands it over at once: one write
    /// for both.
    ///
    /// Source: REQ-QUEUE-001, REQ-QUEUE-006 (docs/protocol/session.md).
    async fn accept(
        self,
        slot: Arc<Slot>,
        id: CommandId,
        action: Action,
    ) -> Result<(), SubmitError> {
        let now = self.clock.now();
        let mut state = slot.state.lock().await;
        let presence = state.presence;
        let decided = self.registry.decide(&mut state, |record| {
            let lifetime = self.command_lifetime;
            let command = NewCommand { id, action: action.clone(), lifetime };
            record.submit(now, command, self.registry.readings())?;
            let next = presence.take_next(record, now, self.registry.readings());
            Ok::<Option<Command>, SubmitRefusal>(next)
        });
        let decided = decided.await.map_err(unavailable)?;
        if let Some(command) = decided.map_err(refused)? {
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
