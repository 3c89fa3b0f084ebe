//! What the policies of the tenant ask of the devices here, and how a change reaches them all.
//!
//! A device is looked at whenever it says hello. Between, a change of policies goes round all of
//! them: those that are connected hear of it at once, the others with their next welcome, for which
//! those that keep no connection are pushed.

use std::sync::Arc;
use std::time::Duration;

use muster_admin::{AssignedPolicies, Document, Noted};
use muster_control::{DeviceRecord, Lifecycle};
use muster_protocol::Policy;
use muster_store::{DocumentPage, LoadError, Store};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use crate::registry::{DecideError, Registry};
use crate::slot::{Presence, Slot};
use crate::tokens::profile_named;

/// How many devices are changed at once: the store writes those together that come together.
const CHANGES_AT_ONCE: usize = 64;

/// How many devices are looked at between two chances for others to run.
const LOOK_PAGE: usize = 512;

/// How many policies are read from the store at once.
const LOAD_PAGE: usize = 500;

/// When a round is made again that could not change every device.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The policies in effect.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    assigned: AssignedPolicies,
    /// Every device is to be looked at.
    news: Notify,
}

/// Whether a round got through to every device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Complete,
    Incomplete,
}

impl Policies {
    /// Has every device looked at: what is asked of one may have changed.
    pub(crate) fn look_again(&self) {
        self.news.notify_one();
    }

    /// Reads the policies from the store.
    ///
    /// # Errors
    /// [`LoadError`] if they cannot be read.
    pub(crate) async fn load(store: &Store) -> Result<Self, LoadError> {
        let policies = Self::default();
        for kind in AssignedPolicies::KINDS {
            let mut after = None;
            loop {
                let page = DocumentPage::After(after);
                let found = store.documents(kind.name(), page, LOAD_PAGE).await?;
                let Some((last, _body)) = found.last() else { break };
                after = Some(last.clone());
                let document = |(id, body)| Document { kind, id, body: Some(body) };
                let documents: Vec<Document> = found.into_iter().map(document).collect();
                policies.assigned.note(&documents);
            }
        }
        Ok(policies)
    }

    /// Takes note of documents that have become durable.
    pub(crate) fn note(&self, documents: &[Document]) {
        match self.assigned.note(documents) {
            Noted::Changed => self.news.notify_one(),
            Noted::Same => {}
        }
    }

    /// What is asked of a device now. One whose profile nobody knows keeps what it was given.
    pub(crate) fn wanted(&self, record: &DeviceRecord) -> Policy {
        let profile = profile_named(&record.profile_name);
        let profile = profile.map_or(record.policy, |profile| profile.policy);
        self.assigned.effective(record, profile)
    }
}

/// Goes round all devices at the start, because the last server may have been stopped on its
/// round, and whenever policies change.
pub(crate) async fn run(registry: Arc<Registry>, stop: CancellationToken) {
    loop {
        let round = tokio::select! {
            () = stop.cancelled() => return,
            round = go_round(&registry) => round,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = registry.policies.news.notified() => {}
            () = sleep(AGAIN_AFTER), if round == Round::Incomplete => {}
        }
    }
}

/// Cancel safe: yes; devices not reached are as they were.
async fn go_round(registry: &Arc<Registry>) -> Round {
    let (mut after, mut changes, mut round) = (None, JoinSet::new(), Round::Complete);
    loop {
        let page = registry.page(after, LOOK_PAGE);
        let Some((last, _slot)) = page.last() else { break };
        after = Some(*last);
        for (_device, slot) in page {
            if is_up_to_date(registry, &slot).await {
                continue;
            }
            while changes.len() >= CHANGES_AT_ONCE {
                round = round.and(changes.join_next().await);
            }
            changes.spawn(bring_up_to_date(Arc::clone(registry), slot));
        }
        tokio::task::yield_now().await;
    }
    while let Some(changed) = changes.join_next().await {
        round = round.and(Some(changed));
    }
    round
}

async fn is_up_to_date(registry: &Registry, slot: &Slot) -> bool {
    let state = slot.state.lock().await;
    match state.record.lifecycle {
        Lifecycle::Enrolled => state.record.policy == registry.policies.wanted(&state.record),
        Lifecycle::Unenrolled { .. } => true,
    }
}

/// Source: REQ-SESSION-005, REQ-SESSION-023 (docs/protocol/session.md).
async fn bring_up_to_date(registry: Arc<Registry>, slot: Arc<Slot>) -> Result<(), DecideError> {
    let mut state = slot.state.lock().await;
    let before = state.record.policy;
    let now = registry.clock.now();
    let change =
        |record: &mut DeviceRecord| record.set_policy(now, registry.policies.wanted(record));
    registry.decide(&mut state, change).await?;
    let after = state.record.policy;
    if before != after {
        debug!(device_id = %state.record.id, "policy changed");
        if state.presence != Presence::Away {
            slot.inform(after);
        }
    }
    Ok(())
}

impl Round {
    /// The round after another change has ended.
    fn and(self, changed: Option<Result<Result<(), DecideError>, tokio::task::JoinError>>) -> Self {
        match changed {
            None | Some(Ok(Ok(()))) => self,
            Some(Ok(Err(cause))) => {
                warn!(error = &cause as &dyn std::error::Error, "policy not brought to a device");
                Self::Incomplete
            }
            Some(Err(cause)) => {
                error!(error = &cause as &dyn std::error::Error, "a change of policy died");
                Self::Incomplete
            }
        }
    }
}
