//! Plays cases, weighs what comes of them, and sums up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_conformance::capabilities::Capabilities;
use muster_conformance::exceptions::{Exceptions, Excused};
use muster_conformance::result::{About, CaseResult, Run, Target};
use muster_conformance::script::Script;
use muster_conformance::{Need, Rigour, Variant, Verdict};
use muster_protocol::{Seed, alpn};
use muster_transport::probe::{Offer, Prober};
use tokio::runtime::Builder;
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant as Moment, sleep, timeout};
use tracing::error;

use super::agents::{self, Agents};
use super::hook::Hook;
use super::house::Abode;
use super::playing::{Clock, Place, not_played, play_again, silent, through};
use super::site::Site;
use super::world::World;
use crate::exit::{Exit, ExitWith};

/// How many cases a live target has at once: most of them only wait.
const LIVE_AT_ONCE: usize = 24;

/// How long a target that is up may take for a handshake.
const UP_WITHIN: Duration = Duration::from_secs(2);

/// How long a target that crashed may take to come back.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the cases against one live target share.
struct Common {
    abode: Abode,
    site: Site,
    hook: Hook,
    /// Held by every case; alone by one that is played once more.
    quiet: RwLock<()>,
}

/// What is to be played, and how it is judged.
pub(crate) struct Plan {
    /// The plays of cases.
    pub(crate) variants: Vec<Variant>,
    /// Whether those are not all there are.
    pub(crate) is_partial: bool,
    /// What the target claims.
    pub(crate) capabilities: Capabilities,
    /// What it is excused from.
    pub(crate) exceptions: Exceptions,
    /// The day the run is made.
    pub(crate) today: String,
    /// How hard it is judged.
    pub(crate) rigour: Rigour,
    /// What everything is drawn from.
    pub(crate) seed: u64,
    /// What tokens are drawn from, if all devices of a run enrol with the same.
    pub(crate) token_seed: Option<Seed>,
    /// How much longer than usual the suite waits, in percent.
    pub(crate) patience_percent: u32,
    /// How often each case is played; it is flaky if the verdicts differ.
    pub(crate) repeat: u32,
}

/// Whom it is played against.
pub(crate) enum Playing {
    /// A server of this process, on sockets of the system.
    Own,
    /// A server of this process, in virtual time.
    Simulated,
    /// Somebody else's.
    Against {
        /// Where it is.
        site: Site,
        /// How its hook is asked.
        hook: Hook,
    },
    /// Devices: the suite is their server.
    Agents(Agents),
}

/// A server that is tried.
struct Tried<'a> {
    abode: &'a Abode,
    site: &'a Site,
    hook: &'a Hook,
}

impl Place for Tried<'_> {
    async fn host(&self, script: &mut dyn Script) -> Duration {
        through(script, &mut World::new(self.site.clone(), self.abode, self.hook)).await
    }
}

/// Plays everything.
pub(crate) async fn run(plan: Plan, playing: Playing) -> anyhow::Result<Run> {
    let began = Instant::now();
    let plan = Arc::new(plan);
    let simulated = match &playing {
        Playing::Simulated => true,
        Playing::Own | Playing::Against { .. } => false,
        Playing::Agents(agents) => agents.are_simulated(),
    };
    let (place, results) = match playing {
        Playing::Simulated => ("in memory".to_owned(), on_all_cores(&plan, simulate_one)?),
        Playing::Agents(agents) => (agents.place(), agents::run(&plan, agents).await?),
        Playing::Own => {
            let (abode, site) = Abode::live().await?;
            let place = site.server.to_string();
            (place, live(&plan, (abode, site), Hook::InProcess).await)
        }
        Playing::Against { site, hook } => {
            let place = site.server.to_string();
            if !is_up(&site).await {
                return Err(nobody_at(&place));
            }
            (place, live(&plan, (Abode::Elsewhere, site), hook).await)
        }
    };
    let list_faults = list_faults(&plan, &results);
    let side = plan.variants.first().map(|variant| variant.case.side);
    let about = About {
        target: Target {
            name: plan.capabilities.name.clone(),
            side: side.context("no case is to be played")?,
            place,
            simulated,
        },
        rigour: plan.rigour,
        seed: plan.seed,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        is_partial: plan.is_partial,
    };
    Ok(Run::sum_up(about, results, list_faults))
}

