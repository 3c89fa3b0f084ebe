//! Where a device stands with its server, as a state that can be waited on.

use std::pin::Pin;
use std::time::Duration;

use muster_protocol::management::ToDevice;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::ending::Ending;
use crate::session::Session;
use crate::state::Grant;

/// How long the server may take to read the last messages of a device that leaves.
pub(crate) const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// An attempt on its way. Boxed because it is large and over soon.
pub(crate) type Attempt = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// The connection of one device.
pub(crate) enum Link {
    /// None, and none on its way.
    Down,
    /// None until the back-off is over.
    Resting { until: Instant },
    /// Being opened.
    Trying(Attempt),
    /// Open.
    Up(Box<Session>),
    /// Saying good-bye: what was sent is to arrive first.
    Leaving { session: Box<Session>, until: Instant },
}

/// How an attempt came out.
pub(crate) enum Finished {
    Enrolment(Result<Grant, Ending>),
    Connect(Result<Box<Session>, Ending>),
}

/// What happened on a link.
pub(crate) enum LinkEvent {
    /// The back-off is over.
    Rested,
    /// The attempt is over.
    Finished(Finished),
    /// A message came.
    Received(ToDevice),
    /// The session ended.
    Ended(Ending),
    /// The good-bye is over.
    Left,
}

impl Link {
    /// Waits for the next event; for ever if there is no link.
    ///
    /// Cancel safe: yes. After `Finished` the link has to be replaced.
    ///
    /// What does not last is boxed: only a session that is up waits for long, and has room for that.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        match self {
            Self::Down => std::future::pending().await,
            Self::Resting { until } => {
                Box::pin(sleep_until(*until)).await;
                LinkEvent::Rested
            }
            Self::Trying(attempt) => LinkEvent::Finished(attempt.as_mut().await),
            Self::Up(session) => match session.next().await {
                Ok(message) => LinkEvent::Received(message),
                Err(ending) => LinkEvent::Ended(ending),
            },
            Self::Leaving { session, until } => {
                // Whatever the server still says is for an enrolment that is over.
                while let Ok(Ok(_unread)) = Box::pin(timeout_at(*until, session.next())).await {}
                LinkEvent::Left
            }
        }
    }
}
