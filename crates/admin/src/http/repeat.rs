//! Requests that come again: the SDKs of Graph send an action anew when its answer was lost.
//!
//! A request is known by its `client-request-id`, which an SDK keeps when it asks again. The same
//! action on the same device under the same id is one command, however often it is asked for.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use muster_control::ActionKind;
use muster_protocol::{CommandId, DeviceId, Timestamp};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// How long a request is remembered. The SDKs give up after three tries, well within it.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// Requests that are remembered; the oldest goes first. At 300 bytes each these are 10 megabytes.
const KEPT_MAX: usize = 32 * 1024;

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestKey {
    pub(crate) application: Uuid,
    /// The person signed in to it, whose rights are not those of the next.
    pub(crate) user: Option<Uuid>,
    pub(crate) device: DeviceId,
    pub(crate) action: ActionKind,
    pub(crate) client_request_id: String,
}

/// One request, however often it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The command it asks for, whether it was taken or not.
    pub(crate) command: CommandId,
    /// Set once it was. Who comes meanwhile waits for it.
    pub(crate) taken: Arc<OnceCell<()>>,
}

/// The requests of late.
#[derive(Default)]
pub(crate) struct Repeats(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_key: BTreeMap<RequestKey, Asked>,
    /// In order of arrival.
    order: VecDeque<(Timestamp, RequestKey)>,
}

impl Asked {
    /// A request that cannot come again.
    pub(crate) fn new(command: CommandId) -> Self {
        Self { command, taken: Arc::default() }
    }
}

impl Repeats {
    /// Finds a request, or remembers it as one for `command`.
    pub(crate) fn note(&self, now: Timestamp, key: RequestKey, command: CommandId) -> Asked {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.purge(now);
        if let Some(asked) = known.by_key.get(&key) {
            return asked.clone();
        }
        let asked = Asked::new(command);
        known.by_key.insert(key.clone(), asked.clone());
        known.order.push_back((now, key));
        asked
    }

    /// A request that was noted before.
    pub(crate) fn find(&self, now: Timestamp, key: &RequestKey) -> Option<Asked> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.purge(now);
        known.by_key.get(key).cloned()
    }
}

impl Repeats {
    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

impl Known {
    fn purge(&mut self, now: Timestamp) {
        while let Some((since, _)) = self.order.front() {
            if now < since.after(KEPT_FOR) && self.order.len() < KEPT_MAX {
                break;
            }
            if let Some((_, key)) = self.order.pop_front() {
                self.by_key.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(client: &str) -> RequestKey {
        RequestKey {
            user: None,
            application: Uuid::nil(),
            device: DeviceId::from_bytes([1; 16]),
            action: ActionKind::Wipe,
            client_request_id: client.to_owned(),
        }
    }

    fn at(minutes: u64) -> Timestamp {
        Timestamp::ZERO.after(Duration::from_mins(minutes))
    }

    fn command(number: u64) -> CommandId {
        CommandId::from_parts(number, [0; 10])
    }

    #[test]
    fn the_same_request_within_ten_minutes_is_for_the_same_command() {
        let repeats = Repeats::default();
        let first = repeats.note(at(0), key("a"), command(1));
        first.taken.set(()).unwrap();
        let again = repeats.note(at(9), key("a"), command(2));
        assert_eq!((again.command, again.taken.initialized()), (command(1), true));
        let later = repeats.note(at(10), key("a"), command(3));
        assert_eq!((later.command, later.taken.initialized()), (command(3), false));
    }

    #[test]
    fn another_device_action_application_or_id_is_another_request() {
        let repeats = Repeats::default();
        repeats.note(at(0), key("a"), command(1));
        for other in [
            key("b"),
            RequestKey { application: Uuid::from_u128(1), ..key("a") },
            RequestKey { user: Some(Uuid::from_u128(1)), ..key("a") },
            RequestKey { device: DeviceId::from_bytes([2; 16]), ..key("a") },
            RequestKey { action: ActionKind::Retire, ..key("a") },
        ] {
            assert_eq!(repeats.note(at(0), other, command(2)).command, command(2));
        }
    }

    #[test]
    fn no_more_than_the_bound_is_remembered() {
        let repeats = Repeats::default();
        for number in 0..KEPT_MAX + 50 {
            repeats.note(at(0), key(&number.to_string()), command(1));
        }
        let known = repeats.0.lock().unwrap();
        assert_eq!((known.by_key.len(), known.order.len()), (KEPT_MAX, KEPT_MAX));
    }
}
