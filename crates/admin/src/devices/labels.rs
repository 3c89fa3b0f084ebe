//! What administrators write on devices: a name, notes, whose it is.

use core::array;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use muster_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

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
    pub(crate) device_category_display_name: Option<String>,
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
    by_device: Mutex<Arc<Snapshot>>,
    /// Whoever writes on a device holds one of these from what he reads there to what he keeps.
    /// The last byte of the id says which: it is random.
    writing: [AsyncMutex<()>; WRITING],
}

/// Devices that are written on at the same time, at most.
const WRITING: usize = 64;

/// The labels at one moment.
pub(crate) type Snapshot = BTreeMap<DeviceId, Labels>;

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
        Self { by_device: Mutex::default(), writing }
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

    /// Puts labels on a device in the place of those it had.
    pub(crate) fn put(&self, device: DeviceId, labels: Labels) {
        let mut by_device = self.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut by_device).insert(device, labels);
    }

    /// Forgets all labels.
    pub(crate) fn clear(&self) {
        *self.by_device.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The labels of now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.by_device.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        assert_eq!(before.get(&device), None);
        assert_eq!(labels.snapshot().get(&device), Some(&written));
    }

    #[test]
    fn labels_are_read_back_from_their_json() {
        let written = Labels { owner_type: Some(OwnerType::Personal), ..Labels::default() };
        let json = serde_json::to_string(&written).unwrap();
        assert_eq!(json, r#"{"ownerType":"personal"}"#);
        assert_eq!(serde_json::from_str::<Labels>(&json).unwrap(), written);
    }
}
