//! What a run is to be: the scenario with what the command line changes, and its plan.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_agent::BlackBox;
use muster_protocol::Seed;
use muster_scenario::{Plan, Run, Scenario, ScenarioError, Shard};

use super::begin::Begin;
use super::eyes::Instruments;
use super::health::cores;
use super::limits::refuse_impossible;
use super::target::Address;
use crate::cli::{LoadArgs, ThroughName};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::verbs::scenario::ready;

/// Largest scenario file that is read, in bytes: twice what the parser takes, so that it says why.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// How many devices share a socket if nothing else is said: what its receive buffer does not hold is
/// lost when many are spoken to at once.
const DEVICES_PER_SOCKET: usize = 2_500;

/// Everything a run is made of.
pub(crate) struct Order {
    /// The scenario as it is run, overrides included.
    pub(crate) text: String,
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) run: Run,
    pub(crate) plan: Plan,
    pub(crate) keep: Option<PathBuf>,
    /// The server, if it runs already.
    pub(crate) address: Option<Address>,
    pub(crate) begin: Begin,
    pub(crate) server_threads: NonZeroUsize,
    pub(crate) fleet_threads: NonZeroUsize,
    pub(crate) through: ThroughName,
    pub(crate) sockets: NonZeroUsize,
    pub(crate) black_box: BlackBox,
    pub(crate) instruments: Instruments,
}

impl Order {
    /// Reads the scenario and draws the plan.
    pub(crate) fn of(args: &LoadArgs) -> anyhow::Result<Self> {
        let written = read(&args.scenario)?;
        let text = overridden(&written, &args.set)?;
        let scenario = Scenario::parse(&text).map_err(|error| wrong(args, &written, &error))?;
        let seed = args.seed.unwrap_or(scenario.seed);
        let run = Run {
            seed: Seed::root(seed),
            devices: args.devices,
            time_scale: args.time_scale,
            shard: args.shard.unwrap_or(Shard::WHOLE),
        };
        let plan = scenario.plan(run).map_err(|error| bad(&args.scenario, &error))?;
        let address = Address::of(&args.target)?;
        if let Some(address) = &address {
            refuse_impossible(args, &plan, &written, address)?;
        }
        let sockets = plan.devices().count().div_ceil(DEVICES_PER_SOCKET);
        let sockets = NonZeroUsize::new(sockets).unwrap_or(NonZeroUsize::MIN);
        let half = NonZeroUsize::new(cores() / 2).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            text,
            seed,
            run,
            plan,
            scenario,
            keep: args.keep.clone(),
            through: args.through.unwrap_or(match address {
                Some(_) => ThroughName::Graph,
                None => ThroughName::Direct,
            }),
            address,
            begin: args.start_at.map_or(Begin::WhenUp, Begin::At),
            server_threads: args.server_threads.unwrap_or(half),
            fleet_threads: args.fleet_threads.unwrap_or(half),
            sockets: args.sockets.unwrap_or(sockets),
            black_box: args.black_box,
            instruments: if args.no_instruments { Instruments::Off } else { Instruments::On },
        })
    }

    /// Whether any device of the plan has to be woken.
    pub(crate) fn wakes_devices(&self) -> bool {
        wakes_devices(&self.plan)
    }
}

/// Whether any device of a plan has to be woken.
pub(crate) fn wakes_devices(plan: &Plan) -> bool {
    let woken =
        |device: &muster_scenario::PlannedDevice| device.contact == muster_scenario::Contact::Woken;
    plan.devices().any(woken)
}

/// The text of a file, or of the ready scenario with this name if there is no such file; a folder with
/// its name, such as one of its reports, is none.
pub(crate) fn read(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    if let Some(ready) = file.to_str().and_then(ready).filter(|_| !file.is_file()) {
        return Ok(ready.to_owned());
    }
    let size = fs::metadata(file)
        .map_err(|error| usage_error(format!("failed to read the scenario {shown}: {error}")))?;
    if size.len() > FILE_BYTES_MAX {
        return Err(usage_error(format!("{shown} is too long for a scenario")));
    }
    fs::read_to_string(file).with_context(|| format!("failed to read the scenario {shown}"))
}

