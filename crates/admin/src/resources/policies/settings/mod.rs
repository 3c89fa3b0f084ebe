//! The properties of each type of policy, by what their values are.

pub(super) mod android;
pub(super) mod compliance;
pub(super) mod ios;
pub(super) mod owner;
mod words;

use core::ops::RangeInclusive;

use serde_json::Value;

use crate::odata::property::find_word;

/// A number whose documentation names no range: `Edm.Int32`.
const ANY: RangeInclusive<i32> = i32::MIN..=i32::MAX;

/// Properties, by what their values are.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) flags: &'static [&'static str],
    pub(super) whole: &'static [(&'static str, RangeInclusive<i32>)],
    pub(super) words: &'static [(&'static str, &'static [&'static str])],
    pub(super) texts: &'static [&'static str],
    pub(super) lists: &'static [&'static str],
    pub(super) structures: &'static [&'static str],
}

/// What a property wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Flag,
    Whole(RangeInclusive<i32>),
    Words(&'static [&'static str]),
    Text,
    List,
    Structure,
}

impl Settings {
    /// No properties.
    pub(super) const NONE: Self =
        Self { flags: &[], whole: &[], words: &[], texts: &[], lists: &[], structures: &[] };

    /// What the property of this name wants, if it is one of these.
    pub(super) fn find(&self, name: &str) -> Option<Wanted> {
        let among = |names: &[&str]| names.contains(&name);
        if among(self.flags) {
            return Some(Wanted::Flag);
        }
        if let Some((_, range)) = self.whole.iter().find(|(known, _)| *known == name) {
            return Some(Wanted::Whole(range.clone()));
        }
        if let Some((_, words)) = self.words.iter().find(|(known, _)| *known == name) {
            return Some(Wanted::Words(words));
        }
        let rest = [
            (self.texts, Wanted::Text),
            (self.lists, Wanted::List),
            (self.structures, Wanted::Structure),
        ];
        rest.into_iter().find(|(names, _)| among(names)).map(|(_, wanted)| wanted)
    }
}

impl Wanted {
    /// The value as it is kept; `None` if it is not what is wanted.
    pub(super) fn read(&self, value: &Value) -> Option<Value> {
        match self {
            Self::Flag => value.as_bool().map(Value::from),
            Self::Whole(range) => {
                let number = value.as_i64().and_then(|number| i32::try_from(number).ok())?;
                range.contains(&number).then(|| number.into())
            }
            Self::Words(words) => find_word(words, value.as_str()?).map(Value::from),
            Self::Text => value.as_str().map(Value::from),
            Self::List => value.is_array().then(|| value.clone()),
            Self::Structure => value.is_object().then(|| value.clone()),
        }
    }

    /// With its article, for errors.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole(range) if *range == ANY => "a whole number".to_owned(),
            Self::Whole(range) => format!("a number from {} to {}", range.start(), range.end()),
            Self::Words(words) => format!("one of {}", words.join(", ")),
            Self::Text => "a text".to_owned(),
            Self::List => "a list".to_owned(),
            Self::Structure => "a structure".to_owned(),
        }
    }

    /// Whether its values may be repeated to others: what somebody wrote may be a secret.
    pub(super) const fn may_be_told(&self) -> bool {
        match self {
            Self::Flag | Self::Whole(_) | Self::Words(_) => true,
            Self::Text | Self::List | Self::Structure => false,
        }
    }
}
