//! A run from its first thread to its last.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use muster_metrics::Source;
use muster_report::Ending;
use muster_store::Counts;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::begin::{Begin, Start};
use super::clock::RunClock;
use super::collect::{Collected, Collecting, Labels, Making, View};
use super::control::{Control, Controls};
use super::eyes::{Eyes, Instruments};
use super::fleet_side::FleetSide;
use super::health::{Health, Stall};
use super::journal::Journal;
use super::live::Sight;
use super::lookout;
use super::lost::{Fates, fates};
use super::metrics::LoadMetrics;
use super::order::Order;
use super::pacer::{InFlight, Pacer, Places, Played};
use super::processors::{Half, Threads};
use super::room::Room;
use super::server_levels::ServerLevels;
use super::setting::{board, fleet, folder};
use super::slow::{Boxes, SlowDevice};
use super::snapshot::Snapshot;
use super::submit::{Book, Submitter};
use super::target::{Elsewhere, Embedded, Target};
use super::timeline::Timeline;
use super::wreck::Wrecker;
use crate::cli::ThroughName;
use crate::exit::{Exit, ExitWith};

/// How long the fleet may take to come up, plus a share for each device on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(60);
const UP_EACH: Duration = Duration::from_millis(10);

/// How often the store is asked whether everything has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Folder of the vendor's services, in the run's own.
const VENDOR_FOLDER: &str = "vendor";

/// A run whose server and fleet are there, before its plan begins.
pub(crate) struct Stage {
    order: Order,
    /// Removed at the end, unless it is to be kept.
    folder: Option<tempfile::TempDir>,
    server: Target,
    fleet: FleetSide,
    collecting: Collecting,
    clock: RunClock,
    eyes: Eyes,
    book: Arc<Book>,
    in_flight: InFlight,
    /// The threads of whoever asks over HTTPS.
    client: Option<Room>,
    places: Places,
    boxes: Boxes,
    controls: Controls,
    wishes: std::sync::mpsc::Receiver<Control>,
}

/// A run that is over.
pub(crate) struct Over {
    pub(crate) order: Order,
    pub(crate) ending: Ending,
    pub(crate) collected: Collected,
    pub(crate) fates: Fates,
    /// The store's word on all commands; nothing of a server elsewhere.
    pub(crate) counts: Counts,
    pub(crate) slow: Vec<SlowDevice>,
    /// When its plan began.
    pub(crate) began: SystemTime,
    pub(crate) took: Duration,
    pub(crate) server: Site,
}

/// Where the server of a run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// In this process.
    Embedded,
    /// At this address.
    Elsewhere(SocketAddr),
}

/// What ends a run before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Somebody wants it to end.
    Interrupted,
    /// A threshold does.
    Aborted,
}

