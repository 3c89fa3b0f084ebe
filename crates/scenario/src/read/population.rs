//! Cohorts: who they are, and that they make up the whole.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::names::{checked_name, unique};
use super::{DEVICES_MAX, LIST_MAX, bounded};
use crate::error::{Located, Problem};
use crate::file::CohortTable;
use crate::population::{Cohort, CohortSize, Connectivity, Holder, Sockets, natural_modes};
use crate::text::{Mix, Placed, Text};
use crate::units::{Percent, Weighted};

/// The name of the one cohort of a scenario that says nothing of cohorts.
const EVERYBODY: &str = "everybody";

/// The cohorts, and how many devices they have together.
pub(super) fn cohorts(
    tables: Vec<CohortTable>,
    devices: Option<Placed<u32>>,
) -> Result<(Vec<Cohort>, u32), Located> {
    bounded("cohorts", LIST_MAX, &tables)?;
    unique(tables.iter().map(|table| &table.name))?;
    let sizes = sizes(&tables)?;
    let devices = total(&sizes, devices)?;
    let cohorts = tables.into_iter().zip(sizes).map(|(table, size)| cohort(table, size));
    let cohorts: Vec<Cohort> = cohorts.collect::<Result<_, _>>()?;
    Ok((if cohorts.is_empty() { vec![everybody()] } else { cohorts }, devices))
}

fn everybody() -> Cohort {
    Cohort {
        name: String::from(EVERYBODY),
        size: CohortSize::Share(Percent::ALL),
        modes: natural_modes(None),
        versions: None,
        holders: Weighted::only(Holder::Nobody),
        connectivity: Connectivity { woken: Percent::NONE },
        sockets: Sockets::Shared,
    }
}

fn cohort(table: CohortTable, size: CohortSize) -> Result<Cohort, Located> {
    let modes = match (table.mode, table.platform) {
        (Some(Mix(modes)), None) => modes,
        (None, platform) => natural_modes(platform.map(|Placed { value: Text(it), .. }| it)),
        (Some(_), Some(platform)) => {
            let why = "a mode has its platform already";
            let problem = Problem::new("platform beside mode", why, "leave out platform");
            return Err(problem.at(platform.span));
        }
    };
    Ok(Cohort {
        name: checked_name("a cohort", &table.name)?,
        size,
        modes,
        versions: table.version.map(|Text(versions)| versions),
        holders: table.persona.map_or(Weighted::only(Holder::Nobody), |Mix(holders)| holders),
        connectivity: table
            .connectivity
            .map_or(Connectivity { woken: Percent::NONE }, |Text(connectivity)| connectivity),
        sockets: table.sockets.map_or(Sockets::Shared, |Text(sockets)| sockets),
    })
}

/// All cohorts say how large they are, and all in the same way.
fn sizes(tables: &[CohortTable]) -> Result<Vec<CohortSize>, Located> {
    let sizes: Vec<CohortSize> = tables.iter().map(size).collect::<Result<_, _>>()?;
    let counted = sizes.iter().filter(|size| matches!(size, CohortSize::Count(_))).count();
    let (Some(first), Some(table)) = (sizes.first(), tables.first()) else {
        return Ok(sizes);
    };
    if counted != 0 && counted != sizes.len() {
        let why = "some cohorts have a share and others a count";
        let fix = "give all of them a share, or all a count";
        return Err(Problem::new("sizes do not add up", why, fix).at(table.name.span.clone()));
    }
    let sum: u64 = sizes.iter().map(|size| u64::from(weight(*size))).sum();
    if matches!(first, CohortSize::Share(_)) && sum != u64::from(Percent::ALL.hits()) {
        #[expect(clippy::cast_precision_loss, reason = "64 shares are far below 2^53")]
        let why = format!("they make {}%", sum as f64 / 10_000.0);
        let problem = Problem::new("shares do not add up", why, "make it 100%");
        return Err(problem.at(table.name.span.clone()));
    }
    Ok(sizes)
}

fn size(table: &CohortTable) -> Result<CohortSize, Located> {
    match (&table.share, &table.count) {
        (Some(Placed { value: Text(share), .. }), None) => Ok(CohortSize::Share(*share)),
        (None, Some(Placed { value, .. })) if (1..=DEVICES_MAX).contains(value) => {
            Ok(CohortSize::Count(*value))
        }
        (None, Some(Placed { span, .. })) => Err(no_number_of_devices(span.clone())),
        (Some(_), Some(Placed { span, .. })) => {
            Err(Problem::new("count beside share", "one says it all", "leave one out")
                .at(span.clone()))
        }
        (None, None) => {
            let what = format!("`{}` has no size", table.name.value);
            let fix = "add share = \"50%\" or count = 100";
            Err(Problem::new(what, "a cohort is a part of the devices", fix)
                .at(table.name.span.clone()))
        }
    }
}

/// How large a cohort is beside the others.
const fn weight(size: CohortSize) -> u32 {
    match size {
        CohortSize::Share(share) => share.hits(),
        CohortSize::Count(count) => count,
    }
}

fn total(sizes: &[CohortSize], devices: Option<Placed<u32>>) -> Result<u32, Located> {
    let counts = sizes.iter().map(|size| match size {
        CohortSize::Count(count) => Some(u64::from(*count)),
        CohortSize::Share(_) => None,
    });
    let sum: Option<u64> = counts.sum();
    match (sum.filter(|sum| *sum > 0), devices) {
        (_, Some(Placed { value, span })) if !(1..=DEVICES_MAX).contains(&value) => {
            Err(no_number_of_devices(span))
        }
        (Some(sum), Some(Placed { value, span })) if sum != u64::from(value) => {
            let why = format!("the counts of the cohorts make {sum}");
            Err(Problem::new(format!("{value} devices"), why, "leave out devices").at(span))
        }
        (_, Some(Placed { value, .. })) => Ok(value),
        (Some(sum), None) => {
            let fits = u32::try_from(sum).ok().filter(|sum| *sum <= DEVICES_MAX);
            fits.ok_or_else(|| no_number_of_devices(0..0))
        }
        (None, None) => {
            let fix = "add devices = 1000, or give each cohort a count";
            Err(Problem::new("no number of devices", "nothing says how many there are", fix)
                .at(0..0))
        }
    }
}

fn no_number_of_devices(span: core::ops::Range<usize>) -> Located {
    let fix = format!("write a number from 1 to {}", DEVICES_MAX.to_string().as_str());
    Problem::new("no such number of devices", "", fix).at(span)
}
