//! `muster load`: plays a scenario against a server and says what became of it.
//!
//! ```text
//! Order (scenario, plan) --> Stage (server, fleet, collector, each on threads of its own)
//!    --> play: the pacer carries out every moment of the plan at its instant
//!    --> drain --> Over (recorder, fates of what is open) --> report, verdict
//! ```
//!
//! How it measures, and what its numbers mean: docs/load.md.

pub(crate) mod action;
mod begin;
mod clock;
pub(crate) mod collect;
mod control;
mod control_face;
pub(crate) mod deed;
mod engine;
mod eyes;
mod fault_log;
mod faults;
mod fleet_side;
pub(crate) mod folder;
mod health;
mod journal;
mod limits;
mod lines;
mod live;
mod lookout;
mod lost;
mod metrics;
pub(crate) mod order;
mod outcome;
mod pacer;
pub(crate) mod population;
mod processors;
mod room;
mod server_levels;
mod setting;
mod slow;
mod snapshot;
mod submit;
mod switches;
mod tap;
mod target;
#[cfg(test)]
mod tests;
mod timeline;
mod unseen;
mod workers;
mod wreck;

use muster_metrics::{MetricsFace, Reach, Source};
use tokio_util::sync::CancellationToken;

use crate::cli::LoadArgs;
use crate::exit::Exit;
use crate::talk::{Format, say};
use crate::verbs::interrupted;

use self::collect::Labels;
use self::engine::{Cut, Stage};
use self::lines::Says;
use self::live::Shows;
use self::order::Order;

/// Plays a scenario to its verdict. Whoever interrupts it gets the report of what was played, and
/// whoever does so again does not wait for that.
pub(crate) async fn run(args: &LoadArgs, format: Format) -> anyhow::Result<Exit> {
    if args.is_worker {
        return workers::work(args).await;
    }
    let stop = CancellationToken::new();
    tokio::select! {
        biased;
        () = interrupted_twice(&stop) => {
            say("interrupted twice: nothing is told of this run");
            Ok(Exit::Interrupted)
        }
        told = play(args, format, &stop) => told,
    }
}

/// Listens from now on: an interrupt that comes between two waits is not missed.
async fn interrupted_twice(stop: &CancellationToken) {
    interrupted().await;
    stop.cancel();
    interrupted().await;
}

async fn play(args: &LoadArgs, format: Format, stop: &CancellationToken) -> anyhow::Result<Exit> {
    if let Some(count) = args.workers {
        return workers::run(args, count, stop, format).await;
    }
    let order = Order::of(args)?;
    let labels = Labels::of(&order.scenario, &order.plan, order.run.time_scale);
    let says = if args.quiet { Says::Nothing } else { Says::Lines };
    says.begins(&order);
    let name = order.scenario.name.clone();
    let stage = Stage::set(order, &labels).await?;
    let page = metrics_page(args, stage.sources()).await?;
    let control = control_face::open(args, stage.controls(), stage.sight()).await?;
    let mut shows = Shows::of(&name, says);
    let wanted = stage.controls();
    let up = tokio::select! {
        up = stage.assemble() => Some(up?),
        () = stop.cancelled() => None,
        () = wanted.end_wished() => None,
        () = shows.coming_up(stage.sight()) => None,
    };
    if up.is_none() {
        return Ok(Exit::Interrupted);
    }
    let (sight, controls) = (stage.sight(), stage.controls());
    let begin = stage.begin();
    let played = stage.play(begin, async {
        stop.cancelled().await;
        Cut::Interrupted
    });
    let over = tokio::select! {
        over = played => over?,
        never = shows.goes_on(sight, controls) => match never {},
    };
    drop((shows, page));
    if let Some(control) = control {
        control.close().await;
    }
    outcome::tell(over, args, format)
}

/// Shows what the run counts to a scraper, if that is wanted.
async fn metrics_page(
    args: &LoadArgs,
    sources: Vec<Box<dyn Source>>,
) -> anyhow::Result<Option<MetricsFace>> {
    let page = crate::metrics::serve(args.metrics, Reach::LoopbackOnly, sources).await?;
    if let Some(page) = &page {
        say(&format!("metrics on {}", crate::metrics::url(page)));
    }
    Ok(page)
}
