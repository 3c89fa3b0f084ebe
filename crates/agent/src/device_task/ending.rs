//! The end of a connection, and what follows from it.

use std::time::Duration;

use muster_device::Input;
use muster_protocol::planted::{Plant, is};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::{Aim, DeviceTask, Kept, REFUSALS_MAX};
use crate::ending::{Ending, Next};
use crate::link::{LEAVE_WITHIN, Link};
use crate::progress::{Count, Gauge};
use crate::session::{Reached, Session};
use crate::state::StateError;
use crate::watch::Seen;

impl DeviceTask {
    /// Does what an ending asks for.
    pub(super) async fn follow(&mut self, ending: Ending) -> Result<(), StateError> {
        let counters = &self.shared.counters;
        match ending {
            Ending::Closed(code) => counters.closed(code),
            Ending::Quic(_)
            | Ending::Unanswered
            | Ending::Silent
            | Ending::Forgotten
            | Ending::NoStream
            | Ending::Unread
            | Ending::HungUp => counters.count(Count::Loss),
            Ending::Tls(_) => counters.count(Count::HandshakeFailure),
            Ending::ClosedOddly(_)
            | Ending::Refused(_)
            | Ending::OtherVersion
            | Ending::GrantOfAnother
            | Ending::NoMeans => {}
        }
        match (ending.next(), self.aim) {
            (Next::Retry, _) => self.rest(),
            (Next::RetryCapped, _) => self.rest_unless_refused_often(),
            (Next::GiveWay, _) => {
                info!(index = self.index, "gives way to another connection of this device");
                self.aim = Aim::Rest;
            }
            (Next::Unenrolled, Aim::Connect) => {
                self.handle(Input::Unenrolled).await?;
            }
            (Next::EnrolmentRefused, Aim::Enrol) => {
                self.shared.counters.count(Count::EnrolmentRefused);
                self.aim = Aim::Rest;
                self.handle(Input::EnrolmentRefused).await?;
            }
            (Next::GiveUp | Next::Unenrolled | Next::EnrolmentRefused, _) => {
                self.give_up("the server refuses this device");
            }
        }
        Ok(())
    }

    fn rest(&mut self) {
        let drawn = self.backoff.next_delay();
        let delay = if is(Plant::NeverAway) { Duration::ZERO } else { drawn };
        debug!(index = self.index, ?delay, "comes back later");
        self.link = Link::Resting { until: Instant::now() + delay };
    }

    fn rest_unless_refused_often(&mut self) {
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals < REFUSALS_MAX || is(Plant::RefusalsForgotten) {
            self.rest();
        } else {
            self.give_up("refused too often");
        }
    }

    pub(super) fn give_up(&mut self, reason: &'static str) {
        warn!(index = self.index, reason, "a device stays away");
        self.aim = Aim::Rest;
        self.shared.counters.count(Count::GivenUp);
    }

    /// Ends whatever link there is, at once.
    pub(super) fn hang_up(&mut self) {
        self.end_link(Ending::HungUp);
    }

    /// Lets go of whatever link there is, for this reason.
    pub(super) fn end_link(&mut self, ending: Ending) {
        match std::mem::replace(&mut self.link, Link::Down) {
            Link::Down | Link::Resting { .. } => {}
            // A dropped attempt closes its connection.
            Link::Trying(attempt) => drop(attempt),
            Link::Up(session) => {
                self.on_session_over(&session, ending);
                session.close();
            }
            Link::Leaving { session, .. } => session.close(),
        }
    }

    fn on_session_over(&mut self, session: &Session, ending: Ending) {
        match session.reached() {
            Reached::Greeting => self.count_failure(ending),
            Reached::Welcomed => {
                self.backoff.on_session(session.age());
                self.shared.counters.leave(Gauge::Connected);
                self.shared.watch.saw(self.index, || Seen::Disconnected(ending));
            }
        }
    }

    /// Leaves for good: the identity is forgotten.
    pub(super) fn leave(&mut self) {
        match &mut self.credentials {
            Some(credentials) if is(Plant::KeyOutlivesWipe) => credentials.grant = None,
            Some(_) | None => self.credentials = None,
        }
        self.kept = Kept::Outdated;
        self.unsubscribe();
        self.part();
    }

    /// Parts politely: what was sent arrives, then the connection closes.
    pub(super) fn part(&mut self) {
        self.aim = Aim::Rest;
        match std::mem::replace(&mut self.link, Link::Down) {
            Link::Up(mut session) => {
                self.on_session_over(&session, Ending::HungUp);
                session.finish();
                self.link = Link::Leaving { session, until: Instant::now() + LEAVE_WITHIN };
            }
            // An attempt on its way is not wanted any more.
            Link::Down | Link::Resting { .. } | Link::Trying(_) => {}
            leaving @ Link::Leaving { .. } => self.link = leaving,
        }
    }
}
