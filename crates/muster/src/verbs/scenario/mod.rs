//! `muster scenario`

mod catalogue;
mod check;
mod hints;
mod shown;
#[cfg(test)]
mod tests;
mod trace;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use muster_report::Table;
use muster_scenario::Scenario;
use serde_json::{Value, json};

use crate::cli::{ScenarioListArgs, ScenarioNewArgs, ScenarioVerb};
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print, print_json, say};

pub(crate) use catalogue::named as ready;

pub(super) fn run(verb: &ScenarioVerb, format: Format) -> anyhow::Result<Exit> {
    match verb {
        ScenarioVerb::List(args) => list(args, format),
        ScenarioVerb::New(args) => new(args),
        ScenarioVerb::Check(args) => check::run(args, format),
        ScenarioVerb::Trace(args) => trace::run(args, format),
        ScenarioVerb::Schema => schema(),
    }
}

fn list(args: &ScenarioListArgs, format: Format) -> anyhow::Result<Exit> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let wanted = catalogue::all().filter(|(_, text)| has_all(text));
    let scenarios: Vec<Scenario> = wanted
        .map(|(name, text)| Scenario::parse(text).with_context(|| format!("scenario {name}")))
        .collect::<anyhow::Result<_>>()?;
    match format {
        Format::Json => print_json(&scenarios.iter().map(described).collect::<Vec<Value>>())?,
        Format::Text => {
            let mut table = Table::new(&["scenario", "devices", "lasts", "what it asks"]);
            for scenario in &scenarios {
                let (devices, lasts) = (scenario.devices.to_string(), shown::length(scenario));
                table.row([scenario.name.clone(), devices, lasts, scenario.question.clone()]);
            }
            print(&format!("{table}{} scenarios\n", scenarios.len()));
        }
    }
    Ok(Exit::Ok)
}

fn described(scenario: &Scenario) -> Value {
    json!({
        "name": scenario.name,
        "question": scenario.question,
        "devices": scenario.devices,
        "seconds": scenario.length().as_secs_f64(),
    })
}

fn new(args: &ScenarioNewArgs) -> anyhow::Result<Exit> {
    let text = catalogue::named(&args.template).ok_or_else(|| {
        let names: Vec<&str> = catalogue::all().map(|(name, _)| name).collect();
        usage_error(format!(
            "no scenario is called {}: there are {}",
            args.template,
            names.join(", ")
        ))
    })?;
    let Some(path) = &args.output else {
        print(text);
        return Ok(Exit::Ok);
    };
    write_new(path, text)?;
    Ok(Exit::Ok)
}

/// Writes a scenario to a file that is not there yet, and says what to do with it.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.with_context(|| format!("failed to make {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("failed to write {}", path.display()))?;
    say(&format!("hint: `muster scenario check {0}`, then `muster load {0}`", path.display()));
    Ok(())
}

fn schema() -> anyhow::Result<Exit> {
    print_json(&Scenario::schema())?;
    Ok(Exit::Ok)
}
