//! How scenarios, and what is wrong with them, look to people.

use std::fmt;
use std::time::Duration;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};
use muster_scenario::Scenario;

use super::check::Wrong;

/// How wide a snippet may be.
const WIDTH: usize = 100;

/// How long a reason may be to stand beside its mark, in letters; a longer one stands below.
const BESIDE_MAX: usize = 60;

/// What is wrong, with the lines around it and a mark under it.
pub(super) fn wrong(name: &str, text: &str, wrong: &Wrong) -> String {
    drawn(name, text, wrong, GraphicalTheme::default())
}

/// The same in a theme of one's choice.
pub(super) fn drawn(name: &str, text: &str, wrong: &Wrong, theme: GraphicalTheme) -> String {
    let source = NamedSource::new(name, text.to_owned());
    let snippet = Snippet { source, wrong: wrong.clone() };
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH);
    match handler.render_report(&mut drawn, &snippet) {
        Ok(()) => drawn,
        Err(fmt::Error) => format!("{name}: {}", wrong.problem),
    }
}

/// A file with what is wrong in it.
#[derive(Debug)]
struct Snippet {
    source: NamedSource<String>,
    wrong: Wrong,
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wrong.problem.what)
    }
}

impl std::error::Error for Snippet {}

impl Snippet {
    fn why(&self) -> Option<&str> {
        Some(self.wrong.problem.why.as_str()).filter(|why| !why.is_empty())
    }
}

fn stands_beside(why: &str) -> bool {
    why.chars().count() <= BESIDE_MAX
}

impl Diagnostic for Snippet {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let below = self.why().filter(|why| !stands_beside(why));
        let fix = Some(self.wrong.problem.fix.as_str()).filter(|fix| !fix.is_empty());
        let lines: Vec<&str> = fix.into_iter().chain(below).collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let why = self.why().filter(|why| stands_beside(why)).map(str::to_owned);
        let label = LabeledSpan::new_with_span(why, self.wrong.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// Line and column of a byte, from 1.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// How long a run lasts, such as `2m 30s`.
pub(super) fn length(scenario: &Scenario) -> String {
    span(scenario.length())
}

/// A span in whole seconds, such as `1h 2s`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if parts.is_empty() { "less than 1s".to_owned() } else { parts.join(" ") }
}

/// A large number, rounded: `about 12.3 million`.
pub(super) fn about(number: f64) -> String {
    if number >= 1e6 {
        format!("about {:.1} million", number / 1e6)
    } else if number >= 1e4 {
        format!("about {:.0} thousand", number / 1e3)
    } else {
        format!("about {number:.0}")
    }
}
