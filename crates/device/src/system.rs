//! The operating system of a device: one of two, each with its own state.

use alloc::vec::Vec;

use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::seed::Stream;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{
    Answer, DeviceFacts, DeviceId, Outcome, Platform, Policy, Request, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::activation::{ActivationCall, LockType};
use crate::android::Android;
use crate::apple::{Apple, Obstacle};
use crate::note::Note;
use crate::recording::SecretMut;
use crate::spec::{Persona, Traits};
use crate::user::UserAction;

/// What surrounds a system while it decides or changes.
pub(crate) struct Situation<'a> {
    pub(crate) facts: &'a DeviceFacts,
    pub(crate) persona: &'a Persona,
    pub(crate) traits: Traits,
    pub(crate) policy: Policy,
    /// Who the device is to its server, while it is enrolled.
    pub(crate) device: Option<DeviceId>,
    pub(crate) chance: &'a mut Stream,
    pub(crate) now: Timestamp,
}

/// What a change brings about beside the changed state.
#[derive(Debug, Default)]
pub(crate) struct Consequences {
    pub(crate) notes: Vec<Note>,
    pub(crate) secrets: Secrets,
    pub(crate) network: Network,
    /// What the device asks of its vendor's service.
    pub(crate) activation: Option<ActivationCall>,
}

impl Consequences {
    pub(crate) fn note(note: Note) -> Self {
        Self { notes: Vec::from([note]), ..Self::default() }
    }

    pub(crate) fn network(network: Network) -> Self {
        Self { network, ..Self::default() }
    }
}

/// What a change does to the network of the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Network {
    /// Nothing.
    #[default]
    Unchanged,
    /// There is none until further notice.
    Gone,
    /// There is one again.
    Back,
    /// It breaks off and is there again.
    BackAtOnce,
}

/// Secrets just made, for the server's escrow.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) unlock_token: Option<UnlockToken>,
    pub(crate) bypass_code: Option<BypassCode>,
}

impl Secrets {
    pub(crate) const fn is_empty(&self) -> bool {
        self.unlock_token.is_none() && self.bypass_code.is_none()
    }
}

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) outcome: Outcome,
    /// Why the outcome is `NotNow`, if it is.
    pub(crate) obstacle: Option<Obstacle>,
    pub(crate) effect: Effect,
    pub(crate) consequences: Consequences,
}

impl Execution {
    /// An answer that changed nothing.
    pub(crate) fn answer(outcome: Outcome) -> Self {
        let consequences = Consequences::default();
        Self { outcome, obstacle: None, effect: Effect::Nothing, consequences }
    }

    /// `NotNow`, until this is out of the way.
    pub(crate) fn put_off(obstacle: Obstacle) -> Self {
        Self { obstacle: Some(obstacle), ..Self::answer(Outcome::NotNow) }
    }

    /// An answer after a change of the system's own state.
    pub(crate) fn changed(outcome: Outcome) -> Self {
        Self { effect: Effect::Changed, ..Self::answer(outcome) }
    }

    /// An acknowledgement of what ends the enrolment.
    pub(crate) fn ending(effect: Effect) -> Self {
        Self { effect, ..Self::answer(Outcome::Acknowledged(Answer::Done)) }
    }
}

/// How far a request reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing happened.
    Nothing,
    /// The system did what was asked.
    Changed,
    /// The device is to be erased once the answer is out.
    Erase,
    /// The same, and then it sets itself up and enrols with nobody's help.
    EraseAndReturn,
    /// The management is to end once the answer is out.
    Leave,
    /// The device is never heard of again, and nothing was done.
    DropOff,
}

/// The state of one platform's system; natural zeros stand for "not managed".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum System {
    Apple(Apple),
    Android(Android),
}

