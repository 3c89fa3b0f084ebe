//! What a filter says, and its canonical text.

use core::fmt;

use uuid::Uuid;

use crate::odata::moment::Moment;

/// A condition. Lists of [`Filter::All`] and [`Filter::Any`] have two parts or more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    /// `and`
    All(Vec<Filter>),
    /// `or`
    Any(Vec<Filter>),
    /// `not`
    Not(Box<Filter>),
    /// A value that is a condition by itself: `isSupervised`.
    Holds(Operand),
    /// `left how right`
    Compare { left: Operand, how: Comparison, right: Operand },
    /// `one in (of, of)`
    In { one: Operand, of: Vec<Operand> },
    /// `all has one`
    Has { all: Operand, one: Operand },
    /// `contains(text, part)` and its sisters.
    Match { how: Match, text: Operand, part: Operand },
    /// `isof('microsoft.graph.managedDevice')`
    IsOf(String),
}

/// A value, and where it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operand {
    pub(crate) place: Place,
    pub(crate) term: Term,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// A property, as the client spells it.
    Property(String),
    Lower(Box<Operand>),
    Upper(Box<Operand>),
    Null,
    Flag(bool),
    Whole(i64),
    /// Finite.
    Real(f64),
    Text(String),
    Moment(Moment),
    Id(Uuid),
    /// A value of an enumeration with the name of its type.
    Word {
        entity: String,
        word: String,
    },
}

/// Bytes from the beginning of the text. It says nothing about what stands there, so two
/// conditions that read alike are equal wherever their parts stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place(pub(crate) usize);

impl PartialEq for Place {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub(crate) const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

/// How a text is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Contains,
    StartsWith,
    EndsWith,
}

impl Match {
    pub(crate) const ALL: [Self; 3] = [Self::Contains, Self::StartsWith, Self::EndsWith];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
        }
    }
}

/// The canonical text. Reading it gives the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => write_parts(f, parts, " and "),
            Self::Any(parts) => write_parts(f, parts, " or "),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Holds(operand) => write!(f, "{operand}"),
            Self::Compare { left, how, right } => write!(f, "{left} {} {right}", how.name()),
            Self::In { one, of } => {
                let values: Vec<String> = of.iter().map(Operand::to_string).collect();
                write!(f, "{one} in ({})", values.join(","))
            }
            Self::Has { all, one } => write!(f, "{all} has {one}"),
            Self::Match { how, text, part } => write!(f, "{}({text},{part})", how.name()),
            Self::IsOf(entity) => write!(f, "isof({})", quoted(entity)),
        }
    }
}

fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[Filter], between: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        match part {
            Filter::All(_) | Filter::Any(_) => write!(f, "({part})")?,
            Filter::Not(_)
            | Filter::Holds(_)
            | Filter::Compare { .. }
            | Filter::In { .. }
            | Filter::Has { .. }
            | Filter::Match { .. }
            | Filter::IsOf(_) => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Property(name) => f.write_str(name),
            Term::Lower(inner) => write!(f, "tolower({inner})"),
            Term::Upper(inner) => write!(f, "toupper({inner})"),
            Term::Null => f.write_str("null"),
            Term::Flag(flag) => write!(f, "{flag}"),
            Term::Whole(number) => write!(f, "{number}"),
            // The form with a point or an exponent, so that it is not read as a whole number.
            Term::Real(number) => write!(f, "{number:?}"),
            Term::Text(text) => f.write_str(&quoted(text)),
            Term::Moment(at) => write!(f, "{at}"),
            Term::Id(id) => write!(f, "{id}"),
            Term::Word { entity, word } => write!(f, "{entity}{}", quoted(word)),
        }
    }
}

/// Source: OData 4.01 ABNF, `string`: a quote inside is doubled.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
