//! Lists of rows that are JSON already.

use core::cmp::Ordering;

use serde_json::{Map, Value};

use crate::odata::datum::{Datum, Row};
use crate::odata::grammar::{Direction, parse_moment};
use crate::odata::property::{Kind, Schema};
use crate::odata::query::{Count, Query, Selection, SortKey};
use crate::odata::token::{Key, Position, QueryRules};

/// A row that is JSON.
#[derive(Clone, Copy)]
pub(crate) struct JsonRow<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) value: &'a Value,
}

/// Where a list is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) rules: &'a QueryRules,
    /// `@odata.context`
    pub(crate) context: &'a str,
    /// The absolute address of the list, without options.
    pub(crate) address: &'a str,
}

impl Row for JsonRow<'_> {
    fn value(&self, property: usize) -> Datum<'_> {
        let property = self.schema.properties[property];
        let mut found = self.value;
        for part in property.name.split('/') {
            match found.get(part) {
                Some(inner) => found = inner,
                None => return Datum::Null,
            }
        }
        datum(found, property.kind)
    }

    fn entity(&self) -> &str {
        let own = self.value.get("@odata.type").and_then(Value::as_str);
        own.unwrap_or(self.schema.entity)
    }
}

fn datum(value: &Value, kind: Kind) -> Datum<'_> {
    let found = match kind {
        Kind::Text | Kind::Words(_) => value.as_str().map(Datum::text),
        Kind::Flag => value.as_bool().map(Datum::Flag),
        Kind::Whole => value.as_i64().map(Datum::Whole),
        Kind::Real => value.as_f64().map(Datum::Real),
        Kind::Moment => value.as_str().and_then(parse_moment).map(Datum::Moment),
        Kind::Id => value.as_str().and_then(|text| text.parse().ok()).map(Datum::Id),
        Kind::Structure => None,
    };
    found.unwrap_or(Datum::Null)
}

/// A page of rows as Graph answers it. Without `$orderby` the rows come in the order given.
///
/// Every row has an `id` that is a text.
pub(crate) fn page(rows: &[Value], query: &Query, listing: Listing<'_>) -> Value {
    let schema = listing.schema;
    let row = |value| JsonRow { schema, value };
    let mut found: Vec<&Value> = rows.iter().filter(|value| query.admits(&row(*value))).collect();
    if !query.order.is_empty() {
        found.sort_by(|left, right| order(&row(left), &row(right), &query.order));
    }
    let start = match &query.position {
        Some(position) => behind(&found, query, schema, position),
        None => usize::try_from(query.skip).unwrap_or(usize::MAX).min(found.len()),
    };
    let end = start.saturating_add(query.top).min(found.len());
    let shown = &found[start..end];
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), listing.context.into());
    if query.count == Count::Told {
        answer.insert("@odata.count".to_owned(), found.len().into());
    }
    if let (Some(last), true) = (shown.last(), end < found.len()) {
        let keys = query.order.iter().map(|key| Key::of(row(last).value(key.property))).collect();
        let position = Position { id: id(last).to_owned(), passed: end as u64, keys };
        let link = query.next_link(listing.address, schema, listing.rules, &position);
        answer.insert("@odata.nextLink".to_owned(), link.into());
    }
    let shown: Vec<Value> =
        shown.iter().map(|value| selected(value, &query.select, schema)).collect();
    answer.insert("value".to_owned(), shown.into());
    answer.into()
}

/// The index behind a position.
fn behind(found: &[&Value], query: &Query, schema: &Schema, position: &Position) -> usize {
    if query.order.is_empty() {
        let last = found.iter().position(|value| id(value) == position.id);
        let passed = usize::try_from(position.passed).unwrap_or(usize::MAX).min(found.len());
        return last.map_or(passed, |last| last + 1);
    }
    found.partition_point(|value| {
        order_against(&JsonRow { schema, value }, &query.order, position) != Ordering::Greater
    })
}

/// The order of two rows, by the keys and then by their ids.
fn order(left: &JsonRow<'_>, right: &JsonRow<'_>, keys: &[SortKey]) -> Ordering {
    let by_keys = keys
        .iter()
        .map(|key| key.directed(left.value(key.property).order(&right.value(key.property))));
    let by_keys = by_keys.fold(Ordering::Equal, Ordering::then);
    by_keys.then_with(|| id(left.value).cmp(id(right.value)))
}

/// The order of a row and a position.
fn order_against(row: &JsonRow<'_>, keys: &[SortKey], position: &Position) -> Ordering {
    let by_keys = keys
        .iter()
        .zip(&position.keys)
        .map(|(key, at)| key.directed(row.value(key.property).order(&at.datum())));
    let by_keys = by_keys.fold(Ordering::Equal, Ordering::then);
    by_keys.then_with(|| id(row.value).cmp(&position.id))
}

impl SortKey {
    /// The order of two values, from the end that comes first.
    pub(crate) const fn directed(self, order: Ordering) -> Ordering {
        match self.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

fn id(row: &Value) -> &str {
    row.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// A row with what was selected; annotations and what was expanded stay.
pub(crate) fn selected(row: &Value, select: &Selection, schema: &Schema) -> Value {
    let (Selection::Named(named), Value::Object(members)) = (select, row) else {
        return row.clone();
    };
    let is_asked = |name: &String| name.starts_with('@') || schema.expands.contains(&name.as_str());
    let notes = members.iter().filter(|(name, _)| is_asked(name));
    let mut shown: Map<String, Value> =
        notes.map(|(name, value)| (name.clone(), value.clone())).collect();
    for number in named {
        let name = schema.properties[*number].name;
        shown.insert(name.to_owned(), members.get(name).cloned().unwrap_or_default());
    }
    shown.into()
}

#[cfg(test)]
mod tests;
