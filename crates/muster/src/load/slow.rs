//! From the slowest devices to what happened on them.
//!
//! A black box keeps the last few commands of its device. That of a slow one is therefore fetched
//! when the device is found to be slow, and not when the run is over.

mod shelf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use muster_agent::Fleet;
use muster_device::recording::{RecordedEvent, Recording};
use muster_protocol::CommandId;
use muster_report::{Recorder, Slow};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::shelf::Shelf;
use super::fleet_side::FleetSide;
use super::pacer::Places;
use super::room::RoomHandle;
use super::target::{Embedded, Target};
use crate::recording::DeviceRecording;

/// How often a box is fetched at most: playing its inputs once more takes a device a moment, which
/// is not to be the load.
const FETCH_EVERY: Duration = Duration::from_millis(100);

/// How long a device may take over it while the run goes on. Afterwards it is asked once more.
const FETCH_WITHIN: Duration = Duration::from_secs(2);

/// What the black boxes on both sides keep of a slow device.
#[derive(Clone)]
pub(crate) struct SlowDevice {
    /// Its number in the whole fleet.
    pub(crate) number: u32,
    pub(crate) file: DeviceRecording,
    /// Why its slow command is not among what they keep, if it is not.
    pub(crate) lacks: Option<&'static str>,
}

/// The black boxes of the slowest devices, fetched one after the other.
#[derive(Clone)]
pub(crate) struct Boxes {
    source: Arc<Source>,
    shelf: Arc<Mutex<Shelf>>,
    /// Whoever fetches holds it.
    turn: Arc<Semaphore>,
    due: Instant,
}

/// Where they are. Nothing is kept alive by them.
struct Source {
    fleet: Weak<Fleet>,
    /// A server elsewhere tells nothing of its side.
    server: Option<Weak<Embedded>>,
    places: Places,
    room: RoomHandle,
}

impl Boxes {
    /// None fetched yet.
    pub(crate) fn new(fleet: &FleetSide, server: &Target, places: Places) -> Self {
        let source = Source {
            fleet: Arc::downgrade(fleet.fleet()),
            server: server.own().map(Arc::downgrade),
            places,
            room: fleet.room().remote(),
        };
        Self::of(source)
    }

    /// Those of a fleet that is gone.
    #[cfg(test)]
    pub(crate) fn of_nobody(room: RoomHandle) -> Self {
        let places = Places { shards: 1 };
        Self::of(Source { fleet: Weak::new(), server: None, places, room })
    }

    fn of(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            shelf: Arc::default(),
            turn: Arc::new(Semaphore::new(1)),
            due: Instant::now(),
        }
    }

    /// Has the next box fetched, if it is time to and one is wanted. Returns at once.
    pub(crate) fn look(&mut self, recorder: &Recorder) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + FETCH_EVERY;
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        let Some(slow) = self.shelf().next(recorder) else { return };
        let boxes = self.clone();
        self.source.room.spawn(async move {
            let told = timeout(FETCH_WITHIN, boxes.source.fetch(&slow)).await;
            boxes.shelf().put(slow.who, told.ok().flatten());
            drop(turn);
        });
    }

    /// What is kept of the slowest devices at the end of a run, the rest asked for now. A device
    /// whose black box is off tells nothing.
    pub(crate) async fn open(self, recorder: &Recorder) -> Vec<SlowDevice> {
        // Waits for the fetch that is under way.
        let _turn = self.turn.acquire().await;
        let mut told = Vec::new();
        for slow in recorder.slowest() {
            let kept = self.shelf().take(slow.who);
            match kept {
                Some(device) => told.push(device),
                None => told.extend(self.source.fetch(slow).await),
            }
        }
        told
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves whole boxes.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Asks both sides about a device.
    async fn fetch(&self, slow: &Slow) -> Option<SlowDevice> {
        let number = slow.who.device;
        let fleet = self.fleet.upgrade()?;
        let recording = fleet.black_box(self.places.of(number)).await.ok()??;
        let facts = match self.server.as_ref().and_then(Weak::upgrade) {
            Some(server) => server.facts(recording.serial.clone()).await,
            None => None,
        };
        let lacks = lacks(slow, &recording);
        let mut why = format!("slow: {:.1} ms", slow.took.as_secs_f64() * 1_000.0);
        if let Some(lacks) = lacks {
            why = format!("{why}; {lacks}");
        }
        let file = DeviceRecording::of(recording, facts, "muster load").because(why);
        Some(SlowDevice { number, file, lacks })
    }
}

/// Why a recording does not tell of the slow command, if it does not.
fn lacks(slow: &Slow, recording: &Recording) -> Option<&'static str> {
    match (slow.who.command, slow.journey.delivered) {
        (None, _) => Some("the command was never sent"),
        (Some(_command), None) => Some("the command had not reached the device"),
        (Some(command), Some(_at)) if holds(recording, command) => None,
        (Some(_command), Some(_at)) => Some("the command is no longer in the black box"),
    }
}

fn holds(recording: &Recording, command: CommandId) -> bool {
    let inputs = recording.entries.iter().filter_map(|entry| entry.happened.input());
    inputs.map(|input| &input.event).any(|event| match event {
        RecordedEvent::Command { head, .. } => head.id == command,
        RecordedEvent::Start
        | RecordedEvent::Enrolled { .. }
        | RecordedEvent::EnrolmentRefused
        | RecordedEvent::Connected { .. }
        | RecordedEvent::Disconnected
        | RecordedEvent::Unenrolled
        | RecordedEvent::Welcome(_)
        | RecordedEvent::TokenUpdateAck { .. }
        | RecordedEvent::Empty
        | RecordedEvent::User(_)
        | RecordedEvent::Activation(_)
        | RecordedEvent::Deadline
        | RecordedEvent::PolicyUpdate(_)
        | RecordedEvent::PushTarget(_)
        | RecordedEvent::Pushed { .. } => false,
    })
}

#[cfg(test)]
mod tests;
