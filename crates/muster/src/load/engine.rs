//! A run from its first thread to its last.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_agent::Sockets;
use muster_device::Calendar;
use muster_metrics::Source;
use muster_protocol::limits::KEEP_ALIVE;
use muster_report::Ending;
use muster_store::Counts;
use muster_transport::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::clock::RunClock;
use super::collect::{Collected, Collecting, Labels, Making};
use super::control::{Control, Controls};
use super::eyes::{Eyes, FleetEye, Instruments};
use super::faults;
use super::fleet_side::{FleetOrder, FleetSide};
use super::health::{Health, Stall};
use super::live::Sight;
use super::lost::{Fates, fates};
use super::metrics::LoadMetrics;
use super::order::Order;
use super::pacer::{InFlight, Pacer, Places, Played};
use super::population::Ground;
use super::room::Room;
use super::slow::{self, SlowDevice};
use super::snapshot::{Board, Snapshot, Standing};
use super::submit::{Book, Submitter};
use super::target::Embedded;
use super::timeline::Timeline;
use super::wreck::Wrecker;
use crate::cli::ThroughName;

/// How long the fleet may take to come up, plus a share for each device on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(60);
const UP_EACH: Duration = Duration::from_millis(10);

/// Between the end of the preparations and the first moment of the plan.
const LEAD: Duration = Duration::from_millis(50);

/// How often the store is asked whether everything has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Folder of the vendor's services, in the run's own.
const VENDOR_FOLDER: &str = "vendor";

/// A run whose server and fleet are there, before its plan begins.
pub(crate) struct Stage {
    order: Order,
    /// Removed at the end, unless it is to be kept.
    _folder: Option<tempfile::TempDir>,
    server: Arc<Embedded>,
    fleet: FleetSide,
    fleet_since: Instant,
    collecting: Collecting,
    clock: RunClock,
    eyes: Eyes,
    book: Arc<Book>,
    in_flight: InFlight,
    /// The threads of whoever asks over HTTPS.
    client: Option<Room>,
    places: Places,
    controls: Controls,
    wishes: std::sync::mpsc::Receiver<Control>,
}

/// A run that is over.
pub(crate) struct Over {
    pub(crate) order: Order,
    pub(crate) ending: Ending,
    pub(crate) collected: Collected,
    pub(crate) fates: Fates,
    /// The store's word on all commands.
    pub(crate) counts: Counts,
    pub(crate) slow: Vec<SlowDevice>,
    pub(crate) took: Duration,
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Interrupted,
    Aborted,
}

impl Stage {
    /// Starts server and fleet. Devices of the plan that are there from the beginning enrol.
    pub(crate) async fn set(order: Order, labels: &Labels) -> anyhow::Result<Self> {
        let (folder, path) = folder(&order)?;
        let vendor = order.wakes_devices().then(|| path.join(VENDOR_FOLDER));
        let (eyes, clock, book) = (Eyes::default(), RunClock::default(), Arc::<Book>::default());
        let server_eye: Option<Arc<dyn muster_server::Watch>> = match order.instruments {
            Instruments::On => Some(eyes.server.clone()),
            Instruments::Off => None,
        };
        let data = path.join("data");
        let server = Embedded::open(
            &data,
            (order.server_threads, order.through),
            vendor.as_deref(),
            server_eye,
        )
        .await?;
        let fleet_since = Instant::now();
        let fleet = fleet(&order, &server, (&book, &eyes), vendor.as_deref()).await?;
        let stall = Stall::default();
        fleet.room().spawn(stall.clone().watch());
        let places = Places { shards: order.run.shard.of().get() };
        let in_flight = match order.instruments {
            Instruments::On => InFlight::up_to(order.scenario.limits.in_flight),
            Instruments::Off => InFlight::without_end(),
        };
        let remote = Arc::new(OnceLock::new());
        let _only_once = remote.set(fleet.remote());
        let collecting = Collecting::start(Making {
            clock: clock.clone(),
            eyes: eyes.clone(),
            labels: labels.clone(),
            scenario: Arc::new(order.scenario.clone()),
            planned: order.plan.devices().copied().collect(),
            in_flight: in_flight.clone(),
            places,
            health: Health::new(Embedded::owns, stall),
            board: board(&order),
            remote,
        })
        .context("failed to start the collector")?;
        let client = match order.through {
            ThroughName::Direct => None,
            ThroughName::Graph => Some(Room::open("client", NonZeroUsize::MIN)?),
        };
        let (controls, wishes) = Controls::new();
        Ok(Self {
            order,
            _folder: folder,
            server: Arc::new(server),
            fleet,
            fleet_since,
            collecting,
            clock,
            eyes,
            book,
            in_flight,
            client,
            places,
            controls,
            wishes,
        })
    }

    /// The numbers as they are, several times a second.
    pub(crate) fn shown(&self) -> watch::Receiver<Snapshot> {
        self.collecting.shown()
    }

