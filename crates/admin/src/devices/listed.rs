//! Which devices a list may show.

use muster_control::{DeviceRecord, Lifecycle, Listing};
use muster_protocol::status::{PlatformStatus, Switch};

/// Whether a device stands in lists: it is managed, and nobody has deleted it.
///
/// A deletion hides a device at once; see [`DeviceRecord::listing`].
#[must_use]
pub fn is_listed(record: &DeviceRecord) -> bool {
    record.lifecycle == Lifecycle::Enrolled && !is_deleted(record)
}

/// Whether an administrator has deleted the device: nothing is shown of it then.
#[must_use]
pub fn is_deleted(record: &DeviceRecord) -> bool {
    record.listing() == Listing::Hidden
}

/// Whether the device is locked to an account, as it reported last; `None` if it never did or
/// its platform has no such lock.
pub(crate) fn activation_lock(record: &DeviceRecord) -> Option<Switch> {
    match record.status?.platform {
        PlatformStatus::Apple { activation_lock, .. } => Some(activation_lock),
        PlatformStatus::Android { .. } => None,
    }
}
