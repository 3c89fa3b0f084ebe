//! Hands commands in, each as a task of its own.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use muster_protocol::seed::Stream;
use muster_protocol::{CommandId, DeviceId, Timestamp};
use muster_report::ErrorCode;

use super::action::action;
use super::deed::{Deed, Done, Request};
use super::lookout::Outside;
use super::room::RoomHandle;
use super::tap::Tap;
use super::target::{Gate, Turned, hand_in};
use crate::cli::ThroughName;

/// Who the devices of a fleet are to their server, by their places.
#[derive(Debug, Default)]
pub(crate) struct Book(RwLock<Vec<Option<DeviceId>>>);

impl Book {
    /// Who stands at a place; nobody if it is not enrolled.
    pub(crate) fn who(&self, place: usize) -> Option<DeviceId> {
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        places.get(place).copied().flatten()
    }

    /// Takes note of an enrolment, or of its end.
    pub(crate) fn note(&self, place: u32, who: Option<DeviceId>) {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if place >= places.len() {
            places.resize(place.saturating_add(1), None);
        }
        if let Some(entry) = places.get_mut(place) {
            *entry = who;
        }
    }
}

/// Hands in what the plan asks.
pub(crate) struct Submitter {
    pub(crate) gate: Gate,
    /// The threads on which it is handed in: the server's own, or those of its client.
    pub(crate) room: RoomHandle,
    pub(crate) through: ThroughName,
    pub(crate) book: Arc<Book>,
    pub(crate) deeds: Arc<Tap<Deed>>,
    /// Where it is noted what a server elsewhere has taken; one of our own tells by itself.
    pub(crate) outside: Option<Arc<Tap<Outside>>>,
    /// What ids of commands are drawn from.
    pub(crate) chance: Stream,
}

/// One request on its way.
struct Errand {
    deeds: Arc<Tap<Deed>>,
    outside: Option<Arc<Tap<Outside>>>,
    planned: Timestamp,
    request: Request,
    command: CommandId,
    /// Who is asked; nobody if the device is not enrolled.
    who: Option<DeviceId>,
}

impl Submitter {
    /// Sends a request on its way. Returns at once.
    pub(crate) fn submit(&mut self, planned: Timestamp, request: Request, place: usize) {
        let command = CommandId::from_parts(unix_ms(), self.chance.bytes());
        let (deeds, outside) = (Arc::clone(&self.deeds), self.outside.clone());
        let who = self.book.who(place);
        let errand = Errand { deeds, outside, planned, request, command, who };
        let Some(device) = who else {
            let reason = "the device is not enrolled".to_owned();
            errand.began(Instant::now(), command);
            return errand.refused(ErrorCode::UnknownDevice, reason);
        };
        let gate = self.gate.clone();
        match self.through {
            ThroughName::Direct => {
                errand.began(Instant::now(), command);
                self.room.spawn(errand.direct(gate, device));
            }
            ThroughName::Graph => self.room.spawn(errand.over_https(gate, device, Instant::now())),
        }
    }
}

impl Errand {
    /// The server takes the command under the id it was given here.
    async fn direct(self, gate: Gate, device: DeviceId) {
        let handed = hand_in(gate, device, self.command, action(self.request.action)).await;
        if let Err(Turned::Down { code, reason }) = handed {
            self.refused(code, reason);
        }
    }

    /// Only the answer tells under which id the command is known.
    async fn over_https(self, gate: Gate, device: DeviceId, began: Instant) {
        let handed = hand_in(gate, device, self.command, action(self.request.action)).await;
        match handed {
            Ok(id) => self.taken(began, id.unwrap_or(self.command)),
            Err(turned) => {
                self.began(began, self.command);
                if let Turned::Down { code, reason } = turned {
                    self.refused(code, reason);
                }
            }
        }
    }

    fn taken(&self, began: Instant, command: CommandId) {
        self.began(began, command);
        if let Some(outside) = &self.outside {
            outside.note(Outside::Taken(command));
        }
    }

    fn began(&self, at: Instant, command: CommandId) {
        let what = Done::Submitted { command, request: self.request, who: self.who };
        self.deeds.note_at(at, Deed { planned: self.planned, what });
    }

    fn refused(&self, code: ErrorCode, reason: String) {
        let what = Done::Refused { command: self.command, request: self.request, code, reason };
        self.deeds.note(Deed { planned: self.planned, what });
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_knows_who_is_enrolled_now() {
        let (book, id) = (Book::default(), DeviceId::from_bytes([7; 16]));
        assert_eq!(book.who(3), None);
        book.note(3, Some(id));
        assert_eq!((book.who(3), book.who(2), book.who(4)), (Some(id), None, None));
        book.note(3, None);
        assert_eq!(book.who(3), None);
    }
}
