//! Where a device that keeps no connection can be woken.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// Whose push service reaches the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PushService {
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging.
    Fcm,
}

/// The address of one device at its push service.
///
/// Source: REQ-PUSH-001 (docs/protocol/push.md).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PushTarget {
    /// Whose service.
    pub service: PushService,
    /// What the service tells applications apart by: the topic of APNs, the project of FCM.
    pub topic: String,
    /// The device, as the service names it: 1 to 256 visible ASCII characters.
    pub token: String,
    /// What the device wants to read in a push to believe that it is its server's.
    pub magic: String,
}

/// Without token and magic: who has both can wake the device.
impl fmt::Debug for PushTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, topic, .. } = self;
        f.debug_struct("PushTarget")
            .field("service", service)
            .field("topic", topic)
            .finish_non_exhaustive()
    }
}

/// Says where the device can be woken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushUpdate {
    /// `None`: nowhere.
    pub target: Option<PushTarget>,
}
