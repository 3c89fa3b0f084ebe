//! Hands commands in, each as a task of its own.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use muster_protocol::seed::Stream;
use muster_protocol::{CommandId, DeviceId, Timestamp};
use muster_report::ErrorCode;

use super::action::action;
use super::deed::{Begins, Deed, Done, Request};
use super::lookout::Outside;
use super::room::RoomHandle;
use super::tap::Tap;
use super::target::{Gate, Refusal, hand_in};
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
            errand.submitted(Begins::AtOnce);
            let reason = "the device is not enrolled".to_owned();
            return errand.refused((ErrorCode::UnknownDevice, reason));
        };
        let gate = self.gate.clone();
        match self.through {
            ThroughName::Direct => {
                errand.submitted(Begins::AtOnce);
                self.room.spawn(errand.direct(gate, device));
            }
            ThroughName::Graph => {
                errand.submitted(Begins::WhenSent);
                self.room.spawn(errand.over_https(gate, device));
            }
        }
    }
}

impl Errand {
    /// The server takes the command under the id it was given here.
    async fn direct(self, gate: Gate, device: DeviceId) {
        let handed = hand_in(gate, device, self.command, action(self.request.action)).await;
        if let Err(why) = handed {
            self.refused(why);
        }
    }

    /// Only the answer tells under which id the command is known.
    async fn over_https(self, gate: Gate, device: DeviceId) {
        self.note(Done::Sent { command: self.command });
        let handed = hand_in(gate, device, self.command, action(self.request.action)).await;
        match handed {
            Ok(id) => self.taken(id.unwrap_or(self.command)),
            Err(why) => self.refused(why),
        }
    }

    fn submitted(&self, begins: Begins) {
        let (command, request, who) = (self.command, self.request, self.who);
        self.note(Done::Submitted { command, request, who, begins });
    }

    fn taken(&self, known_as: CommandId) {
        self.note(Done::Named { command: self.command, known_as });
        if let Some(outside) = &self.outside {
            outside.note(Outside::Taken(known_as));
        }
    }

    fn refused(&self, (code, reason): Refusal) {
        self.note(Done::Refused { command: self.command, request: self.request, code, reason });
    }

    fn note(&self, what: Done) {
        self.deeds.note(Deed { planned: self.planned, what });
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use muster_scenario::Action;
    use tokio::sync::watch;

    use super::super::target::{Door, Submitting};
    use super::*;

    const NAMED: CommandId = CommandId::from_bytes([2; 16]);

    /// A server that names every command itself.
    #[derive(Debug)]
    struct Names;

    impl Door for Names {
        fn submit(&self, _: DeviceId, _: CommandId, _: muster_control::Action) -> Submitting {
            Box::pin(async { Ok(Some(NAMED)) })
        }
    }

    fn taken(deeds: &Tap<Deed>) -> Vec<Done> {
        let mut notes = Vec::new();
        deeds.take(&mut notes);
        notes.into_iter().map(|note| note.what.what).collect()
    }

    #[tokio::test]
    async fn a_request_over_https_begins_when_a_thread_sends_it_and_not_before() {
        let (moment, command) = (Timestamp::ZERO, CommandId::from_bytes([1; 16]));
        let (device, deeds) = (DeviceId::from_bytes([7; 16]), Arc::<Tap<Deed>>::default());
        let errand = Errand {
            deeds: Arc::clone(&deeds),
            outside: None,
            planned: moment,
            request: Request { moment, device: 0, action: Action::Sync, work: 0 },
            command,
            who: Some(device),
        };
        let (_open, gate) = watch::channel(Some(Arc::new(Names) as Arc<dyn Door>));
        errand.submitted(Begins::WhenSent);
        let waits_for_a_thread = errand.over_https(gate, device);
        let before = taken(&deeds);
        assert!(matches!(before[..], [Done::Submitted { begins: Begins::WhenSent, .. }]));
        waits_for_a_thread.await;
        let after = taken(&deeds);
        let [Done::Sent { command: sent }, Done::Named { known_as, .. }] = after[..] else {
            panic!("{after:?}")
        };
        assert_eq!((sent, known_as), (command, NAMED));
    }

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
