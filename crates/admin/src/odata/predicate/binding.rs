//! Gives names their numbers and values the kinds of what they are compared with.

use std::borrow::Cow;

use super::{Bound, Node};
use crate::odata::ast::{Comparison, Filter, Operand, Place, Term};
use crate::odata::datum::Datum;
use crate::odata::fault::{Fault, What, short};
use crate::odata::grammar::parse_moment;
use crate::odata::property::{Filtering, Kind, Schema, find_word};

/// Binds filters to a schema.
pub(super) struct Binder<'a> {
    pub(super) schema: &'a Schema,
    /// What the filter was read from.
    pub(super) text: &'a str,
}

/// A side of a comparison that is not just written out: what it is, and its name for errors.
struct Side {
    bound: Bound,
    kind: Kind,
    name: String,
}

impl Binder<'_> {
    pub(super) fn bind(&self, filter: &Filter) -> Result<Node, Fault> {
        Ok(match filter {
            Filter::All(parts) => Node::All(self.bind_all(parts)?),
            Filter::Any(parts) => Node::Any(self.bind_all(parts)?),
            Filter::Not(inner) => Node::Not(Box::new(self.bind(inner)?)),
            Filter::Holds(operand) => Node::Holds(self.condition(operand)?),
            Filter::Compare { left, how, right } => self.comparison(left, *how, right)?,
            Filter::In { one, of } => self.membership(one, of)?,
            Filter::Has { all, one } => {
                let (all, one) = self.pair(all, one)?;
                Node::Has { all, one }
            }
            Filter::Match { how, text, part } => {
                let (text, part) = (self.text_of(text)?, self.text_of(part)?);
                Node::Match { how: *how, text, part }
            }
            Filter::IsOf(entity) => Node::IsOf(entity.clone()),
        })
    }

    fn bind_all(&self, parts: &[Filter]) -> Result<Vec<Node>, Fault> {
        parts.iter().map(|part| self.bind(part)).collect()
    }

    /// A value that is a condition by itself.
    fn condition(&self, operand: &Operand) -> Result<Bound, Fault> {
        if let Term::Flag(flag) = operand.term {
            return Ok(Bound::Known(Datum::Flag(flag)));
        }
        match self.side(operand)? {
            Some(Side { bound, kind: Kind::Flag, name: _ }) => Ok(bound),
            Some(_) | None => Err(self.fault(operand.place, What::NotACondition)),
        }
    }

    fn comparison(&self, left: &Operand, how: Comparison, right: &Operand) -> Result<Node, Fault> {
        if !matches!(how, Comparison::Equal | Comparison::NotEqual) {
            self.ordered(left)?;
            self.ordered(right)?;
        }
        let (left, right) = self.pair(left, right)?;
        Ok(Node::Compare { left, how, right })
    }

    /// Words and flags have no order.
    fn ordered(&self, operand: &Operand) -> Result<(), Fault> {
        match self.side(operand)? {
            Some(Side { kind: Kind::Words(_) | Kind::Flag, name, bound: _ }) => {
                Err(self.fault(operand.place, What::NoOrder(name)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn membership(&self, one: &Operand, of: &[Operand]) -> Result<Node, Fault> {
        let side = match self.side(one)? {
            Some(side) => side,
            None => self.written(one)?,
        };
        let values = of.iter().map(|value| self.coerced(value, &side)).collect::<Result<_, _>>()?;
        Ok(Node::In { one: side.bound, of: values })
    }

    /// Two values that can be compared.
    fn pair(&self, left: &Operand, right: &Operand) -> Result<(Bound, Bound), Fault> {
        match (self.side(left)?, self.side(right)?) {
            (Some(side), None) => {
                let value = Bound::Known(self.coerced(right, &side)?);
                Ok((side.bound, value))
            }
            (None, Some(side)) => {
                let value = Bound::Known(self.coerced(left, &side)?);
                Ok((value, side.bound))
            }
            (Some(one), Some(other)) if alike(one.kind, other.kind) => Ok((one.bound, other.bound)),
            (Some(one), Some(_)) => {
                Err(self.fault(right.place, What::mismatch(one.name, one.kind)))
            }
            (None, None) => {
                let side = self.written(left)?;
                let value = Bound::Known(self.coerced(right, &side)?);
                Ok((side.bound, value))
            }
        }
    }

    /// A value texts are looked for in.
    fn text_of(&self, operand: &Operand) -> Result<Bound, Fault> {
        let side = match self.side(operand)? {
            Some(side) => side,
            None => self.written(operand)?,
        };
        match side.kind {
            Kind::Text | Kind::Words(_) | Kind::Id => Ok(side.bound),
            Kind::Flag | Kind::Whole | Kind::Real | Kind::Moment | Kind::Structure => {
                let name = short(&operand.to_string());
                let what = What::Expected("a text");
                let what = if name.is_empty() { what } else { What::mismatch(name, side.kind) };
                Err(self.fault(operand.place, what))
            }
        }
    }

    /// What a value is if it depends on the row or a function; `None` if it is written out.
    fn side(&self, operand: &Operand) -> Result<Option<Side>, Fault> {
        match &operand.term {
            Term::Property(name) => self.property(name, operand.place).map(Some),
            Term::Lower(inner) => {
                let bound = Bound::Lower(Box::new(self.text_of(inner)?));
                Ok(Some(Side { bound, kind: Kind::Text, name: "tolower()".to_owned() }))
            }
            Term::Upper(inner) => {
                let bound = Bound::Upper(Box::new(self.text_of(inner)?));
                Ok(Some(Side { bound, kind: Kind::Text, name: "toupper()".to_owned() }))
            }
            Term::Null
            | Term::Flag(_)
            | Term::Whole(_)
            | Term::Real(_)
            | Term::Text(_)
            | Term::Moment(_)
            | Term::Id(_)
            | Term::Word { .. } => Ok(None),
        }
    }

    fn property(&self, name: &str, place: Place) -> Result<Side, Fault> {
        let Some(number) = self.schema.find(name) else {
            let what = What::Property { name: short(name), entity: self.schema.entity };
            return Err(self.fault(place, what));
        };
        let property = self.schema.properties[number];
        match property.filtering {
            Filtering::Allowed => Ok(Side {
                bound: Bound::Property(number),
                kind: property.kind,
                name: property.name.to_owned(),
            }),
            Filtering::Refused => Err(self.fault(place, What::NotFilterable(property.name))),
        }
    }

    /// A value that is written out, by its own kind.
    fn written(&self, operand: &Operand) -> Result<Side, Fault> {
        let kind = match &operand.term {
            Term::Null | Term::Text(_) | Term::Word { .. } => Kind::Text,
            Term::Property(_) | Term::Lower(_) | Term::Upper(_) => Kind::Text,
            Term::Flag(_) => Kind::Flag,
            Term::Whole(_) | Term::Real(_) => Kind::Real,
            Term::Moment(_) => Kind::Moment,
            Term::Id(_) => Kind::Id,
        };
        let name = short(&operand.to_string());
        let side = Side { bound: Bound::Known(Datum::Null), kind, name };
        let bound = Bound::Known(self.coerced(operand, &side)?);
        Ok(Side { bound, ..side })
    }

    /// A value that is written out, as the kind it is compared with.
    fn coerced(&self, operand: &Operand, side: &Side) -> Result<Datum<'static>, Fault> {
        if let (Kind::Words(words), Some(word)) = (side.kind, written_word(&operand.term)) {
            return self.known_words(words, word, operand.place, side);
        }
        let value = match (&operand.term, side.kind) {
            (Term::Null, _) => Some(Datum::Null),
            (Term::Flag(flag), Kind::Flag) => Some(Datum::Flag(*flag)),
            (Term::Whole(number), Kind::Whole | Kind::Real) => Some(Datum::Whole(*number)),
            (Term::Real(number), Kind::Whole | Kind::Real) => Some(Datum::Real(*number)),
            (Term::Moment(at), Kind::Moment) => Some(Datum::Moment(*at)),
            (Term::Text(text), Kind::Moment) => parse_moment(text).map(Datum::Moment),
            (Term::Id(id), Kind::Id) => Some(Datum::Id(*id)),
            (Term::Text(text), Kind::Id) => text.parse().ok().map(Datum::Id),
            (Term::Id(id), Kind::Text) => Some(Datum::Text(Cow::Owned(id.to_string()))),
            (Term::Text(text), Kind::Text) => Some(Datum::Text(Cow::Owned(text.clone()))),
            (_, _) => None,
        };
        value.ok_or_else(|| self.fault(operand.place, What::mismatch(side.name.clone(), side.kind)))
    }

    /// One word of an enumeration, or several with commas between.
    fn known_words(
        &self,
        words: &[&'static str],
        word: &str,
        place: Place,
        side: &Side,
    ) -> Result<Datum<'static>, Fault> {
        let known: Option<Vec<&str>> =
            word.split(',').map(|word| find_word(words, word.trim())).collect();
        let known = known.map(|known| Datum::Text(Cow::Owned(known.join(","))));
        known.ok_or_else(|| {
            let name = self.schema.find(&side.name).map(|number| self.schema.properties[number]);
            let name = name.map_or("the property", |property| property.name);
            self.fault(place, What::NoSuchWord { name, word: short(word) })
        })
    }

    fn fault(&self, place: Place, what: What) -> Fault {
        Fault::at(self.text, place.0, what)
    }
}

fn written_word(term: &Term) -> Option<&str> {
    match term {
        Term::Text(word) | Term::Word { word, entity: _ } => Some(word),
        Term::Property(_)
        | Term::Lower(_)
        | Term::Upper(_)
        | Term::Null
        | Term::Flag(_)
        | Term::Whole(_)
        | Term::Real(_)
        | Term::Moment(_)
        | Term::Id(_) => None,
    }
}

/// Whether values of two kinds can be compared.
fn alike(one: Kind, other: Kind) -> bool {
    match (one, other) {
        (Kind::Text | Kind::Words(_), Kind::Text | Kind::Words(_))
        | (Kind::Whole | Kind::Real, Kind::Whole | Kind::Real)
        | (Kind::Flag, Kind::Flag)
        | (Kind::Moment, Kind::Moment)
        | (Kind::Id, Kind::Id) => true,
        (
            Kind::Text
            | Kind::Words(_)
            | Kind::Flag
            | Kind::Whole
            | Kind::Real
            | Kind::Moment
            | Kind::Id
            | Kind::Structure,
            _,
        ) => false,
    }
}
