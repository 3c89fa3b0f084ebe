//! `muster conform list`, `muster conform server`, `muster conform schema`

mod agent;
mod matrix;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use muster_conformance::capabilities::Capabilities;
use muster_conformance::exceptions::Exceptions;
use muster_conformance::matrix::{Matrix, Standing};
use muster_conformance::result::Run;
use muster_conformance::{
    Case, Level, Need, Profile, Requirement, Rigour, Side, Variant, cases, requirements,
};
use muster_protocol::Mode;
use muster_report::Table;
use muster_server::DataDir;
use muster_transport::{Network, RunCa, Skew, certificate_from_pem};
use serde_json::json;

use super::interrupted;
use crate::cli::{
    ConformListArgs, ConformSchemaArgs, ConformServerArgs, JudgingArgs, LevelName, ProfileName,
    SchemaName,
};
use crate::client::{AdminClient, no_server};
use crate::conform::{self, AdminHook, CommandHook, Detail, Hook, HttpHook, Plan, Playing, Site};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::planted;
use crate::talk::{Format, print, print_json};

pub(super) use agent::agent;
pub(super) use matrix::matrix;

/// What muster's own server offers, as any target would claim it.
const OURS: &str = include_str!("../../../../fixtures/conformance/muster.toml");

/// What stands before the command line of a hook that is a program.
const PROGRAM: &str = "exec:";

/// Most bytes read of a file: a report with all its transcripts has less than a tenth.
const FILE_BYTES_MAX: u64 = 16 << 20;

pub(super) fn list(args: &ConformListArgs, format: Format) -> anyhow::Result<Exit> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    if args.requirements { list_requirements(&words, format) } else { list_cases(&words, format) }
}

fn list_cases(words: &[String], format: Format) -> anyhow::Result<Exit> {
    let wanted = |case: &&Case| {
        let side = case.side.name();
        has_all(words, &format!("{} {side} {} {}", case.id, case.promise, case.tries.join(" ")))
    };
    let found: Vec<&Case> = cases().filter(wanted).collect();
    match format {
        Format::Json => print_json(&found.iter().map(|case| described(case)).collect::<Vec<_>>())?,
        Format::Text => {
            let mut table = Table::new(&["case", "side", "level", "profile", "promise"]);
            for case in &found {
                let (level, profile) = (case.level().name(), case.profile.name());
                let side = case.side.name();
                table.row([case.id, side, level, profile, case.promise].map(str::to_owned));
            }
            print(&format!("{table}{} cases\n", found.len()));
        }
    }
    Ok(Exit::Ok)
}

/// The other way round: from each sentence of the pages to the cases that try it.
fn list_requirements(words: &[String], format: Format) -> anyhow::Result<Exit> {
    let wanted = |row: &&Requirement| has_all(words, &format!("{} {}", row.id, row.statement));
    let found: Vec<&Requirement> = requirements().filter(wanted).collect();
    let tried_by = |row: &Requirement| -> Vec<&str> {
        cases().filter(|case| case.tries.contains(&row.id)).map(|case| case.id).collect()
    };
    match format {
        Format::Json => {
            let described = found.iter().map(|row| {
                json!({
                    "id": row.id, "level": row.level, "binds": row.binds,
                    "statement": row.statement, "cases": tried_by(row), "unseen": row.unseen,
                })
            });
            print_json(&described.collect::<Vec<_>>())?;
        }
        Format::Text => {
            let mut table = Table::new(&["requirement", "level", "binds", "cases"]);
            for row in &found {
                let (level, binds) = (row.level.name().to_owned(), format!("{:?}", row.binds));
                let tried = row.unseen.map_or_else(|| tried_by(row).join(" "), str::to_owned);
                table.row([row.id.to_owned(), level, binds, tried]);
            }
            print(&format!("{table}{} requirements\n", found.len()));
        }
    }
    Ok(Exit::Ok)
}

fn has_all(words: &[String], text: &str) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

pub(super) async fn server(args: &ConformServerArgs, format: Format) -> anyhow::Result<Exit> {
    planted::sow_wanted(args.plant.as_deref())?;
    let run = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        run = tried(args) => run?,
    };
    tell(&run, &args.judging, format)?;
    Ok(Standing::of(&run).into())
}

