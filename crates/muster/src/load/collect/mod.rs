//! The collector: one thread that fetches what was seen, joins it and records it.
//!
//! ```text
//! fleet threads  --Tap--\
//! server threads --Tap---> join --> recorder --> snapshot (live), report (at the end)
//! pacer          --Tap--/
//! ```

mod devices;
mod errors;
mod getting_over;
mod join;
mod labels;
mod notes;
mod retime;
mod watchdog;
mod woken;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use muster_report::{Ends, FaultReport, Gauges, Intervention, Recorder, Vitals};
use muster_scenario::{PlannedDevice, Scenario};
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

use self::join::{Answered, Around, Join};
use self::watchdog::{Part, Watchdog};
use super::clock::RunClock;
use super::deed::Deed;
use super::eyes::{Eyes, Instruments, OfDevice};
use super::fleet_side::Remote;
use super::health::Health;
use super::lookout::{Look, Outside};
use super::pacer::{InFlight, Places};
use super::server_levels::ServerLevels;
use super::slow::Boxes;
use super::snapshot::{Board, Snapshot};
use super::tap::Note;

pub(crate) use devices::Devices;
pub(crate) use getting_over::GettingOver;
pub(crate) use join::Pending;
pub(crate) use labels::Labels;
pub(crate) use watchdog::{Failing, has_to_grow};
pub(crate) use woken::OfWoken;

/// How often everything that was noted is fetched.
const FETCH_EVERY: Duration = Duration::from_millis(5);

/// How long before its plan begins the health of a run begins to count: time enough for a fetch that
/// is late not to set aside what is of the plan.
const COUNTS_BEFORE: Duration = Duration::from_millis(50);

/// How often whoever looks on gets new numbers.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// How often levels are noted: as long as a slice of the report is at first.
const LEVELS_EVERY: Duration = Duration::from_secs(1);

/// What a collector is made of.
pub(crate) struct Making {
    pub(crate) clock: RunClock,
    pub(crate) eyes: Eyes,
    pub(crate) labels: Labels,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) planned: Vec<PlannedDevice>,
    pub(crate) in_flight: InFlight,
    pub(crate) places: Places,
    /// The black boxes of the slowest devices.
    pub(crate) boxes: Boxes,
    pub(crate) health: Health,
    pub(crate) board: Board,
    /// The devices' remote control, once there is a fleet.
    pub(crate) remote: Arc<std::sync::OnceLock<Remote>>,
    /// How a server elsewhere is looked at; `None` for one of our own.
    pub(crate) view: Option<View>,
    /// Whether commands are joined and thresholds looked at.
    pub(crate) instruments: Instruments,
}

/// How a server elsewhere is looked at.
pub(crate) struct View {
    /// Whose end is looked for.
    pub(crate) commands: Sender<Look>,
    /// What it takes of its machine, if it tells.
    pub(crate) levels: Option<ServerLevels>,
}

impl View {
    /// Puts in what the server takes, which is not what this process does.
    fn complete(&self, gauges: &mut Gauges) {
        let server = self.levels.as_ref().map(ServerLevels::gauges).unwrap_or_default();
        gauges.server_cpu_percent = server.server_cpu_percent;
        gauges.server_rss_bytes = server.server_rss_bytes;
        if server.server_rss_bytes.is_none() {
            // Memory is that of both sides, or of none.
            gauges.generator_rss_bytes = None;
        }
    }

    /// What was not seen of that, if anything was not.
    fn unseen_levels(&self) -> Option<String> {
        match &self.levels {
            Some(levels) => levels.unseen(),
            None => Some("what the server took of memory and processor".to_owned()),
        }
    }

    /// Has somebody look; what finds no room is looked at when the run is over.
    fn look(&self, answered: Answered) {
        let Answered { device, command, class, action, took } = answered;
        let look = Look { device, command, action, class, answered: Instant::now(), took };
        let _no_room = self.commands.try_send(look);
    }
}

