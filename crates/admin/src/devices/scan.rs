//! Finds the devices of a page among all of them.
//!
//! Nothing is copied of a device that is not shown. A list in the order of ids stops behind its
//! page unless the filtered devices have to be counted; a sorted one looks at all devices and
//! keeps no more than it needs for its page.

mod best;

use core::ops::ControlFlow;

use muster_control::DeviceRecord;
use muster_protocol::DeviceId;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Backend, BackendError};
use crate::devices::listed::is_listed;
use crate::devices::managed_device::{Around, Device, Look, Shape};
use crate::odata::query::{Count, Query};
use crate::odata::token::Position;
use best::{Best, Candidate};

/// Which devices a list is of, whatever its filter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Everything,
    /// Those of one user.
    OwnedBy(Uuid),
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The devices of the page as JSON.
    pub(crate) shown: Vec<Value>,
    /// How many there are in all; `None` if that was not asked.
    pub(crate) total: Option<u64>,
    /// The end of the page, if devices follow.
    pub(crate) end: Option<Position>,
}

/// A search through the devices of a backend.
pub(crate) struct Search<'a, B> {
    pub(crate) backend: &'a B,
    pub(crate) around: &'a (dyn Around + 'a),
    pub(crate) query: &'a Query,
    pub(crate) within: Within,
}

impl<B: Backend> Search<'_, B> {
    /// The devices of the page.
    ///
    /// # Errors
    /// [`BackendError`] if devices cannot be read.
    pub(crate) async fn page(&self) -> Result<Found, BackendError> {
        let mut found =
            if self.query.order.is_empty() { self.by_id().await? } else { self.sorted().await? };
        match (self.query.count, self.is_everything()) {
            (Count::Untold, _) => found.total = None,
            (Count::Told, true) => found.total = Some(self.backend.enrolled().await?),
            (Count::Told, false) => {}
        }
        Ok(found)
    }

    /// How many devices fit.
    ///
    /// # Errors
    /// [`BackendError`] if devices cannot be read.
    pub(crate) async fn count(&self) -> Result<u64, BackendError> {
        if self.is_everything() {
            return self.backend.enrolled().await;
        }
        let mut fitting = 0;
        let visit = &mut |record: &DeviceRecord| {
            fitting += u64::from(self.fits(record));
            ControlFlow::Continue(())
        };
        self.backend.scan(None, visit).await?;
        Ok(fitting)
    }

    /// A page in the order of ids.
    async fn by_id(&self) -> Result<Found, BackendError> {
        let after = self.after();
        let count_all = self.query.count == Count::Told && !self.is_everything();
        let (mut found, mut last, mut fitting, mut skipped) = (Found::default(), None, 0, 0);
        let visit = &mut |record: &DeviceRecord| {
            if !self.fits(record) {
                return ControlFlow::Continue(());
            }
            fitting += 1;
            if Some(record.id) <= after {
                // Counted only.
            } else if skipped < self.query.skip {
                skipped += 1;
            } else if found.shown.len() < self.query.top {
                found.shown.push(self.shown(record));
                last = Some(record.id);
            } else {
                found.end = last.map(|id| Position::new(id.to_string()));
                if !count_all {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        self.backend.scan(if count_all { None } else { after }, visit).await?;
        found.total = Some(fitting);
        Ok(found)
    }

    /// A page in the order asked for.
    async fn sorted(&self) -> Result<Found, BackendError> {
        let skip = usize::try_from(self.query.skip).unwrap_or(usize::MAX);
        let limit = skip.saturating_add(self.query.top).saturating_add(1);
        let mut best = Best::new(&self.query.order, self.query.position.as_ref(), limit);
        let mut fitting = 0;
        let visit = &mut |record: &DeviceRecord| {
            if self.fits(record) {
                fitting += 1;
                best.offer(&self.device(record));
            }
            ControlFlow::Continue(())
        };
        self.backend.scan(None, visit).await?;
        let candidates: Vec<Candidate> = best.finish().into_iter().skip(skip).collect();
        let page = &candidates[..candidates.len().min(self.query.top)];
        let shown = self.read_again(page).await?;
        let end = page.last().filter(|_| page.len() < candidates.len()).map(Candidate::position);
        Ok(Found { shown, total: Some(fitting), end })
    }

    /// The devices found, less those that have left meanwhile.
    async fn read_again(&self, page: &[Candidate]) -> Result<Vec<Value>, BackendError> {
        let mut shown = Vec::with_capacity(page.len());
        for candidate in page {
            let record = self.backend.device(candidate.id).await?;
            if let Some(record) = record.filter(is_listed) {
                shown.push(self.shown(&record));
            }
        }
        Ok(shown)
    }

    fn fits(&self, record: &DeviceRecord) -> bool {
        let owned = match self.within {
            Within::Everything => true,
            Within::OwnedBy(user) => {
                self.around.owner(record).is_some_and(|owner| owner.id == user)
            }
        };
        owned && self.query.admits(&self.device(record))
    }

    fn is_everything(&self) -> bool {
        self.within == Within::Everything && self.query.admits_all()
    }

    fn shown(&self, record: &DeviceRecord) -> Value {
        let look = Look { shape: Shape::Listed, select: &self.query.select };
        Value::Object(self.device(record).shown(look))
    }

    fn device<'r>(&'r self, record: &'r DeviceRecord) -> Device<'r> {
        Device { record, around: self.around }
    }

    fn after(&self) -> Option<DeviceId> {
        self.query.position.as_ref().and_then(|position| position.id.parse().ok())
    }
}
