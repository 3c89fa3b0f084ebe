//! `muster case explain`

use std::fmt::Write as _;

use muster_protocol::Timestamp;
use muster_sim::{Depth, Explained, Odds, Step};
use serde_json::{Value, json};

use super::hurry::search;
use super::{of_device, open};
use crate::cli::ExplainArgs;
use crate::exit::{Exit, usage_error};
use crate::recording::SimulatedRecording;
use crate::talk::{Format, print, print_json, say};

/// Widest bar of the chart, in characters.
const BAR_WIDTH: u32 = 40;

/// Most lines of the log shown at the moment it became inevitable.
const LINES_MAX: usize = 8;

pub(in super::super) async fn explain(args: &ExplainArgs, format: Format) -> anyhow::Result<Exit> {
    if of_device::open(&args.file)?.is_some() {
        let message = "what happened to a live device has no other futures to compare with";
        return Err(usage_error(message.to_owned()));
    }
    let recording = open(&args.file)?;
    let depth = Depth { moments: usize::from(args.moments), futures: args.futures };
    let plan = recording.plan.clone();
    let explained =
        search(args.patience, move |hurry| muster_sim::explain(&plan, depth, hurry)).await?;
    let Some(explained) = explained else {
        say("the recording fails no more in this build: there is nothing to explain");
        return Ok(Exit::Ok);
    };
    let turn = explained.inevitable_at.map(|at| lines_at(&recording, at)).unwrap_or_default();
    match format {
        Format::Json => print_json(&data(&explained, &turn))?,
        Format::Text => print(&told(&explained, &turn)),
    }
    Ok(Exit::Ok)
}

/// What the log says of a moment.
fn lines_at(recording: &SimulatedRecording, at: Timestamp) -> Vec<String> {
    let replay = recording.replay();
    let at_moment = replay.log.entries().filter(|entry| entry.at == at);
    at_moment.take(LINES_MAX).map(|entry| line(&Step::of(entry))).collect()
}

fn line(step: &Step) -> String {
    let device = step.device.map_or_else(String::new, |device| format!("device {device}, "));
    format!("{device}{}: {}", step.from.name(), step.text)
}

fn data(explained: &Explained, turn: &[String]) -> Value {
    let odds: Vec<Value> = explained
        .odds
        .iter()
        .map(|point| json!({ "at": point.at.to_string(), "broken": point.broken, "of": point.of }))
        .collect();
    json!({
        "violation": explained.violation,
        "odds": odds,
        "inevitable_at": explained.inevitable_at.map(|at| at.to_string()),
        "what_happened_then": turn,
    })
}

fn told(explained: &Explained, turn: &[String]) -> String {
    let mut text = format!(
        "{}\n\nhow often it fails, if everything until then stays as it was\n\n",
        explained.violation
    );
    for point in &explained.odds {
        text += &bar(point);
    }
    match explained.inevitable_at {
        Some(at) => {
            let _written = writeln!(text, "\ninevitable from {at} on:");
        }
        None => text += "\nnever inevitable: even the last moment left a way out\n",
    }
    for line in turn {
        let _written = writeln!(text, "  {line}");
    }
    text
}

fn bar(point: &Odds) -> String {
    let width = point.broken * BAR_WIDTH / point.of.max(1);
    let percent = point.broken * 100 / point.of.max(1);
    let bar: String = (0..width).map(|_| '█').collect();
    let rest: String = (width..BAR_WIDTH).map(|_| '·').collect();
    let at = point.at.to_string();
    format!("{at:>16}  {bar}{rest} {percent:>3} %  ({} of {})\n", point.broken, point.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_odds() {
        let bar = bar(&Odds { at: Timestamp::from_micros(1_500_000), broken: 10, of: 40 });
        assert_eq!(bar.matches('█').count(), 10, "{bar}");
        assert!(bar.contains(" 25 %  (10 of 40)"), "{bar}");
    }
}
