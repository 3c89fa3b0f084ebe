//! Makes a failing plan small: what is left is what it takes to break the promise.

use alloc::vec::Vec;

use muster_protocol::Timestamp;

use crate::invariant::{Invariant, Violation};
use crate::log::Keep;
use crate::plan::{Network, Plan, What};
use crate::world::{Ending, World};

/// A plan that breaks a promise, and how hard it was to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest plan found.
    pub plan: Plan,
    /// How it fails.
    pub violation: Violation,
    /// Worlds that were played.
    pub runs: u64,
}

/// Whoever waits for the result: told of each success, and asked whether to go on.
pub trait Patience {
    /// Whether there is time for another run.
    fn has_time(&mut self) -> bool;

    /// A smaller plan was found.
    fn smaller(&mut self, plan: &Plan);
}

/// Takes out of `plan` whatever is not needed for it to break the same promise.
///
/// First devices, then faults, then the rest of what happens, then time, then detail. What is
/// found is kept whenever patience ends. `None` if the plan keeps its promises.
pub fn shrink(plan: &Plan, patience: &mut impl Patience) -> Option<Shrunk> {
    let violation = violation(plan)?;
    let mut search = Search {
        invariant: violation.invariant,
        best: Shrunk { plan: plan.clone(), violation, runs: 1 },
        patience,
    };
    search.cut_the_end();
    search.drop_devices();
    search.drop_acts(is_fault);
    search.drop_acts(|_what| true);
    search.cut_the_end();
    search.simplify();
    search.drop_acts(|_what| true);
    Some(search.best)
}

fn violation(plan: &Plan) -> Option<Violation> {
    match World::run(plan.clone(), Keep::Nothing).ending {
        Ending::Broken(violation) => Some(violation),
        Ending::Kept => None,
    }
}

struct Search<'a, P> {
    invariant: Invariant,
    best: Shrunk,
    patience: &'a mut P,
}

impl<P: Patience> Search<'_, P> {
    /// Plays a smaller plan; it becomes the best one if it fails in the same way.
    fn try_plan(&mut self, plan: Plan) -> bool {
        if plan == self.best.plan || !self.patience.has_time() {
            return false;
        }
        self.best.runs += 1;
        match violation(&plan) {
            Some(violation) if violation.invariant == self.invariant => {
                self.patience.smaller(&plan);
                self.best.plan = plan;
                self.best.violation = violation;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Whatever happens after the failure did not cause it.
    fn cut_the_end(&mut self) {
        let at = self.best.violation.at;
        let mut plan = self.best.plan.clone();
        plan.acts.retain(|act| act.at <= at);
        self.try_plan(plan);
    }

    /// The device that failed alone, or as few others as possible.
    fn drop_devices(&mut self) {
        let failed = self.best.violation.device;
        if self.try_plan(only(&self.best.plan, &[failed])) {
            return;
        }
        let mut size = self.best.plan.devices.len().div_ceil(2);
        while size >= 1 {
            let numbers: Vec<u32> = self.best.plan.devices.iter().map(|it| it.number).collect();
            for chunk in numbers.chunks(size) {
                let kept: Vec<u32> = self
                    .best
                    .plan
                    .devices
                    .iter()
                    .map(|it| it.number)
                    .filter(|number| !chunk.contains(number))
                    .collect();
                self.try_plan(only(&self.best.plan, &kept));
            }
            size /= 2;
        }
    }

    /// Ever smaller pieces of what happens, until no single act can go.
    fn drop_acts(&mut self, concerned: fn(&What) -> bool) {
        let mut size = self.best.plan.acts.len().div_ceil(2);
        while size >= 1 {
            let mut from = 0;
            while from < self.best.plan.acts.len() {
                let mut plan = self.best.plan.clone();
                let mut index = 0;
                plan.acts.retain(|act| {
                    let inside = (from..from + size).contains(&index);
                    index += 1;
                    !(inside && concerned(&act.what))
                });
                if !self.try_plan(plan) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    /// A network without whims, and less time to wait.
    fn simplify(&mut self) {
        let mut plan = self.best.plan.clone();
        plan.network = Network { jitter: core::time::Duration::ZERO, ..plan.network };
        self.try_plan(plan);
        self.shorten();
    }

    /// Moves everything closer together, half the way at a time. The calm stays as long as it was:
    /// a world that is given no time to keep its promises breaks them without any fault.
    fn shorten(&mut self) {
        for _ in 0..16 {
            let mut plan = self.best.plan.clone();
            for act in &mut plan.acts {
                act.at = half(act.at);
            }
            let calm = plan.end_at.since(plan.calm_at);
            plan.calm_at = half(plan.calm_at);
            plan.end_at = plan.calm_at.after(calm);
            if !self.try_plan(plan) {
                return;
            }
        }
    }
}

const fn half(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros() / 2)
}

/// The plan with these devices only, and what concerns them.
fn only(plan: &Plan, numbers: &[u32]) -> Plan {
    let mut plan = plan.clone();
    plan.devices.retain(|it| numbers.contains(&it.number));
    plan.acts.retain(|act| act.what.device().is_none_or(|device| numbers.contains(&device)));
    plan
}

fn is_fault(what: &What) -> bool {
    !matches!(what, What::Submit { .. } | What::User { .. })
}