/// What comes of the server the arguments name.
async fn tried(args: &ConformServerArgs) -> anyhow::Result<Run> {
    conform::run(plan_of(args)?, playing(args)?).await
}

/// What the arguments want to be played.
fn plan_of(args: &ConformServerArgs) -> anyhow::Result<Plan> {
    plan(&args.judging, (&args.cases, Side::Server), assumed(args))
}

/// Whom the arguments name.
fn playing(args: &ConformServerArgs) -> anyhow::Result<Playing> {
    if args.sim {
        return Ok(Playing::Simulated);
    }
    if let Some(folder) = &args.data {
        return of_folder(&DataDir::at(folder.clone()));
    }
    let (Some(server), Some(ca), Some(hook)) = (args.target, &args.ca, &args.hook) else {
        return Ok(Playing::Own);
    };
    if !server.ip().is_loopback() && !args.i_own_this_target {
        let message =
            format!("{server} is not on this machine; pass --i-own-this-target if it is yours");
        return Err(usage_error(message));
    }
    if !hook.starts_with(PROGRAM) && !args.i_own_this_target {
        conform::stays_here(hook)?;
    }
    let pem = fs::read(ca).with_context(|| bad_file(ca))?;
    let ca = certificate_from_pem(&pem).with_context(|| bad_file(ca))?;
    let (network, skew) = (Network::Udp, Skew::default());
    let site = Site { network, server, ca, ca_key: None, skew };
    Ok(Playing::Against { site, hook: hook_at(hook)? })
}

/// A muster server that runs: the suite has its folder, and so the key of its CA.
fn of_folder(data: &DataDir) -> anyhow::Result<Playing> {
    let endpoints = data.read_endpoints().map_err(|error| no_server(data, &error))?;
    let ca = Arc::new(RunCa::open_or_create(data.root()).context("failed to use the CA")?);
    let client = AdminClient::new(data, &format!("https://{}", endpoints.admin))?;
    let site = Site {
        network: Network::Udp,
        server: endpoints.quic,
        ca: ca.certificate_der(),
        ca_key: Some(ca),
        skew: Skew::default(),
    };
    Ok(Playing::Against { site, hook: Hook::Admin(AdminHook::new(client, data.clone())) })
}

fn hook_at(text: &str) -> anyhow::Result<Hook> {
    Ok(match text.strip_prefix(PROGRAM) {
        Some(line) => Hook::Command(CommandHook::of(line)?),
        None => Hook::Http(HttpHook::at(text.to_owned())?),
    })
}

pub(super) fn schema(args: &ConformSchemaArgs) -> anyhow::Result<Exit> {
    print_json(&match args.of {
        SchemaName::Report => Run::schema(),
        SchemaName::Matrix => Matrix::schema(),
    })?;
    Ok(Exit::Ok)
}

fn tell(run: &Run, judging: &JudgingArgs, format: Format) -> anyhow::Result<()> {
    if let Some(folder) = &judging.out {
        conform::write(run, folder)?;
    }
    match format {
        Format::Json => print_json(run),
        Format::Text => {
            let detail = if judging.verbose { Detail::Whole } else { Detail::Short };
            print(&conform::told(run, detail));
            Ok(())
        }
    }
}

/// What is to be played, and how it is judged.
fn plan(
    args: &JudgingArgs,
    (names, side): (&[String], Side),
    assumed: Capabilities,
) -> anyhow::Result<Plan> {
    let mut capabilities = match &args.capabilities {
        None => assumed,
        Some(path) => Capabilities::parse(&read(path)?).with_context(|| bad_file(path))?,
    };
    let exceptions = match &args.expected_failures {
        None => Exceptions::default(),
        Some(path) => Exceptions::parse(&read(path)?).with_context(|| bad_file(path))?,
    };
    let all: Vec<Variant> = cases()
        .filter(|case| case.side == side)
        .flat_map(|case| case.variants(&capabilities.modes))
        .collect();
    let variants = chosen(&all, args, names)?;
    // More than a hundred times as long makes no sense, and is refused before.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "10 to 10,000")]
    let patience_percent = (args.time_scale * 100.0) as u32;
    if let Some(fault) = planted::present() {
        capabilities.name = format!("{} with {fault}", capabilities.name);
    }
    Ok(Plan {
        is_partial: variants.len() < all.len(),
        variants,
        capabilities,
        exceptions,
        today: today(),
        rigour: if args.strict { Rigour::Strict } else { Rigour::Usual },
        seed: args.seed.unwrap_or_else(drawn),
        token_seed: None,
        patience_percent,
        repeat: args.repeat,
    })
}

