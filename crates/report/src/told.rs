//! A report as text on a terminal.

use std::fmt::Write as _;

use crate::by_stage::ByStage;
use crate::judge::Judged;
use crate::numbers::{clock, count, in_unit, ms, percent, seconds, span};
use crate::run_report::{EventReport, Figures, Header, Intervention, RunReport};
use crate::table::Table;

/// How many of the slowest devices and of the errors stand in the text.
const LINES_MAX: usize = 5;

impl RunReport {
    /// The report in a screenful: verdict first, then what it rests on.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = format!("{}  {}\n", self.verdict.name().to_uppercase(), self.reason);
        let _written = writeln!(text, "{}: {}", self.run.scenario, self.run.question);
        text += &headline(&self.run, self.devices);
        text += &self.told_results();
        text += &self.failures();
        text += &self.generator_line();
        text
    }

    /// What it rests on: thresholds, latencies, commands, events.
    #[must_use]
    pub fn told_results(&self) -> String {
        let mut text = paragraph(&thresholds(&self.thresholds).to_string());
        text += &paragraph(&latencies(&self.latency_ms).to_string());
        text.push('\n');
        text += &self.commands();
        for event in &self.events {
            let _written = writeln!(text, "event      {}: {}", event.titled(), told_event(event));
        }
        text
    }

    fn commands(&self) -> String {
        let commands = &self.commands;
        format!(
            "commands   {} planned, {} accepted, {} terminal, {} dropped, {} lost, {} executed twice\n",
            count(commands.planned),
            count(commands.accepted),
            count(commands.terminal),
            count(commands.dropped),
            count(commands.lost),
            count(commands.executed_twice),
        )
    }

    fn failures(&self) -> String {
        let mut text = String::new();
        for error in self.errors.iter().take(LINES_MAX) {
            let (code, name, times) = (&error.code, &error.name, count(error.count));
            let _written =
                writeln!(text, "error      {code} {name}, {times} times: {}", error.hint);
        }
        for fault in &self.faults {
            let until = fault.to_s.map_or_else(|| "the end".to_owned(), clock);
            let _written =
                writeln!(text, "fault      {} from {} to {until}", fault.what, clock(fault.from_s));
        }
        for intervention in self.interventions.iter().take(LINES_MAX) {
            let Intervention { at_s, what } = intervention;
            let _written = writeln!(text, "by hand    {what} at {}", clock(*at_s));
        }
        for slow in self.slowest.iter().take(LINES_MAX) {
            let (device, command, took) = (slow.device, &slow.command, ms(slow.took_ms));
            let _written = writeln!(text, "slow       device {device}: {command} took {took}");
        }
        text
    }

    fn generator_line(&self) -> String {
        let generator = &self.generator;
        let cpu = generator.cpu_percent.map_or_else(String::new, |cpu| format!(", {cpu:.0} % CPU"));
        let mut text = format!(
            "generator  lag p99 {}, at most {}{cpu}, {} datagrams dropped\n",
            ms(generator.lag_ms_p99),
            ms(generator.lag_ms_max),
            count(generator.udp_drops),
        );
        for unseen in &self.run.not_observed {
            let _written = writeln!(text, "not seen   {unseen}");
        }
        for reason in &generator.inconclusive_reasons {
            let _written = writeln!(text, "doubt      {reason}");
        }
        text
    }
}

fn headline(run: &Header, devices: u64) -> String {
    let commit = run.commit.as_ref().map_or_else(String::new, |commit| format!(" ({commit})"));
    let shard = run.shard.map_or_else(String::new, |s| format!(", shard {} of {}", s.index, s.of));
    let scale = run.time_scale.filter(|scale| *scale != 1.0);
    let scale = scale.map_or_else(String::new, |scale| format!(" at a time scale of {scale}"));
    let took = span(run.took_ms);
    format!(
        "{} devices, {took}{scale}, seed {}{shard}, muster {}{commit}, {} server\n",
        count(devices),
        run.seed,
        run.version,
        run.server
    )
}

fn paragraph(table: &str) -> String {
    let lines = table.lines().map(|line| format!("  {line}\n"));
    format!("\n{}", lines.collect::<String>())
}

fn thresholds(judged: &[Judged]) -> Table {
    let mut table = Table::new(&["outcome", "threshold", "measured", "limit", ""]);
    table.right(2);
    table.right(3);
    for judged in judged {
        let phase = judged.phase.as_ref().map_or_else(String::new, |phase| format!("in {phase} "));
        let note = judged.note.as_deref().unwrap_or_default();
        table.row([
            judged.outcome.name().to_owned(),
            judged.text.clone(),
            measured(judged),
            in_unit(judged.limit, judged.unit),
            format!("{phase}{note}"),
        ]);
    }
    table
}

/// What a threshold measured, with `≥` before a lower bound.
pub(crate) fn measured(judged: &Judged) -> String {
    let bound = if judged.at_least { "≥ " } else { "" };
    let value = judged.value.map(|value| format!("{bound}{}", in_unit(value, judged.unit)));
    value.unwrap_or_else(|| "–".to_owned())
}

fn latencies(stages: &ByStage<Figures>) -> Table {
    let mut table = Table::new(&["stage", "p50", "p90", "p99", "p99.9", "max", "count", "cut off"]);
    for column in 1..8 {
        table.right(column);
    }
    for (stage, of) in stages.iter() {
        table.row([
            stage.name().to_owned(),
            bounded(of, "p50", of.p50),
            bounded(of, "p90", of.p90),
            bounded(of, "p99", of.p99),
            bounded(of, "p999", of.p999),
            bounded(of, "max", of.max),
            count(of.count),
            count(of.censored),
        ]);
    }
    table
}

/// A quantile, with `≥` before a lower bound.
pub(crate) fn bounded(of: &Figures, name: &str, value: f64) -> String {
    let is_bound = of.at_least.iter().any(|bound| bound == name);
    format!("{}{}", if is_bound { "≥ " } else { "" }, ms(value))
}

/// How far a fleet came with an event.
pub(crate) fn told_event(event: &EventReport) -> String {
    let to = [(50, event.to_50_s), (90, event.to_90_s), (99, event.to_99_s), (100, event.to_100_s)];
    let to = to.map(|(share, to)| {
        let to = to.map_or_else(|| "never".to_owned(), seconds);
        format!("{share} % {to}")
    });
    let share = event.through as f64 / event.devices.max(1) as f64;
    let (devices, through) = (count(event.devices), percent(share));
    format!("{} ({through} of {devices} devices)", to.join(", "))
}
