//! Traces as JSON: an array of rows, the answer of a server with its array as `value`, or one row
//! after another, in lines or without.
//!
//! One row is in memory at a time, however many there are. How deep it may be nested is bounded by
//! the parser.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::columns::{Cells, same};
use super::{ReadError, Rows};

/// The member of an answer that holds its rows.
const ROWS: &str = "value";

/// The member of an answer that is followed by others.
const MORE: &str = "@odata.nextLink";

/// Reads the rows of a text.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<(), ReadError> {
    let mut values = serde_json::Deserializer::from_str(text);
    while values.end().is_err() {
        Document(rows).deserialize(&mut values).map_err(ReadError::Json)?;
    }
    Ok(())
}

/// A value that is a row, or that holds rows.
struct Document<'a>(&'a mut Rows);

/// The rows of an array.
struct Array<'a>(&'a mut Rows);

/// A member called `value`: an array of rows, or something that a row says.
struct Member<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, values: D) -> Result<(), D::Error> {
        values.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects, or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        Array(self.0).visit_seq(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(rows) = self;
        let (mut row, mut is_answer, mut is_followed) = (Map::new(), false, false);
        while let Some(name) = members.next_key::<String>()? {
            if name == MORE {
                members.next_value::<IgnoredAny>()?;
                is_followed = true;
            } else if name != ROWS {
                row.insert(name, members.next_value()?);
            } else if let Some(value) = members.next_value_seed(Member(rows))? {
                row.insert(name, value);
            } else {
                is_answer = true;
            }
        }
        if !is_answer {
            return rows.push(&row).map_err(A::Error::custom);
        }
        rows.has_followed |= is_followed;
        rows.has_last |= !is_followed;
        Ok(())
    }
}

impl<'de> Visitor<'de> for Array<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(row) = array.next_element::<Map<String, Value>>()? {
            self.0.push(&row).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    /// What a row says; nothing if it was an array of rows.
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, values: D) -> Result<Self::Value, D::Error> {
        values.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects, or a text or a number")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        Array(self.0).visit_seq(array).map(|()| None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Some(truth.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }
}

impl Cells for Map<String, Value> {
    fn cell(&self, column: &str) -> Option<Cow<'_, str>> {
        let of_name = |(name, _): &(&String, &Value)| same(name, column);
        let direct = self.get(column).or_else(|| self.iter().find(of_name).map(|(_, it)| it));
        match direct.or_else(|| within(self, column))? {
            Value::String(text) => Some(text.trim()).filter(|it| !it.is_empty()).map(Cow::Borrowed),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }
}

/// The value at the end of a path such as `resources.0.resourceId`.
fn within<'a>(row: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('.');
    let first = row.get(steps.next()?)?;
    steps.try_fold(first, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}
