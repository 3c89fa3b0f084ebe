//! What a server asks of a push service, and why it may be refused.

use alloc::string::String;
use core::fmt;

use muster_protocol::{PushService, Timestamp};

/// One push, as a server hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct PushRequest {
    /// Which service is asked.
    pub service: PushService,
    /// `apns-topic`, or the project of the path.
    pub topic: String,
    /// Whom it is for.
    pub token: String,
    /// The word: `mdm` in the payload of APNs, a key of `data` in a message of FCM.
    pub magic: String,
    /// How long the whole payload is.
    pub payload_bytes: usize,
    /// `apns-collapse-id`, or `collapse_key`.
    pub collapse_key: Option<String>,
    /// How long it is worth anything.
    pub expiry: Expiry,
}

/// Without what wakes a device.
impl fmt::Debug for PushRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushRequest")
            .field("service", &self.service)
            .field("topic", &self.topic)
            .field("collapse_key", &self.collapse_key)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

/// How long a push waits for a device that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing was said: as long as the service keeps anything.
    Unsaid,
    /// It is delivered now or never: `apns-expiration: 0`, `ttl: 0s`.
    Now,
    /// Until then, or as long as the service keeps anything if that is less.
    At(Timestamp),
}

impl Expiry {
    pub(super) fn is_over(self, now: Timestamp) -> bool {
        matches!(self, Self::At(end) if end <= now)
    }
}

/// Why a push is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushRefusal {
    /// 400 `BadDeviceToken`; `INVALID_ARGUMENT` of FCM.
    BadToken,
    /// 400 `DeviceTokenNotForTopic`; 403 `SENDER_ID_MISMATCH`.
    WrongTopic,
    /// 410 `Unregistered`; 404 `UNREGISTERED`.
    Unregistered {
        /// Since when: the `timestamp` of APNs. FCM does not tell it.
        since: Timestamp,
    },
    /// 413 `PayloadTooLarge`; `INVALID_ARGUMENT` of FCM.
    TooLarge,
    /// 400 `BadCollapseId`.
    BadCollapseId,
}

impl fmt::Display for PushRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadToken => "no device has this token",
            Self::WrongTopic => "the token is not for this topic",
            Self::Unregistered { .. } => "the token is gone",
            Self::TooLarge => "the payload is too large",
            Self::BadCollapseId => "the collapse identifier is too long",
        })
    }
}

impl core::error::Error for PushRefusal {}

impl PushRefusal {
    /// The word of the service's interface.
    ///
    /// Source: Apple, "Handling notification responses from APNs"; Firebase, `ErrorCode` of the
    /// HTTP v1 interface.
    #[must_use]
    pub const fn word(self, service: PushService) -> &'static str {
        match (service, self) {
            (PushService::Apns, Self::BadToken) => "BadDeviceToken",
            (PushService::Apns, Self::WrongTopic) => "DeviceTokenNotForTopic",
            (PushService::Apns, Self::Unregistered { .. }) => "Unregistered",
            (PushService::Apns, Self::TooLarge) => "PayloadTooLarge",
            (PushService::Apns, Self::BadCollapseId) => "BadCollapseId",
            (PushService::Fcm, Self::WrongTopic) => "SENDER_ID_MISMATCH",
            (PushService::Fcm, Self::Unregistered { .. }) => "UNREGISTERED",
            (PushService::Fcm, Self::BadToken | Self::TooLarge | Self::BadCollapseId) => {
                "INVALID_ARGUMENT"
            }
        }
    }

    /// The status of HTTP that goes with it.
    #[must_use]
    pub const fn status(self, service: PushService) -> u16 {
        match (service, self) {
            (PushService::Apns, Self::Unregistered { .. }) => 410,
            (PushService::Apns, Self::TooLarge) => 413,
            (PushService::Fcm, Self::WrongTopic) => 403,
            (PushService::Fcm, Self::Unregistered { .. }) => 404,
            (PushService::Apns, Self::BadToken | Self::WrongTopic | Self::BadCollapseId)
            | (PushService::Fcm, Self::BadToken | Self::TooLarge | Self::BadCollapseId) => 400,
        }
    }
}