/// The collector itself, on its thread.
pub(crate) struct Collector {
    clock: RunClock,
    eyes: Eyes,
    fetched: Fetched,
    labels: Labels,
    devices: Devices,
    recorder: Recorder,
    over: GettingOver,
    join: Join,
    in_flight: InFlight,
    boxes: Boxes,
    health: Health,
    board: Board,
    watchdog: Watchdog,
    remote: Arc<std::sync::OnceLock<Remote>>,
    view: Option<View>,
    instruments: Instruments,
    late_looks: u64,
}

/// When what is not done at every turn is due.
struct Due {
    levels: Instant,
    numbers: Instant,
}

impl Due {
    fn now() -> Self {
        let now = Instant::now();
        Self { levels: now, numbers: now }
    }
}

/// Lists that are filled and emptied again and again.
#[derive(Default)]
struct Fetched {
    server: Vec<Note<muster_server::Seen>>,
    outside: Vec<Note<Outside>>,
    fleet: Vec<Note<OfDevice>>,
    deeds: Vec<Note<Deed>>,
}

/// What a collector leaves.
pub(crate) struct Collected {
    pub(crate) recorder: Recorder,
    pub(crate) pending: Vec<Pending>,
    pub(crate) vitals: Vitals,
    /// What went wrong on purpose, as it happened.
    pub(crate) faults: Vec<FaultReport>,
    /// What was changed by hand.
    pub(crate) interventions: Vec<Intervention>,
    /// Commands of a server elsewhere that were looked at too late to say when they were over.
    pub(crate) late_looks: u64,
    /// What a server elsewhere took of its machine and nobody saw, in words.
    pub(crate) unseen_levels: Option<String>,
}

/// A running collector.
pub(crate) struct Collecting {
    thread: thread::JoinHandle<Collected>,
    stop: Arc<AtomicBool>,
    shown: watch::Receiver<Snapshot>,
}

impl Collecting {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(crate) fn start(making: Making) -> std::io::Result<Self> {
        let (show, shown) = watch::channel(Snapshot::default());
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let collector = Collector::new(making);
        let thread = thread::Builder::new()
            .name("collector".to_owned())
            .spawn(move || collector.run(&asked, &show))?;
        Ok(Self { thread, stop, shown })
    }

    /// The numbers as they are, several times a second.
    pub(crate) fn shown(&self) -> watch::Receiver<Snapshot> {
        self.shown.clone()
    }

    /// Fetches what is left and ends. Waits for the thread: a few milliseconds.
    pub(crate) fn finish(self) -> Collected {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        self.thread.join().expect("the collector does not panic")
    }
}

impl Collector {
    fn new(making: Making) -> Self {
        let Making { clock, eyes, labels, scenario, planned, in_flight, places, .. } = making;
        let deadline = scenario.limits.deadline;
        let ends = if making.view.is_some() { Ends::Answered } else { Ends::All };
        Self {
            recorder: match making.instruments {
                Instruments::On => Recorder::with_room(Arc::clone(&labels.legend)),
                Instruments::Off => Recorder::new(Arc::clone(&labels.legend)),
            },
            devices: Devices::of(&planned),
            join: Join::new(deadline, in_flight.clone(), places),
            over: GettingOver::default(),
            fetched: Fetched::default(),
            boxes: making.boxes,
            health: making.health,
            board: making.board,
            watchdog: Watchdog::new(scenario, ends, Part::of(places)),
            remote: making.remote,
            view: making.view,
            instruments: making.instruments,
            late_looks: 0,
            in_flight,
            labels,
            clock,
            eyes,
        }
    }

