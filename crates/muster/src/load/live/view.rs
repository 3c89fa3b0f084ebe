//! The drawing: numbers first, then what was found. Colours only repeat what is written, and the
//! terminal leaves them out where `NO_COLOR` is set.

#[cfg(test)]
mod tests;

use std::time::Duration;

use muster_report::{Funnel, Look};
use ratatui::Frame;
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::history::History;
use super::model::{Below, Clock, FAULTS, Model};
use crate::load::snapshot::Standing;

/// How many lines it has: ten of numbers, eleven of findings, one of keys.
pub(super) const HEIGHT: u16 = 22;

/// Where the text of a line begins, behind its name.
const INDENT: usize = 11;

/// How many of a kind of finding are shown.
const FINDINGS: usize = 5;

/// Draws a run.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let width = usize::from(frame.area().width);
    let mut lines = vec![head(model), devices(model), bar(model, width)];
    match &model.now.look {
        None => lines.push(named("", "devices come up; then the plan begins".to_owned())),
        Some(look) => lines.extend(numbers(model, look, width)),
    }
    lines.extend(match model.below {
        Below::Findings => findings(model),
        Below::Help => help(),
        Below::Faults => faults(),
    });
    lines.truncate(usize::from(HEIGHT) - 1);
    lines.resize(usize::from(HEIGHT) - 1, Line::default());
    lines.push("q end   p pause   + - pace   f fault   ? help".dim().into());
    frame.render_widget(Paragraph::new(lines), frame.area());
}

fn head(model: &Model) -> Line<'_> {
    let now = &model.now;
    let clock = match model.clock {
        Clock::Runs => Span::default(),
        Clock::Paused => "  paused".yellow(),
        Clock::Ending => "  ending".yellow(),
    };
    let pace = if model.pace == 100 { String::new() } else { format!("  pace {} %", model.pace) };
    Line::from(vec![
        model.name.as_str().bold(),
        format!("  {} of {}  {}", time(now.at), time(now.lasts), now.phase).into(),
        pace.into(),
        clock,
    ])
}

fn devices(model: &Model) -> Line<'_> {
    let (now, fleet) = (&model.now, &model.fleet);
    let offline = now.enrolled.saturating_sub(now.connected);
    let text = format!(
        "{} of {} online  {} offline  {} locked  {} wiped or retired",
        number(now.connected),
        number(now.devices),
        number(offline),
        number(fleet.locked),
        number(fleet.left),
    );
    named("devices", text)
}

/// Online, offline, gone, and not there yet, as long as their shares.
fn bar(model: &Model, width: usize) -> Line<'_> {
    let now = &model.now;
    let room = width.saturating_sub(INDENT + 1).min(100);
    let offline = now.enrolled.saturating_sub(now.connected);
    let parts = [
        (now.connected, "█", Color::Green),
        (offline, "▒", Color::Yellow),
        (model.fleet.left, "×", Color::Red),
    ];
    let mut line = vec![Span::raw(" ".repeat(INDENT))];
    let (mut counted, mut drawn) = (0_u64, 0);
    for (count, letter, color) in parts {
        counted = counted.saturating_add(count);
        let end = share(counted, now.devices, room).clamp(drawn, room);
        line.push(Span::styled(letter.repeat(end - drawn), Style::new().fg(color)));
        drawn = end;
    }
    line.push("·".repeat(room - drawn).dim());
    Line::from(line)
}

fn numbers<'a>(model: &'a Model, look: &'a Look, width: usize) -> Vec<Line<'a>> {
    let lag = format!(
        "p50 {:.2} ms  p99 {:.2} ms  max {:.2} ms",
        look.lag.p50, look.lag.p99, look.lag.max
    );
    let so_far = format!(
        "so far p50 {:.1} ms  p99 {:.1} ms  max {:.1} ms  of {}",
        look.total.p50,
        look.total.p99,
        look.total.max,
        number(look.total.count),
    );
    vec![
        named("commands", way(&look.funnel, model.now.open)),
        named("", ends(&look.funnel, look.executed_twice)),
        named("latency", so_far),
        history("p50 ms", look.recent.p50, &model.p50, width),
        history("p99 ms", look.recent.p99, &model.p99, width),
        history("per s", model.rate.last(), &model.rate, width),
        named("lag", lag),
    ]
}

