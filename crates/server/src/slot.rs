//! One device's place in the server: its record and the session that serves it.

use std::sync::{Arc, Mutex, PoisonError};

use muster_control::{DeviceRecord, Readings};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{CloseCode, Command, Policy, Timestamp};
use muster_store::Revision;
use tokio::sync::{MutexGuard, Notify};

use crate::black_box::BlackBox;

/// A device's place. Decisions about one device happen one after another under its lock.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) state: tokio::sync::Mutex<SlotState>,
    mailbox: Mutex<Mailbox>,
    /// What came and what was decided lately; to be read while a decision is under way.
    pub(crate) black_box: Arc<BlackBox>,
    /// Tells the session that its mailbox has something.
    pub(crate) mail: Notify,
}

/// What the lock guards.
#[derive(Debug)]
pub(crate) struct SlotState {
    /// As it is in the store.
    pub(crate) record: DeviceRecord,
    /// Which version of it.
    pub(crate) revision: Revision,
    /// Whether the device is here.
    pub(crate) presence: Presence,
    /// The one of the slot.
    pub(crate) black_box: Arc<BlackBox>,
}

/// Whether a device is here, and ready for commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// No session.
    Away,
    /// A session that has not asked for commands yet.
    Greeting(SessionNumber),
    /// A session that takes commands as they come.
    Ready(SessionNumber),
    /// A session of a woken device that has heard that nothing waits: it is about to leave, and what
    /// is said to it now may be said to nobody. What comes up meanwhile is pushed when it has left.
    Parting(SessionNumber),
}

/// Tells one session of a device from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionNumber(pub(crate) u64);

/// What others leave for a session. At most one command is in flight, so one place is enough.
#[derive(Debug, Default)]
struct Mailbox {
    holder: Option<SessionNumber>,
    policy: Option<Policy>,
    /// Boxed: it is here for a moment, the 120 bytes it takes would be for every device all the time.
    command: Option<Box<Command>>,
    close: Option<CloseCode>,
}

/// What a session finds in its mailbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    /// Tell the device that this is asked of it from now on.
    Inform(Policy),
    /// Hand this to the device.
    Deliver(Command),
    /// Close the connection with this code.
    Close(CloseCode),
    /// The mailbox belongs to another session by now.
    Replaced,
    /// Nothing after all.
    Nothing,
}

impl Slot {
    pub(crate) fn new(record: DeviceRecord, revision: Revision) -> Self {
        let black_box = Arc::new(BlackBox::default());
        let state = SlotState {
            record,
            revision,
            presence: Presence::Away,
            black_box: Arc::clone(&black_box),
        };
        Self {
            state: tokio::sync::Mutex::new(state),
            mailbox: Mutex::default(),
            black_box,
            mail: Notify::new(),
        }
    }

