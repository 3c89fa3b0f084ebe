//! Devices on trial: the suite is their server.
//!
//! ```text
//! run --one world each--> Script <--> door (who comes), papers (who the suite is), players (agents)
//! ```

mod door;
mod outside;
mod own;
mod papers;
mod premises;
mod world;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use muster_conformance::result::CaseResult;
use muster_conformance::script::Script;
use muster_conformance::{Variant, Verdict};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::playing::{Clock, Place, not_played, play_again, silent, through};
use super::runner::{Plan, gathered, on_all_cores};
use premises::Premises;
use world::World;

pub(crate) use outside::{Outside, Waiting};

/// How many cases agents of this process play at once: most of them only wait.
const OWN_AT_ONCE: usize = 24;

/// How many agents of others run at once.
const OTHERS_AT_ONCE: usize = 4;

/// Where the agents on trial come from.
pub(crate) enum Agents {
    /// Muster's own, on sockets of the system.
    Own,
    /// Muster's own, in virtual time.
    Simulated,
    /// Somebody else's.
    Others(Outside),
}

impl Agents {
    /// Whether they live in virtual time.
    pub(super) const fn are_simulated(&self) -> bool {
        match self {
            Self::Simulated => true,
            Self::Own | Self::Others(_) => false,
        }
    }

    /// Where they are, or how they are started.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Own => "in this process".to_owned(),
            Self::Simulated => "in memory".to_owned(),
            Self::Others(outside) => outside.place(),
        }
    }

    fn at_once(&self) -> usize {
        match self {
            Self::Own | Self::Simulated => OWN_AT_ONCE,
            Self::Others(outside) => outside.at_once().min(OTHERS_AT_ONCE),
        }
    }
}

/// A server for one agent after the other.
struct Host<'a> {
    premises: &'a Premises,
    agents: &'a Agents,
}

impl Place for Host<'_> {
    async fn host(&self, script: &mut dyn Script) -> Duration {
        let mut world = World::new(self.premises, self.agents);
        let took = through(script, &mut world).await;
        world.close().await;
        took
    }
}

/// Plays everything.
pub(super) async fn run(plan: &Arc<Plan>, agents: Agents) -> anyhow::Result<Vec<CaseResult>> {
    if agents.are_simulated() {
        return on_all_cores(plan, simulate_one);
    }
    let premises = match &agents {
        Agents::Own | Agents::Simulated => Premises::anywhere()?,
        Agents::Others(outside) => outside.premises()?,
    };
    let places = Arc::new(Semaphore::new(agents.at_once()));
    let shared = Arc::new((premises, agents));
    let mut tasks = JoinSet::new();
    for (index, variant) in plan.variants.iter().copied().enumerate() {
        let (plan, shared, places) = (plan.clone(), shared.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire().await;
            (index, live_one(&plan, variant, &shared).await)
        });
    }
    Ok(gathered(&plan.variants, tasks).await)
}

async fn live_one(
    plan: &Plan,
    variant: Variant,
    (premises, agents): &(Premises, Agents),
) -> CaseResult {
    match not_played(plan, &variant, Clock::Real) {
        Some(result) => result,
        None => play_again(plan, variant, &Host { premises, agents }).await,
    }
}

fn simulate_one(plan: &Plan, variant: Variant) -> anyhow::Result<CaseResult> {
    if let Some(result) = not_played(plan, &variant, Clock::Virtual) {
        return Ok(result);
    }
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.context("failed to start a runtime in virtual time")?;
    runtime.block_on(async {
        match Premises::in_memory(plan.setting(&variant).seed) {
            Ok(premises) => {
                let host = Host { premises: &premises, agents: &Agents::Simulated };
                Ok(play_again(plan, variant, &host).await)
            }
            Err(error) => Ok(silent(&variant, Verdict::Error, format!("{error:#}"))),
        }
    })
}
