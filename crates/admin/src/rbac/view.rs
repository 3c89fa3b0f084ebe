//! The server as one client may see it.
//!
//! Whatever answers a request gets its devices from here, so that nothing can be listed, counted,
//! read or acted on that the roles of its sender do not reach.

use core::ops::ControlFlow;
use std::sync::Arc;

use muster_control::{DeviceRecord, PrimaryUser, Readings};
use muster_protocol::{CommandId, DeviceId, Timestamp};

use crate::backend::{
    Backend, BackendError, Document, DocumentKind, DocumentPage, Submission, SubmitError, Vitals,
};
use crate::identity::tenant::Tenant;
use crate::operate::lag::{Overlay, Sight};
use crate::rbac::reach::Reach;

/// A server of which some devices are there and the others are not.
#[derive(Clone, Debug)]
pub(crate) struct View<B> {
    pub(crate) whole: B,
    pub(crate) reach: Arc<Reach>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) sight: Sight,
}

impl<B> View<B> {
    fn has(&self, record: &DeviceRecord) -> bool {
        self.reach.has(record, &self.tenant)
    }

    /// Whether the client sees all there is, as it is.
    fn is_whole(&self) -> bool {
        *self.reach == Reach::All && self.sight.past().is_none()
    }
}

impl<B: Backend> View<B> {
    /// A device that is about to be written on, if what it was has to be kept.
    async fn before(&self, device: DeviceId) -> Result<Option<DeviceRecord>, BackendError> {
        if self.sight.is_delaying() { self.whole.device(device).await } else { Ok(None) }
    }

    /// Writes on these devices. What they were is kept first: between, somebody would see the write
    /// who does not see it afterwards.
    async fn hide<E>(
        &self,
        before: impl IntoIterator<Item = DeviceRecord>,
        write: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let mut kept = Vec::new();
        for record in before {
            let device = record.id;
            if self.sight.keep(record) {
                kept.push(device);
            }
        }
        let written = write.await;
        if written.is_err() {
            kept.into_iter().for_each(|device| self.sight.forget(device));
        }
        written
    }

    /// The devices of the whole server, some of them as they were.
    async fn scan_seen(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> Result<(), BackendError> {
        let Some(earlier) = self.sight.past() else {
            return self.whole.scan(after, visit).await;
        };
        let mut overlay = Overlay::new(earlier, after);
        self.whole.scan(after, &mut |record| overlay.visit(record, visit)).await?;
        // Whether the last ones were wanted does not matter here.
        let _flow = overlay.finish(visit);
        Ok(())
    }
}

impl<B: Backend> Backend for View<B> {
    async fn enrolled(&self) -> Result<u64, BackendError> {
        if self.is_whole() {
            return self.whole.enrolled().await;
        }
        let mut there = 0;
        let visit = &mut |_record: &DeviceRecord| {
            there += 1;
            ControlFlow::Continue(())
        };
        self.scan(None, visit).await?;
        Ok(there)
    }

    async fn device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, BackendError> {
        let found = match self.sight.record(device) {
            Some(before) => Some(before.clone()),
            None => self.whole.device(device).await?,
        };
        Ok(found.filter(|record| self.has(record)))
    }

    fn connected(&self, device: DeviceId) -> bool {
        self.whole.connected(device)
    }

    async fn scan(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> Result<(), BackendError> {
        if self.is_whole() {
            return self.whole.scan(after, visit).await;
        }
        let seen = &mut |record: &DeviceRecord| {
            if self.has(record) { visit(record) } else { ControlFlow::Continue(()) }
        };
        self.scan_seen(after, seen).await
    }

    fn new_command_id(&self) -> Result<CommandId, BackendError> {
        self.whole.new_command_id()
    }

    async fn submit(&self, device: DeviceId, submission: Submission) -> Result<(), SubmitError> {
        let there = *self.reach == Reach::All
            || self
                .device(device)
                .await
                .map_err(|cause| SubmitError::Unavailable(cause.0))?
                .is_some();
        if !there {
            return Err(SubmitError::UnknownDevice);
        }
        let before = self.before(device).await;
        let before = before.map_err(|cause| SubmitError::Unavailable(cause.0))?;
        self.hide(before, self.whole.submit(device, submission)).await
    }

    async fn give(
        &self,
        device: DeviceId,
        user: PrimaryUser,
        kept: Vec<Document>,
    ) -> Result<(), BackendError> {
        if self.device(device).await?.is_none() {
            return Err(BackendError("no such device is there".into()));
        }
        let before = self.before(device).await?;
        self.hide(before, self.whole.give(device, user, kept)).await
    }

    async fn keep(&self, documents: Vec<Document>) -> Result<(), BackendError> {
        let mut before = Vec::new();
        for device in documents.iter().filter_map(written_on) {
            before.extend(self.before(device).await?);
        }
        self.hide(before, self.whole.keep(documents)).await
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        page: DocumentPage,
        limit: usize,
    ) -> Result<Vec<Document>, BackendError> {
        self.whole.documents(kind, page, limit).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Document>, BackendError> {
        self.whole.document(kind, id).await
    }

    async fn vitals(&self) -> Result<Vitals, BackendError> {
        self.whole.vitals().await
    }

    fn readings(&self) -> Readings {
        self.whole.readings()
    }

    fn wall(&self, at: Timestamp) -> jiff::Timestamp {
        self.whole.wall(at)
    }

    fn now(&self) -> Timestamp {
        self.whole.now()
    }
}

/// The device a document is about.
fn written_on(document: &Document) -> Option<DeviceId> {
    (document.kind == DocumentKind::DeviceLabels).then(|| document.id.parse().ok())?
}