    /// Takes the lock for this session, unless a newer one has taken its place.
    ///
    /// Without the check what an old session had read already would be taken for the present.
    ///
    /// Source: REQ-SESSION-006 (docs/protocol/session.md).
    pub(crate) async fn lock_for(
        &self,
        session: SessionNumber,
    ) -> Option<MutexGuard<'_, SlotState>> {
        let state = self.state.lock().await;
        (state.presence.is(session) || is(Plant::TwoConnectionsDeliver)).then_some(state)
    }

    /// Whether a session serves the device.
    pub(crate) fn is_held(&self) -> bool {
        self.with_mailbox(|mailbox| mailbox.holder.is_some())
    }

    /// Whether this session still serves the device.
    pub(crate) fn is_held_by(&self, session: SessionNumber) -> bool {
        is(Plant::TwoConnectionsDeliver)
            || self.with_mailbox(|mailbox| mailbox.holder == Some(session))
    }

    /// Empties the mailbox when its session ends.
    pub(crate) fn release(&self, session: SessionNumber) {
        self.with_mailbox(|mailbox| {
            if mailbox.holder == Some(session) {
                *mailbox = Mailbox::default();
            }
        });
    }

    /// Hands the mailbox to a session; one that held it finds that it was replaced.
    pub(crate) fn hold(&self, session: SessionNumber) {
        self.with_mailbox(|mailbox| {
            *mailbox = Mailbox { holder: Some(session), ..Mailbox::default() };
        });
        self.mail.notify_waiters();
    }

    /// Leaves a command for the session that holds the mailbox.
    pub(crate) fn deliver(&self, command: Command) {
        self.with_mailbox(|mailbox| mailbox.command = Some(Box::new(command)));
        if !is(Plant::DeliverWakesNobody) {
            self.mail.notify_one();
        }
    }

    /// Leaves a changed policy for the session that holds the mailbox.
    pub(crate) fn inform(&self, policy: Policy) {
        self.with_mailbox(|mailbox| mailbox.policy = Some(policy));
        self.mail.notify_one();
    }

    /// Asks the session that holds the mailbox to close.
    pub(crate) fn close(&self, code: CloseCode) {
        self.with_mailbox(|mailbox| mailbox.close = Some(code));
        self.mail.notify_one();
    }

    /// What is in the mailbox for this session.
    pub(crate) fn collect(&self, session: SessionNumber) -> Mail {
        self.with_mailbox(|mailbox| {
            if mailbox.holder != Some(session) && !is(Plant::TwoConnectionsDeliver) {
                Mail::Replaced
            } else if let Some(code) = mailbox.close.take() {
                Mail::Close(code)
            } else if let Some(policy) = mailbox.policy.take() {
                if mailbox.command.is_some() {
                    // One notice may stand for two pieces of mail.
                    self.mail.notify_one();
                }
                Mail::Inform(policy)
            } else {
                mailbox.command.take().map_or(Mail::Nothing, |command| Mail::Deliver(*command))
            }
        })
    }

    fn with_mailbox<T>(&self, act: impl FnOnce(&mut Mailbox) -> T) -> T {
        act(&mut self.mailbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Presence {
    /// Whether this session is the one that is here.
    pub(crate) fn is(self, session: SessionNumber) -> bool {
        match self {
            Self::Away => false,
            Self::Greeting(here) | Self::Ready(here) | Self::Parting(here) => here == session,
        }
    }

    /// The next command of a device that takes them as they come.
    ///
    /// Source: REQ-QUEUE-002 (docs/protocol/session.md).
    pub(crate) fn take_next(
        self,
        record: &mut DeviceRecord,
        now: Timestamp,
        readings: &Readings,
    ) -> Option<Command> {
        match self {
            Self::Ready(_) => record.next(now, readings),
            Self::Away | Self::Greeting(_) | Self::Parting(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_control::{EnrolmentProfile, KeyFingerprint, NewLife};
    use muster_protocol::{
        Attempt, CommandHead, CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion,
    };

    const FIRST: SessionNumber = SessionNumber(1);
    const SECOND: SessionNumber = SessionNumber(2);

    fn slot() -> Slot {
        let facts = DeviceFacts {
            serial: "F17G0000A1".parse().unwrap(),
            model: "iPhone15,2".to_owned(),
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::major(17),
            mode: Mode::AppleDeviceSupervised,
        };
        let life = NewLife {
            id: DeviceId::from_bytes([1; 16]),
            facts,
            key: KeyFingerprint([2; 32]),
            profile: EnrolmentProfile { name: "default".to_owned(), policy: Policy::FULL },
        };
        Slot::new(DeviceRecord::new(Timestamp::ZERO, life), Revision::FIRST)
    }

    async fn take_place(slot: &Slot, session: SessionNumber) {
        slot.state.lock().await.presence = Presence::Greeting(session);
        slot.hold(session);
    }

    #[tokio::test]
    async fn only_the_newest_session_decides_about_its_device() {
        let slot = slot();
        take_place(&slot, FIRST).await;
        assert!(slot.lock_for(FIRST).await.is_some());
        take_place(&slot, SECOND).await;
        assert!(slot.lock_for(FIRST).await.is_none());
        assert!(slot.lock_for(SECOND).await.is_some());
    }

    #[tokio::test]
    async fn a_command_that_waits_behind_a_policy_is_not_forgotten() {
        let slot = slot();
        take_place(&slot, FIRST).await;
        let head = CommandHead {
            id: CommandId::from_bytes([3; 16]),
            attempt: Attempt::new(1),
            expires_at: Timestamp::ZERO,
        };
        slot.deliver(Command { head, request: None });
        slot.inform(Policy::NONE);
        slot.mail.notified().await;
        assert_eq!(slot.collect(FIRST), Mail::Inform(Policy::NONE));
        slot.mail.notified().await;
        assert!(matches!(slot.collect(FIRST), Mail::Deliver(_)));
    }

    #[tokio::test]
    async fn mail_is_for_the_newest_session_and_a_close_comes_before_a_command() {
        let slot = slot();
        take_place(&slot, FIRST).await;
        slot.close(CloseCode::Unenrolled);
        assert_eq!(slot.collect(FIRST), Mail::Close(CloseCode::Unenrolled));
        assert_eq!(slot.collect(FIRST), Mail::Nothing);
        take_place(&slot, SECOND).await;
        assert_eq!(slot.collect(FIRST), Mail::Replaced);
        slot.release(FIRST);
        assert!(slot.is_held_by(SECOND));
    }
}
