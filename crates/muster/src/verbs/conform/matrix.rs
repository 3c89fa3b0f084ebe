//! `muster conform matrix`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_conformance::matrix::{Column, Matrix, Standing};
use muster_conformance::result::Run;

use super::{bad_file, plan_of, playing, read};
use crate::cli::{ConformMatrixArgs, ConformServerArgs, JudgingArgs};
use crate::conform::matrix::{self, Entry, Own, Source, Targets};
use crate::conform::{self, Plan, Playing};
use crate::exit::{Exit, ExitWith};
use crate::talk::{Format, print, print_json};
use crate::verbs::interrupted;

/// A target of which all is read.
enum Ready {
    /// What comes of it is known already.
    Told(Box<Column>),
    /// It is still to be tried.
    Trial(Box<Trial>),
}

/// What tries one target.
struct Trial {
    name: Option<String>,
    place: String,
    plan: Plan,
    playing: Playing,
}

pub(in crate::verbs) async fn matrix(
    args: &ConformMatrixArgs,
    format: Format,
) -> anyhow::Result<Exit> {
    let entries = entries(&args.files)?.into_iter();
    let targets = entries.map(|entry| ready(entry, args)).collect::<anyhow::Result<Vec<_>>>()?;
    let columns = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        columns = columns(targets) => columns,
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

/// Reads all that is said of a target: what nobody can read is found before anything is played.
fn ready(entry: Entry, args: &ConformMatrixArgs) -> anyhow::Result<Ready> {
    let (name, place) = (entry.name.clone(), place(&entry.source));
    if let Source::Report(path) = &entry.source {
        let run: Run = serde_json::from_str(&read(path)?).with_context(|| bad_file(path))?;
        let name = name.unwrap_or_else(|| run.target.name.clone());
        return Ok(Ready::Told(Box::new(Column::tried(name, run))));
    }
    let alone = as_alone(entry, args);
    let plan = plan_of(&alone)?;
    match playing(&alone) {
        Ok(playing) => Ok(Ready::Trial(Box::new(Trial { name, place, plan, playing }))),
        Err(error) => {
            let why = nobody_there(&error).ok_or(error)?;
            Ok(Ready::Told(Box::new(Column::unreachable(name.unwrap_or(place), why))))
        }
    }
}

/// One target after the other: together they would wait for each other's answers.
async fn columns(targets: Vec<Ready>) -> Vec<Column> {
    let mut columns = Vec::new();
    for target in targets {
        columns.push(match target {
            Ready::Told(column) => *column,
            Ready::Trial(trial) => column(*trial).await,
        });
    }
    columns
}

/// Tries a target; what goes wrong with one costs no other its column.
async fn column(trial: Trial) -> Column {
    let Trial { name, place, plan, playing } = trial;
    match conform::run(plan, playing).await {
        Ok(run) => Column::tried(name.unwrap_or_else(|| run.target.name.clone()), run),
        Err(error) => Column::unreachable(name.unwrap_or(place), format!("{error:#}")),
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
