//! Runs that change while they go on, by hand or by a threshold. They are played in earnest, so they
//! are few and short.

use std::future::pending;
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use muster_report::{Ending, PhaseReport, RunReport, Verdict};
use muster_scenario::{Moment, Plan, What};
use tokio::sync::watch;

use super::collect::Labels;
use super::control::{Control, Controls, Injection};
use super::engine::Stage;
use super::order::Order;
use super::outcome;
use super::snapshot::Snapshot;
use crate::cli::{Cli, Verb};

/// A warm-up and a phase that counts, with commands all the time.
const TWO_PHASES: &str = r#"
name = "tried"
question = "Is what is said true?"
devices = 4

[[phase]]
name = "warm-up"
lasts = "1s"
warm-up = true

[[phase]]
name = "steady"
lasts = "1s"

[[arrivals]]
rate = "50/s"
commands = "sync"

[limits]
drain = "60s"
deadline = "60s"
"#;

/// Commands for longer than anybody waits.
const LONG: &str = r#"
name = "tried"
question = "Is what is said true?"
devices = 4

[[phase]]
name = "steady"
lasts = "40s"

[[arrivals]]
rate = "20/s"
commands = "sync"

[limits]
drain = "60s"
deadline = "60s"
"#;

/// The run of a scenario, before its plan begins.
async fn stage(text: &str, folder: &Path) -> (Stage, Plan) {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let cli = Cli::try_parse_from(["muster", "load", &file.display().to_string()]).unwrap();
    let Verb::Load(args) = cli.verb else { panic!("load is load") };
    let order = Order::of(&args).unwrap();
    let labels = Labels::of(&order.scenario, &order.plan, order.run.time_scale);
    let plan = order.plan.clone();
    let stage = Stage::set(order, &labels).await.unwrap();
    stage.assemble().await.unwrap();
    (stage, plan)
}

/// Plays a scenario while somebody has a hand in it; tells its plan and its report.
async fn play(text: &str, hand: impl AsyncFnOnce(Hand)) -> (Plan, RunReport) {
    let folder = tempfile::tempdir().unwrap();
    let (stage, plan) = stage(text, folder.path()).await;
    let hand = hand(Hand { controls: stage.controls(), shown: stage.shown() });
    let begin = stage.begin();
    let (over, ()) = tokio::join!(stage.play(begin, pending()), hand);
    (plan, outcome::report(over.unwrap()).0)
}

/// Whoever changes a run.
struct Hand {
    controls: Controls,
    shown: watch::Receiver<Snapshot>,
}

impl Hand {
    fn wish(&self, control: Control) {
        self.controls.wish(control);
    }

    /// Waits until the run has come to this.
    async fn sees(&mut self, what: impl FnMut(&Snapshot) -> bool) {
        self.shown.wait_for(what).await.unwrap();
    }
}

/// How many commands a plan has in each of its phases.
fn planned(plan: &Plan) -> Vec<u64> {
    let commands: Vec<Moment> =
        plan.moments().filter(|it| matches!(it.what, What::Submit { .. })).collect();
    let within =
        |begins, ends| commands.iter().filter(|it| (begins..ends).contains(&it.at)).count();
    plan.phases().iter().map(|phase| within(phase.begins, phase.ends) as u64).collect()
}

fn played(phases: &[PhaseReport]) -> Vec<u64> {
    phases.iter().map(|phase| phase.funnel.planned).collect()
}

#[tokio::test]
async fn what_is_planned_for_the_warm_up_stays_its_own_however_long_the_plan_stands_still() {
    let (plan, report) = play(TWO_PHASES, async |mut hand: Hand| {
        hand.sees(|now| now.look.as_ref().is_some_and(|look| look.funnel.planned > 0)).await;
        hand.wish(Control::Pause);
        hand.sees(|now| now.at > Duration::from_millis(1_500)).await;
        hand.wish(Control::Resume);
    })
    .await;
    assert_eq!(played(&report.phases), planned(&plan));
    let (warm_up, steady) = (&report.phases[0], &report.phases[1]);
    assert!(warm_up.ends_s > 1.5, "it was stopped in the middle of it: {warm_up:?}");
    assert!((steady.begins_s - warm_up.ends_s).abs() < 1e-9, "{steady:?}");
    assert!((0.9..1.1).contains(&(steady.ends_s - steady.begins_s)), "{steady:?}");
}

#[tokio::test]
async fn the_faults_of_a_fleet_wait_while_the_plan_stands_still() {
    let fault = "[[fault]]\nfleet = \"loss rate=1%\"\nat = \"1500ms\"\nlasts = \"100ms\"\n";
    let (_plan, report) = play(&format!("{TWO_PHASES}{fault}"), async |mut hand: Hand| {
        hand.wish(Control::Pause);
        hand.sees(|now| now.at > Duration::from_secs(1)).await;
        hand.wish(Control::Resume);
    })
    .await;
    assert!(report.phases[1].ends_s > 3.0, "{:?}", report.phases[1]);
    let fault = &report.faults[0];
    let (stood, lasted) = (fault.from_s - 1.5, fault.to_s.unwrap() - fault.from_s);
    assert!(stood > 0.5 && (0.09..0.11).contains(&lasted), "{fault:?}");
}

#[tokio::test]
async fn a_plan_that_is_played_faster_is_played_all_the_same() {
    let (plan, report) = play(LONG, async |hand: Hand| hand.wish(Control::Pace(1_000))).await;
    assert_eq!(played(&report.phases), planned(&plan));
    assert!(report.phases[0].ends_s < 20.0, "40 s at ten times the pace: {:?}", report.phases[0]);
    assert_eq!(report.run.ending, Ending::Complete);
}

#[tokio::test]
async fn what_goes_wrong_by_hand_is_in_the_report_and_loses_no_command() {
    let (plan, report) = play(TWO_PHASES, async |hand: Hand| {
        hand.wish(Control::Inject(Injection::Restart));
        hand.wish(Control::Inject(Injection::Outage(50)));
    })
    .await;
    assert_eq!(played(&report.phases), planned(&plan));
    let mut names: Vec<_> = report.faults.iter().map(|fault| fault.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["outage by hand", "restart by hand"]);
    assert_eq!((report.commands.lost, report.commands.executed_twice), (0, 0));
}

#[tokio::test]
async fn a_wish_that_the_run_ends_ends_it_with_a_report_of_what_was_played() {
    let (_plan, report) = play(LONG, async |mut hand: Hand| {
        hand.sees(|now| now.look.as_ref().is_some_and(|look| look.funnel.planned > 0)).await;
        hand.wish(Control::Stop);
    })
    .await;
    assert_eq!((report.verdict, report.run.ending), (Verdict::Interrupted, Ending::Interrupted));
    assert!(report.commands.planned > 0, "{:?}", report.commands);
}

#[tokio::test]
async fn a_threshold_ends_a_run_by_what_is_too_much_and_not_by_what_has_still_to_come() {
    let abort = "abort-on-fail = true\n";
    let growing = format!("[[threshold]]\nrequire = \"accepted >= 100000\"\n{abort}");
    let bounded = format!("[[threshold]]\nrequire = \"accepted < 20\"\n{abort}");
    let text = format!("{LONG}{growing}{bounded}");
    let (_plan, report) = play(&text, async |_hand: Hand| {}).await;
    assert_eq!(report.verdict, Verdict::Aborted, "{}", report.reason);
    assert!(report.commands.accepted >= 20, "{:?}", report.commands);
}