/// How far commands have come.
fn way(funnel: &Funnel, open: u64) -> String {
    let steps = [
        ("planned", funnel.planned),
        ("queued", funnel.queued),
        ("delivered", funnel.delivered),
        ("answered", funnel.acknowledged),
        ("stored", funnel.stored),
    ];
    let steps = steps.map(|(name, count)| format!("{name} {}", number(count)));
    format!("{}  ({} open)", steps.join(" → "), number(open))
}

/// How they ended otherwise.
fn ends(funnel: &Funnel, executed_twice: u64) -> String {
    let ends = [
        ("pushed", funnel.pushed),
        ("not now", funnel.not_now),
        ("error", funnel.error),
        ("expired", funnel.expired),
        ("cancelled", funnel.cancelled),
        ("refused", funnel.refused),
        ("timed out", funnel.timed_out),
        ("dropped", funnel.dropped),
        ("lost", funnel.lost),
        ("executed twice", executed_twice),
    ];
    let told = ends.iter().filter(|(_name, count)| *count > 0);
    told.map(|(name, count)| format!("{name} {}", number(*count))).collect::<Vec<_>>().join("  ")
}

fn history<'a>(name: &'a str, now: f64, history: &History, width: usize) -> Line<'a> {
    let text = format!("{now:>9.1} ");
    let room = width.saturating_sub(INDENT + text.len() + 14);
    let drawn = history.drawn(room);
    let peak = format!(" peak {:.1}", history.peak());
    let name = format!("{name:<INDENT$}");
    Line::from(vec![name.dim(), text.into(), drawn.cyan(), peak.dim()])
}

fn findings(model: &Model) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let errors = model.now.look.iter().flat_map(|look| &look.errors);
    let errors: Vec<String> = errors
        .map(|(code, count)| format!("{} {} × {}", code.code(), code.name(), number(*count)))
        .collect();
    if !errors.is_empty() {
        lines.push(named("errors", errors.join("   ")).red());
    }
    for (nth, standing) in by_urgency(&model.now.thresholds).take(FINDINGS).enumerate() {
        lines.push(threshold(if nth == 0 { "thresholds" } else { "" }, standing));
    }
    for (nth, (at, what)) in model.now.happened.iter().rev().take(FINDINGS).enumerate() {
        lines.push(named(if nth == 0 { "happened" } else { "" }, format!("{}  {what}", time(*at))));
    }
    lines
}

/// Those that do not hold first, then those nobody can judge yet.
fn by_urgency(thresholds: &[Standing]) -> impl Iterator<Item = &Standing> {
    let order = [Some(false), None, Some(true)];
    order.into_iter().flat_map(|holds| thresholds.iter().filter(move |it| it.holds == holds))
}

fn threshold<'a>(name: &'a str, standing: &'a Standing) -> Line<'a> {
    let (mark, style) = match standing.holds {
        Some(true) => ("✓", Style::new().fg(Color::Green)),
        Some(false) => ("✗", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)),
        None => ("?", Style::new().dim()),
    };
    let name = format!("{name:<INDENT$}");
    Line::from(vec![name.dim(), Span::styled(mark, style), format!(" {}", standing.text).into()])
}

fn help() -> Vec<Line<'static>> {
    [
        ("q", "end the run now; the report tells what there is"),
        ("p", "stop the clock of the plan, and let it go on; what is under way goes on"),
        ("+ -", "play the rest of the plan faster or slower"),
        ("f", "let something go wrong now; the report shows when"),
        ("? h", "this help"),
    ]
    .map(|(key, what)| named(key, what.to_owned()))
    .into()
}

fn faults() -> Vec<Line<'static>> {
    let choices = (1..).zip(FAULTS);
    let lines = choices.map(|(nth, (_fault, what))| named("", format!("{nth}  {what}")));
    lines.chain([named("", "any other key: nothing".to_owned())]).collect()
}

fn named(name: &str, text: String) -> Line<'static> {
    Line::from(vec![format!("{name:<INDENT$}").dim(), text.into()])
}

/// How many letters of `room` a part of the whole gets.
fn share(part: u64, whole: u64, room: usize) -> usize {
    let room = u64::try_from(room).unwrap_or(u64::MAX);
    let length = part.saturating_mul(room).checked_div(whole).unwrap_or(0);
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// With a comma between thousands.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As a clock shows it.
fn time(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
