//! `muster load`: plays a scenario against a server and says what became of it.
//!
//! ```text
//! Order (scenario, plan) --> Stage (server, fleet, collector, each on threads of its own)
//!    --> play: the pacer carries out every moment of the plan at its instant
//!    --> drain --> Over (recorder, fates of what is open) --> report, verdict
//! ```
//!
//! How it measures, and what its numbers mean: docs/load.md.

mod action;
mod begin;
mod clock;
mod collect;
mod control;
mod deed;
mod engine;
mod eyes;
mod faults;
mod fleet_side;
mod folder;
mod health;
mod limits;
mod lines;
mod live;
mod lookout;
mod lost;
mod metrics;
mod order;
mod outcome;
mod pacer;
mod population;
mod processors;
mod room;
mod setting;
mod slow;
mod snapshot;
mod submit;
mod tap;
mod target;
mod timeline;
mod unseen;
mod workers;
mod wreck;

use muster_metrics::{MetricsFace, Reach};

use crate::cli::LoadArgs;
use crate::exit::Exit;
use crate::talk::{Format, say};
use crate::verbs::interrupted;

use self::collect::Labels;
use self::engine::{Cut, Stage};
use self::lines::Says;
use self::live::Shows;
use self::order::Order;

/// Plays a scenario to its verdict.
pub(crate) async fn run(args: &LoadArgs, format: Format) -> anyhow::Result<Exit> {
    if args.is_worker {
        return workers::work(args).await;
    }
    if let Some(count) = args.workers {
        return workers::run(args, count, format).await;
    }
    let order = Order::of(args)?;
    let labels = Labels::of(&order.scenario, &order.plan, order.run.time_scale);
    let says = if args.quiet { Says::Nothing } else { Says::Lines };
    says.begins(&order);
    let name = order.scenario.name.clone();
    let stage = Stage::set(order, &labels).await?;
    let page = metrics_page(args, &stage).await?;
    let mut shows = Shows::of(&name, says);
    let up = tokio::select! {
        up = stage.assemble() => Some(up?),
        () = interrupted() => None,
        () = shows.coming_up(stage.sight()) => None,
    };
    if up.is_none() {
        return Ok(Exit::Interrupted);
    }
    let (sight, controls) = (stage.sight(), stage.controls());
    let begin = stage.begin();
    let played = stage.play(begin, async {
        interrupted().await;
        Cut::Interrupted
    });
    let over = tokio::select! {
        over = played => over?,
        never = shows.goes_on(sight, controls) => match never {},
    };
    drop((shows, page));
    outcome::tell(over, args, format)
}

/// Shows what the run counts to a scraper, if that is wanted.
async fn metrics_page(args: &LoadArgs, stage: &Stage) -> anyhow::Result<Option<MetricsFace>> {
    let page = crate::metrics::serve(args.metrics, Reach::LoopbackOnly, stage.sources()).await?;
    if let Some(page) = &page {
        say(&format!("metrics on {}", crate::metrics::url(page)));
    }
    Ok(page)
}