/// Each case in a world and a time of its own, on as many threads as there are cores.
pub(super) fn on_all_cores(
    plan: &Plan,
    one: impl Fn(&Plan, Variant) -> anyhow::Result<CaseResult> + Sync,
) -> anyhow::Result<Vec<CaseResult>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(variant) = plan.variants.get(index) else { return Ok(done) };
            done.push((index, one(plan, *variant)?));
        }
    };
    let done: anyhow::Result<Vec<_>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|done| done.map_err(|_panic| anyhow::anyhow!("a case panicked"))?).collect()
    });
    let mut done: Vec<_> = done?.into_iter().flatten().collect();
    done.sort_by_key(|(index, _result)| *index);
    Ok(done.into_iter().map(|(_index, result)| result).collect())
}

fn simulate_one(plan: &Plan, variant: Variant) -> anyhow::Result<CaseResult> {
    if let Some(result) = not_played(plan, &variant, Clock::Virtual) {
        return Ok(result);
    }
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.context("failed to start a runtime in virtual time")?;
    runtime.block_on(async {
        let (abode, site) = Abode::memory(plan.setting(&variant).seed).await?;
        let tried = Tried { abode: &abode, site: &site, hook: &Hook::InProcess };
        let result = play_again(plan, variant, &tried).await;
        abode.close().await;
        Ok(result)
    })
}

/// Many cases at once against one target; those that stop it or move its clock have one for
/// themselves.
async fn live(plan: &Arc<Plan>, (abode, site): (Abode, Site), hook: Hook) -> Vec<CaseResult> {
    let common = Arc::new(Common { abode, site, hook, quiet: RwLock::default() });
    let places = Arc::new(Semaphore::new(LIVE_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, variant) in plan.variants.iter().copied().enumerate() {
        let (plan, common, places) = (plan.clone(), common.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire().await;
            (index, live_one(&plan, variant, &common).await)
        });
    }
    let results = gathered(&plan.variants, tasks).await;
    if let Some(common) = Arc::into_inner(common) {
        common.abode.close().await;
    }
    results
}

/// What comes of cases that are played at once, in their order. That one dies is the fault of the
/// suite, and costs no other its result.
pub(super) async fn gathered(
    variants: &[Variant],
    mut tasks: JoinSet<(usize, CaseResult)>,
) -> Vec<CaseResult> {
    let died =
        |variant| silent(variant, Verdict::Error, "the suite failed at this case".to_owned());
    let mut results: Vec<CaseResult> = variants.iter().map(died).collect();
    while let Some(played) = tasks.join_next().await {
        match played {
            Ok((index, result)) => {
                if let Some(place) = results.get_mut(index) {
                    *place = result;
                }
            }
            Err(cause) => error!(error = &cause as &dyn std::error::Error, "a case died"),
        }
    }
    results
}

async fn live_one(plan: &Plan, variant: Variant, common: &Common) -> CaseResult {
    let Common { abode, site, hook, quiet: _ } = common;
    if let Some(result) = not_played(plan, &variant, Clock::Real) {
        return result;
    }
    let needs = variant.case.needs();
    let is_rough = needs.contains(&Need::Power) || needs.contains(&Need::Clock);
    if matches!(abode, Abode::Elsewhere) {
        return outlive(plan, variant, common).await;
    }
    if !is_rough {
        return play_again(plan, variant, &Tried { abode, site, hook }).await;
    }
    match in_a_house(plan, variant, hook).await {
        // While its server was away, another process may have taken an address of the house.
        first if first.verdict == Verdict::Error => in_a_house(plan, variant, hook).await,
        first => first,
    }
}

