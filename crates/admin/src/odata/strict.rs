//! What the service's documentation lists, and nothing else.

use crate::odata::ast::{Comparison, Filter, Operand, Term};
use crate::odata::fault::{Fault, What, short};
use crate::odata::property::{Documented, Schema};

/// Whether filters may do what the grammar can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filters {
    /// Whatever can be understood is served.
    #[default]
    Generous,
    /// Only what the service's documentation lists for a resource.
    Documented,
}

/// Refuses what is not documented: anything but `eq` joined by `or` and `lt` and `gt`, each on
/// the properties it is listed for, joined by `and`.
///
/// # Errors
/// [`Fault`] at the first part that is not documented.
///
/// Source: Microsoft Graph, resource type `managedDevice`.
pub(crate) fn check(filter: &Filter, schema: &Schema, text: &str) -> Result<(), Fault> {
    let parts = match filter {
        Filter::All(parts) => parts.as_slice(),
        Filter::Any(_)
        | Filter::Not(_)
        | Filter::Holds(_)
        | Filter::Compare { .. }
        | Filter::In { .. }
        | Filter::Has { .. }
        | Filter::Match { .. }
        | Filter::IsOf(_) => core::slice::from_ref(filter),
    };
    parts.iter().try_for_each(|part| check_part(part, schema, text))
}

fn check_part(part: &Filter, schema: &Schema, text: &str) -> Result<(), Fault> {
    match part {
        Filter::Compare { left, how, right: _ } => {
            let documented = documented(left, schema);
            let listed = match how {
                Comparison::Equal => documented == Documented::Equality,
                Comparison::Less | Comparison::Greater => documented == Documented::Range,
                Comparison::NotEqual | Comparison::GreaterOrEqual | Comparison::LessOrEqual => {
                    false
                }
            };
            if listed { Ok(()) } else { Err(undocumented(left, schema, text)) }
        }
        Filter::Any(parts) => parts.iter().try_for_each(|part| match part {
            Filter::Compare { left, how: Comparison::Equal, right: _ }
                if documented(left, schema) == Documented::Equality =>
            {
                Ok(())
            }
            Filter::All(_)
            | Filter::Any(_)
            | Filter::Not(_)
            | Filter::Holds(_)
            | Filter::Compare { .. }
            | Filter::In { .. }
            | Filter::Has { .. }
            | Filter::Match { .. }
            | Filter::IsOf(_) => Err(first_fault(part, schema, text)),
        }),
        Filter::All(_)
        | Filter::Not(_)
        | Filter::Holds(_)
        | Filter::In { .. }
        | Filter::Has { .. }
        | Filter::Match { .. }
        | Filter::IsOf(_) => Err(first_fault(part, schema, text)),
    }
}

fn documented(operand: &Operand, schema: &Schema) -> Documented {
    property(operand, schema).map_or(Documented::Nothing, |(_, documented)| documented)
}

fn property(operand: &Operand, schema: &Schema) -> Option<(&'static str, Documented)> {
    let Term::Property(name) = &operand.term else {
        return None;
    };
    let found = schema.properties[schema.find(name)?];
    Some((found.name, found.documented))
}

/// The fault at the first value of a part.
fn first_fault(part: &Filter, schema: &Schema, text: &str) -> Fault {
    match part {
        Filter::All(parts) | Filter::Any(parts) => match parts.first() {
            Some(first) => first_fault(first, schema, text),
            None => Fault::at(text, 0, What::Undocumented("this resource")),
        },
        Filter::Not(inner) => first_fault(inner, schema, text),
        Filter::Holds(first)
        | Filter::Compare { left: first, .. }
        | Filter::In { one: first, .. }
        | Filter::Has { all: first, .. }
        | Filter::Match { text: first, .. } => undocumented(first, schema, text),
        Filter::IsOf(entity) => {
            let at = text.find(short(entity).as_str()).unwrap_or_default();
            Fault::at(text, at, What::Undocumented("this resource"))
        }
    }
}

fn undocumented(operand: &Operand, schema: &Schema, text: &str) -> Fault {
    let name = property(operand, schema).map_or("this resource", |(name, _)| name);
    Fault::at(text, operand.place.0, What::Undocumented(name))
}
