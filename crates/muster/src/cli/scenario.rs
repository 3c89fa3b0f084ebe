//! The verbs and flags of `muster scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
