//! One run of several processes: each plays a share of the plan, all begin at one instant.
//!
//! ```text
//! parent: server, its faults       worker 1/n: devices, pacer, collector --report--\
//!    --Begin(instant)-->           worker 2/n                             --report---> merge, verdict
//!
//! while it goes on:                pulse of each --> Whole --> live view, metrics, control
//!    keys, requests --> Player --wish to each-->
//! ```

mod arguments;
mod crew;
mod house;
mod player;
mod pulse;
mod standing;
mod voice;
mod whole;
mod words;
mod worker;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use muster_metrics::Source;
use muster_report::{Ending, RunReport};
use tokio_util::sync::CancellationToken;

use self::crew::{Crew, Stand};
use self::house::House;
use self::player::Links;
use self::whole::Whole;
use self::words::Told;
use super::control::{Control, Controls};
use super::lines::Says;
use super::live::Shows;
use super::order::Order;
use super::{control_face, folder, metrics_page, outcome};
use crate::cli::{LoadArgs, ThroughName};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, say};

pub(super) use worker::run as work;

/// Between the word that all begin and the beginning: long enough for everybody to have heard it.
const LEAD: Duration = Duration::from_millis(500);

/// How the workers were brought to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    ByThemselves,
    Interrupted,
}

/// Plays a scenario with several processes.
pub(super) async fn run(
    args: &LoadArgs,
    count: NonZeroU32,
    stop: &CancellationToken,
    format: Format,
) -> anyhow::Result<Exit> {
    let order = Order::of(args)?;
    refuse_impossible(args, &order)?;
    let says = if args.quiet { Says::Nothing } else { Says::Lines };
    says.begins(&order);
    let house = House::open(args, &order).await?;
    let (whole, (controls, wishes)) = (Arc::new(Whole::of(&order)), Controls::new());
    let page = metrics_page(args, sources(&house, &whole)).await?;
    let control = control_face::open(args, controls.clone(), whole.sight()).await?;
    let lines = house.command_lines(args, &order, count.get());
    let mut crew = Crew::start(lines, Arc::clone(&whole))?;
    says.say(|| format!("the workers are processes {}", crew.processes()));
    let podium = Podium { order: &order, house: &house, whole, controls, stop };
    let mut shows = Shows::of(&order.scenario.name, says);
    let ended = podium.conduct(&mut crew, wishes, &mut shows).await;
    drop((shows, page));
    if let Some(control) = control {
        control.close().await;
    }
    if !matches!(ended, Ok(Ended::ByThemselves)) {
        // Server and folder stay for as long as somebody uses them.
        crew.tell(Told::Stop);
        podium.play(&mut crew).await;
        let closed = house.close().await;
        return ended.and(closed).map(|()| Exit::Interrupted);
    }
    let mut report = merged(crew, &house)?;
    if let Some(out) = &args.out {
        let folder = folder::write_merged(out, &mut report, &house.parts())?;
        say(&format!("the run is written down in {}", folder.display()));
    }
    house.close().await?;
    outcome::tell_report(&report, format)
}

/// What is shown to a scraper. What each fleet counts its worker keeps to itself.
fn sources(house: &House, whole: &Whole) -> Vec<Box<dyn Source>> {
    let mut sources = vec![whole.metrics()];
    if let Some(server) = house.server() {
        sources.push(Box::new(server.metrics()));
    }
    sources
}

/// What there is once for all workers.
struct Podium<'a> {
    order: &'a Order,
    house: &'a House,
    whole: Arc<Whole>,
    controls: Controls,
    stop: &'a CancellationToken,
}

