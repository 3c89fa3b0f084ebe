//! Who answers behind the counter of the push services.

use std::fmt;
use std::time::Duration;

use muster_protocol::PushService;

/// The push services of a run, as their faces over HTTPS see them.
pub trait PushDesk: Clone + Send + Sync + 'static {
    /// Takes a push for a device. That it was taken is no promise that it arrives.
    ///
    /// # Errors
    /// [`PushRefusal`] says why it is not taken.
    fn push(&self, push: Push) -> Result<(), PushRefusal>;
}

/// One push, as a customer wants it. No derived `Debug`: it carries the word a device trusts.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// Whose service it was given to.
    pub service: PushService,
    /// Which device, as the service names it.
    pub token: String,
    /// For which application: the topic of APNs, the project of FCM.
    pub topic: String,
    /// What it says.
    pub magic: String,
    /// How long it is kept for a device that is away.
    pub keep: Keep,
    /// Which other pushes it takes the place of.
    pub collapse: Option<Collapse>,
    /// How soon it is wanted.
    pub urgency: Urgency,
}

/// How long a push is kept for a device that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Now or never.
    Not,
    /// Until then, since 1970.
    Until(Duration),
    /// So long.
    For(Duration),
    /// As long as the service keeps anything.
    Longest,
}

/// A name of pushes that stand for each other: the newest is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collapse(pub String);

/// How soon a push is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// At once.
    #[default]
    High,
    /// When it suits the battery.
    Normal,
}

/// Why a push is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushRefusal {
    /// The service has given out no such token.
    UnknownToken,
    /// The token is for another application.
    OtherTopic,
    /// The device has given the token up.
    Unregistered {
        /// Since when, since 1970.
        since: Duration,
    },
    /// Too many pushes for this device one after another.
    TooMany,
    /// Nothing is taken at present.
    Unavailable,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push").field("service", &self.service).finish_non_exhaustive()
    }
}
