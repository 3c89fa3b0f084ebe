//! What is wrong with a scenario, where, why, and what to do about it.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::nearest::nearest;

/// A scenario that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// Which bytes of the file it is about.
    pub span: Range<usize>,
    /// The line of the first of them, from 1.
    pub line: usize,
    /// The column of the first of them, in characters from 1.
    pub column: usize,
    /// What is wrong, why, and what to do.
    pub problem: Problem,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl core::error::Error for ScenarioError {}

/// What is wrong: three lower-case fragments, of which the last two may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// Why it is.
    pub why: String,
    /// What to do about it.
    pub fix: String,
}

impl Problem {
    /// A problem of which all is known.
    pub(crate) fn new(
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), why: why.into(), fix: fix.into() }
    }

    /// A word that is none of those there are.
    pub(crate) fn unknown<'a>(
        kind: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let fix = match nearest(word, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => String::new(),
        };
        let why = match known[..] {
            [] => "there is none".to_owned(),
            [only] => format!("there is only `{only}`"),
            _ => format!("there are {}", known.join(", ")),
        };
        Self { what: format!("no {kind} is called `{word}`"), why, fix }
    }

    /// The problem at a place.
    pub(crate) fn at(self, span: Range<usize>) -> Located {
        Located { problem: self, span }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let more = [&self.why, &self.fix].into_iter().filter(|part| !part.is_empty());
        for part in more {
            write!(f, "; {part}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Problem {}

/// A problem with the bytes it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    problem: Problem,
    span: Range<usize>,
}

impl Located {
    /// With line and column of `text`.
    pub(crate) fn within(self, text: &str) -> ScenarioError {
        let start = floor_char_boundary(text, self.span.start);
        let end = floor_char_boundary(text, self.span.end).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ScenarioError {
            span: start..end,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem: self.problem,
        }
    }
}

fn floor_char_boundary(text: &str, wanted: usize) -> usize {
    let wanted = wanted.min(text.len());
    (0..=wanted).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0)
}

/// What the reader of TOML found.
impl From<toml::de::Error> for Located {
    fn from(error: toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        explained(error.message()).at(span)
    }
}

/// Our own problems come as three lines; those of the reader are told in its words.
fn explained(message: &str) -> Problem {
    let mut lines = message.split('\n');
    if let (Some(what), Some(why), Some(fix), None) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    {
        return Problem::new(what, why, fix);
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.split(' ').next(), message.split(' ').nth(1), &quoted[..]) {
        (Some("unknown"), Some("field"), [word, known @ ..]) => {
            Problem::unknown("key here", word, known.iter().copied())
        }
        (Some("unknown"), Some("variant"), [word, known @ ..]) => {
            Problem::unknown("choice here", word, known.iter().copied())
        }
        (Some("missing"), Some("field"), [key]) => Problem::new(
            format!("`{key}` is missing"),
            "it has no default",
            format!("add `{key} = ..` here"),
        ),
        _ => Problem { what: message.replace('\n', ", "), ..Problem::default() },
    }
}

/// A problem on its way through serde, which carries one text only: a line for each part.
pub(crate) fn custom<E: serde::de::Error>(problem: &Problem) -> E {
    E::custom(format_args!("{}\n{}\n{}", problem.what, problem.why, problem.fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_place_is_told_by_line_and_column_in_characters() {
        let text = "a = 1\nfrühstück = 2\n";
        let start = text.find("= 2").unwrap();
        let error = Problem::new("no", "", "").at(start..start + 1).within(text);
        assert_eq!((error.line, error.column), (2, 11));
        assert_eq!(&text[error.span.clone()], "=");
        assert_eq!(error.to_string(), "line 2, column 11: no");
    }

    #[test]
    fn a_place_outside_the_text_or_within_a_letter_is_moved_into_it() {
        for (span, expected) in [(90..99, 2..2), (1..2, 0..2), (0..1, 0..0)] {
            assert_eq!(Problem::default().at(span).within("ü").span, expected);
        }
    }

    #[test]
    fn the_words_of_the_reader_become_problems() {
        let problem = explained("unknown field `raet`, expected one of `rate`, `ramp`");
        assert_eq!(problem.fix, "did you mean `rate`?");
        assert_eq!(explained("missing field `name`").what, "`name` is missing");
        assert_eq!(explained("a\nb\nc"), Problem::new("a", "b", "c"));
        assert_eq!(explained("invalid type\nwhatever").what, "invalid type, whatever");
    }
}