impl Podium<'_> {
    /// Has all workers begin together, and waits until they have ended.
    ///
    /// # Errors
    /// If one ends before the beginning, or that has passed.
    async fn conduct(
        &self,
        crew: &mut Crew,
        wishes: Receiver<Control>,
        shows: &mut Shows,
    ) -> anyhow::Result<Ended> {
        let up = tokio::select! {
            biased;
            () = self.end_wished() => return Ok(Ended::Interrupted),
            up = assemble(crew) => up,
            () = shows.coming_up(self.whole.sight()) => return Ok(Ended::Interrupted),
        };
        // An interrupt may reach all processes at once: a worker that ends by it is not to blame.
        if self.stop.is_cancelled() {
            return Ok(Ended::Interrupted);
        }
        up?;
        let (instant, at) = self.house.begin()?;
        crew.tell(Told::Begin(unix_us(at)));
        shows.say(|| "all workers are up: the plan begins".to_owned());
        let mut counting = self.house.count_drops();
        let links = Links { wishes, voice: crew.voice(), whole: Arc::clone(&self.whole) };
        let player = player::play(self.order, instant, self.house.server(), links)?;
        tokio::select! {
            () = self.play(crew) => {}
            never = shows.goes_on(self.whole.sight(), self.controls.clone()) => match never {},
        }
        counting.shutdown().await;
        self.controls.wish(Control::Stop);
        // Bounded: it was told to stop. Then nobody else has the server, and it can be stopped.
        let played = tokio::task::spawn_blocking(move || player.join().is_ok()).await;
        ensure!(
            played.unwrap_or(false),
            "the thread that plays the faults of the server broke off"
        );
        Ok(Ended::ByThemselves)
    }

    /// Waits until all workers have ended, however.
    async fn play(&self, crew: &mut Crew) {
        let mut told_end = false;
        let is_over = |stand: &Stand| matches!(stand, Stand::Over(_) | Stand::Dead(_));
        while !crew.all(is_over) {
            let told = tokio::select! {
                worker = crew.hear() => worker.and_then(|worker| wants_end(&worker.stand)),
                end = self.end_wanted(), if !told_end => {
                    told_end = true;
                    Some(end)
                }
            };
            if let Some(word) = told {
                crew.tell(word);
            }
        }
    }

    /// Waits until somebody wants the run to end, or a threshold of all shares together.
    async fn end_wanted(&self) -> Told {
        tokio::select! {
            () = self.end_wished() => Told::Stop,
            () = self.whole.aborts() => Told::Abort,
        }
    }

    /// Waits until somebody wants the run to end.
    async fn end_wished(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.controls.end_wished() => {}
        }
    }
}

fn refuse_impossible(args: &LoadArgs, order: &Order) -> anyhow::Result<()> {
    if args.through == Some(ThroughName::Direct) || args.no_instruments {
        return Err(usage_error(
            "--workers are processes of their own and see of the server what its Graph API \
             shows: leave out --through direct and --no-instruments",
        ));
    }
    if order.wakes_devices() {
        return Err(usage_error(
            "the scenario has devices that are woken by a push: a server knows one push service, \
             and each worker would be one; play it without --workers",
        ));
    }
    Ok(())
}

/// Waits until the devices of all workers are there.
///
/// # Errors
/// If a worker ends before: there is nothing to tell.
async fn assemble(crew: &mut Crew) -> anyhow::Result<()> {
    while !crew.all(|stand| matches!(stand, Stand::Up)) {
        crew.hear().await;
        if let Some(dead) = crew.dead().first() {
            let message = format!("the run did not begin: {dead}");
            return Err(ExitWith { exit: Exit::Inconclusive, message }.into());
        }
    }
    Ok(())
}

/// A threshold that ends one share ends all.
fn wants_end(stand: &Stand) -> Option<Told> {
    match stand {
        Stand::Told(report) => (report.run.ending == Ending::Aborted).then_some(Told::Abort),
        Stand::Coming | Stand::Up | Stand::Goes | Stand::Over(_) | Stand::Dead(_) => None,
    }
}

/// The reports of all workers as one; what a dead one has seen is missing, and said so.
fn merged(crew: Crew, house: &House) -> anyhow::Result<RunReport> {
    let dead = crew.dead();
    let mut reports = crew.into_reports();
    if reports.is_empty() {
        let message = format!("nothing is known of the run: {}", dead.join("; "));
        return Err(ExitWith { exit: Exit::Inconclusive, message }.into());
    }
    // Only this process has the server's sockets: what they dropped is judged with a worker's.
    if let Some(report) = reports.first_mut() {
        let dropped = &mut report.generator.udp_drops;
        *dropped = dropped.saturating_add(house.dropped());
    }
    let mut report = muster_report::merge(&reports)?;
    if house.is_own() {
        "embedded".clone_into(&mut report.run.server);
    }
    // All are processes of this machine.
    report.run.hosts.truncate(1);
    for dead in dead {
        report.doubt(dead);
    }
    Ok(report)
}

fn unix_us(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
