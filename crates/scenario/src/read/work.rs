//! Works: whom they concern, when they begin, and what they are.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::names::{Beginning, beginning, checked_name, position, unique};
use super::{LIST_MAX, bounded};
use crate::action::Action;
use crate::error::{Located, Problem};
use crate::file::{
    ArrivalsTable, BacklogTable, BroadcastTable, Devices, DevicesText, EnrolmentWaveTable,
    MassWipeTable, ReconnectStormTable,
};
use crate::population::Cohort;
use crate::scenario::Phase;
use crate::text::{Mix, Placed, Text, TextOr};
use crate::units::{Percent, Span, Spread};
use crate::work::{Backlog, Broadcast, MassWipe, Selection, Work, WorkKind};

/// Most commands that wait for one device.
const COMMANDS_EACH_MAX: u32 = 1_000;

/// The tables of all kinds of work.
pub(super) struct Tables {
    pub(super) arrivals: Vec<Placed<ArrivalsTable>>,
    pub(super) broadcasts: Vec<BroadcastTable>,
    pub(super) waves: Vec<EnrolmentWaveTable>,
    pub(super) storms: Vec<ReconnectStormTable>,
    pub(super) backlogs: Vec<BacklogTable>,
    pub(super) wipes: Vec<MassWipeTable>,
}

/// What the works of all kinds have in common, as it is written.
struct Head {
    name: Option<Placed<String>>,
    phase: Option<Placed<String>>,
    at: Option<Placed<Text<Span>>>,
    devices: Option<DevicesText>,
}

/// A work of which all but the kind is still as it is written.
type Draft = (Head, WorkKind);

/// Takes the common part out of a table.
macro_rules! head {
    ($table:ident) => {
        Head { name: $table.name, phase: $table.phase, at: $table.at, devices: $table.devices }
    };
}

mod arrivals;

/// All works, kind by kind, each in the order of the file.
pub(super) fn works(
    tables: Tables,
    phases: &[Phase],
    cohorts: &[Cohort],
) -> Result<Vec<Work>, Located> {
    let mut drafts: Vec<Draft> = Vec::new();
    for table in tables.arrivals {
        drafts.push(arrivals::draft(table.value, table.span)?);
    }
    drafts.extend(tables.broadcasts.into_iter().map(broadcast));
    drafts.extend(tables.waves.into_iter().map(wave));
    drafts.extend(tables.storms.into_iter().map(storm));
    for table in tables.backlogs {
        drafts.push(backlog(table)?);
    }
    for table in tables.wipes {
        drafts.push(mass_wipe(table)?);
    }
    bounded("works", LIST_MAX, &drafts)?;
    let named = |(head, kind): &Draft| match &head.name {
        Some(name) => name.clone(),
        None => Placed { value: kind.name().to_owned(), span: 0..0 },
    };
    let names: Vec<Placed<String>> = drafts.iter().map(named).collect();
    unique(&names)?;
    let works = drafts.into_iter().zip(&names).map(|((head, kind), name)| {
        let name = checked_name("a work", name)?;
        let Beginning { phase, at } = beginning(head.phase.as_ref(), head.at.as_ref(), phases)?;
        Ok(Work { name, phase, at, devices: selection(head.devices, cohorts)?, kind })
    });
    works.collect()
}

fn selection(devices: Option<DevicesText>, cohorts: &[Cohort]) -> Result<Selection, Located> {
    let Some(Placed { value: TextOr { value: Devices(table), .. }, span }) = devices else {
        return Ok(Selection::ALL);
    };
    let names = cohorts.iter().map(|cohort| cohort.name.as_str());
    let cohorts = table.cohorts.iter().map(|name| position("cohort", name, names.clone()));
    let selection = Selection {
        cohorts: cohorts.collect::<Result<_, _>>()?,
        platform: table.platform.map(|Text(platform)| platform),
        mode: table.mode.map(|Text(mode)| mode),
        share: table.share.map_or(Percent::ALL, |Text(share)| share),
    };
    if selection.share == Percent::NONE {
        let fix = "write a share above 0%";
        return Err(Problem::new("this concerns nobody", "", fix).at(span));
    }
    Ok(selection)
}

fn broadcast(table: BroadcastTable) -> Draft {
    let Text(command) = table.command;
    let kind = WorkKind::Broadcast(Broadcast { command, within: span(table.within) });
    (head!(table), kind)
}

fn wave(table: EnrolmentWaveTable) -> Draft {
    let TextOr { value: spread, .. } = table.spread;
    (head!(table), WorkKind::EnrolmentWave(spread))
}

fn storm(table: ReconnectStormTable) -> Draft {
    let TextOr { value: away, .. } = table.away;
    (head!(table), WorkKind::ReconnectStorm(away))
}

fn backlog(table: BacklogTable) -> Result<Draft, Located> {
    let Placed { value: commands_each, span } = table.commands_each;
    if !(1..=COMMANDS_EACH_MAX).contains(&commands_each) {
        let fix = "write a number from 1 to 1000";
        return Err(Problem::new("no such number of commands can wait", "", fix).at(span));
    }
    let (Text(away), Mix(commands)) = (table.away, table.commands);
    let at_once = Spread::Exactly(Span::ZERO);
    let back_within = table.back_within.map_or(at_once, |TextOr { value: spread, .. }| spread);
    let kind = WorkKind::Backlog(Backlog { away, commands_each, commands, back_within });
    Ok((head!(table), kind))
}

fn mass_wipe(table: MassWipeTable) -> Result<Draft, Located> {
    let command = match table.command {
        None => Action::Wipe,
        Some(Placed { value: Text(command), span }) => {
            if !MassWipe::COMMANDS.contains(&command) {
                let words = MassWipe::COMMANDS.map(Action::name);
                let kind = "way out of service";
                return Err(Problem::unknown(kind, command.name(), words).at(span));
            }
            command
        }
    };
    let enrol_again = table.enrol_again.map(|TextOr { value: spread, .. }| spread);
    let within = span(table.within);
    Ok((head!(table), WorkKind::MassWipe(MassWipe { command, within, enrol_again })))
}

fn span(text: Option<Text<Span>>) -> Span {
    text.map_or(Span::ZERO, |Text(span)| span)
}
