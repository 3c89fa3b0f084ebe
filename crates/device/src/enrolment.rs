//! One enrolment: who the device is to the server, and what the two owe each other.

use core::time::Duration;

use muster_protocol::management::TokenUpdate;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{DeviceId, Policy, Timestamp};
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
        for outcome in self.journal.outcomes_mut() {
            visit_outcome(outcome, see);
        }
    }

    /// A fresh enrolment; the policy comes with the first `Welcome`.
    pub(crate) fn new(device: DeviceId) -> Self {
        Self {
            device,
            policy: Policy::NONE,
            link: Link::Down,
            escrow: Escrow::Settled { sequence: 0 },
            journal: Journal::default(),
        }
    }

    /// When something is to be done if nothing comes before.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        match (&self.link, &self.escrow) {
            (Link::Up { .. }, Escrow::Waiting { again_at, .. }) => Some(*again_at),
            (Link::Up { .. }, Escrow::Settled { .. }) | (Link::Down, _) => None,
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

    /// What is to be sent, if anything; the next time is a while from `now`.
    pub(crate) fn send(&mut self, now: Timestamp) -> Option<TokenUpdate> {
        match self {
            Self::Settled { .. } => None,
            Self::Waiting { update, again_at } => {
                *again_at = now.after(ESCROW_AGAIN_AFTER);
                Some(update.clone())
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
