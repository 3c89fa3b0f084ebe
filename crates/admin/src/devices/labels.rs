//! What administrators write on devices: a name, notes, whose it is.

use core::array;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard as LockGuard, PoisonError};

use muster_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};
use uuid::Uuid;

use crate::devices::service_act::Settled;
use crate::resources::categories::Category;

/// What is written on one device. What is `None` was never set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Labels {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) managed_device_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_type: Option<OwnerType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device_category: Option<Uuid>,
    #[serde(skip_serializing_if = "ComplianceSource::is_device")]
    pub(crate) compliance: ComplianceSource,
    /// What the service did by itself, and when it did so last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) settled: BTreeMap<Settled, jiff::Timestamp>,
}

/// Who says whether a device is compliant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ComplianceSource {
    /// The device, by what it reports.
    #[default]
    Device,
    /// An administrator: it is not.
    DeclaredNoncompliant,
}

/// Whose a device is, as an administrator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OwnerType {
    Unknown,
    Company,
    Personal,
}

/// The labels of all devices that have some.
///
/// Whoever lists devices takes a [`Self::snapshot`], so that no lock is taken for each of them.
#[derive(Debug)]
pub(crate) struct DeviceLabels {
    now: Mutex<Arc<Snapshot>>,
    /// Whoever writes on a device holds one of these from what he reads there to what he keeps.
    /// The last byte of the id says which: it is random.
    writing: [AsyncMutex<()>; WRITING],
    /// Whoever changes a category holds this meanwhile.
    sorting: AsyncMutex<()>,
}

/// Devices that are written on at the same time, at most.
const WRITING: usize = 64;

/// The labels at one moment, and the categories they name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    by_device: BTreeMap<DeviceId, Labels>,
    categories: BTreeMap<Uuid, Category>,
}

impl Snapshot {
    /// Puts labels on a device here only, or takes them off.
    pub(crate) fn write(&mut self, device: DeviceId, labels: Option<Labels>) {
        match labels {
            Some(labels) => self.by_device.insert(device, labels),
            None => self.by_device.remove(&device),
        };
    }

    /// What is written on a device.
    pub(crate) fn of(&self, device: DeviceId) -> Option<&Labels> {
        self.by_device.get(&device)
    }

    /// The category with this id.
    pub(crate) fn category(&self, id: Uuid) -> Option<&Category> {
        self.categories.get(&id)
    }

    /// The category of a device; one that is gone is none.
    pub(crate) fn category_of(&self, device: DeviceId) -> Option<&Category> {
        self.category(self.of(device)?.device_category?)
    }

    /// All categories, in the order of their ids.
    pub(crate) fn categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.values()
    }
}

impl ComplianceSource {
    const ALL: [Self; 2] = [Self::Device, Self::DeclaredNoncompliant];

    /// The one of this name; names have no letter case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name().eq_ignore_ascii_case(name))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Device => "basedOnDeviceComplianceStatus",
            Self::DeclaredNoncompliant => "nonCompliant",
        }
    }

    fn is_device(&self) -> bool {
        *self == Self::Device
    }
}

impl OwnerType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Company => "company",
            Self::Personal => "personal",
        }
    }
}

impl Default for DeviceLabels {
    fn default() -> Self {
        let writing = array::from_fn(|_stripe| AsyncMutex::new(()));
        Self { now: Mutex::default(), writing, sorting: AsyncMutex::default() }
    }
}

impl DeviceLabels {
    /// Waits until nobody else writes on a device, and keeps others from it.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn writing(&self, device: DeviceId) -> MutexGuard<'_, ()> {
        let [.., last] = *device.as_bytes();
        self.writing[usize::from(last) % WRITING].lock().await
    }

    /// Waits until nobody else changes a category, and keeps others from it.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn sorting(&self) -> MutexGuard<'_, ()> {
        self.sorting.lock().await
    }

    /// Puts labels on a device in the place of those it had.
    pub(crate) fn put(&self, device: DeviceId, labels: Labels) {
        Arc::make_mut(&mut self.lock()).by_device.insert(device, labels);
    }

    /// Puts a category in the place of the one with this id; `None` removes it.
    pub(crate) fn sort_into(&self, id: Uuid, category: Option<Category>) {
        let mut now = self.lock();
        let categories = &mut Arc::make_mut(&mut now).categories;
        match category {
            Some(category) => categories.insert(id, category),
            None => categories.remove(&id),
        };
    }

    /// Forgets all labels and categories.
    pub(crate) fn clear(&self) {
        *self.lock() = Arc::default();
    }

    /// The labels of now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.lock().clone()
    }

    fn lock(&self) -> LockGuard<'_, Arc<Snapshot>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_what_was_written_when_it_was_taken() {
        let labels = DeviceLabels::default();
        let device = DeviceId::from_bytes([1; 16]);
        let before = labels.snapshot();
        let written = Labels { notes: Some("lent".to_owned()), ..Labels::default() };
        labels.put(device, written.clone());
        assert_eq!(before.of(device), None);
        assert_eq!(labels.snapshot().of(device), Some(&written));
    }

    #[test]
    fn labels_are_read_back_from_their_json() {
        let written = Labels { owner_type: Some(OwnerType::Personal), ..Labels::default() };
        let json = serde_json::to_string(&written).unwrap();
        assert_eq!(json, r#"{"ownerType":"personal"}"#);
        assert_eq!(serde_json::from_str::<Labels>(&json).unwrap(), written);
    }
}