    /// The same, with what server and fleet count, for a scraper.
    pub(crate) fn sources(&self) -> Vec<Box<dyn Source>> {
        let fleet = self.fleet.fleet().metrics();
        vec![Box::new(LoadMetrics(self.shown())), Box::new(self.server.metrics()), Box::new(fleet)]
    }

    /// The same with the fleet, for a view.
    pub(crate) fn sight(&self) -> Sight {
        Sight { shown: self.shown(), fleet: Arc::downgrade(self.fleet.fleet()) }
    }

    /// The run's controls.
    pub(crate) fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Waits until the devices that are there from the beginning are there.
    ///
    /// # Errors
    /// If they do not come within a minute and ten milliseconds for each.
    pub(crate) async fn assemble(&self) -> anyhow::Result<()> {
        let here = || self.order.plan.devices().filter(|it| it.switched_on_at.is_none());
        let wanted = u64::try_from(here().count()).unwrap_or(u64::MAX);
        // People switch their devices off as they please, and woken ones leave again.
        let stays = |device: &&muster_scenario::PlannedDevice| {
            device.contact == muster_scenario::Contact::Connected
                && device.holder == muster_scenario::Holder::Nobody
        };
        let connected = u64::try_from(here().filter(stays).count()).unwrap_or(u64::MAX);
        let up = self
            .fleet
            .fleet()
            .until(|now| now.enrolled >= wanted.min(connected) && now.connected >= connected);
        let all = self.fleet.fleet().until(|now| now.enrolled >= wanted || connected < wanted);
        let within = UP_WITHIN + UP_EACH.saturating_mul(u32::try_from(wanted).unwrap_or(u32::MAX));
        let up = timeout(within, async {
            up.await;
            all.await;
        });
        up.await.with_context(|| {
            format!("the devices do not come up within {within:?}: {:?}", self.fleet.progress())
        })
    }

    /// Plays the plan to its end, or until `interrupted` or a threshold that aborts.
    pub(crate) async fn play(self, interrupted: impl Future<Output = ()>) -> anyhow::Result<Over> {
        let start = self.begins_at();
        self.clock.begin(start);
        let mut shown = self.shown();
        let controls = self.controls();
        let Started { played, rest } = self.start_pacer(start)?;
        let cut = tokio::select! {
            played = played => match played.unwrap_or(Played::Stopped) {
                Played::Out => None,
                Played::Stopped => Some(Cut::Interrupted),
            },
            () = interrupted => Some(Cut::Interrupted),
            () = aborted(shown.clone()) => Some(Cut::Aborted),
        };
        controls.wish(Control::Stop);
        if cut.is_none() {
            rest.drain(&mut shown).await;
        }
        rest.strike(cut, start).await
    }

    /// As soon as everything is there, unless faults have fixed it.
    fn begins_at(&self) -> Instant {
        let soon = Instant::now() + LEAD;
        let fixed =
            faults::lead(&self.order.plan).and_then(|lead| self.fleet_since.checked_add(lead));
        fixed.map_or(soon, |fixed| fixed.max(soon))
    }

    fn start_pacer(self, start: Instant) -> anyhow::Result<Started> {
        let submitter = Submitter {
            gate: self.server.gate(),
            room: self.client.as_ref().unwrap_or_else(|| self.server.room()).remote(),
            through: self.order.through,
            book: Arc::clone(&self.book),
            deeds: Arc::clone(&self.eyes.deeds),
            chance: self.order.run.seed.child("commands", 0).stream(),
        };
        let wrecker = Wrecker {
            server: Some(Arc::clone(&self.server)),
            time_scale: self.order.run.time_scale,
            faults: self.order.plan.faults().iter().map(|fault| fault.kind.clone()).collect(),
            devices: self.order.plan.devices().count(),
        };
        let pacer = Pacer {
            clock: self.clock.clone(),
            timeline: Timeline::from(start),
            controls: self.wishes,
            deeds: Arc::clone(&self.eyes.deeds),
            submitter,
            remote: self.fleet.remote(),
            wrecker,
            places: self.places,
            in_flight: self.in_flight.clone(),
        };
        let (end, played) = oneshot::channel();
        let plan = self.order.plan.clone();
        let thread = thread::Builder::new().name("pacer".to_owned());
        let thread = thread.spawn(move || {
            let _nobody_waits = end.send(pacer.play(plan.moments()));
        });
        let rest = Rest {
            order: self.order,
            folder: self._folder,
            server: self.server,
            client: self.client,
            fleet: self.fleet,
            collecting: self.collecting,
            book: self.book,
            places: self.places,
            pacer: thread.context("failed to start the pacer")?,
        };
        Ok(Started { played, rest })
    }
}

/// A run whose plan is played.
struct Started {
    played: oneshot::Receiver<Played>,
    rest: Rest,
}

/// What is left of a stage while the plan is played.
struct Rest {
    order: Order,
    folder: Option<tempfile::TempDir>,
    server: Arc<Embedded>,
    client: Option<Room>,
    fleet: FleetSide,
    collecting: Collecting,
    book: Arc<Book>,
    places: Places,
    pacer: thread::JoinHandle<()>,
}

