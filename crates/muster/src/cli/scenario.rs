//! The verbs and flags of `muster scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use muster_scenario::{Action, Percent};

use crate::trace::{Layout, When};

/// `muster scenario`
#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioVerb {
    /// List the scenarios that come with muster, with the question each answers
    #[command(after_help = "Examples:\n  muster scenario list\n  muster scenario list push loss")]
    List(ScenarioListArgs),
    /// Write a scenario to begin with: a ready one, to be changed into your own
    #[command(after_help = "Examples:\n  muster scenario new > mine.toml\n  \
        muster scenario new server-restart -o mine.toml")]
    New(ScenarioNewArgs),
    /// Look whether scenarios are right, and say what they would do
    #[command(after_help = "Examples:\n  muster scenario check mine.toml\n  \
        muster scenario check fixtures/scenarios/*.toml --json\n\n\
        What is wrong is shown at its place, with what to write instead; exit code 65 then. What is\n\
        right but cannot be meant, such as asking a kiosk for what only a phone can do, is a hint.")]
    Check(ScenarioCheckArgs),
    /// Make a scenario of a recorded trace: the log of an MDM, or a table of one's own
    #[command(
        after_help = "Examples:\n  muster scenario trace audit-events.json > recorded.toml\n  \
            muster scenario trace page-1.json page-2.json --from 2h --to 3h -o busy-hour.toml\n  \
            muster scenario trace mine.csv --time-column when --action-column what --map Pin=reset-passcode\n\n\
            A trace is JSON (the answer of /deviceManagement/auditEvents, an array, one object a line)\n\
            or CSV with a row of names. Times are dates, spans since the beginning, or seconds; actions\n\
            are called as in `muster action`, in Microsoft Graph or in audit logs. The first row taken\n\
            is second zero. What cannot be played is counted and named on stderr; if nothing can, the\n\
            exit code is 65."
    )]
    Trace(ScenarioTraceArgs),
    /// Print the JSON schema of scenario files
    #[command(after_help = "Examples:\n  muster scenario schema > scenario.schema.json\n\n\
        An editor that knows it completes keys and marks what is wrong: put\n  \
        #:schema ./scenario.schema.json\n\
        at the top of a scenario.")]
    Schema,
}

/// `muster scenario list`
#[derive(Debug, Args)]
pub(crate) struct ScenarioListArgs {
    /// Only scenarios whose text has all these words
    pub(crate) words: Vec<String>,
}

/// `muster scenario new`
#[derive(Debug, Args)]
pub(crate) struct ScenarioNewArgs {
    /// Name of the scenario to begin with
    #[arg(default_value = "first-minute")]
    pub(crate) template: String,
    /// File to write it to instead of stdout; one that is there is not overwritten
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `muster scenario check`
#[derive(Debug, Args)]
pub(crate) struct ScenarioCheckArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `muster scenario trace`
#[derive(Debug, Args)]
pub(crate) struct ScenarioTraceArgs {
    /// Files of the trace, such as the pages of a log; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// File to write the scenario to instead of stdout; one that is there is not overwritten
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How the files are laid out, if neither their names nor their first letters tell
    #[arg(long, value_enum)]
    pub(crate) format: Option<Layout>,
    /// Which rows, and what their columns are called.
    #[command(flatten)]
    pub(crate) rows: TraceRowsArgs,
    /// How many devices; default: as many as the trace has, or a thousand
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) devices: Option<u32>,
    /// Name of the scenario; default: that of the file
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The question it answers, with its question mark
    #[arg(long, value_name = "TEXT")]
    pub(crate) question: Option<String>,
}

/// Which rows of a trace, and what their columns are called.
#[derive(Debug, Args)]
pub(crate) struct TraceRowsArgs {
    /// Column that says when; default: at, time, activityDateTime and others
    #[arg(long, value_name = "NAME")]
    pub(crate) time_column: Option<String>,
    /// Column that says what was asked for; default: action, activityType and others
    #[arg(long, value_name = "NAME")]
    pub(crate) action_column: Option<String>,
    /// Column that says of which device; default: device, managedDeviceId and others
    #[arg(long, value_name = "NAME")]
    pub(crate) device_column: Option<String>,
    /// What the trace calls an action; may be given repeatedly
    #[arg(long = "map", value_name = "WORD=ACTION", value_parser = mapped)]
    pub(crate) words: Vec<(String, Action)>,
    /// Only from then on, and count from there: an instant, or a span since the first row
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(crate) from: Option<When>,
    /// Only what is before that: an instant, or a span since the first row
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(crate) to: Option<When>,
    /// Only so much of each action's rows, evenly
    #[arg(long, value_name = "SHARE", default_value = "100%", value_parser = share)]
    pub(crate) thin: Percent,
}

fn mapped(text: &str) -> Result<(String, Action), String> {
    let (word, name) = text.rsplit_once('=').ok_or("expected WORD=ACTION, such as Pin=lock")?;
    let action = Action::named(name).ok_or_else(|| {
        let names = Action::ALL.map(Action::name);
        format!("no action of a scenario is called {name}: there are {}", names.join(", "))
    })?;
    Ok((word.to_owned(), action))
}

fn when(text: &str) -> Result<When, String> {
    let hint = "expected an instant such as 2026-01-02T03:04:05Z, or a span such as 90m";
    When::parse(text).ok_or_else(|| hint.to_owned())
}

fn share(text: &str) -> Result<Percent, String> {
    let share = Percent::parse(text).map_err(|problem| problem.to_string())?;
    Some(share).filter(|share| *share > Percent::NONE).ok_or_else(|| "nothing is left".to_owned())
}
