//! Filters made ready to be asked of many rows.

mod binding;

use core::cmp::Ordering;
use std::borrow::Cow;

use crate::odata::ast::{Comparison, Filter, Match};
use crate::odata::datum::{Datum, Row, same_text};
use crate::odata::fault::Fault;
use crate::odata::moment::Moment;
use crate::odata::property::Schema;

/// A filter whose names are numbers and whose values have the kinds of what they are compared
/// with.
#[derive(Clone, Debug)]
pub(crate) struct Predicate(Node);

#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Holds(Bound),
    Compare { left: Bound, how: Comparison, right: Bound },
    In { one: Bound, of: Vec<Datum<'static>> },
    Has { all: Bound, one: Bound },
    Match { how: Match, text: Bound, part: Bound },
    IsOf(String),
}

/// A value a row can be asked for.
#[derive(Clone, Debug)]
enum Bound {
    Property(usize),
    Known(Datum<'static>),
    Lower(Box<Bound>),
    Upper(Box<Bound>),
}

impl Predicate {
    /// Makes a filter ready for rows of a schema; `text` is what it was read from.
    ///
    /// # Errors
    /// [`Fault`] where a property is not known or a value is of the wrong kind.
    pub(crate) fn bind(filter: &Filter, schema: &Schema, text: &str) -> Result<Self, Fault> {
        binding::Binder { schema, text }.bind(filter).map(Self)
    }

    /// Whether a row is what was asked for. What is neither true nor false is not.
    pub(crate) fn admits<R: Row + ?Sized>(&self, row: &R) -> bool {
        self.0.truth(row) == Some(true)
    }

    /// Between which moments a property has to be for a row to fit, as far as a comparison that
    /// every row has to meet says so.
    pub(crate) fn window(&self, property: usize) -> Window {
        self.0.window(property)
    }
}

/// A span of time, both ends included; open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
}

impl Window {
    /// What is in both.
    pub(crate) fn and(self, other: Self) -> Self {
        let latest = self.from.into_iter().chain(other.from).max();
        let earliest = self.to.into_iter().chain(other.to).min();
        Self { from: latest, to: earliest }
    }

    /// What `property how moment` says.
    const fn of(how: Comparison, moment: Moment) -> Self {
        let (from, to) = match how {
            Comparison::Equal => (Some(moment), Some(moment)),
            Comparison::Greater | Comparison::GreaterOrEqual => (Some(moment), None),
            Comparison::Less | Comparison::LessOrEqual => (None, Some(moment)),
            Comparison::NotEqual => (None, None),
        };
        Self { from, to }
    }
}

impl Node {
    fn window(&self, property: usize) -> Window {
        match self {
            Self::All(parts) => parts
                .iter()
                .fold(Window::default(), |window, part| window.and(part.window(property))),
            Self::Compare { left: Bound::Property(of), how, right: Bound::Known(right) }
                if *of == property =>
            {
                match right {
                    Datum::Moment(moment) => Window::of(*how, *moment),
                    Datum::Null
                    | Datum::Flag(_)
                    | Datum::Whole(_)
                    | Datum::Real(_)
                    | Datum::Id(_)
                    | Datum::Text(_)
                    | Datum::Structure(_) => Window::default(),
                }
            }
            Self::Compare { .. }
            | Self::Any(_)
            | Self::Not(_)
            | Self::Holds(_)
            | Self::In { .. }
            | Self::Has { .. }
            | Self::Match { .. }
            | Self::IsOf(_) => Window::default(),
        }
    }

    /// True, false, or neither because something is missing.
    ///
    /// Source: OData 4.01 part 2, section 5.1.1.1: logical operators over null.
    fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        match self {
            Self::All(parts) => all(parts, row),
            Self::Any(parts) => any(parts, row),
            Self::Not(inner) => inner.truth(row).map(|truth| !truth),
            Self::Holds(bound) => match bound.value(row) {
                Datum::Flag(flag) => Some(flag),
                Datum::Null
                | Datum::Whole(_)
                | Datum::Real(_)
                | Datum::Moment(_)
                | Datum::Id(_)
                | Datum::Text(_)
                | Datum::Structure(_) => None,
            },
            Self::Compare { left, how, right } => {
                Some(compared(&left.value(row), *how, &right.value(row)))
            }
            Self::In { one, of } => {
                let one = one.value(row);
                Some(of.iter().any(|value| value.is_same(&one)))
            }
            Self::Has { all, one } => has(&all.value(row), &one.value(row)),
            Self::Match { how, text, part } => {
                let (text, part) = (text.value(row).into_text()?, part.value(row).into_text()?);
                Some(found(&text, *how, &part))
            }
            Self::IsOf(entity) => {
                let own = row.entity().trim_start_matches('#');
                Some(entity.trim_start_matches('#').eq_ignore_ascii_case(own))
            }
        }
    }
}

fn all<R: Row + ?Sized>(parts: &[Node], row: &R) -> Option<bool> {
    let mut truth = Some(true);
    for part in parts {
        match part.truth(row) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => truth = None,
        }
    }
    truth
}

fn any<R: Row + ?Sized>(parts: &[Node], row: &R) -> Option<bool> {
    let mut truth = Some(false);
    for part in parts {
        match part.truth(row) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => truth = None,
        }
    }
    truth
}

impl Bound {
    fn value<'a, R: Row + ?Sized>(&'a self, row: &'a R) -> Datum<'a> {
        match self {
            Self::Property(property) => row.value(*property),
            Self::Known(value) => value.borrow(),
            Self::Lower(inner) => recased(inner.value(row), str::to_lowercase),
            Self::Upper(inner) => recased(inner.value(row), str::to_uppercase),
        }
    }
}

fn recased<'a>(value: Datum<'a>, recase: impl Fn(&str) -> String) -> Datum<'a> {
    value.into_text().map_or(Datum::Null, |text| Datum::Text(Cow::Owned(recase(&text))))
}

fn compared(left: &Datum<'_>, how: Comparison, right: &Datum<'_>) -> bool {
    match how {
        Comparison::Equal => left.is_same(right),
        Comparison::NotEqual => !left.is_same(right),
        Comparison::Greater => left.compare(right) == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => left.compare(right).is_some_and(Ordering::is_ge),
        Comparison::Less => left.compare(right) == Some(Ordering::Less),
        Comparison::LessOrEqual => left.compare(right).is_some_and(Ordering::is_le),
    }
}

/// Whether one word is among several with commas between.
fn has(all: &Datum<'_>, one: &Datum<'_>) -> Option<bool> {
    match (all, one) {
        (Datum::Text(all), Datum::Text(one)) => {
            let wanted = |one: &str| all.split(',').any(|word| same_text(word.trim(), one.trim()));
            Some(one.split(',').all(wanted))
        }
        (_, _) => None,
    }
}

/// Looks into a text; letter case does not count.
fn found(text: &str, how: Match, part: &str) -> bool {
    if !text.is_ascii() || !part.is_ascii() {
        let (text, part) = (text.to_lowercase(), part.to_lowercase());
        return match how {
            Match::Contains => text.contains(&part),
            Match::StartsWith => text.starts_with(&part),
            Match::EndsWith => text.ends_with(&part),
        };
    }
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(rest) = text.len().checked_sub(part.len()) else {
        return false;
    };
    match how {
        Match::Contains => contains(text, part),
        Match::StartsWith => text[..part.len()].eq_ignore_ascii_case(part),
        Match::EndsWith => text[rest..].eq_ignore_ascii_case(part),
    }
}

/// Whether a text has a part anywhere, letter case aside.
fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|place| place.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests;
