//! `muster case list` and `muster case run`

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use muster_report::Table;
use serde_json::{Value, json};

use super::interrupted;
use crate::case::{self, Case, Played, Rehearsed, Run, timeline_table};
use crate::cli::{CaseListArgs, CaseRunArgs};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, print, print_json, say};

pub(super) fn list(args: &CaseListArgs, format: Format) -> anyhow::Result<Exit> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let mut cases = case::all()?;
    cases.retain(|case| {
        let text = format!("{} {} {} {}", case.name, case.title, case.story, case.source);
        words.iter().all(|word| text.to_lowercase().contains(word))
    });
    match format {
        Format::Json => print_json(&cases.iter().map(described).collect::<Vec<Value>>())?,
        Format::Text => {
            let mut table = Table::new(&["case", "system", "what it shows"]);
            for case in &cases {
                let system = format!("{} {} {}", case.role.system(), case.role.mode, case.role.os);
                table.row([case.name.clone(), system, case.title.clone()]);
            }
            print(&format!("{table}{} cases\n", cases.len()));
        }
    }
    Ok(Exit::Ok)
}

pub(super) async fn run(args: &CaseRunArgs, format: Format) -> anyhow::Result<Exit> {
    let cases = wanted(args)?;
    if args.sim {
        return rehearse(&cases, format).await;
    }
    let Run { played, executed_twice, twice } = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        run = case::play_all(&cases, &args.case_dir) => run?,
    };
    let failed = failed(&played);
    let files: Vec<&PathBuf> =
        played.iter().filter_map(|case| case.recording.as_ref()).chain(&twice).collect();
    match format {
        Format::Json => print_json(&json!({
            "cases": played.len(),
            "passed": played.len() - failed.len(),
            "failed": failed,
            "executed_twice": executed_twice,
            "case_files": files,
            "played": played,
        }))?,
        Format::Text => {
            print(&told(&cases, &played));
            for file in files {
                print(&format!("what led to it: muster case replay {}\n", file.display()));
            }
        }
    }
    let fine = failed.is_empty() && executed_twice == 0;
    Ok(if fine { Exit::Ok } else { Exit::VerdictFailed })
}

/// Prints what stands in a case, for editors.
pub(super) fn schema() -> anyhow::Result<Exit> {
    print_json(&case::schema())?;
    Ok(Exit::Ok)
}

/// The same cores in virtual time: what comes of a case is the same each time.
async fn rehearse(cases: &[Case], format: Format) -> anyhow::Result<Exit> {
    let Rehearsed { run, violations, took, wall } = case::rehearse_all(cases).await?;
    let Run { played, executed_twice, twice: _ } = run;
    let failed = failed(&played);
    let (virtual_s, wall_s) = (took.as_secs_f64(), wall.as_secs_f64());
    match format {
        Format::Json => print_json(&json!({
            "cases": played.len(),
            "passed": played.len() - failed.len(),
            "failed": failed,
            "executed_twice": executed_twice,
            "violations": violations,
            "virtual_s": virtual_s,
            "wall_s": wall_s,
            "played": played,
        }))?,
        Format::Text => {
            print(&told(cases, &played));
            violations.iter().for_each(|violation| say(violation));
            let days = virtual_s / 86_400.0;
            print(&format!("{days:.1} virtual days in {wall_s:.2} s\n"));
        }
    }
    let fine = failed.is_empty() && executed_twice == 0 && violations.is_empty();
    Ok(if fine { Exit::Ok } else { Exit::VerdictFailed })
}

/// The names of the cases that went otherwise.
fn failed(played: &[Played]) -> Vec<&str> {
    played.iter().filter(|case| !passed(case)).map(|case| case.case.as_str()).collect()
}

/// The cases the arguments name: built-in ones, or files.
fn wanted(args: &CaseRunArgs) -> anyhow::Result<Vec<Case>> {
    let mut by_name: BTreeMap<String, Case> =
        case::all()?.into_iter().map(|case| (case.name.clone(), case)).collect();
    if args.all {
        return Ok(by_name.into_values().collect());
    }
    args.names.iter().map(|name| match by_name.remove(name) {
        Some(case) => Ok(case),
        None if name.ends_with(".toml") => {
            let refused = |message| ExitWith { exit: Exit::BadFile, message };
            let text = fs::read_to_string(name)
                .with_context(|| refused(format!("failed to read {name:?}")))?;
            case::parse(name, &text).with_context(|| refused(format!("{name:?} is no case")))
        }
        None => Err(usage_error(format!(
            "no case is called {name:?}; `muster case list` shows them, and a file ends with .toml"
        ))),
    }).collect()
}

fn passed(case: &Played) -> bool {
    case.rows.iter().all(|row| row.ok)
}

fn described(case: &Case) -> Value {
    json!({
        "name": case.name, "title": case.title, "story": case.story, "source": case.source,
        "platform": case.role.system(), "mode": case.role.mode.name(), "os": case.role.os.to_string(),
    })
}

/// One case with its timeline, or a line for each of several.
fn told(cases: &[Case], played: &[Played]) -> String {
    if let ([case], [played]) = (cases, played) {
        return told_whole(case, played);
    }
    let mut table = Table::new(&["case", "verdict", "expected, but"]);
    for case in played {
        let wrong = case.rows.iter().find(|row| !row.ok);
        let wrong =
            wrong.map(|row| format!("{}: {}, but {}", row.action, row.expected, row.actual));
        let verdict = if wrong.is_none() { "pass" } else { "FAIL" };
        table.row([case.case.clone(), verdict.to_owned(), wrong.unwrap_or_default()]);
    }
    let good = played.iter().filter(|case| passed(case)).count();
    format!("{table}{good} of {} cases passed\n", played.len())
}

fn told_whole(case: &Case, played: &Played) -> String {
    say(&format!("{}\nsource: {}\n", case.story, case.source));
    let mut judged = Table::new(&["action", "expected", "actual", ""]);
    for row in &played.rows {
        let mark = if row.ok { "✓" } else { "✗" };
        judged.row([
            row.action.to_owned(),
            row.expected.clone(),
            row.actual.clone(),
            mark.to_owned(),
        ]);
    }
    let verdict = if passed(played) { "pass" } else { "FAIL" };
    format!("{}\n{judged}\n{}: {verdict}\n", timeline_table(&played.timeline), case.name)
}
