//! What a state folder brings back.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_device::DeviceSpec;
use muster_device::activation::ActivationService;
use muster_protocol::SerialNumber;
use tokio::task::spawn_blocking;

use super::{FleetConfig, FleetError};
use crate::activation::ActivationRecords;
use crate::state::{Kept, StateError, StateFolder, Writer};

/// What the state folder gave.
#[derive(Default)]
pub(super) struct Resumed {
    pub(super) kept: BTreeMap<usize, Kept>,
    pub(super) elapsed: Duration,
    pub(super) writer: Option<Writer>,
    pub(super) activation: ActivationRecords,
}

/// Reads the state folder, if there is one, away from the async threads.
pub(super) async fn resume(config: &FleetConfig) -> Result<Resumed, FleetError> {
    let specs: Vec<DeviceSpec> = config.plans.iter().map(|plan| plan.spec.clone()).collect();
    let Some(dir) = config.state_dir.clone() else {
        let activation = ActivationRecords::of(ActivationService::default(), specs.iter());
        return Ok(Resumed { activation, ..Resumed::default() });
    };
    let seed = config.seed;
    let read = move || -> Result<Resumed, StateError> {
        let serials: Vec<SerialNumber> =
            specs.iter().map(|spec| spec.facts.serial.clone()).collect();
        let folder = StateFolder::open(&dir, seed)?;
        let elapsed = folder.age();
        let kept = folder.load(&serials)?;
        let activation = ActivationRecords::of(folder.locks(&serials)?, specs.iter());
        let writer = Some(folder.into_writer(activation.clone())?);
        Ok(Resumed { kept, elapsed, writer, activation })
    };
    let read = spawn_blocking(read).await;
    read.expect("reading the state folder does not panic")
        .map_err(|source| FleetError::State { source })
}
