//! The query options of a request.
//!
//! An option that is not served is refused by name, never ignored: a filter that does nothing
//! would have a script wipe the wrong devices.

mod options;

use axum::http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) use self::options::{SystemOption, no_options};
use crate::odata::ast::{Comparison, Filter, Operand, Place, Term};
use crate::odata::datum::Row;
use crate::odata::fault::{Fault, What, short};
use crate::odata::grammar::{Direction, parse_filter, parse_order};
use crate::odata::hint::contradiction;
use crate::odata::predicate::{Predicate, Window};
use crate::odata::property::{Filtering, Kind, Schema, find_word};
use crate::odata::strict::{self, Filters};
use crate::odata::token::{Position, QueryRules};

/// What stays as it is in the value of an option.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b'\'')
    .remove(b':')
    .remove(b'/');

/// What a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// As it was read, for links.
    filter: Option<Filter>,
    /// This server's own options: a property and its word.
    own: Vec<(&'static str, &'static str)>,
    /// What rows have to be, `filter` and `own` together.
    predicates: Vec<Predicate>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) select: Selection,
    pub(crate) expand: Vec<&'static str>,
    /// Rows on a page, at most what the schema allows.
    pub(crate) top: usize,
    pub(crate) skip: u64,
    pub(crate) count: Count,
    /// Where the page begins; `None` at the beginning.
    pub(crate) position: Option<Position>,
}

/// A property a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub(crate) property: usize,
    pub(crate) direction: Direction,
}

/// Whether a list says how many rows there are in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Told,
    Untold,
}

/// Which properties an answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// No `$select`.
    Everything,
    /// These, by their numbers.
    Named(Vec<usize>),
}