impl Stage {
    /// Starts server and fleet. Devices of the plan that are there from the beginning enrol.
    pub(crate) async fn set(mut order: Order, labels: &Labels) -> anyhow::Result<Self> {
        let (eyes, clock, book) = (Eyes::default(), RunClock::default(), Arc::<Book>::default());
        let Found { server, vendor, folder } = target(&mut order, &eyes).await?;
        let client = match order.through {
            ThroughName::Direct => None,
            ThroughName::Graph => {
                Some(Room::open("client", Threads::of(Half::Any, NonZeroUsize::MIN))?)
            }
        };
        let view = view(&server, client.as_ref(), &eyes).await?;
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
        let boxes = Boxes::new(&fleet, &server, places);
        let collecting = Collecting::start(Making {
            clock: clock.clone(),
            eyes: eyes.clone(),
            labels: labels.clone(),
            scenario: Arc::new(order.scenario.clone()),
            planned: order.plan.devices().copied().collect(),
            in_flight: in_flight.clone(),
            places,
            boxes: boxes.clone(),
            health: Health::new(Embedded::owns, stall),
            board: board(&order),
            remote,
            view,
            instruments: order.instruments,
        })
        .context("failed to start the collector")?;
        let (controls, wishes) = Controls::new();
        Ok(Self {
            order,
            folder,
            server,
            fleet,
            collecting,
            clock,
            eyes,
            book,
            in_flight,
            client,
            places,
            boxes,
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
        let mut sources: Vec<Box<dyn Source>> =
            vec![Box::new(LoadMetrics(self.shown())), Box::new(fleet)];
        if let Some(server) = self.server.own() {
            sources.push(Box::new(server.metrics()));
        }
        sources
    }

    /// The same with the fleet, for a view.
    pub(crate) fn sight(&self) -> Sight {
        Sight { shown: self.shown(), fleet: Arc::downgrade(self.fleet.fleet()) }
    }

    /// Where is noted what is done to the run from outside.
    pub(crate) fn journal(&self) -> Journal {
        Journal::new(self.clock.clone(), Arc::clone(&self.eyes.deeds))
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
        up.await.map_err(|_elapsed| {
            let came = self.fleet.progress();
            let message = format!("the devices do not come up within {within:?}: {came:?}");
            match self.server {
                Target::Own(_) => anyhow::anyhow!(message),
                Target::Elsewhere(_) => ExitWith { exit: Exit::Unreachable, message }.into(),
            }
        })
    }

    /// When the plan begins if nobody outside says otherwise.
    pub(crate) const fn begin(&self) -> Begin {
        self.order.begin
    }

    /// Plays the plan to its end, or until `cut` or a threshold that aborts.
    ///
    /// # Errors
    /// If its beginning has passed, or something of the stage breaks.
    pub(crate) async fn play(
        self,
        begin: Begin,
        cut: impl Future<Output = Cut>,
    ) -> anyhow::Result<Over> {
        let start = Start::at(begin.instant()?);
        self.clock.begin(start.instant);
        let mut shown = self.shown();
        let controls = self.controls();
        let cut = cut_by(cut, shown.clone(), controls.clone());
        tokio::pin!(cut);
        let Started { played, rest } = self.start_pacer(start.instant)?;
        let early = tokio::select! {
            played = played => match played.unwrap_or(Played::Stopped) {
                Played::Out => None,
                Played::Stopped => Some(Cut::Interrupted),
            },
            early = &mut cut => Some(early),
        };
        let cut = match early {
            Some(early) => Some(early),
            None => tokio::select! {
                () = rest.drain(&mut shown) => None,
                early = &mut cut => Some(early),
            },
        };
        controls.wish(Control::Stop);
        rest.strike(cut, start).await
    }

    fn start_pacer(self, start: Instant) -> anyhow::Result<Started> {
        let submitter = Submitter {
            gate: self.server.gate(),
            room: self.room()?.remote(),
            through: self.order.through,
            book: Arc::clone(&self.book),
            deeds: Arc::clone(&self.eyes.deeds),
            outside: self.server.own().is_none().then(|| Arc::clone(&self.eyes.outside)),
            chance: self.order.run.seed.child("commands", 0).stream(),
        };
        let wrecker = Wrecker {
            server: self.server.own().cloned(),
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
            folder: self.folder,
            server: self.server,
            client: self.client,
            fleet: self.fleet,
            collecting: self.collecting,
            boxes: self.boxes,
            pacer: thread.context("failed to start the pacer")?,
        };
        Ok(Started { played, rest })
    }
}

impl Stage {
    /// The threads on which commands are handed in.
    fn room(&self) -> anyhow::Result<&Room> {
        let own = || self.server.own().map(|server| server.room());
        self.client.as_ref().or_else(own).context("nobody is there to hand commands in")
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
    server: Target,
    client: Option<Room>,
    fleet: FleetSide,
    collecting: Collecting,
    boxes: Boxes,
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
            let Some(server) = self.server.own() else { return };
            let counts = server.counts().await;
            if counts.is_ok_and(|counts| counts.terminal >= counts.accepted) {
                return;
            }
        }
    }

    /// Takes everything down and says what was seen.
    async fn strike(self, cut: Option<Cut>, start: Start) -> anyhow::Result<Over> {
        let took = start.instant.elapsed();
        let Self { order, folder, server, client, fleet, collecting, boxes, pacer } = self;
        // Bounded: it was told to stop, and never waits for anything else.
        let paced = tokio::task::spawn_blocking(move || pacer.join().is_ok()).await;
        let collected = tokio::task::spawn_blocking(move || collecting.finish()).await;
        let collected = collected.context("the collector broke off")?;
        let fates = fates(&collected.pending, &server).await;
        let counts = match server.own() {
            Some(server) => server.counts().await,
            None => Ok(Counts::default()),
        };
        let slow = boxes.open(&collected.recorder).await;
        let site = match &server {
            Target::Own(_) => Site::Embedded,
            Target::Elsewhere(server) => Site::Elsewhere(server.quic()),
        };
        drop(client);
        fleet.close().await?;
        server.close().await?;
        drop(folder);
        ensure!(
            paced.unwrap_or(false),
            "the thread that plays the plan broke off: a defect of muster"
        );
        let ending = match cut {
            None => Ending::Complete,
            Some(Cut::Interrupted) => Ending::Interrupted,
            Some(Cut::Aborted) => Ending::Aborted,
        };
        Ok(Over {
            order,
            ending,
            collected,
            fates: fates?,
            counts: counts?,
            slow,
            began: start.wall,
            took,
            server: site,
        })
    }
}

/// The server of a run.
struct Found {
    server: Target,
    /// Where the push services of its woken devices are, if it has such devices.
    vendor: Option<PathBuf>,
    /// Where it keeps its data, if that goes with the run.
    folder: Option<tempfile::TempDir>,
}

/// Finds the server of a run, or starts the run's own.
async fn target(order: &mut Order, eyes: &Eyes) -> anyhow::Result<Found> {
    if let Some(address) = order.address.take() {
        let server = Elsewhere::find(address).await?;
        let vendor = server.push_folder().filter(|_folder| order.wakes_devices());
        let vendor = vendor.map(Path::to_owned);
        return Ok(Found { server: Target::Elsewhere(Arc::new(server)), vendor, folder: None });
    }
    let (folder, path) = folder(order)?;
    let vendor = order.wakes_devices().then(|| path.join(VENDOR_FOLDER));
    let eye: Option<Arc<dyn muster_server::Watch>> = match order.instruments {
        Instruments::On => Some(eyes.server.clone()),
        Instruments::Off => None,
    };
    let how = (Threads::of(Half::Server, order.server_threads), order.through);
    let server = Embedded::open(&path.join("data"), how, vendor.as_deref(), eye).await?;
    Ok(Found { server: Target::Own(Arc::new(server)), vendor, folder })
}

/// How a server elsewhere is looked at, by the threads that speak to it anyway.
async fn view(server: &Target, client: Option<&Room>, eyes: &Eyes) -> anyhow::Result<Option<View>> {
    let (Target::Elsewhere(server), Some(client)) = (server, client) else { return Ok(None) };
    let levels = match server.metrics() {
        Some(url) => Some(ServerLevels::watched(url.clone(), client).await?),
        None => None,
    };
    let commands = lookout::post(client, server.client(), Arc::clone(&eyes.outside));
    Ok(Some(View { commands, levels }))
}

/// Waits until somebody or something wants the run to end.
async fn cut_by(
    outside: impl Future<Output = Cut>,
    shown: watch::Receiver<Snapshot>,
    controls: Controls,
) -> Cut {
    tokio::select! {
        cut = outside => cut,
        () = controls.end_wished() => Cut::Interrupted,
        () = aborted(shown) => Cut::Aborted,
    }
}

/// Waits until a threshold wants the run to end.
async fn aborted(mut shown: watch::Receiver<Snapshot>) {
    if shown.wait_for(|snapshot| snapshot.aborts).await.is_err() {
        std::future::pending().await
    }
}
