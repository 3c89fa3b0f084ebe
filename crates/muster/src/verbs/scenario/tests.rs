use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use miette::GraphicalTheme;
use muster_agent::population;
use muster_device::Habit;
use muster_protocol::{Mode, Seed};
use muster_scenario::{Action, Holder, Moment, Phase, Run, Scenario, TimeScale, Weighted, What};

use super::{catalogue, check, shown};
use crate::cli::ActionName;

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder)
}

fn all() -> impl Iterator<Item = (&'static str, Scenario)> {
    catalogue::all().map(|(name, text)| (name, Scenario::parse(text).unwrap()))
}

#[test]
fn every_file_of_the_folder_comes_with_the_binary() {
    let files = fs::read_dir(fixtures("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let in_folder: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let in_binary: BTreeSet<String> = catalogue::all().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(in_folder, in_binary);
    assert!(in_binary.len() >= 10);
}

#[test]
fn every_scenario_is_right_has_the_name_of_its_file_and_means_what_it_says() {
    for (name, text) in catalogue::all() {
        let right = check::check(text).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
        let scenario = right.plan.scenario();
        assert_eq!(scenario.name, name);
        assert_eq!(right.hints, Vec::<String>::new(), "{name}");
        assert!(!scenario.thresholds.is_empty(), "{name}");
    }
}

#[test]
fn every_scenario_works_scaled_down() {
    for (name, scenario) in all() {
        let run = Run {
            devices: NonZeroU32::new(40),
            time_scale: TimeScale::parse("0.05").unwrap(),
            ..Run::of(&scenario)
        };
        let plan = scenario.plan(run).unwrap();
        let moments: Vec<Moment> = plan.moments().collect();
        let submits = moments.iter().filter(|moment| matches!(moment.what, What::Submit { .. }));
        assert!(submits.count() > 0, "{name}");
        for work in 0..scenario.works.len() {
            assert!(
                plan.devices_of(work).next().is_some(),
                "{name}: {}",
                scenario.works[work].name
            );
        }
    }
}

#[test]
fn a_fault_in_words_the_fleet_does_not_know_is_shown_at_its_place() {
    let text = catalogue::named("rough-weather").unwrap().replace("jitter below", "jiter below");
    let wrong = check::check(&text).err().unwrap();
    assert_eq!(&text[wrong.span.clone()], "jiter below=60ms");
    assert!(wrong.problem.why.contains("no fault is called \"jiter\""), "{wrong:?}");
}

#[test]
fn what_cannot_be_meant_is_a_hint() {
    let hints = |from: &str, to: &str| {
        let text = catalogue::named("first-minute").unwrap().replace(from, to);
        check::check(&text).map(|right| right.hints).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    };
    let refused = hints("{ sync = 4, lock = 1 }", "{ sync = 4, retire = 1 }");
    assert!(refused[0].starts_with("arrivals: "), "{refused:?}");
    assert!(refused[0].contains(" % of its devices refuse retire"), "{refused:?}");
    let old = hints("mode = \"dedicated\"", "mode = \"dedicated\"\nversion = \"3\"");
    assert!(old[0].contains("no dedicated runs the versions it wants"), "{old:?}");
}

#[test]
fn an_error_is_drawn_with_its_line_its_mark_and_what_to_do() {
    let text = catalogue::named("first-minute")
        .unwrap()
        .replace("command = \"lock\"", "command = \"lokc\"");
    let wrong = check::check(&text).err().unwrap();
    let drawn = shown::drawn("mine.toml", &text, &wrong, GraphicalTheme::unicode_nocolor());
    for part in
        ["no command is called `lokc`", "mine.toml:", "command = \"lokc\"", "did you mean `lock`?"]
    {
        assert!(drawn.contains(part), "{part} in:\n{drawn}");
    }
}

#[test]
fn a_place_is_told_as_editors_tell_it() {
    assert_eq!(shown::place("a = 1\nü = 2\n", "a = 1\nü = ".len()), (2, 5));
    assert_eq!(shown::place("", 0), (1, 1));
}

#[test]
fn a_length_is_told_in_units() {
    let text = catalogue::named("soak").unwrap();
    assert_eq!(shown::length(&Scenario::parse(text).unwrap()), "22m");
    assert_eq!(shown::about(12_345_678.0), "about 12.3 million");
    assert_eq!(shown::about(800.0), "about 800");
}

/// Actions with an argument that a scenario has no words for.
const NOT_IN_SCENARIOS: [&str; 3] = ["rename", "log-out-user", "delete-user"];

#[test]
fn scenarios_spell_actions_as_the_command_line_does() {
    let of_scenarios: BTreeSet<String> =
        Action::ALL.into_iter().map(|action| action.name().to_owned()).collect();
    let values =
        ActionName::value_variants().iter().filter_map(|action| action.to_possible_value());
    let mut of_command_line: BTreeSet<String> =
        values.map(|value| value.get_name().to_owned()).collect();
    for name in NOT_IN_SCENARIOS {
        assert!(of_command_line.remove(name), "{name}");
    }
    assert_eq!(of_scenarios, of_command_line);
}

#[test]
fn people_of_scenarios_are_people_of_fleets() {
    for habit in Habit::ALL {
        let text = catalogue::all().find(|(name, _)| *name == "first-minute").unwrap().1;
        let cohort = format!("platform = \"ios\"\npersona = \"{habit}\"");
        let held = Scenario::parse(&text.replacen("platform = \"ios\"", &cohort, 1)).unwrap();
        assert_eq!(held.cohorts[0].holders, Weighted::only(Holder::Of(habit)), "{habit}");
    }
}

#[test]
fn modes_are_as_common_as_in_a_fleet_without_scenario() {
    const MANY: u32 = 4_000;
    let text = "name = \"all\"\nquestion = \"Who is there?\"\ndevices = 4_000\n\
        [[phase]]\nname = \"main\"\nlasts = \"1s\"\n";
    let scenario = Scenario::parse(text).unwrap();
    let plan = scenario.plan(Run::of(&scenario)).unwrap();
    let planned: Vec<Mode> = plan.devices().map(|device| device.mode).collect();
    let fleet = population(planned.len(), Seed::root(7));
    for mode in Mode::ALL {
        let share = |count: usize| count as f64 / f64::from(MANY);
        let in_plan = share(planned.iter().filter(|planned| **planned == mode).count());
        let in_fleet = share(fleet.iter().filter(|spec| spec.facts.mode == mode).count());
        assert!((in_plan - in_fleet).abs() < 0.03, "{mode}: {in_plan} and {in_fleet}");
    }
}

/// Set to write the schema instead of comparing with it.
const WRITE: &str = "WRITE_SCHEMA";

#[test]
fn the_schema_in_the_repository_is_the_one_of_this_build() {
    let path = fixtures("schemas").join("scenario.schema.json");
    let fresh = format!("{}\n", serde_json::to_string_pretty(&Scenario::schema()).unwrap());
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert!(stored == fresh, "run it again with {WRITE}=1");
}

#[test]
fn the_schema_knows_every_table_and_refuses_other_keys() {
    let schema = Scenario::schema();
    let tables = schema["properties"].as_object().unwrap();
    for table in ["cohort", "phase", "arrivals", "broadcast", "fault", "threshold", "limits"] {
        assert!(tables.contains_key(table), "{table}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn phases_of_ready_scenarios_count_but_for_their_warm_ups() {
    for (name, scenario) in all() {
        let counts = |phase: &&Phase| phase.counts == muster_scenario::Counts::Yes;
        assert!(scenario.phases.iter().filter(counts).count() > 0, "{name}");
    }
}

fn reference() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md");
    fs::read_to_string(path).unwrap()
}

/// The names of all properties in a schema, however deep.
fn keys(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        found.extend(properties.keys().cloned());
    }
    match schema {
        serde_json::Value::Object(members) => members.values().for_each(|it| keys(it, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|it| keys(it, found)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[test]
fn the_reference_names_every_key_and_every_ready_scenario() {
    let (text, mut names) = (reference(), BTreeSet::new());
    keys(&Scenario::schema(), &mut names);
    for name in names {
        let written = [
            format!("`{name}`"),
            format!("[{name}]"),
            format!("{{ {name} ="),
            format!(", {name} ="),
        ];
        assert!(written.iter().any(|written| text.contains(written)), "{name}");
    }
    for (name, scenario) in all() {
        let row =
            format!("| [`{name}`](../fixtures/scenarios/{name}.toml) | {} |", scenario.question);
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn the_example_of_the_reference_is_right() {
    let text = reference();
    let examples: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let right = check::check(example).unwrap_or_else(|wrong| panic!("{example}\n{wrong:?}"));
        assert_eq!(right.hints, Vec::<String>::new());
    }
}