/// Query options that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("the query cannot be decoded")]
    Encoding,
    #[error("the query option {0} is not supported yet here")]
    NotSupported(String),
    #[error("the query option {0} stands there twice")]
    Twice(String),
    #[error("the query option {0} has to be a whole number")]
    Number(&'static str),
    #[error("$skiptoken is not one this server gave out for this query")]
    SkipToken,
    #[error("$skip and $skiptoken do not go together")]
    SkipTwice,
    #[error("$count has to be true or false")]
    Count,
    #[error("{option} has to be {}", words.join(" or "))]
    Word { option: &'static str, words: &'static [&'static str] },
    #[error("could not find a property named '{name}' on type '{entity}'")]
    Property { name: String, entity: &'static str },
    #[error("$expand of '{0}' is not supported yet here")]
    Expand(String),
    #[error("{option}: {fault}")]
    Fault {
        option: &'static str,
        #[source]
        fault: Box<Fault>,
    },
}

impl QueryError {
    fn fault(option: &'static str, fault: Fault) -> Self {
        Self::Fault { option, fault: Box::new(fault) }
    }
}

impl Query {
    /// Reads the options of a list.
    ///
    /// # Errors
    /// [`QueryError`] at the first option that cannot be served.
    pub(crate) fn read(uri: &Uri, schema: &Schema, rules: &QueryRules) -> Result<Self, QueryError> {
        let options = options::read(uri, SystemOption::LIST, schema.options)?;
        let value = |option| options.system.get(&option).map(String::as_str);
        let mut query = Self {
            filter: None,
            own: own_options(&options.own, schema)?,
            predicates: Vec::new(),
            order: read_order(value(SystemOption::OrderBy), schema)?,
            select: read_select(value(SystemOption::Select), schema)?,
            expand: read_expand(value(SystemOption::Expand), schema)?,
            top: read_top(value(SystemOption::Top), schema)?.min(rules.rows_max),
            skip: value(SystemOption::Skip).map_or(Ok(0), |text| number(text, "$skip"))?,
            count: read_count(value(SystemOption::Count), schema)?,
            position: None,
        };
        if let Some(text) = value(SystemOption::Filter) {
            query.filter_by(text, schema, rules)?;
        }
        query.require_own(schema)?;
        if let Some(token) = value(SystemOption::SkipToken) {
            let position = rules.open(&query.canonical(schema), token);
            query.position = Some(position.ok_or(QueryError::SkipToken)?);
        }
        if query.position.is_some() && query.skip > 0 {
            return Err(QueryError::SkipTwice);
        }
        Ok(query)
    }

    /// Whether a row is what was asked for.
    pub(crate) fn admits<R: Row + ?Sized>(&self, row: &R) -> bool {
        self.predicates.iter().all(|predicate| predicate.admits(row))
    }

    /// Between which moments a property of every row that fits is, as far as can be told.
    pub(crate) fn window(&self, property: usize) -> Window {
        let windows = self.predicates.iter().map(|predicate| predicate.window(property));
        windows.fold(Window::default(), Window::and)
    }

    /// Whether every row is.
    pub(crate) const fn admits_all(&self) -> bool {
        self.predicates.is_empty()
    }

    /// The property a filter compares with two different values at once, so that no row fits.
    pub(crate) fn contradiction(&self) -> Option<&str> {
        self.filter.as_ref().and_then(contradiction)
    }

    /// The link to the page behind `position`; `address` is where the list is, without options.
    pub(crate) fn next_link(
        &self,
        address: &str,
        schema: &Schema,
        rules: &QueryRules,
        position: &Position,
    ) -> String {
        let mut parts = self.rows_asked(schema);
        if let Selection::Named(named) = &self.select {
            let names: Vec<&str> =
                named.iter().map(|number| schema.properties[*number].name).collect();
            parts.push(("$select".to_owned(), names.join(",")));
        }
        if !self.expand.is_empty() {
            parts.push(("$expand".to_owned(), self.expand.join(",")));
        }
        if self.count != schema.count {
            let told = self.count == Count::Told;
            parts.push(("$count".to_owned(), told.to_string()));
        }
        parts.push(("$top".to_owned(), self.top.to_string()));
        parts.push(("$skiptoken".to_owned(), rules.seal(&self.canonical(schema), position)));
        let parts: Vec<String> = parts
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, KEPT)))
            .collect();
        format!("{address}?{}", parts.join("&"))
    }

    /// What tells this list from others: which rows, in which order.
    fn canonical(&self, schema: &Schema) -> String {
        let parts = self.rows_asked(schema).into_iter();
        let parts: Vec<String> = parts.map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", schema.entity, parts.join("&"))
    }

    /// The options that say which rows in which order, in their canonical text.
    fn rows_asked(&self, schema: &Schema) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        if let Some(filter) = &self.filter {
            parts.push(("$filter".to_owned(), filter.to_string()));
        }
        if !self.order.is_empty() {
            let keys: Vec<String> = self.order.iter().map(|key| key.text(schema)).collect();
            parts.push(("$orderby".to_owned(), keys.join(",")));
        }
        for (name, word) in &self.own {
            parts.push(((*name).to_owned(), (*word).to_owned()));
        }
        parts
    }

    fn filter_by(
        &mut self,
        text: &str,
        schema: &Schema,
        rules: &QueryRules,
    ) -> Result<(), QueryError> {
        let fault = |fault| QueryError::fault("$filter", fault);
        let filter = parse_filter(text).map_err(fault)?;
        self.predicates.push(Predicate::bind(&filter, schema, text).map_err(fault)?);
        match rules.filters {
            Filters::Generous => {}
            Filters::Documented => strict::check(&filter, schema, text).map_err(fault)?,
        }
        self.filter = Some(filter);
        Ok(())
    }

    fn require_own(&mut self, schema: &Schema) -> Result<(), QueryError> {
        for (name, word) in &self.own {
            let operand = |term| Operand { place: Place::default(), term };
            let filter = Filter::Compare {
                left: operand(Term::Property((*name).to_owned())),
                how: Comparison::Equal,
                right: operand(Term::Text((*word).to_owned())),
            };
            let bound = Predicate::bind(&filter, schema, name);
            let bound = bound.map_err(|fault| QueryError::fault(name, fault))?;
            self.predicates.push(bound);
        }
        Ok(())
    }
}

impl SortKey {
    fn text(self, schema: &Schema) -> String {
        let name = schema.properties[self.property].name;
        match self.direction {
            Direction::Ascending => name.to_owned(),
            Direction::Descending => format!("{name} desc"),
        }
    }
}

