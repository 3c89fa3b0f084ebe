//! The bill of a run: which cases share a stage, and which have one of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use muster_protocol::Seed;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::script::{Case, Place};
use super::spill;
use super::stage::{Played, perform, play};
use super::theatre::Theatre;

/// How many stages of their own stand at one time: each is a server with its database and a fleet.
const OWN_STAGES_MAX: usize = 6;

/// What came of playing cases.
pub(crate) struct Run {
    /// The cases, in the order they were given.
    pub(crate) played: Vec<Played>,
    /// Commands that took effect twice on one device, over all stages.
    pub(crate) executed_twice: u64,
    /// What led to that, as files.
    pub(crate) twice: Vec<PathBuf>,
}

/// What came of playing cases in virtual time.
pub(crate) struct Rehearsed {
    /// What came of the cases.
    pub(crate) run: Run,
    /// Promises that were broken meanwhile, in words.
    pub(crate) violations: Vec<String>,
    /// Virtual time, of all cases together.
    pub(crate) took: Duration,
    /// How long it took.
    pub(crate) wall: Duration,
}

/// A case with its place on the bill.
type Numbered = (usize, Case);

/// Plays the cases that can share a stage on one, and each of the others on its own beside it. What
/// led to a failure goes to `case_dir`.
pub(crate) async fn play_all(cases: &[Case], case_dir: &Path) -> anyhow::Result<Run> {
    let numbered = cases.iter().cloned().enumerate();
    let (shared, own): (Vec<Numbered>, Vec<Numbered>) =
        numbered.partition(|(_, case)| case.place == Place::Shared);
    let (shared, own) = tokio::try_join!(play_shared(shared, case_dir), play_own(own, case_dir))?;
    let executed_twice = shared.executed_twice + own.executed_twice;
    let mut played_by_number = shared.played;
    played_by_number.extend(own.played);
    let twice = [shared.twice, own.twice].concat();
    Ok(Run { played: played_by_number.into_values().collect(), executed_twice, twice })
}

/// What some of the cases came to.
#[derive(Default)]
struct Part {
    played: BTreeMap<usize, Played>,
    executed_twice: u64,
    twice: Vec<PathBuf>,
}

async fn play_shared(numbered: Vec<Numbered>, case_dir: &Path) -> anyhow::Result<Part> {
    if numbered.is_empty() {
        return Ok(Part::default());
    }
    let (numbers, cases): (Vec<usize>, Vec<Case>) = numbered.into_iter().unzip();
    let folder = folder()?;
    let theatre = Theatre::open(folder.path(), &cases, Vec::new(), Seed::root(1)).await?;
    let stage = theatre.stage(case_dir)?;
    let played = perform(&stage, &cases).await?;
    let twice = spill::effects_twice(&stage, &cases).await?;
    drop(stage);
    let executed_twice = theatre.close().await?.fleet.executed_twice;
    Ok(Part { played: numbers.into_iter().zip(played).collect(), executed_twice, twice })
}

async fn play_own(numbered: Vec<Numbered>, case_dir: &Path) -> anyhow::Result<Part> {
    let room = Arc::new(Semaphore::new(OWN_STAGES_MAX));
    let mut playing = JoinSet::new();
    for (number, case) in numbered {
        let (room, case_dir) = (room.clone(), case_dir.to_owned());
        playing.spawn(async move {
            let _turn = room.acquire_owned().await?;
            let played = play_alone(&case, &case_dir).await;
            let played = played.with_context(|| format!("case {:?} broke off", case.name))?;
            anyhow::Ok((number, played))
        });
    }
    let mut part = Part::default();
    while let Some(joined) = playing.join_next().await {
        let (number, alone) = joined.context("a case broke off")??;
        part.played.insert(number, alone.played);
        part.executed_twice += alone.executed_twice;
        part.twice.extend(alone.twice);
    }
    Ok(part)
}

/// What one case on its own came to.
struct Alone {
    played: Played,
    executed_twice: u64,
    twice: Vec<PathBuf>,
}

async fn play_alone(case: &Case, case_dir: &Path) -> anyhow::Result<Alone> {
    let folder = folder()?;
    let theatre = Theatre::open_for(folder.path(), case, Seed::root(1)).await?;
    let stage = theatre.stage(case_dir)?;
    let played = play(&stage, 0, case).await?;
    let twice = spill::effects_twice(&stage, std::slice::from_ref(case)).await?;
    drop(stage);
    let executed_twice = theatre.strike().await?.executed_twice;
    Ok(Alone { played, executed_twice, twice })
}

fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("muster-case-").tempdir();
    folder.context("failed to make a temporary folder")
}
