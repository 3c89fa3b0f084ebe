//! Values of properties, and how they compare.

use core::cmp::Ordering;
use core::fmt;
use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use crate::odata::moment::Moment;

/// A value of a property.
#[derive(Clone, PartialEq)]
pub(crate) enum Datum<'a> {
    Null,
    Flag(bool),
    Whole(i64),
    Real(f64),
    Moment(Moment),
    Id(Uuid),
    Text(Cow<'a, str>),
    /// Shown only.
    Structure(Value),
}

/// The kind alone: values may be secrets.
impl fmt::Debug for Datum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Flag(_) => "Flag(..)",
            Self::Whole(_) => "Whole(..)",
            Self::Real(_) => "Real(..)",
            Self::Moment(_) => "Moment(..)",
            Self::Id(_) => "Id(..)",
            Self::Text(_) => "Text(..)",
            Self::Structure(_) => "Structure(..)",
        })
    }
}

/// What filters look at.
pub(crate) trait Row {
    /// The value of the property with this number.
    fn value(&self, property: usize) -> Datum<'_>;

    /// The name of its type, with the namespace.
    fn entity(&self) -> &str;
}

impl<'a> Datum<'a> {
    /// A text that is borrowed.
    pub(crate) const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A text that may be missing.
    pub(crate) const fn text_or_null(text: Option<&'a str>) -> Self {
        match text {
            Some(text) => Self::text(text),
            None => Self::Null,
        }
    }

    /// The same value, borrowed.
    pub(crate) fn borrow(&'a self) -> Self {
        match self {
            Self::Text(text) => Self::Text(Cow::Borrowed(text)),
            Self::Structure(_) | Self::Null => Self::Null,
            Self::Flag(flag) => Self::Flag(*flag),
            Self::Whole(number) => Self::Whole(*number),
            Self::Real(number) => Self::Real(*number),
            Self::Moment(at) => Self::Moment(*at),
            Self::Id(id) => Self::Id(*id),
        }
    }

    /// As it stands in an answer.
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => flag.into(),
            Self::Whole(number) => number.into(),
            Self::Real(number) => number.into(),
            Self::Moment(at) => at.to_string().into(),
            Self::Id(id) => id.to_string().into(),
            Self::Text(text) => text.into_owned().into(),
            Self::Structure(value) => value,
        }
    }

    /// The text, also of a UUID.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Id(id) => Some(Cow::Owned(id.to_string())),
            Self::Null
            | Self::Flag(_)
            | Self::Whole(_)
            | Self::Real(_)
            | Self::Moment(_)
            | Self::Structure(_) => None,
        }
    }

    /// Whether two values are the same; nothing is the same as nothing.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Text(left), Self::Text(right)) => same_text(left, right),
            (left, right) => left.compare(right) == Some(Ordering::Equal),
        }
    }

    /// Which comes first; `None` if they have no order: one is missing or they are of two kinds.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Flag(left), Self::Flag(right)) => Some(left.cmp(right)),
            (Self::Whole(left), Self::Whole(right)) => Some(left.cmp(right)),
            (Self::Moment(left), Self::Moment(right)) => Some(left.cmp(right)),
            (Self::Id(left), Self::Id(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(order_texts(left, right)),
            (left, right) => left.as_real()?.partial_cmp(&right.as_real()?),
        }
    }

    /// The order of lists: what is missing first. Total over the values of one property.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.compare(other).unwrap_or_else(|| self.rank().cmp(&other.rank()))
    }

    fn as_real(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a comparison with a fraction")]
            Self::Whole(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Null
            | Self::Flag(_)
            | Self::Moment(_)
            | Self::Id(_)
            | Self::Text(_)
            | Self::Structure(_) => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null | Self::Structure(_) => 0,
            Self::Flag(_) => 1,
            Self::Whole(_) | Self::Real(_) => 2,
            Self::Moment(_) => 3,
            Self::Id(_) => 4,
            Self::Text(_) => 5,
        }
    }
}

/// Whether two texts are the same but for letter case.
pub(crate) fn same_text(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        left.eq_ignore_ascii_case(right)
    } else {
        lower(left).eq(lower(right))
    }
}

/// Which text comes first, letter case aside.
fn order_texts(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return ascii_lower(left).cmp(ascii_lower(right));
    }
    lower(left).cmp(lower(right))
}

fn ascii_lower(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}
