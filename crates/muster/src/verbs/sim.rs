//! `muster sim`

use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_sim::{Swarm, SwarmSize};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::{interrupted, quic, virtual_time};
use crate::cli::SimArgs;
use crate::exit::Exit;
use crate::explore::{Explored, Found, Progress, Quest, Until, explore};
use crate::planted;
use crate::recording::{self, SimulatedRecording};
use crate::talk::{Format, print, print_json, say};

/// How many worlds without being told.
const SEEDS: u64 = 1_000;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Most recordings of one run: a change that breaks every world needs no thousand of them.
const RECORDINGS_MAX: usize = 20;

pub(super) async fn run(args: &SimArgs, format: Format) -> anyhow::Result<Exit> {
    planted::sow_wanted(args.plant.as_deref())?;
    if args.quic.quic {
        return quic::run(args, format).await;
    }
    if let Some(scenario) = &args.scenario {
        return virtual_time::run(args, scenario, format).await;
    }
    let quest = quest(args);
    let started = Instant::now();
    let progress = Arc::new(Progress::default());
    let (explored, ended) = watch(quest, &progress).await?;
    let wall_time = started.elapsed();
    let kept = keep(args, &quest, &explored)?;
    let run = Run { quest: &quest, explored: &explored, kept: &kept, wall_time };
    match format {
        Format::Json => print_json(&run.data())?,
        Format::Text => print(&run.told()),
    }
    Ok(match ended {
        Ended::Interrupted => Exit::Interrupted,
        Ended::ByItself if explored.found.is_empty() => Exit::Ok,
        Ended::ByItself => Exit::VerdictFailed,
    })
}

fn quest(args: &SimArgs) -> Quest {
    let size = SwarmSize {
        devices_max: args.devices_max(),
        stormy: Duration::from_secs(args.hours * 60 * 60),
        calm: args.calm,
        ..SwarmSize::default()
    };
    let seeds = args.seeds.map_or(SEEDS, NonZeroU64::get);
    let (from, seeds) = args.seed.map_or((args.from, seeds), |seed| (seed, 1));
    let until = if args.keep_going { Until::TheEnd } else { Until::Broken };
    Quest { swarm: Swarm::new(size), from, seeds, until }
}

/// How an exploration came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    ByItself,
    Interrupted,
}

/// Explores, tells how far it is, and stops at Ctrl-C with what was found so far.
async fn watch(quest: Quest, progress: &Arc<Progress>) -> anyhow::Result<(Explored, Ended)> {
    let shared = Arc::clone(progress);
    let mut work = tokio::task::spawn_blocking(move || explore(&quest, &shared));
    let mut ticks = interval(TELL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    let mut stop = pin!(interrupted());
    loop {
        tokio::select! {
            explored = &mut work => {
                let explored = explored.context("the exploration broke off")?;
                return Ok((explored, Ended::ByItself));
            }
            _now = ticks.tick() => tell(&quest, progress),
            () = &mut stop => break,
        }
    }
    progress.stop.store(true, Ordering::Relaxed);
    let explored = work.await.context("the exploration broke off")?;
    Ok((explored, Ended::Interrupted))
}

fn tell(quest: &Quest, progress: &Progress) {
    let done = progress.done.load(Ordering::Relaxed);
    let broken = progress.broken.load(Ordering::Relaxed);
    say(&format!("{done} of {} worlds played, {broken} broken", quest.seeds));
}

/// A failure and the file it is in.
struct Kept {
    found: Found,
    file: Option<PathBuf>,
}

/// Writes a recording for each failure, up to a bound.
fn keep(args: &SimArgs, quest: &Quest, explored: &Explored) -> anyhow::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for (index, found) in explored.found.iter().enumerate() {
        let plan = quest.swarm.plan(found.seed);
        let mut file = None;
        if index < RECORDINGS_MAX
            && let Some(recording) = SimulatedRecording::record(plan, "muster sim")?
        {
            let path = args.case_dir.join(format!("seed-{}.muster", found.seed));
            recording.write(&path)?;
            file = Some(path);
        }
        kept.push(Kept { found: found.clone(), file });
    }
    Ok(kept)
}

struct Run<'a> {
    quest: &'a Quest,
    explored: &'a Explored,
    kept: &'a [Kept],
    wall_time: Duration,
}

impl Run<'_> {
    fn ratio(&self) -> f64 {
        self.explored.virtual_time.as_secs_f64() / self.wall_time.as_secs_f64().max(1e-6)
    }

    fn data(&self) -> Value {
        let violations: Vec<Value> = self.kept.iter().map(Kept::data).collect();
        json!({
            "seeds": self.explored.seeds,
            "from": self.quest.from,
            "violations": violations,
            "virtual_s": self.explored.virtual_time.as_secs_f64(),
            "wall_s": self.wall_time.as_secs_f64(),
            "ratio": self.ratio(),
            "made_by": recording::build(),
            "planted": planted::present(),
        })
    }

    fn told(&self) -> String {
        let mut text = String::new();
        for kept in self.kept {
            text += &kept.told();
        }
        let Explored { seeds, virtual_time, found } = self.explored;
        let verdict = match found.len() {
            0 => "every promise was kept".to_owned(),
            1 => "1 broke a promise".to_owned(),
            many => format!("{many} broke a promise"),
        };
        let worlds = if *seeds == 1 { "world" } else { "worlds" };
        let _written = writeln!(
            text,
            "{seeds} {worlds} from seed {}: {verdict}\n\
             {:.1} h of virtual time in {:.1} s: {:.0} times as fast",
            self.quest.from,
            virtual_time.as_secs_f64() / 3_600.0,
            self.wall_time.as_secs_f64(),
            self.ratio()
        );
        text
    }
}

impl Kept {
    fn data(&self) -> Value {
        let Found { seed, events, violation } = &self.found;
        json!({
            "seed": seed,
            "invariant": violation.invariant.to_string(),
            "promise": violation.invariant.promise(),
            "case_file": self.file,
            "at": violation.at.to_string(),
            "device": violation.device,
            "what": violation.what,
            "events": events,
            "plan_digest": format!("{:016x}", violation.origin.scenario),
        })
    }

    fn told(&self) -> String {
        let Found { seed, events, violation } = &self.found;
        let file = self.file.as_ref().map(|file| file.display().to_string());
        let file =
            file.unwrap_or_else(|| format!("none: `--seed {seed}` with the same flags writes it"));
        format!(
            "seed {seed} breaks {}: {}\n  \
             seen      {}\n  \
             where     device {}, at {} of virtual time, after {events} events\n  \
             made by   {}\n  \
             plan      {:016x}\n  \
             recording {file}\n\n",
            violation.invariant,
            violation.invariant.promise(),
            violation.what,
            violation.device,
            violation.at,
            recording::build(),
            violation.origin.scenario,
        )
    }
}
