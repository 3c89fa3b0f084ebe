//! What was read of a trace, and what was left out.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::ScenarioTraceArgs;
use crate::trace::{Clock, LeftOut, Rows, Taken, When};

use super::devices;
use super::source::shown as shown_file;
use crate::verbs::scenario::shown;

/// How many of the actions that no scenario has are named.
const NAMED_MAX: usize = 5;

/// What was read, for people, for programs, and for the head of the file.
pub(super) struct Told<'a> {
    args: &'a ScenarioTraceArgs,
    rows: &'a Rows,
    taken: &'a Taken,
}

impl<'a> Told<'a> {
    pub(super) const fn of(args: &'a ScenarioTraceArgs, rows: &'a Rows, taken: &'a Taken) -> Self {
        Self { args, rows, taken }
    }

    /// The names of the files.
    pub(super) fn files(&self) -> String {
        self.file_names().join(", ")
    }

    fn file_names(&self) -> Vec<String> {
        self.args.files.iter().map(|file| shown_file(file)).collect()
    }

    /// What the head of the scenario says.
    pub(super) fn remarks(&self) -> Vec<String> {
        let begins = self.date().map(|date| format!(", beginning at {date}")).unwrap_or_default();
        let bare = |file: &PathBuf| shown_file(Path::new(file.file_name().unwrap_or_default()));
        let files: Vec<String> = self.args.files.iter().map(bare).collect();
        let files = files.join(", ");
        let mut lines =
            vec![format!("Made of a trace by `muster scenario trace`: {files}{begins}.")];
        lines.push(format!("{}: {}.", self.count(), self.commands()));
        lines.extend(self.left_out().map(|left| format!("Left out: {left}.")));
        lines.extend(self.unknown().map(|unknown| format!("No scenario has: {unknown}.")));
        lines
            .push("The seed draws the device of each command among those that take it.".to_owned());
        lines
    }

    /// What is said beside the scenario.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.files(), self.count())];
        lines.extend(self.left_out().map(|left| format!("left out: {left}")));
        lines.extend(self.unknown_with_advice());
        if self.rows.has_more() {
            let hint =
                "hint: the last page says that there are more (@odata.nextLink): give them too";
            lines.push(hint.to_owned());
        }
        lines
    }

    /// Why there is nothing to play.
    pub(super) fn nothing(&self) -> String {
        let lines = [format!("rows: {}", self.rows.all().len())]
            .into_iter()
            .chain(self.left_out().map(|left| format!("left out: {left}")))
            .chain(self.unknown_with_advice());
        lines.map(|line| format!("\n  {line}")).collect()
    }

    /// The same for programs.
    pub(super) fn data(&self) -> Value {
        let LeftOut { nameless, outside, thinned, .. } = self.taken.left_out;
        let left_out = &self.taken.left_out;
        let commands: Map<String, Value> = (self.taken.instants.iter())
            .map(|(command, instants)| (command.to_string(), json!(instants.len())))
            .collect();
        let unknown: Vec<Value> = left_out
            .most_frequent(NAMED_MAX)
            .into_iter()
            .map(|(action, count)| json!({ "action": action, "count": count }))
            .collect();
        json!({
            "files": self.file_names(),
            "rows": self.rows.all().len(),
            "taken": self.taken_rows(),
            "commands": commands,
            "left_out": {
                "unknown_action": left_out.unknown_rows(),
                "no_action": nameless,
                "outside_window": outside,
                "thinned_out": thinned,
            },
            "unknown_actions": unknown,
            "begins": self.date().map(|date| date.to_string()),
            "span_s": self.taken.lasts.as_secs_f64(),
            "devices": devices(self.args, self.taken),
            "devices_in_trace": self.taken.devices,
            "more_pages": self.rows.has_more(),
        })
    }

    /// The date of second zero; nothing for a trace of spans.
    fn date(&self) -> Option<When> {
        self.taken.begins.filter(|begins| begins.clock == Clock::Calendar)
    }

    fn taken_rows(&self) -> usize {
        self.taken.instants.values().map(Vec::len).sum()
    }

    fn count(&self) -> String {
        let (rows, taken) = (self.rows.all().len(), self.taken_rows());
        format!("{taken} of {rows} rows, over {}", shown::span(self.taken.lasts))
    }

    fn commands(&self) -> String {
        let each = self.taken.instants.iter();
        let each = each.map(|(command, instants)| format!("{} {command}", instants.len()));
        each.collect::<Vec<String>>().join(", ")
    }

    /// How many rows were left out, by reason; nothing if all were taken.
    fn left_out(&self) -> Option<String> {
        let left_out = &self.taken.left_out;
        let reasons = [
            (left_out.unknown_rows(), "with an action that no scenario has"),
            (left_out.nameless, "that do not say what was asked for"),
            (left_out.outside, "outside of the window"),
            (left_out.thinned, "thinned out"),
        ];
        let told: Vec<String> = reasons
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} {reason}"))
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    fn unknown_with_advice(&self) -> Option<String> {
        let unknown = self.unknown()?;
        Some(format!("no scenario has: {unknown}; --map WORD=ACTION says what is meant"))
    }

    /// The most frequent actions that no scenario has.
    fn unknown(&self) -> Option<String> {
        let frequent = self.taken.left_out.most_frequent(NAMED_MAX);
        let others = self.taken.left_out.unknown.len() - frequent.len();
        let mut told: Vec<String> =
            frequent.iter().map(|(action, count)| format!("\"{action}\" ({count})")).collect();
        if others > 0 {
            told.push(format!("{others} others"));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }
}