/// The text with values changed: `limits.deadline=2s` sets the key `deadline` of the table
/// `limits`.
fn overridden(text: &str, changes: &[String]) -> anyhow::Result<String> {
    if changes.is_empty() {
        return Ok(text.to_owned());
    }
    let mut table: toml::Table = match text.parse() {
        Ok(table) => table,
        // The parser of scenarios says better what is wrong.
        Err(_no_toml) => return Ok(text.to_owned()),
    };
    for change in changes {
        set(&mut table, change).ok_or_else(|| {
            usage_error(format!(
                "--set {change}: expected KEY=VALUE with a key of the scenario, such as \
                 limits.deadline=2s"
            ))
        })?;
    }
    toml::to_string(&table).context("failed to write the changed scenario")
}

fn set(table: &mut toml::Table, change: &str) -> Option<()> {
    let (path, value) = change.split_once('=')?;
    let mut keys: Vec<&str> = path.split('.').collect();
    let last = keys.pop()?;
    let mut at = &mut toml::Value::Table(std::mem::take(table));
    let mut root = std::mem::replace(at, toml::Value::Boolean(false));
    at = &mut root;
    for key in keys {
        at = match key.parse::<usize>() {
            Ok(nth) => at.as_array_mut()?.get_mut(nth)?,
            Err(_name) => {
                at.as_table_mut()?.entry(key).or_insert_with(|| toml::Table::new().into())
            }
        };
    }
    at.as_table_mut()?.insert(last.to_owned(), literal(value));
    *table = root.as_table()?.clone();
    Some(())
}

/// A number, a truth or an array as TOML writes it; everything else is text.
fn literal(value: &str) -> toml::Value {
    let parsed = format!("v = {value}").parse::<toml::Table>();
    let parsed = parsed.ok().and_then(|mut table| table.remove("v"));
    parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()))
}

/// What is wrong with a scenario: the change of it that has made it so, where one has.
fn wrong(args: &LoadArgs, written: &str, error: &ScenarioError) -> anyhow::Error {
    let Some(change) = culprit(written, &args.set) else { return bad(&args.scenario, error) };
    let message = format!("--set {change}: {}", error.problem);
    ExitWith { exit: Exit::Usage, message }.into()
}

/// The first change after which a scenario that was right is not; none if it never was.
fn culprit<'a>(written: &str, changes: &'a [String]) -> Option<&'a String> {
    let is_right = |changes: &[String]| {
        overridden(written, changes).is_ok_and(|text| Scenario::parse(&text).is_ok())
    };
    let first_wrong = (0..=changes.len()).find(|count| !is_right(&changes[..*count]))?;
    changes.get(first_wrong.checked_sub(1)?)
}

/// A scenario that is none.
pub(crate) fn bad(file: &Path, error: &impl std::fmt::Display) -> anyhow::Error {
    let message = format!("{}: {error}", file.display());
    ExitWith { exit: Exit::BadFile, message }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"a\"\ndevices = 10\n[limits]\ndeadline = \"5s\"\n\
                        [[phase]]\nname = \"up\"\n";

    fn changed(change: &str) -> toml::Table {
        overridden(TEXT, &[change.to_owned()]).unwrap().parse().unwrap()
    }

    #[test]
    fn a_value_is_changed_wherever_it_stands() {
        assert_eq!(changed("devices=7")["devices"].as_integer(), Some(7));
        assert_eq!(changed("limits.deadline=2s")["limits"]["deadline"].as_str(), Some("2s"));
        assert_eq!(changed("limits.in-flight=9")["limits"]["in-flight"].as_integer(), Some(9));
        assert_eq!(changed("phase.0.lasts=1m")["phase"][0]["lasts"].as_str(), Some("1m"));
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for change in ["devices", "phase.3.lasts=1m", "name.deeper=1"] {
            assert!(overridden(TEXT, &[change.to_owned()]).is_err(), "{change}");
        }
    }

    #[test]
    fn the_change_that_makes_a_scenario_wrong_is_named() {
        let text = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
                    [[phase]]\nname = \"up\"\nlasts = \"1m\"\n";
        let changes = ["devices=7", "limits.deadline=soon", "seed=3"].map(str::to_owned);
        assert_eq!(culprit(text, &changes), Some(&changes[1]));
        assert_eq!(culprit(text, &changes[..1]), None);
        assert_eq!(culprit("name = 7", &changes), None);
    }

    #[test]
    fn without_changes_the_text_is_as_it_was_written() {
        assert_eq!(overridden(TEXT, &[]).unwrap(), TEXT);
    }
}