impl Rest {
    /// Waits until nothing is under way any more, or for as long as the scenario says.
    async fn drain(&self, shown: &mut watch::Receiver<Snapshot>) {
        let quiet = async {
            match self.order.instruments {
                Instruments::On => {
                    // The next numbers are of after the end.
                    shown.mark_unchanged();
                    let _over = shown.changed().await.is_ok()
                        && shown.wait_for(|snapshot| snapshot.open == 0).await.is_ok();
                }
                Instruments::Off => self.all_ended().await,
            }
        };
        let _drained = timeout(self.order.scenario.limits.drain, quiet).await.is_ok();
    }

    /// Without instruments only the store knows what is under way.
    async fn all_ended(&self) {
        loop {
            sleep(LOOK_EVERY).await;
            let counts = self.server.counts().await;
            if counts.is_ok_and(|counts| counts.terminal >= counts.accepted) {
                return;
            }
        }
    }

    /// Takes everything down and says what was seen.
    async fn strike(self, cut: Option<Cut>, start: Instant) -> anyhow::Result<Over> {
        let took = start.elapsed();
        let Self { order, folder, server, client, fleet, collecting, book, places, pacer } = self;
        // Bounded: it was told to stop, and never waits for anything else.
        let _never_panics = tokio::task::spawn_blocking(move || pacer.join()).await;
        let collected = tokio::task::spawn_blocking(move || collecting.finish()).await;
        let collected = collected.context("the collector broke off")?;
        let fates = fates(&collected.pending, &book, &server).await;
        let counts = server.counts().await;
        let slow = slow::ask(&collected.recorder, places, &fleet, &server).await;
        drop(client);
        fleet.close().await?;
        if let Some(server) = Arc::into_inner(server) {
            server.close().await?;
        }
        drop(folder);
        let ending = match cut {
            None => Ending::Complete,
            Some(Cut::Interrupted) => Ending::Interrupted,
            Some(Cut::Aborted) => Ending::Aborted,
        };
        Ok(Over { order, ending, collected, fates: fates?, counts: counts?, slow, took })
    }
}

/// Waits until a threshold wants the run to end.
async fn aborted(mut shown: watch::Receiver<Snapshot>) {
    if shown.wait_for(|snapshot| snapshot.aborts).await.is_err() {
        std::future::pending().await
    }
}

async fn fleet(
    order: &Order,
    server: &Embedded,
    (book, eyes): (&Arc<Book>, &Eyes),
    vendor: Option<&Path>,
) -> anyhow::Result<FleetSide> {
    let pem =
        std::fs::read(server.data().ca_certificate()).context("failed to read the run's CA")?;
    let calendar = Calendar::new(order.plan.day_length());
    let ground = Ground {
        plan: &order.plan,
        token: server.token().await?,
        calendar: calendar.context("the day of the scenario's people is too short")?,
    };
    let eye = FleetEye {
        book: Arc::clone(book),
        notes: Arc::clone(&eyes.fleet),
        instruments: order.instruments,
    };
    let fleet = FleetOrder {
        server: server.address(),
        ca: CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?,
        plans: ground.plans()?,
        seed: order.run.seed,
        sockets: sockets(order),
        keep_alive: KEEP_ALIVE,
        faults: faults::of_fleet(&order.plan)?,
        black_box: order.black_box,
        watch: Some(Arc::new(eye)),
    };
    FleetSide::open(order.fleet_threads, fleet, vendor).await
}

/// Sockets are the fleet's affair: one cohort that wants its own gets them for all.
fn sockets(order: &Order) -> Sockets {
    let wants_own =
        |cohort: &muster_scenario::Cohort| cohort.sockets == muster_scenario::Sockets::Own;
    match order.scenario.cohorts.iter().any(wants_own) {
        true => Sockets::PerDevice,
        false => Sockets::Shared(order.sockets),
    }
}

fn board(order: &Order) -> Board {
    let (plan, scenario) = (&order.plan, &order.scenario);
    let lasts = plan.ends().since(muster_protocol::Timestamp::ZERO);
    let standing = |threshold: &muster_scenario::Threshold| Standing {
        text: threshold.text.clone(),
        holds: None,
    };
    Board {
        lasts,
        devices: u64::try_from(plan.devices().count()).unwrap_or(u64::MAX),
        faults: plan.faults().iter().map(|fault| fault.name.clone()).collect(),
        works: scenario.works.iter().map(|work| work.name.clone()).collect(),
        thresholds: scenario.thresholds.iter().map(standing).collect(),
        ..Board::default()
    }
}

/// Where the run keeps its data.
fn folder(order: &Order) -> anyhow::Result<(Option<tempfile::TempDir>, PathBuf)> {
    if let Some(kept) = &order.keep {
        return Ok((None, kept.clone()));
    }
    let made = tempfile::Builder::new().prefix("muster-load-").tempdir();
    let made = made.context("failed to make a temporary folder")?;
    let path = made.path().to_owned();
    Ok((Some(made), path))
}
