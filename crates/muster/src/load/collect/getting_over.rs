//! Which devices have still to get over what.

use std::collections::{BTreeMap, BTreeSet};

use muster_protocol::Timestamp;
use muster_report::{EventIndex, EventKind, Recorder};
use muster_scenario::Contact;

/// Events that have begun, and who is not through with them.
#[derive(Debug, Default)]
pub(crate) struct GettingOver {
    /// When each event began that concerns devices: they are through so long after.
    began: BTreeMap<EventIndex, Timestamp>,
    /// Devices that are through once they are connected, by their places.
    to_connect: BTreeMap<usize, BTreeSet<EventIndex>>,
    /// Commands of each device that are not over, of events that end with those.
    to_end: BTreeMap<(EventIndex, usize), Waits>,
    /// The last storm, and when it began.
    storm: Option<(EventIndex, Timestamp)>,
    /// The last enrolment wave.
    wave: Option<EventIndex>,
}

/// What a device that comes home waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Waits {
    commands: u32,
    is_away: bool,
}

impl GettingOver {
    /// An event begins.
    pub(crate) fn began(&mut self, event: EventIndex, kind: EventKind, at: Timestamp) {
        self.began.insert(event, at);
        match kind {
            EventKind::Storm => self.storm = Some((event, at)),
            EventKind::Wave => self.wave = Some(event),
            EventKind::Broadcast
            | EventKind::MassWipe
            | EventKind::Backlog
            | EventKind::ServerAway => {}
        }
    }

    /// A device vanishes from the network: in the storm that has begun at the same instant, if there
    /// is one. Not for those that keep no connection: they have none to get back.
    pub(crate) fn vanished(
        &mut self,
        planned: Timestamp,
        (place, contact): (usize, Contact),
        recorder: &mut Recorder,
    ) {
        if let (Some((event, began)), Contact::Connected) = (self.storm, contact)
            && began == planned
        {
            self.awaits(event, place, recorder);
        }
    }

    /// A device is switched on for the first time.
    pub(crate) fn switched_on_first(&mut self, place: usize, recorder: &mut Recorder) {
        if let Some(event) = self.wave {
            self.awaits(event, place, recorder);
        }
    }

    /// The server goes, maybe once more: whoever is connected has to come back.
    pub(crate) fn server_went(
        &mut self,
        event: (EventIndex, EventKind),
        at: Timestamp,
        connected: impl Iterator<Item = usize>,
        recorder: &mut Recorder,
    ) {
        let event = self.round_began(event, at, recorder);
        for place in connected {
            self.awaits(event, place, recorder);
        }
    }

    /// An event begins that may have begun before: each time is an event of its own. Says which.
    fn round_began(
        &mut self,
        (event, kind): (EventIndex, EventKind),
        at: Timestamp,
        recorder: &mut Recorder,
    ) -> EventIndex {
        let event = match self.began.contains_key(&event) {
            false => event,
            true => recorder.event_again(event, at),
        };
        if self.began.contains_key(&event) {
            // There is no room for more rounds: the last one goes on, from its own beginning.
            return event;
        }
        recorder.event_began(event, at);
        self.began(event, kind, at);
        event
    }

    fn awaits(&mut self, event: EventIndex, place: usize, recorder: &mut Recorder) {
        if self.to_connect.entry(place).or_default().insert(event) {
            recorder.event_concerns(event, 1);
        }
    }

    /// A device has a session.
    pub(crate) fn connected(&mut self, at: Timestamp, place: usize, recorder: &mut Recorder) {
        for event in self.to_connect.remove(&place).unwrap_or_default() {
            match self.to_end.get_mut(&(event, place)) {
                Some(waits) if waits.commands > 0 => waits.is_away = false,
                Some(_) | None => {
                    self.to_end.remove(&(event, place));
                    self.through(event, at, recorder);
                }
            }
        }
    }

    /// A command was asked for as part of an event.
    pub(crate) fn asked(
        &mut self,
        (event, kind): (EventIndex, EventKind),
        (place, contact): (usize, Contact),
        recorder: &mut Recorder,
    ) {
        match kind {
            EventKind::Broadcast | EventKind::MassWipe => recorder.event_concerns(event, 1),
            EventKind::Backlog => self.piles_up(event, (place, contact), recorder),
            EventKind::Storm | EventKind::Wave | EventKind::ServerAway => {}
        }
    }

    /// A device that is away has one more command waiting for it.
    fn piles_up(
        &mut self,
        event: EventIndex,
        (place, contact): (usize, Contact),
        recorder: &mut Recorder,
    ) {
        let keeps_connection = contact == Contact::Connected;
        let waits = self.to_end.entry((event, place)).or_insert_with(|| {
            recorder.event_concerns(event, 1);
            Waits { commands: 0, is_away: keeps_connection }
        });
        waits.commands += 1;
        if keeps_connection {
            self.to_connect.entry(place).or_default().insert(event);
        }
    }

    /// A command that was part of an event is over.
    pub(crate) fn over(
        &mut self,
        at: Timestamp,
        (event, kind): (EventIndex, EventKind),
        place: usize,
        recorder: &mut Recorder,
    ) {
        match kind {
            EventKind::Broadcast | EventKind::MassWipe => self.through(event, at, recorder),
            EventKind::Backlog => {
                let Some(waits) = self.to_end.get_mut(&(event, place)) else { return };
                waits.commands = waits.commands.saturating_sub(1);
                if waits.commands == 0 && !waits.is_away {
                    self.to_end.remove(&(event, place));
                    self.through(event, at, recorder);
                }
            }
            EventKind::Storm | EventKind::Wave | EventKind::ServerAway => {}
        }
    }

    /// A command that was part of an event was not taken: its device does not wait for it. Of a
    /// broadcast and a mass wipe it is not through all the same.
    pub(crate) fn not_taken(
        &mut self,
        at: Timestamp,
        (event, kind): (EventIndex, EventKind),
        place: usize,
        recorder: &mut Recorder,
    ) {
        if kind == EventKind::Backlog {
            self.over(at, (event, kind), place, recorder);
        }
    }

    fn through(&self, event: EventIndex, at: Timestamp, recorder: &mut Recorder) {
        if let Some(began) = self.began.get(&event) {
            recorder.through(event, at.since(*began));
        }
    }
}

#[cfg(test)]
mod tests;
