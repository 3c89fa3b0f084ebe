//! What a resource has, as far as queries are concerned.

use crate::odata::query::Count;

/// The values a property may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text. Letter case does not count in comparisons.
    Text,
    /// One of these words, or several with commas between; `has` asks for one of them.
    Words(&'static [&'static str]),
    Flag,
    Whole,
    Real,
    Moment,
    /// A UUID; texts that are one compare with it.
    Id,
    /// A structure or a list: shown, never compared.
    Structure,
}

impl Kind {
    /// With its article, for errors.
    pub(crate) const fn described(self) -> &'static str {
        match self {
            Self::Text => "a text in single quotes",
            Self::Words(_) => "a word in single quotes",
            Self::Flag => "true or false",
            Self::Whole | Self::Real => "a number",
            Self::Moment => "a date and time",
            Self::Id => "a UUID",
            Self::Structure => "a structure",
        }
    }
}

/// Whether a property may stand in `$filter` and `$orderby`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filtering {
    Allowed,
    /// Secrets and what lists do not show: a filter would tell them bit by bit.
    Refused,
}

/// What the service's documentation says a filter may do with a property.
///
/// Source: Microsoft Graph, resource type `managedDevice`, descriptions of the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Documented {
    Nothing,
    /// `eq` and `or`
    Equality,
    /// `lt` and `gt`
    Range,
}

/// A property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// As Graph spells it; a part of a structure has a slash.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) filtering: Filtering,
    pub(crate) documented: Documented,
}

impl Property {
    /// A property filters may use.
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        let filtering = match kind {
            Kind::Structure => Filtering::Refused,
            Kind::Text
            | Kind::Words(_)
            | Kind::Flag
            | Kind::Whole
            | Kind::Real
            | Kind::Moment
            | Kind::Id => Filtering::Allowed,
        };
        Self { name, kind, filtering, documented: Documented::Nothing }
    }

    /// The same, out of the reach of filters.
    pub(crate) const fn unfiltered(self) -> Self {
        Self { filtering: Filtering::Refused, ..self }
    }

    /// The same, with what the service's documentation lists.
    pub(crate) const fn documented(self, documented: Documented) -> Self {
        Self { documented, ..self }
    }
}

/// A resource queries are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// The name of its type, with the namespace.
    pub(crate) entity: &'static str,
    /// Where a property stands here is its number.
    pub(crate) properties: &'static [Property],
    /// Properties with words that are also options of lists: `x-muster-activation-lock=on`.
    pub(crate) options: &'static [&'static str],
    /// What `$expand` may name.
    pub(crate) expands: &'static [&'static str],
    /// Rows on a page, at most and by default.
    pub(crate) page_max: usize,
    /// Whether a list tells how many rows there are unasked.
    pub(crate) count: Count,
}

impl Schema {
    /// The number of a property. Letter case does not count.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|property| property.name.eq_ignore_ascii_case(name))
    }
}

/// The spelling of a word in a list of words; letter case does not count.
pub(crate) fn find_word(words: &[&'static str], word: &str) -> Option<&'static str> {
    words.iter().copied().find(|known| known.eq_ignore_ascii_case(word))
}
