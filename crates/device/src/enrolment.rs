//! One enrolment: who the device is to the server, and what the two owe each other.

use alloc::boxed::Box;
use core::time::Duration;

use muster_protocol::management::TokenUpdate;
use muster_protocol::planted::{Plant, is};
use muster_protocol::status::DeviceStatus;
use muster_protocol::{DeviceId, Policy, PushTarget, Timestamp};
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::recording::{SecretMut, visit_outcome};
use crate::system::Secrets;

/// How long an unacknowledged `TokenUpdate` waits on an open connection before it goes out again.
///
/// Long against any answer a live server gives, short against the ten minutes a command lives.
pub(crate) const ESCROW_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Everything that ends with the enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) device: DeviceId,
    pub(crate) policy: Policy,
    pub(crate) link: Link,
    pub(crate) escrow: Escrow,
    pub(crate) journal: Journal,
    /// `None` for a device that keeps its connection. Boxed: most do.
    #[serde(default)]
    pub(crate) woken: Option<Box<Woken>>,
}

/// How a woken device stands to its server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Woken {
    /// Where it is reached.
    pub(crate) target: Option<PushTarget>,
    pub(crate) visit: Visit,
}

/// How far it is with coming, taking what waits, and leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Visit {
    /// Not connected, and nothing tried.
    Away {
        owes: Owes,
        /// The status the server was told last; `None` if it comes as soon as there is a network.
        told: Option<DeviceStatus>,
    },
    /// Wants a connection and has none.
    Coming,
    /// Said `Idle` and has heard nothing since.
    Asked,
    /// Gave a result: a further command may come until then.
    Lingers { until: Timestamp },
    /// Would leave if its secrets were acknowledged.
    Finishes,
    /// Is with a server that does not push.
    Stays,
}

impl Default for Visit {
    fn default() -> Self {
        Self::Away { owes: Owes::Nothing, told: None }
    }
}

/// What a woken device that is away comes back for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Owes {
    Nothing,
    /// An `Idle`, once what made it say `NotNow` is over.
    Idle,
    /// A message.
    Word,
}

impl Enrolment {
    /// Shows every secret in a fixed order.
    pub(crate) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        if let Escrow::Waiting { update, .. } = &mut self.escrow {
            if let Some(token) = &mut update.unlock_token {
                see(SecretMut::UnlockToken(token));
            }
            if let Some(code) = &mut update.bypass_code {
                see(SecretMut::BypassCode(code));
            }
        }
        self.journal.visit(&mut |outcome| visit_outcome(outcome, see));
    }

    /// A fresh enrolment; the policy comes with the first `Welcome`.
    pub(crate) fn new(device: DeviceId, woken: Option<Box<Woken>>) -> Self {
        Self {
            device,
            policy: Policy::NONE,
            link: Link::Down,
            escrow: Escrow::Settled { sequence: 0 },
            journal: Journal::default(),
            woken,
        }
    }

    /// When something is to be done if nothing comes before.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        match self.link {
            Link::Up { .. } => self.escrow.again_at().into_iter().chain(self.asks_at()).min(),
            Link::Down => None,
        }
    }

    /// When a woken device goes on although no command has come.
    fn asks_at(&self) -> Option<Timestamp> {
        match self.woken.as_ref()?.visit {
            Visit::Lingers { until } => Some(until),
            Visit::Away { .. } | Visit::Coming | Visit::Asked | Visit::Finishes | Visit::Stays => {
                None
            }
        }
    }
}

/// The management connection as the device sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Link {
    Down,
    Up {
        stage: Stage,
        /// The status the server knows.
        reported: DeviceStatus,
    },
}

/// How far the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Said hello, not welcomed yet.
    Greeting,
    /// Takes commands.
    Open,
    /// Takes commands and owes an `Idle`, because it said `NotNow`.
    OwesIdle,
}

/// Secrets on their way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Escrow {
    /// The server has them all.
    Settled {
        /// Of the last update.
        sequence: u32,
    },
    /// Not acknowledged yet.
    Waiting {
        update: TokenUpdate,
        /// When it goes out again on a connection that stays up.
        again_at: Timestamp,
    },
}

impl Escrow {
    /// Adds new secrets to what waits, under a new sequence number.
    pub(crate) fn add(&mut self, secrets: Secrets, now: Timestamp) {
        let (sequence, waiting) = match self {
            Self::Settled { sequence } => (*sequence, Secrets::default()),
            Self::Waiting { update, .. } => (
                update.sequence,
                Secrets {
                    unlock_token: update.unlock_token.take(),
                    bypass_code: update.bypass_code.take(),
                },
            ),
        };
        *self = Self::Waiting {
            update: TokenUpdate {
                sequence: sequence.saturating_add(1),
                unlock_token: secrets.unlock_token.or(waiting.unlock_token),
                bypass_code: secrets.bypass_code.or(waiting.bypass_code),
            },
            again_at: now.after(ESCROW_AGAIN_AFTER),
        };
    }

    /// When what waits goes out again.
    pub(crate) const fn again_at(&self) -> Option<Timestamp> {
        match self {
            Self::Settled { .. } => None,
            Self::Waiting { again_at, .. } => Some(*again_at),
        }
    }

    /// What is to be sent, if anything; the next time is a while from `now`.
    pub(crate) fn send(&mut self, now: Timestamp) -> Option<TokenUpdate> {
        match self {
            Self::Settled { .. } => None,
            Self::Waiting { update, again_at } => {
                *again_at = now.after(ESCROW_AGAIN_AFTER);
                let said = update.clone();
                if is(Plant::SecretsSaidOnce) {
                    *self = Self::Settled { sequence: said.sequence };
                }
                Some(said)
            }
        }
    }

    /// The server says it has the update `acknowledged`; true if that is the one that waits.
    pub(crate) fn settle(&mut self, acknowledged: u32) -> bool {
        match self {
            Self::Waiting { update, .. } if update.sequence == acknowledged => {
                *self = Self::Settled { sequence: acknowledged };
                true
            }
            Self::Waiting { .. } | Self::Settled { .. } => false,
        }
    }
}