/// The plays the arguments choose.
fn chosen(all: &[Variant], args: &JudgingArgs, names: &[String]) -> anyhow::Result<Vec<Variant>> {
    let failed = args.failed.as_deref().map(failed_in).transpose()?;
    if let Some(name) = names.iter().find(|name| !all.iter().any(|it| begins(it, name))) {
        let message = format!("no case is called {name:?}; `muster conform list` shows them");
        return Err(usage_error(message));
    }
    let level = args.level.map_or(Level::May, level);
    let wanted = |variant: &&Variant| {
        (names.is_empty() || names.iter().any(|name| begins(variant, name)))
            && failed.as_ref().is_none_or(|failed| failed.contains(&variant.name()))
            && variant.case.level() >= level
            && args.profile.is_none_or(|it| profile(it) == variant.case.profile)
    };
    let chosen: Vec<Variant> = all.iter().filter(wanted).copied().collect();
    if chosen.is_empty() {
        return Err(usage_error("no case is left of what was asked for"));
    }
    Ok(chosen)
}

fn begins(variant: &Variant, name: &str) -> bool {
    variant.name().to_lowercase().starts_with(&name.to_lowercase())
}

fn failed_in(path: &Path) -> anyhow::Result<BTreeSet<String>> {
    let run: Run = serde_json::from_str(&read(path)?).with_context(|| bad_file(path))?;
    Ok(run.fail.into_iter().collect())
}

/// What a target is held to that brings no file of its capabilities.
fn assumed(args: &ConformServerArgs) -> Capabilities {
    let mut ours = ours();
    if args.data.is_some() {
        ours.offers.retain(|need| ![Need::Cancel, Need::Clock, Need::Power].contains(need));
    }
    if args.sim {
        // In memory, who has another address is somebody else.
        ours.profiles.remove(&Profile::Migration);
    }
    match args.target {
        None => ours,
        Some(target) => Capabilities {
            name: target.to_string(),
            profiles: BTreeSet::from([Profile::Core]),
            modes: vec![Mode::AppleAutomatedDevice],
            offers: BTreeSet::from([Need::Enqueue, Need::Inspect]),
        },
    }
}

/// What muster's own server offers.
fn ours() -> Capabilities {
    Capabilities::parse(OURS).expect("the file that comes with muster")
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path).with_context(|| bad_file(path))?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).with_context(|| bad_file(path))?;
    Ok(text)
}

fn bad_file(path: &Path) -> ExitWith {
    ExitWith { exit: Exit::BadFile, message: format!("failed to use {}", path.display()) }
}

fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// A seed nobody has chosen: it is printed, so that the run can be made again.
fn drawn() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_nanos())
}

const fn level(name: LevelName) -> Level {
    match name {
        LevelName::Must => Level::Must,
        LevelName::Should => Level::Should,
        LevelName::May => Level::May,
    }
}

const fn profile(name: ProfileName) -> Profile {
    match name {
        ProfileName::Core => Profile::Core,
        ProfileName::Ios => Profile::Ios,
        ProfileName::Android => Profile::Android,
        ProfileName::Push => Profile::Push,
        ProfileName::Migration => Profile::Migration,
    }
}

fn described(case: &Case) -> serde_json::Value {
    json!({
        "id": case.id, "promise": case.promise, "requirements": case.tries,
        "level": case.level(), "profile": case.profile, "side": case.side, "needs": case.needs(),
    })
}
