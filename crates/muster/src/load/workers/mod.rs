//! One run of several processes: each plays a share of the plan, all begin at one instant.
//!
//! ```text
//! parent: server, its faults       worker 1/n: devices, pacer, collector --report--\
//!    --Begin(instant)-->           worker 2/n                             --report---> merge, verdict
//! ```

mod arguments;
mod crew;
mod faults;
mod house;
mod words;
mod worker;

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use muster_report::{Ending, RunReport};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use self::crew::{Crew, Stand};
use self::house::House;
use self::words::{Pulse, Told};
use super::lines::Says;
use super::order::Order;
use super::{folder, outcome};
use crate::cli::{LoadArgs, ThroughName};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, say};

pub(super) use worker::run as work;

/// Between the word that all begin and the beginning: long enough for everybody to have heard it.
const LEAD: Duration = Duration::from_millis(500);

/// How often a line is said.
const LINE_EVERY: Duration = Duration::from_secs(10);

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
    let mut crew = Crew::start(house.command_lines(args, &order, count.get()))?;
    says.say(|| format!("the workers are processes {}", crew.processes()));
    match conduct(&mut crew, &house, &order, says, stop).await {
        Ok(Ended::ByThemselves) => {}
        early => {
            // Server and folder stay for as long as somebody uses them.
            crew.tell(Told::Stop);
            play(&mut crew, Says::Nothing, stop).await;
            let closed = house.close().await;
            return early.and(closed).map(|()| Exit::Interrupted);
        }
    }
    let mut report = merged(crew, &house)?;
    if let Some(out) = &args.out {
        let folder = folder::write_merged(out, &mut report, &house.parts())?;
        say(&format!("the run is written down in {}", folder.display()));
    }
    house.close().await?;
    outcome::tell_report(&report, format)
}

/// Has all workers begin together, and waits until they have ended.
///
/// # Errors
/// If one ends before the beginning, or that has passed.
async fn conduct(
    crew: &mut Crew,
    house: &House,
    order: &Order,
    says: Says,
    stop: &CancellationToken,
) -> anyhow::Result<Ended> {
    if assemble(crew, says, stop).await? == Ended::Interrupted {
        return Ok(Ended::Interrupted);
    }
    let (instant, at) = house.begin()?;
    crew.tell(Told::Begin(unix_us(at)));
    says.say(|| "all workers are up: the plan begins".to_owned());
    let mut playing = house.play(order, instant)?;
    play(crew, says, stop).await;
    // Only then nobody else has the server, and it can be stopped.
    playing.shutdown().await;
    Ok(Ended::ByThemselves)
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
async fn assemble(crew: &mut Crew, says: Says, stop: &CancellationToken) -> anyhow::Result<Ended> {
    let mut lines = lines();
    loop {
        tokio::select! {
            heard = crew.hear() => drop(heard.is_some()),
            () = stop.cancelled() => {}
            _tick = lines.tick() => says.say(|| coming(&crew.pulse())),
        }
        // It may reach all processes at once: a worker that ends by it is not to blame.
        if stop.is_cancelled() {
            return Ok(Ended::Interrupted);
        }
        if let Some(dead) = crew.dead().first() {
            let message = format!("the run did not begin: {dead}");
            return Err(ExitWith { exit: Exit::Inconclusive, message }.into());
        }
        if crew.all(|stand| matches!(stand, Stand::Up)) {
            return Ok(Ended::ByThemselves);
        }
    }
}

/// Waits until all workers have ended, however.
async fn play(crew: &mut Crew, says: Says, stop: &CancellationToken) {
    let (mut lines, mut before, mut told_stop) = (lines(), 0, false);
    let is_over = |stand: &Stand| matches!(stand, Stand::Over(_) | Stand::Dead(_));
    while !crew.all(is_over) {
        let told = tokio::select! {
            worker = crew.hear() => worker.and_then(|worker| wants_end(&worker.stand)),
            () = stop.cancelled(), if !told_stop => {
                told_stop = true;
                Some(Told::Stop)
            }
            _tick = lines.tick() => {
                let pulse = crew.pulse();
                says.say(|| goes(&pulse, before));
                before = pulse.terminal;
                None
            }
        };
        if let Some(word) = told {
            crew.tell(word);
        }
    }
}

/// A threshold that ends one share ends all.
fn wants_end(stand: &Stand) -> Option<Told> {
    match stand {
        Stand::Told(report) => (report.run.ending == Ending::Aborted).then_some(Told::Abort),
        Stand::Coming(_) | Stand::Up | Stand::Goes(_) | Stand::Over(_) | Stand::Dead(_) => None,
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

fn lines() -> tokio::time::Interval {
    let mut lines = interval(LINE_EVERY);
    lines.set_missed_tick_behavior(MissedTickBehavior::Delay);
    lines.reset();
    lines
}

fn coming(pulse: &Pulse) -> String {
    let Pulse { devices, enrolled, connected, .. } = pulse;
    format!("{enrolled} of {devices} devices enrolled, {connected} connected")
}

fn goes(pulse: &Pulse, before: u64) -> String {
    let Pulse { at_ms, lasts_ms, devices, connected, open, terminal, errors, .. } = pulse;
    let (at, lasts) = (at_ms / 1_000, lasts_ms / 1_000);
    let rate = terminal.saturating_sub(before) / LINE_EVERY.as_secs();
    let mut line =
        format!("{at} s of {lasts} s  {connected} of {devices} connected  {open} open  {rate}/s");
    if *errors > 0 {
        line.push_str(&format!("  {errors} errors"));
    }
    line
}

fn unix_us(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
