//! Patience that ends at a time, or at Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_sim::{Patience, Plan};

use super::super::interrupted;
use crate::talk::say;

/// Asks no more once the time is over or somebody has had enough.
pub(super) struct Hurry {
    until: Instant,
    enough: Arc<AtomicBool>,
}

impl Patience for Hurry {
    fn has_time(&mut self) -> bool {
        Instant::now() < self.until && !self.enough.load(Ordering::Relaxed)
    }

    fn smaller(&mut self, plan: &Plan) {
        say(&format!("  {}, over after {}", size(plan), plan.end_at));
    }
}

/// How large a plan is, in words.
pub(super) fn size(plan: &Plan) -> String {
    let plural = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    };
    let (devices, acts) = (plan.devices.len(), plan.acts.len());
    format!("{}, {}", plural(devices, "device"), plural(acts, "act"))
}

/// Runs a search beside the runtime; Ctrl-C ends it with what it has found so far.
pub(super) async fn search<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce(&mut Hurry) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let enough = Arc::new(AtomicBool::new(false));
    let mut hurry = Hurry { until: Instant::now() + patience, enough: Arc::clone(&enough) };
    let mut searching = tokio::task::spawn_blocking(move || work(&mut hurry));
    tokio::select! {
        found = &mut searching => return found.context("the search broke off"),
        () = interrupted() => enough.store(true, Ordering::Relaxed),
    }
    searching.await.context("the search broke off")
}
