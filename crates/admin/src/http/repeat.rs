//! Requests that come again: the SDKs of Graph send an action anew when its answer was lost.
//!
//! A request is known by its `client-request-id`, which an SDK keeps when it asks again. The same
//! action on the same device under the same id is one command, however often it is asked for.
//!
//! Some SDKs send that id to the service's own hosts only. Theirs is known by what it asks for, until
//! the same is asked for anew; that it comes again is said by `retry-attempt`.

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
    pub(crate) name: RequestName,
}

/// What a client calls its request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RequestName {
    /// By this `client-request-id`.
    Sent(String),
    /// Nothing, and it asks for the first time.
    Unnamed,
    /// Nothing, and it asks again.
    UnnamedAgain,
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
    /// With the time they came.
    by_key: BTreeMap<RequestKey, (Timestamp, Asked)>,
    /// In order of arrival.
    order: VecDeque<(Timestamp, RequestKey)>,
}

impl Asked {
    fn new(command: CommandId) -> Self {
        Self { command, taken: Arc::default() }
    }
}

impl RequestKey {
    /// The one it is remembered under: the first and the later times are the same request.
    fn into_kept(self) -> Self {
        match self.name {
            RequestName::Sent(_) | RequestName::Unnamed => self,
            RequestName::UnnamedAgain => Self { name: RequestName::Unnamed, ..self },
        }
    }
}

impl Repeats {
    /// Finds a request, or remembers it as one for `command`.
    pub(crate) fn note(&self, now: Timestamp, key: RequestKey, command: CommandId) -> Asked {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.purge(now);
        if let Some(asked) = known.find(&key) {
            return asked;
        }
        let (key, asked) = (key.into_kept(), Asked::new(command));
        known.by_key.insert(key.clone(), (now, asked.clone()));
        known.order.push_back((now, key));
        asked
    }

    /// A request that was noted before.
    pub(crate) fn find(&self, now: Timestamp, key: &RequestKey) -> Option<Asked> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.purge(now);
        known.find(key)
    }
}

impl Repeats {
    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

impl Known {
    fn find(&self, key: &RequestKey) -> Option<Asked> {
        match key.name {
            RequestName::Unnamed => None,
            RequestName::Sent(_) | RequestName::UnnamedAgain => {
                let (_came, asked) = self.by_key.get(&key.clone().into_kept())?;
                Some(asked.clone())
            }
        }
    }

    fn purge(&mut self, now: Timestamp) {
        while let Some((since, _)) = self.order.front() {
            if now < since.after(KEPT_FOR) && self.order.len() < KEPT_MAX {
                break;
            }
            if let Some((since, key)) = self.order.pop_front()
                && self.by_key.get(&key).is_some_and(|(came, _asked)| *came == since)
            {
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
            name: RequestName::Sent(client.to_owned()),
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
    fn a_request_without_a_name_is_the_last_such_one_only_if_it_says_that_it_comes_again() {
        let repeats = Repeats::default();
        let unnamed = RequestKey { name: RequestName::Unnamed, ..key("") };
        let again = RequestKey { name: RequestName::UnnamedAgain, ..key("") };
        assert!(repeats.find(at(0), &again).is_none());
        assert_eq!(repeats.note(at(0), unnamed.clone(), command(1)).command, command(1));
        assert_eq!(repeats.note(at(1), again.clone(), command(2)).command, command(1));
        assert_eq!(repeats.note(at(5), unnamed, command(3)).command, command(3));
        // The first is forgotten, the second is not.
        assert_eq!(repeats.note(at(11), again, command(4)).command, command(3));
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