    fn run(mut self, stop: &AtomicBool, show: &watch::Sender<Snapshot>) -> Collected {
        let mut due = Due::now();
        while !stop.load(Ordering::Acquire) && !self.clock.begins_within(COUNTS_BEFORE) {
            self.turn(&mut due, show);
            thread::park_timeout(FETCH_EVERY);
        }
        self.health.set_aside();
        while !stop.load(Ordering::Acquire) {
            self.turn(&mut due, show);
            thread::park_timeout(FETCH_EVERY);
        }
        self.turn(&mut Due::now(), show);
        self.leave()
    }

    /// Fetches what was noted and, where that is due, notes levels and shows the numbers.
    fn turn(&mut self, due: &mut Due, show: &watch::Sender<Snapshot>) {
        self.fetch();
        self.boxes.look(&self.recorder);
        let now = Instant::now();
        if now >= due.levels {
            due.levels = now + LEVELS_EVERY;
            self.note_levels();
        }
        if now >= due.numbers {
            due.numbers = now + SHOW_EVERY;
            let _nobody_looks = show.send(self.look());
        }
    }

    /// Fetches everything that was noted and records it.
    ///
    /// What the server has seen is taken first and looked at last: whatever led to it on the other
    /// sides was noted before, and so is there.
    fn fetch(&mut self) {
        let mut fetched = std::mem::take(&mut self.fetched);
        self.eyes.server.take(&mut fetched.server);
        self.eyes.outside.take(&mut fetched.outside);
        self.eyes.fleet.take(&mut fetched.fleet);
        self.eyes.deeds.take(&mut fetched.deeds);
        for note in fetched.deeds.drain(..) {
            self.on_deed(note);
        }
        for note in fetched.fleet.drain(..) {
            self.on_device(note);
        }
        for note in &fetched.server {
            self.on_server(note);
        }
        for note in &fetched.outside {
            self.on_outside(note);
        }
        self.fetched = fetched;
        self.have_looked_at();
        let now = self.clock.now();
        let (join, mut around) = self.parts();
        join.expire(now, &mut around);
    }

    /// Has the lookout see to what was answered; a server of our own tells of it by itself.
    fn have_looked_at(&mut self) {
        for answered in self.join.take_answered() {
            let Some(view) = &self.view else { continue };
            view.look(answered);
        }
    }

    fn note_levels(&mut self) {
        let mut gauges = self.health.look();
        if let Some(view) = &self.view {
            view.complete(&mut gauges);
        }
        gauges.connected = Some(self.devices.connected);
        gauges.in_flight = Some(u64::from(self.in_flight.count()));
        if !self.clock.has_begun() {
            return;
        }
        let now = self.clock.now();
        self.recorder.gauges(now, gauges);
        if self.instruments == Instruments::Off {
            return;
        }
        let vitals = Vitals { unseen: self.eyes.missed(), ..self.health.vitals() };
        let (standing, aborts) = self.watchdog.look(&self.recorder, vitals, now);
        (self.board.thresholds, self.board.aborts) = (standing, aborts);
    }

    fn look(&mut self) -> Snapshot {
        self.board.snapshot(
            self.clock.now(),
            &self.recorder,
            &self.labels,
            (&self.devices, self.join.open().max(self.in_flight.count() as usize)),
        )
    }

    fn leave(mut self) -> Collected {
        let now = self.clock.now();
        let (join, mut around) = self.parts();
        join.close(now, &mut around);
        Collected {
            vitals: Vitals { unseen: self.eyes.missed(), ..self.health.close() },
            pending: self.join.pending(),
            faults: self.board.faults.into_rounds(),
            interventions: self.board.interventions,
            late_looks: self.late_looks,
            unseen_levels: self.view.as_ref().and_then(View::unseen_levels),
            recorder: self.recorder,
        }
    }

    fn parts(&mut self) -> (&mut Join, Around<'_>) {
        let around = Around {
            labels: &self.labels,
            recorder: &mut self.recorder,
            devices: &self.devices,
            over: &mut self.over,
        };
        (&mut self.join, around)
    }
}

#[cfg(test)]
mod tests;
