//! The whole system in virtual time: the real server and the real fleet with real QUIC and TLS, in
//! one process, on a network in memory and with paused time.
//!
//! `muster-sim` plays the two cores alone, thousands of worlds a second; this plays what carries
//! them. All chance comes from the seed: links, loads, ids, back-off and what QUIC draws. What TLS
//! draws does not: it changes bytes, but neither times nor sizes nor messages.

mod deeds;
mod house;
mod load;
mod people;
mod plan;
mod promises;
mod timeline;
mod verdict;
mod world;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::runtime::Builder;
use tracing::subscriber::with_default;

pub(crate) use plan::QuicPlan;
pub(crate) use timeline::{Timeline, first_difference};
pub(crate) use verdict::Verdict;

use timeline::Collector;

/// What came of one run.
#[derive(Debug)]
pub(crate) struct QuicRun {
    /// What was to be played.
    pub(crate) plan: QuicPlan,
    /// Everything that happened, in order.
    pub(crate) timeline: Timeline,
    /// Whether it is what was promised.
    pub(crate) verdict: Verdict,
    /// How long the run lasted in its own time.
    pub(crate) virtual_time: Duration,
    /// How long it took.
    pub(crate) wall_time: Duration,
}

/// Plays a run to its end, on this thread.
///
/// Must not be called from within a runtime: it makes one, with a time of its own.
pub(crate) fn play(plan: QuicPlan) -> anyhow::Result<QuicRun> {
    let started = Instant::now();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.context("failed to start a runtime in virtual time")?;
    let collector = {
        let _inside = runtime.enter();
        Collector::new(&plan)
    };
    let book = collector.book();
    let ending = with_default(collector, || runtime.block_on(world::run(&plan)))?;
    drop(runtime);
    let timeline = book.close(ending.packets);
    let verdict = Verdict::of(&plan, &ending.facts, &timeline);
    let wall_time = started.elapsed();
    Ok(QuicRun { plan, timeline, verdict, virtual_time: ending.virtual_time, wall_time })
}

#[cfg(test)]
mod tests;
