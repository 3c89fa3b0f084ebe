//! What is wrong with a filter, and where.

use crate::odata::property::Kind;

/// Characters of a client's text that are repeated in an error.
const ECHO_CHARS_MAX: usize = 64;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at position {position}{}", found(near))]
pub(crate) struct Fault {
    /// Characters from the beginning, from 1.
    position: usize,
    what: What,
    /// What stands there.
    near: String,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum What {
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("expected an operator, and, or, or the end")]
    EndExpected,
    #[error("the text is not closed: expected a single quote; one inside a text is doubled")]
    QuoteExpected,
    #[error("write what not is about in parentheses, as in not (a eq b);")]
    NotWithoutParentheses,
    #[error("longer than a filter may be, 8192 bytes,")]
    TooLong,
    #[error("deeper than 32 parentheses and functions")]
    TooDeep,
    #[error("more than 512 values")]
    TooMany,
    #[error("the function {0} is not served here;")]
    Function(String),
    #[error("any and all over the parts of a property are not served here;")]
    Lambda,
    #[error("could not find a property named '{name}' on type '{entity}'")]
    Property { name: String, entity: &'static str },
    #[error("{0} cannot be filtered or sorted by")]
    NotFilterable(&'static str),
    #[error("{name} is {kind}; this value is not,")]
    Mismatch { name: String, kind: &'static str },
    #[error("{name} has no value '{word}'")]
    NoSuchWord { name: &'static str, word: String },
    #[error("{0} has no order; compare it with eq, ne or in")]
    NoOrder(String),
    #[error("expected something that is true or false, found a value that is neither;")]
    NotACondition,
    #[error("the service's documentation does not list this filter for {0};")]
    Undocumented(&'static str),
}

impl What {
    pub(crate) const VALUE: Self =
        Self::Expected("a property or a value; a text stands in single quotes");
    pub(crate) const DATE: Self = Self::Expected("a date such as 2026-01-31T12:00:00Z");
    pub(crate) const NUMBER: Self = Self::Expected("a number of 64 bits");

    /// A function that is not served.
    pub(crate) fn function(name: &str) -> Self {
        match name.rsplit('/').next() {
            Some("any" | "all") if name.contains('/') => Self::Lambda,
            _other => Self::Function(short(name)),
        }
    }

    pub(crate) fn mismatch(name: String, kind: Kind) -> Self {
        Self::Mismatch { name, kind: kind.described() }
    }
}

impl Fault {
    /// What is wrong at a byte of the text, or at what stands behind the blanks there.
    pub(crate) fn at(text: &str, byte: usize, what: What) -> Self {
        let byte = (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let byte = byte.unwrap_or_default();
        let blanks = text[byte..].len() - text[byte..].trim_start().len();
        let (before, after) = text.split_at(byte + blanks);
        let near = after.split([' ', ',', ')']).next().unwrap_or_default();
        let near = if near.is_empty() { after.get(..1).unwrap_or_default() } else { near };
        Self { position: before.chars().count() + 1, what, near: short(near) }
    }

    /// What is wrong.
    #[cfg(test)]
    pub(crate) const fn what(&self) -> &What {
        &self.what
    }
}

fn found(near: &str) -> String {
    if near.is_empty() { ", the end".to_owned() } else { format!(", near \"{near}\"") }
}

/// The beginning of a client's text.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
}
