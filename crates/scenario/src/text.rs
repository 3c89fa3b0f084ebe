//! Values that people write as text, and their place in the file.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::error::{Problem, custom};
use crate::units::Weighted;

/// Something that is written as text.
pub(crate) trait FromText: Sized {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What it is, for the schema.
    const DESCRIPTION: &'static str;
    /// A regular expression of its form; empty if [`Self::words`] says it all.
    const PATTERN: &'static str = "";

    /// Every text there is, if there are few.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }

    /// Reads it.
    fn from_text(text: &str) -> Result<Self, Problem>;
}

/// A value written as text.
#[derive(Clone, Debug)]
pub(crate) struct Text<T>(pub(crate) T);

/// A value written as text, or as a table that becomes the same.
#[derive(Debug)]
pub(crate) struct TextOr<T, M> {
    /// The value.
    pub(crate) value: T,
    table: PhantomData<M>,
}

/// A choice: one thing as text, or a table of things with their weights.
#[derive(Clone, Debug)]
pub(crate) struct Mix<T>(pub(crate) Weighted<T>);

/// A value with the bytes of the file it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

impl<'de, T: FromText> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextVisitor(PhantomData)).map(Self)
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromText> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).map_err(|problem| custom(&problem))
    }

    /// A number: the text without its quotes, or a quantity without its unit.
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_bare(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_bare(&number.to_string())
    }
}

impl<T: FromText> TextVisitor<T> {
    fn visit_bare<E: serde::de::Error>(self, number: &str) -> Result<T, E> {
        let problem = match T::from_text(number) {
            Err(problem) => problem,
            Ok(_fits) => Problem::new(
                format!("`{number}` is a number"),
                "a text is expected here",
                format!("write it in quotes: \"{number}\""),
            ),
        };
        Err(custom(&problem))
    }
}

impl<T, M> TextOr<T, M> {
    const fn of(value: T) -> Self {
        Self { value, table: PhantomData }
    }
}

impl<'de, T, M> Deserialize<'de> for TextOr<T, M>
where
    T: FromText,
    M: Deserialize<'de> + TryInto<T, Error = Problem>,
{
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextOrVisitor::<T, M>(PhantomData, PhantomData))
    }
}

struct TextOrVisitor<T, M>(PhantomData<T>, PhantomData<M>);

impl<'de, T, M> Visitor<'de> for TextOrVisitor<T, M>
where
    T: FromText,
    M: Deserialize<'de> + TryInto<T, Error = Problem>,
{
    type Value = TextOr<T, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a table")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        TextVisitor(PhantomData).visit_str(text).map(TextOr::of)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        TextVisitor(PhantomData).visit_i64(number).map(TextOr::of)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
        let table = M::deserialize(MapAccessDeserializer::new(table))?;
        let value = table.try_into().map_err(|problem| custom(&problem))?;
        Ok(TextOr::of(value))
    }
}

impl<'de, T: FromText> Deserialize<'de> for Mix<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(MixVisitor(PhantomData)).map(Self)
    }
}

struct MixVisitor<T>(PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for MixVisitor<T> {
    type Value = Weighted<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a table of texts with their weights")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        TextVisitor(PhantomData).visit_str(text).map(Weighted::only)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
        let mut choices = Vec::new();
        while let Some((Text(choice), weight)) = table.next_entry::<Text<T>, u32>()? {
            choices.push((choice, weight));
        }
        Weighted::new(choices).ok_or_else(|| {
            let fix = "give one of them a weight above zero";
            custom(&Problem::new("nothing to choose from", "no weight is above zero", fix))
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::deserialize(input)?;
        Ok(Self { span: spanned.span(), value: spanned.into_inner() })
    }
}

impl<T: FromText> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = T::words();
        if words.is_empty() {
            let (description, pattern) = (T::DESCRIPTION, T::PATTERN);
            json_schema!({ "type": "string", "description": description, "pattern": pattern })
        } else {
            json_schema!({ "type": "string", "description": T::DESCRIPTION, "enum": words })
        }
    }
}

impl<T: FromText, M: JsonSchema> JsonSchema for TextOr<T, M> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}OrTable", T::NAME))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<Text<T>>();
        let table = generator.subschema_for::<M>();
        json_schema!({ "anyOf": [text, table] })
    }
}

impl<T: FromText> JsonSchema for Mix<T> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Mix", T::NAME))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<Text<T>>();
        json_schema!({ "anyOf": [text.clone(), {
            "type": "object",
            "description": "Each with how common it is.",
            "propertyNames": text,
            "additionalProperties": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            "minProperties": 1,
        }] })
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
