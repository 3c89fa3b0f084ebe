//! `muster conform list`, `muster conform server`, `muster conform schema`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use muster_conformance::capabilities::Capabilities;
use muster_conformance::exceptions::Exceptions;
use muster_conformance::result::Run;
use muster_conformance::{Case, Level, Need, Profile, Rigour, Side, Variant, cases};
use muster_protocol::Mode;
use muster_report::Table;
use muster_server::DataDir;
use muster_transport::{Network, RunCa, Skew, certificate_from_pem};
use serde_json::json;

use super::interrupted;
use crate::cli::{ConformListArgs, ConformServerArgs, JudgingArgs, LevelName, ProfileName};
use crate::client::{AdminClient, no_server};
use crate::conform::{self, AdminHook, CommandHook, Detail, Hook, HttpHook, Plan, Playing, Site};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, print, print_json};

pub(super) fn list(args: &ConformListArgs, format: Format) -> anyhow::Result<Exit> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let wanted = |case: &&Case| {
        let text = format!("{} {} {}", case.id, case.promise, case.tries.join(" ")).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let found: Vec<&Case> = cases().filter(wanted).collect();
    match format {
        Format::Json => print_json(&found.iter().map(|case| described(case)).collect::<Vec<_>>())?,
        Format::Text => {
            let mut table = Table::new(&["case", "level", "profile", "promise"]);
            for case in &found {
                let (level, profile) = (case.level().name(), case.profile.name());
                table.row([case.id, level, profile, case.promise].map(str::to_owned));
            }
            print(&format!("{table}{} cases\n", found.len()));
        }
    }
    Ok(Exit::Ok)
}

pub(super) async fn server(args: &ConformServerArgs, format: Format) -> anyhow::Result<Exit> {
    let plan = plan(&args.judging, (&args.cases, Side::Server), assumed(args))?;
    let playing = playing(args)?;
    let run = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        run = conform::run(plan, playing) => run?,
    };
    tell(&run, &args.judging, format)?;
    Ok(exit(&run))
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
    Ok(match text.strip_prefix("exec:") {
        Some(line) => Hook::Command(CommandHook::of(line)?),
        None => Hook::Http(HttpHook::at(text.to_owned())?),
    })
}

pub(super) fn schema() -> anyhow::Result<Exit> {
    print_json(&Run::schema())?;
    Ok(Exit::Ok)
}

fn tell(run: &Run, judging: &JudgingArgs, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print_json(run),
        Format::Text => {
            let detail = if judging.verbose { Detail::Whole } else { Detail::Short };
            print(&conform::told(run, detail));
            Ok(())
        }
    }
}

/// A broken promise counts more than one nothing can be told about.
fn exit(run: &Run) -> Exit {
    if !run.fail.is_empty() || !run.list_faults.is_empty() {
        Exit::VerdictFailed
    } else if run.results.iter().any(|result| result.verdict.is_unclear()) {
        Exit::Inconclusive
    } else {
        Exit::Ok
    }
}

/// What is to be played, and how it is judged.
fn plan(
    args: &JudgingArgs,
    (names, side): (&[String], Side),
    assumed: Capabilities,
) -> anyhow::Result<Plan> {
    let capabilities = match &args.capabilities {
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
    Ok(Plan {
        is_partial: variants.len() < all.len(),
        variants,
        capabilities,
        exceptions,
        today: today(),
        rigour: if args.strict { Rigour::Strict } else { Rigour::Usual },
        seed: args.seed.unwrap_or_else(drawn),
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
    let ours = ours();
    if args.data.is_some() {
        let offers = &ours.offers - &BTreeSet::from([Need::Cancel, Need::Clock, Need::Power]);
        return Capabilities { offers, ..ours };
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
    let profiles = Profile::ALL.into_iter().filter(|it| *it != Profile::Migration).collect();
    let offers = BTreeSet::from([
        Need::Enqueue,
        Need::Cancel,
        Need::Inspect,
        Need::OneTimeToken,
        Need::ExpiredToken,
        Need::CaKey,
        Need::Clock,
        Need::Power,
    ]);
    Capabilities { name: "muster".to_owned(), profiles, modes: Mode::ALL.to_vec(), offers }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| bad_file(path))
}

fn bad_file(path: &Path) -> ExitWith {
    ExitWith { exit: Exit::BadCase, message: format!("failed to use {}", path.display()) }
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
