//! The faults of the server in a run of several workers: whoever has the server does them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use muster_protocol::Timestamp;
use muster_scenario::{Moment, Plan, Run, Shard, What};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::load::order::Order;
use crate::load::target::Embedded;
use crate::load::wreck::Wrecker;

/// Has the faults of the server happen, until the set is dropped.
///
/// # Errors
/// If the scenario has no plan, which it had for the workers.
pub(super) fn play(
    order: &Order,
    start: Instant,
    server: Arc<Embedded>,
) -> anyhow::Result<JoinSet<()>> {
    let plan = without_devices(order)?;
    let wrecker = Wrecker {
        server: Some(server),
        time_scale: order.run.time_scale,
        faults: plan.faults().iter().map(|fault| fault.kind.clone()).collect(),
        devices: 0,
    };
    let mut playing = JoinSet::new();
    playing.spawn(async move {
        for Moment { at, what } in plan.moments() {
            sleep_until((start + at.since(Timestamp::ZERO)).into()).await;
            happen(&wrecker, what);
        }
    });
    Ok(playing)
}

/// The plan of a share that no device belongs to: what is left is everybody's.
fn without_devices(order: &Order) -> anyhow::Result<Plan> {
    let nobody = Shard::new(u32::MAX - 1, NonZeroU32::MAX).context("the last share of many")?;
    let run = Run { shard: nobody, ..order.run };
    order.scenario.plan(run).context("the faults of the server have no plan")
}

fn happen(wrecker: &Wrecker, what: What) {
    match what {
        What::Server { kind, .. } => wrecker.wreck(kind),
        What::FaultEnds { fault } => wrecker.mend(fault),
        What::PhaseBegins { .. }
        | What::PhaseEnds { .. }
        | What::WorkBegins { .. }
        | What::SwitchOn { .. }
        | What::SwitchOff { .. }
        | What::EnrolAgain { .. }
        | What::Submit { .. }
        | What::FaultBegins { .. } => {}
    }
}
