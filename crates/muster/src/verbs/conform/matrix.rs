//! `muster conform matrix`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_conformance::matrix::{Column, Matrix, Standing};
use muster_conformance::result::Run;

use super::{bad_file, read, tried};
use crate::cli::{ConformMatrixArgs, ConformServerArgs, JudgingArgs};
use crate::conform::matrix::{self, Entry, Own, Source, Targets};
use crate::exit::{Exit, ExitWith};
use crate::talk::{Format, print, print_json};
use crate::verbs::interrupted;

pub(in crate::verbs) async fn matrix(
    args: &ConformMatrixArgs,
    format: Format,
) -> anyhow::Result<Exit> {
    let entries = entries(&args.files)?;
    let columns = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        columns = columns(entries, args) => columns?,
    };
    let matrix = Matrix::of(columns);
    if let Some(folder) = &args.out {
        matrix::write(&matrix, folder)?;
    }
    match format {
        Format::Json => print_json(&matrix)?,
        Format::Text => print(&matrix::told(&matrix)),
    }
    Ok(matrix.standing().into())
}

impl From<Standing> for Exit {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Conforms => Self::Ok,
            Standing::Breaks => Self::VerdictFailed,
            Standing::Unclear => Self::Inconclusive,
            Standing::Unreachable => Self::Unreachable,
        }
    }
}

/// The targets of files that name them, and reports that were made before.
fn entries(files: &[PathBuf]) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for path in files {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let folder = path.parent().unwrap_or(Path::new(""));
            let targets = Targets::parse(&read(path)?, folder).with_context(|| bad_file(path))?;
            entries.extend(targets.0);
        } else {
            let source = Source::Report(path.clone());
            entries.push(Entry { name: None, source, capabilities: None, expected_failures: None });
        }
    }
    Ok(entries)
}

/// One target after the other: together they would wait for each other's answers.
async fn columns(entries: Vec<Entry>, args: &ConformMatrixArgs) -> anyhow::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for entry in entries {
        columns.push(column(entry, args).await?);
    }
    Ok(columns)
}

async fn column(entry: Entry, args: &ConformMatrixArgs) -> anyhow::Result<Column> {
    let place = place(&entry.source);
    if let Source::Report(path) = &entry.source {
        let run: Run = serde_json::from_str(&read(path)?).with_context(|| bad_file(path))?;
        return Ok(Column::tried(entry.name.unwrap_or_else(|| run.target.name.clone()), run));
    }
    let name = entry.name.clone();
    match tried(&as_alone(entry, args)).await {
        Ok(run) => Ok(Column::tried(name.unwrap_or_else(|| run.target.name.clone()), run)),
        Err(error) => {
            let why = nobody_there(&error).ok_or(error)?;
            Ok(Column::unreachable(name.unwrap_or(place), why))
        }
    }
}

/// What says that nobody answers, if that is what is wrong.
fn nobody_there(error: &anyhow::Error) -> Option<String> {
    let with = error.downcast_ref::<ExitWith>()?;
    (with.exit == Exit::Unreachable).then(|| with.message.clone())
}

/// What `muster conform server` would be told to try this target alone.
fn as_alone(entry: Entry, args: &ConformMatrixArgs) -> ConformServerArgs {
    let judging = JudgingArgs {
        capabilities: entry.capabilities,
        expected_failures: entry.expected_failures,
        level: args.level,
        profile: args.profile,
        strict: args.strict,
        seed: args.seed,
        time_scale: args.time_scale,
        repeat: 1,
        ..JudgingArgs::default()
    };
    let alone = ConformServerArgs {
        judging,
        i_own_this_target: args.i_own_these_targets,
        ..ConformServerArgs::default()
    };
    match entry.source {
        Source::Own(own) => ConformServerArgs { sim: own == Own::Sim, ..alone },
        Source::Data(data) => ConformServerArgs { data: Some(data), ..alone },
        Source::Server { address, ca, hook } => {
            let (target, ca, hook) = (Some(address), Some(ca), Some(hook));
            ConformServerArgs { target, ca, hook, ..alone }
        }
        Source::Report(_) => alone,
    }
}

/// What a target without a name is called if it cannot be asked for one.
fn place(source: &Source) -> String {
    match source {
        Source::Own(_) => "muster".to_owned(),
        Source::Data(path) | Source::Report(path) => path.display().to_string(),
        Source::Server { address, .. } => address.to_string(),
    }
}
