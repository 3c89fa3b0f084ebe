//! Plays cases: an administrator on one side, a user on the other, and an eye on the device.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use muster_agent::Fleet;
use serde::Serialize;
use tokio::task::JoinSet;

use super::house::House;
use super::live::Live;
use super::player::{self, Line};
use super::script::Case;
use super::spill;
use super::timeline::{Moment, millis};
use crate::client::AdminClient;

/// One judged step.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) device: String,
    pub(crate) platform: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) os: String,
    pub(crate) action: &'static str,
    pub(crate) expected: String,
    pub(crate) actual: String,
    pub(crate) ok: bool,
    pub(crate) ms: f64,
}

/// A case that was played.
#[derive(Debug, Serialize)]
pub(crate) struct Played {
    pub(crate) case: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) timeline: Vec<Moment>,
    /// What led to a failure, as a file.
    #[serde(skip_serializing_if = "Option::is_none", rename = "case_file")]
    pub(crate) recording: Option<PathBuf>,
}

/// What every case plays on. The device of a case stands at the case's place in the fleet.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) admin: AdminClient,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) house: Arc<House>,
    /// Where the files of failed cases go; made when there is one.
    pub(crate) case_dir: PathBuf,
}

/// The serial number of the device at this place.
pub(crate) fn serial(index: usize) -> String {
    format!("CASE{index:04}")
}

/// Plays all cases side by side and returns them in their order.
pub(crate) async fn perform(stage: &Stage, cases: &[Case]) -> anyhow::Result<Vec<Played>> {
    let mut playing = JoinSet::new();
    for (index, case) in cases.iter().cloned().enumerate() {
        let stage = stage.clone();
        playing.spawn(async move {
            let played = play(&stage, index, &case).await;
            (index, played.with_context(|| format!("case {:?} broke off", case.name)))
        });
    }
    let mut played_by_index = BTreeMap::new();
    while let Some(joined) = playing.join_next().await {
        let (index, played) = joined.context("a case broke off")?;
        played_by_index.insert(index, played?);
    }
    Ok(played_by_index.into_values().collect())
}

/// Plays one case on the device at this place of the stage; what led to a failure is written down.
pub(crate) async fn play(stage: &Stage, index: usize, case: &Case) -> anyhow::Result<Played> {
    match player::play(&mut Live::at(stage.clone(), index), index, case).await {
        Ok(played) => spill::if_failed(stage, index, case, played).await,
        Err(error) => Err(spill::broken_off(stage, index, case, error).await),
    }
}

/// The row of a judged step.
pub(crate) fn row(case: &Case, index: usize, line: Line, took: Duration) -> Row {
    Row {
        case: case.title.clone(),
        device: serial(index),
        platform: case.role.system(),
        mode: case.role.mode.name(),
        os: case.role.os.to_string(),
        action: line.action,
        ok: line.expected == line.actual,
        expected: line.expected,
        actual: line.actual,
        ms: millis(took),
    }
}