/// Reads the options of a single row: `$select` and `$expand`.
///
/// # Errors
/// [`QueryError`] at the first option that cannot be served.
pub(crate) fn read_one(uri: &Uri, schema: &Schema) -> Result<Selection, QueryError> {
    let options = options::read(uri, SystemOption::ONE, &[])?;
    read_expand(options.system.get(&SystemOption::Expand).map(String::as_str), schema)?;
    read_select(options.system.get(&SystemOption::Select).map(String::as_str), schema)
}

/// The resources a single row is to be shown with.
///
/// # Errors
/// [`QueryError`] at the first option that cannot be served.
pub(crate) fn read_one_expanded(
    uri: &Uri,
    schema: &Schema,
) -> Result<Vec<&'static str>, QueryError> {
    let options = options::read(uri, SystemOption::ONE, &[])?;
    read_expand(options.system.get(&SystemOption::Expand).map(String::as_str), schema)
}

fn own_options(
    own: &[(&'static str, String)],
    schema: &Schema,
) -> Result<Vec<(&'static str, &'static str)>, QueryError> {
    let words =
        |option: &'static str| match schema.find(option).map(|it| schema.properties[it].kind) {
            Some(Kind::Words(words)) => words,
            Some(
                Kind::Text
                | Kind::Flag
                | Kind::Whole
                | Kind::Real
                | Kind::Moment
                | Kind::Id
                | Kind::Structure,
            )
            | None => &[],
        };
    let read = |(option, word): &(&'static str, String)| {
        let words = words(option);
        let word = find_word(words, word).ok_or(QueryError::Word { option, words })?;
        Ok((*option, word))
    };
    own.iter().map(read).collect()
}

fn read_order(text: Option<&str>, schema: &Schema) -> Result<Vec<SortKey>, QueryError> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let fault = |fault| QueryError::fault("$orderby", fault);
    let keys = parse_order(text).map_err(fault)?.into_iter().map(|key| {
        let Some(property) = schema.find(&key.property) else {
            let what = What::Property { name: short(&key.property), entity: schema.entity };
            return Err(fault(Fault::at(text, key.place.0, what)));
        };
        let known = schema.properties[property];
        match known.filtering {
            Filtering::Allowed => Ok(SortKey { property, direction: key.direction }),
            Filtering::Refused => {
                Err(fault(Fault::at(text, key.place.0, What::NotFilterable(known.name))))
            }
        }
    });
    keys.collect()
}

fn read_select(text: Option<&str>, schema: &Schema) -> Result<Selection, QueryError> {
    let names = text.unwrap_or_default().split(',').map(str::trim);
    let mut selected = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if name == "*" {
            return Ok(Selection::Everything);
        }
        let unknown = || QueryError::Property { name: short(name), entity: schema.entity };
        let known = schema.find(name).ok_or_else(unknown)?;
        if !selected.contains(&known) {
            selected.push(known);
        }
    }
    Ok(if selected.is_empty() { Selection::Everything } else { Selection::Named(selected) })
}

fn read_expand(text: Option<&str>, schema: &Schema) -> Result<Vec<&'static str>, QueryError> {
    let names = text.unwrap_or_default().split(',').map(str::trim);
    let known =
        |name| find_word(schema.expands, name).ok_or_else(|| QueryError::Expand(short(name)));
    names.filter(|name| !name.is_empty()).map(known).collect()
}

fn read_top(text: Option<&str>, schema: &Schema) -> Result<usize, QueryError> {
    let wanted = text.map_or(Ok(u64::MAX), |text| number(text, "$top"))?;
    Ok(usize::try_from(wanted).map_or(schema.page_max, |wanted| wanted.min(schema.page_max)))
}

fn number(text: &str, option: &'static str) -> Result<u64, QueryError> {
    text.parse().map_err(|_cause| QueryError::Number(option))
}

fn read_count(text: Option<&str>, schema: &Schema) -> Result<Count, QueryError> {
    match text {
        None => Ok(schema.count),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Count::Told),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Count::Untold),
        Some(_) => Err(QueryError::Count),
    }
}

#[cfg(test)]
mod tests;