impl System {
    /// Shows every secret in a fixed order.
    pub(crate) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        match self {
            Self::Apple(apple) => apple.visit_secrets(see),
            Self::Android(android) => android.visit_secrets(see),
        }
    }

    /// A system fresh out of its box.
    pub(crate) fn new(platform: Platform) -> Self {
        match platform {
            Platform::Apple => Self::Apple(Apple::default()),
            Platform::Android => Self::Android(Android::default()),
        }
    }

    /// The user goes through the set-up.
    pub(crate) fn set_up(&mut self, persona: &Persona) {
        match self {
            Self::Apple(apple) => apple.set_up(persona),
            Self::Android(android) => android.set_up(persona),
        }
    }

    /// The management begins.
    pub(crate) fn on_enrolled(&mut self, situation: &mut Situation<'_>) -> Secrets {
        match self {
            Self::Apple(apple) => apple.on_enrolled(situation),
            Self::Android(android) => {
                android.on_enrolled(situation);
                Secrets::default()
            }
        }
    }

    /// The policy of the enrolment takes effect.
    pub(crate) fn on_policy(&mut self, situation: &mut Situation<'_>) -> Consequences {
        match self {
            Self::Apple(apple) => apple.on_policy(situation),
            Self::Android(android) => android.on_policy(situation),
        }
    }

    /// A person does something that does not end the phase.
    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        match self {
            Self::Apple(apple) => apple.on_user(action, situation),
            Self::Android(android) => android.on_user(action, situation),
        }
    }

    /// Decides and carries out a request; `None` is one this build cannot read.
    pub(crate) fn execute(
        &mut self,
        request: Option<&Request>,
        situation: &mut Situation<'_>,
    ) -> Execution {
        match (self, request) {
            (Self::Apple(apple), Some(Request::Apple(request))) => {
                apple.execute(request, situation)
            }
            (Self::Android(android), Some(Request::Android(request))) => {
                android.execute(request, situation)
            }
            (Self::Apple(_), Some(Request::Android(_)) | None)
            | (Self::Android(_), Some(Request::Apple(_)) | None) => {
                Execution::answer(Outcome::CommandFormatError)
            }
        }
    }

    /// Erases all content and settings.
    pub(crate) fn erase(&mut self) {
        match self {
            Self::Apple(apple) => apple.erase(),
            Self::Android(android) => *android = Android::default(),
        }
    }

    /// The management ends; personal data stays.
    pub(crate) fn on_left(&mut self) {
        match self {
            Self::Apple(apple) => apple.on_left(),
            Self::Android(android) => android.on_left(),
        }
    }

    /// What somebody at Setup Assistant asks of the vendor's service.
    pub(crate) fn enter_at_setup(&self, action: &UserAction, traits: Traits) -> Entry {
        match self {
            Self::Apple(_) => Apple::enter_at_setup(action, traits.quirk),
            Self::Android(_) => Entry::Ignored,
        }
    }

    /// How the vendor's service sees the lock of the device.
    pub(crate) fn on_standing(&mut self, lock: LockType) {
        match self {
            Self::Apple(apple) => apple.on_standing(lock),
            Self::Android(_) => {}
        }
    }

    /// The same while somebody has Find My open.
    pub(crate) fn on_opened(
        &mut self,
        lock: LockType,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        match self {
            Self::Apple(apple) => apple.on_opened(lock, situation),
            Self::Android(_) => Consequences::default(),
        }
    }

    /// Find My begins with the set-up, where nobody has to allow it.
    pub(crate) fn begin_find_my(&mut self, situation: &mut Situation<'_>) -> Consequences {
        match self {
            Self::Apple(apple) => apple.on_policy(situation),
            Self::Android(_) => Consequences::default(),
        }
    }

    /// Whether something keeps the device from what it answered `NotNow` to.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Self::Apple(apple) => apple.is_busy(),
            Self::Android(_) => false,
        }
    }

    /// Whether the device is in Lost Mode.
    pub(crate) const fn is_lost(&self) -> bool {
        match self {
            Self::Apple(apple) => apple.is_lost(),
            Self::Android(android) => android.is_lost(),
        }
    }

    /// Whether anything of the device answers.
    pub(crate) fn is_switched_on(&self) -> bool {
        match self {
            Self::Apple(apple) => apple.is_switched_on(),
            Self::Android(android) => android.is_switched_on(),
        }
    }

    /// Whether the device finds a network without anybody's help.
    pub(crate) fn is_on_network(&self) -> bool {
        match self {
            Self::Apple(apple) => apple.is_on_network(),
            Self::Android(android) => android.is_switched_on(),
        }
    }

    /// The state as reported.
    pub(crate) fn status(&self, facts: &DeviceFacts) -> DeviceStatus {
        match self {
            Self::Apple(apple) => apple.status(facts.os_version),
            Self::Android(android) => android.status(facts.os_version),
        }
    }
}

/// What an action at Setup Assistant comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The service is to judge it.
    Call(ActivationCall),
    /// The page itself does not take it.
    Refused,
    /// Not an entry for this page.
    Ignored,
}