/// Plays a case against a server it has for itself.
async fn in_a_house(plan: &Plan, variant: Variant, hook: &Hook) -> CaseResult {
    match Abode::live().await {
        Ok((abode, site)) => {
            let tried = Tried { abode: &abode, site: &site, hook };
            let result = play_again(plan, variant, &tried).await;
            abode.close().await;
            result
        }
        Err(error) => silent(&variant, Verdict::Error, format!("{error:#}")),
    }
}

/// Plays a case against somebody else's target, which may crash over it or over another case: that
/// ends the case, not the run. One that did not pass while the target was away is played once more,
/// alone.
async fn outlive(plan: &Plan, variant: Variant, common: &Common) -> CaseResult {
    let Common { abode, site, hook, quiet: _ } = common;
    let tried = Tried { abode, site, hook };
    let first = {
        let _among_others = common.quiet.read().await;
        play_again(plan, variant, &tried).await
    };
    if first.verdict == Verdict::Pass || is_up(site).await {
        return first;
    }
    let _alone = common.quiet.write().await;
    if !is_back(site).await {
        return silent(
            &variant,
            Verdict::Inconclusive,
            "the target went away and stayed".to_owned(),
        );
    }
    let mut again = play_again(plan, variant, &tried).await;
    if again.verdict != Verdict::Pass && !is_back(site).await {
        again.reason = Some("the target went away over this case".to_owned());
    }
    again
}

/// What is said of a target that cannot be tried.
fn nobody_at(place: &str) -> anyhow::Error {
    let message = format!("no server answers at {place}, or it is not certified by this CA");
    anyhow::Error::new(ExitWith { exit: Exit::Unreachable, message })
}

/// Whether a handshake with the target comes about.
async fn is_up(site: &Site) -> bool {
    let Ok(prober) = Prober::open(&site.network, site.server) else { return false };
    let protocols = vec![alpn::ENROLMENT.to_vec()];
    let (ca, skew) = (site.ca.clone(), site.skew.clone());
    let offer = Offer { ca, protocols, identity: None, skew };
    timeout(UP_WITHIN, prober.dial(&offer)).await.is_ok_and(|dialled| dialled.is_ok())
}

/// Waits for the target to come back.
async fn is_back(site: &Site) -> bool {
    let until = Moment::now() + BACK_WITHIN;
    while Moment::now() < until {
        if is_up(site).await {
            return true;
        }
        sleep(LOOK_EVERY).await;
    }
    false
}

/// What is wrong with the list of expected failures.
fn list_faults(plan: &Plan, results: &[CaseResult]) -> Vec<String> {
    let passes = results.iter().filter_map(|result| {
        let excused = plan.exceptions.excuse(&result.name, result.verdict, &plan.today);
        matches!(excused, Excused::PassesAfterAll(_))
            .then(|| format!("{} passes although it is expected to fail", result.name))
    });
    let mut faults: Vec<String> = passes.collect();
    if !plan.is_partial {
        let names: Vec<String> = results.iter().map(|result| result.name.clone()).collect();
        let idle = plan.exceptions.idle(&names, &plan.today);
        faults.extend(idle.map(|entry| {
            format!("the entry for {:?} until {} excuses nothing", entry.case, entry.until)
        }));
    }
    faults
}

#[cfg(test)]
mod tests {
    use muster_conformance::cases;
    use muster_protocol::Mode;

    use super::*;

    #[tokio::test]
    async fn a_case_that_dies_costs_no_other_its_result() {
        let all = cases().flat_map(|case| case.variants(&[Mode::AppleAutomatedDevice]));
        let variants: Vec<Variant> = all.take(2).collect();
        let mut tasks = JoinSet::new();
        tasks.spawn(async { panic!("as a fault of the suite would") });
        let passed = silent(&variants[1], Verdict::Pass, "as it should".to_owned());
        tasks.spawn(async move { (1, passed) });
        let results = gathered(&variants, tasks).await;
        let told: Vec<_> = results.iter().map(|it| (it.name.clone(), it.verdict)).collect();
        let expected = [(variants[0].name(), Verdict::Error), (variants[1].name(), Verdict::Pass)];
        assert_eq!(told, expected);
    }
}
