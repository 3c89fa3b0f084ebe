//! What a service keeps for a device that is away.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::{PushService, Timestamp};
use serde::{Deserialize, Serialize};

use super::request::Expiry;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long APNs keeps a push at most.
///
/// Source: Apple, "Viewing the status of push notifications": stored for up to 30 days.
const APNS_KEEPS_FOR: Duration = Duration::from_secs(30 * DAY.as_secs());

/// How long FCM keeps a message at most, and if nothing is said.
///
/// Source: Firebase, "Set the lifespan of a message": four weeks.
const FCM_KEEPS_FOR: Duration = Duration::from_secs(28 * DAY.as_secs());

/// Collapse keys FCM keeps for a device at a time.
///
/// Source: Firebase, "Non-collapsible and collapsible messages": four; which four is not said.
const FCM_KEYS_MAX: usize = 4;

/// Messages without a collapse key FCM keeps for a device.
///
/// Source: Firebase, "Non-collapsible and collapsible messages": one more discards all of them.
const FCM_PLAIN_MAX: usize = 100;

/// Pushes that wait for one device, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pushes: Vec<Kept>,
    lost: Lost,
}

/// Whether there were too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Lost {
    #[default]
    Nothing,
    /// The device will be told that messages were discarded, not which.
    All,
}

/// One push that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    magic: String,
    collapse_key: Option<String>,
    until: Timestamp,
}

/// What a device gets when it is back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) magics: Vec<String>,
    /// Whether it is told that there were more.
    pub(super) is_told_of_loss: bool,
}

impl Waiting {
    /// Keeps a push, if it is to be kept.
    pub(super) fn keep(
        &mut self,
        now: Timestamp,
        service: PushService,
        (magic, collapse_key): (String, Option<String>),
        expiry: Expiry,
    ) {
        let Some(until) = kept_until(now, service, expiry) else { return };
        self.pushes.retain(|kept| kept.until > now);
        match service {
            // One for each topic, and a token has one topic.
            PushService::Apns => self.pushes.clear(),
            PushService::Fcm => self.make_room(collapse_key.as_deref()),
        }
        self.pushes.push(Kept { magic, collapse_key, until });
    }

    /// What is left of it now.
    pub(super) fn release(&mut self, now: Timestamp) -> Released {
        let pushes = core::mem::take(&mut self.pushes);
        let lost = core::mem::take(&mut self.lost);
        let magics = pushes.into_iter().filter(|kept| kept.until > now).map(|kept| kept.magic);
        Released { magics: magics.collect(), is_told_of_loss: lost == Lost::All }
    }

    fn make_room(&mut self, collapse_key: Option<&str>) {
        if let Some(key) = collapse_key {
            self.pushes.retain(|kept| kept.collapse_key.as_deref() != Some(key));
            let is_keyed = |kept: &Kept| kept.collapse_key.is_some();
            if self.pushes.iter().filter(|kept| is_keyed(kept)).count() >= FCM_KEYS_MAX
                && let Some(oldest) = self.pushes.iter().position(is_keyed)
            {
                // A decision: nobody says which four stay.
                self.pushes.remove(oldest);
            }
            return;
        }
        let plain = self.pushes.iter().filter(|kept| kept.collapse_key.is_none()).count();
        if plain >= FCM_PLAIN_MAX {
            self.pushes.retain(|kept| kept.collapse_key.is_some());
            self.lost = Lost::All;
        }
    }
}

/// `None` if it is not kept at all.
fn kept_until(now: Timestamp, service: PushService, expiry: Expiry) -> Option<Timestamp> {
    let longest = now.after(match service {
        PushService::Apns => APNS_KEEPS_FOR,
        PushService::Fcm => FCM_KEEPS_FOR,
    });
    let until = match expiry {
        Expiry::Now => return None,
        Expiry::Unsaid => longest,
        Expiry::At(end) => end.min(longest),
    };
    (until > now).then_some(until)
}
