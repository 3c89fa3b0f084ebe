//! `muster doctor`, `muster completions` and `muster man`

use anyhow::Context as _;
use clap::CommandFactory as _;
use muster_report::Table;
use serde_json::json;

use crate::cli::{Cli, CompletionsArgs, DoctorArgs, ManArgs};
use crate::doctor::{Check, Machine, Wanted, check_all};
use crate::exit::Exit;
use crate::talk::{Format, print, print_json, say};

pub(super) fn run(args: &DoctorArgs, format: Format) -> anyhow::Result<Exit> {
    let wanted = Wanted { devices: args.devices.get(), sockets: args.sockets };
    let checks = check_all(&Machine::here()?, wanted);
    let is_fit = checks.iter().all(|check| check.ok);
    match format {
        Format::Text => print(&text(&checks)),
        Format::Json => print_json(&json!({ "ok": is_fit, "checks": checks }))?,
    }
    Ok(if is_fit { Exit::Ok } else { Exit::VerdictFailed })
}

fn text(checks: &[Check]) -> String {
    let mut table = Table::new(&["", "check", "found", "wanted", "what to do"]);
    for check in checks {
        let mark = if check.ok { "ok" } else { "no" };
        let fix = check.fix.clone().unwrap_or_default();
        let (found, wanted) = (check.found.clone(), check.wanted.clone());
        table.row([mark.to_owned(), check.name.to_owned(), found, wanted, fix]);
    }
    table.to_string()
}

pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "muster", &mut script);
    print(&String::from_utf8_lossy(&script));
    Exit::Ok
}

pub(super) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        print(&String::from_utf8_lossy(&page));
        return Ok(Exit::Ok);
    };
    let unwritten = || format!("failed to write the pages into {}", dir.display());
    std::fs::create_dir_all(dir).with_context(unwritten)?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(unwritten)?;
    say(&format!("the pages stand in {}", dir.display()));
    Ok(Exit::Ok)
}
