//! The grammar of `$filter` and `$orderby`.
//!
//! Source: OData 4.01, part 2, section 5.1.1 and the ABNF, of which this is the part that Graph's
//! documentation and its clients use. Keywords have no letter case (OData 4.01).

mod literal;

pub(crate) use self::literal::parse_moment;

use winnow::ascii::{Caseless, space0};
use winnow::combinator::{delimited, not, opt, peek, separated, terminated};
use winnow::error::{ErrMode, ParserError};
use winnow::stream::Stateful;
use winnow::token::{one_of, take_while};
use winnow::{ModalResult, Parser as _};

use crate::odata::ast::{Comparison, Filter, Match, Operand, Place, Term};
use crate::odata::fault::{Fault, What};

/// Longest text of a filter, in bytes. A request line has room for more.
pub(crate) const FILTER_BYTES_MAX: usize = 8 * 1024;

/// How deep parentheses, `not` and functions may stand in each other.
pub(crate) const DEPTH_MAX: usize = 32;

/// How many values a filter may have.
pub(crate) const VALUES_MAX: usize = 512;

/// How many keys a list may be sorted by.
pub(crate) const ORDER_KEYS_MAX: usize = 5;

/// How the names of this server's own properties begin; they alone have dashes.
const OWN_PREFIX: &str = "x-muster-";

/// What is read, with what may still come of it.
type Input<'a> = Stateful<&'a str, Budget>;

type Parsed<T> = ModalResult<T, Trouble>;

#[derive(Clone, Copy, Debug)]
struct Budget {
    /// Bytes of the whole text.
    bytes: usize,
    depth: usize,
    values: usize,
}

/// Where reading stopped, counted from the end, and why.
#[derive(Clone, Debug)]
struct Trouble {
    remaining: usize,
    what: What,
}

impl<'a> ParserError<Input<'a>> for Trouble {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        Self { remaining: input.input.len(), what: What::Expected("a value") }
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// A key a list is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderKey {
    pub(crate) place: Place,
    pub(crate) property: String,
    pub(crate) direction: Direction,
}

/// Which end of a sorted list comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// Reads a filter.
///
/// # Errors
/// [`Fault`] where the text is no filter or goes beyond a limit.
pub(crate) fn parse_filter(text: &str) -> Result<Filter, Fault> {
    read_all(text, any)
}

/// Reads the keys of `$orderby`.
///
/// # Errors
/// [`Fault`] where the text is no list of keys.
pub(crate) fn parse_order(text: &str) -> Result<Vec<OrderKey>, Fault> {
    read_all(text, |input| separated(1..=ORDER_KEYS_MAX, order_key, comma).parse_next(input))
}

fn read_all<T>(text: &str, mut parse: impl FnMut(&mut Input<'_>) -> Parsed<T>) -> Result<T, Fault> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(Fault::at(text, FILTER_BYTES_MAX, What::TooLong));
    }
    let budget = Budget { bytes: text.len(), depth: DEPTH_MAX, values: VALUES_MAX };
    let mut input = Stateful { input: text, state: budget };
    space0::<_, ErrMode<Trouble>>.parse_next(&mut input).unwrap_or_default();
    let parsed = parse(&mut input).and_then(|parsed| {
        space0.parse_next(&mut input)?;
        if input.input.is_empty() { Ok(parsed) } else { Err(trouble(&input, What::EndExpected)) }
    });
    parsed.map_err(|mode| match mode {
        ErrMode::Backtrack(trouble) | ErrMode::Cut(trouble) => {
            Fault::at(text, text.len() - trouble.remaining, trouble.what)
        }
        ErrMode::Incomplete(_) => Fault::at(text, text.len(), What::Expected("more")),
    })
}

/// `all or all`
fn any(input: &mut Input<'_>) -> Parsed<Filter> {
    let mut parts = vec![all(input)?];
    while keyword(input, "or")? {
        parts.push(all(input)?);
    }
    Ok(one_or(parts, Filter::Any))
}

/// `test and test`
fn all(input: &mut Input<'_>) -> Parsed<Filter> {
    let mut parts = vec![test(input)?];
    while keyword(input, "and")? {
        parts.push(test(input)?);
    }
    Ok(one_or(parts, Filter::All))
}

fn one_or(mut parts: Vec<Filter>, many: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn test(input: &mut Input<'_>) -> Parsed<Filter> {
    if opt((Caseless("not"), not(name_char), space0)).parse_next(input)?.is_some() {
        let inner = deeper(input, negated)?;
        return Ok(Filter::Not(Box::new(inner)));
    }
    match condition(input)? {
        Some(condition) => compared_with_flag(input, condition),
        None => relation(input),
    }
}

/// What `not` is about. It binds closer than a comparison, so one that follows would mean
/// something else than it seems to.
fn negated(input: &mut Input<'_>) -> Parsed<Filter> {
    let inner = match condition(input)? {
        Some(condition) => condition,
        None => Filter::Holds(operand(input)?),
    };
    let before = *input;
    if comparison(input)?.is_some() || keyword(input, "in")? || keyword(input, "has")? {
        return Err(trouble(&before, What::NotWithoutParentheses));
    }
    Ok(inner)
}

/// What is a condition from its first letter on: a group or a function that answers yes or no.
fn condition(input: &mut Input<'_>) -> Parsed<Option<Filter>> {
    if opt(('(', space0)).parse_next(input)?.is_some() {
        let inner = deeper(input, any)?;
        close(input)?;
        return Ok(Some(inner));
    }
    let before = *input;
    let Some(name) = opt(terminated(name, ('(', space0))).parse_next(input)? else {
        return Ok(None);
    };
    if let Some(how) = Match::ALL.into_iter().find(|how| name.eq_ignore_ascii_case(how.name())) {
        return deeper(input, |input| text_match(input, how)).map(Some);
    }
    if name.eq_ignore_ascii_case("isof") {
        return is_of(input).map(Some);
    }
    if is_text_function(name) {
        *input = Stateful { input: before.input, state: input.state };
        return Ok(None);
    }
    Err(trouble(&before, What::function(name)))
}

fn is_text_function(name: &str) -> bool {
    name.eq_ignore_ascii_case("tolower") || name.eq_ignore_ascii_case("toupper")
}

/// The rest of `contains(text,part)`.
fn text_match(input: &mut Input<'_>, how: Match) -> Parsed<Filter> {
    let text = operand(input)?;
    comma(input)?;
    let part = operand(input)?;
    close(input)?;
    Ok(Filter::Match { how, text, part })
}

/// The rest of `isof('type')`.
fn is_of(input: &mut Input<'_>) -> Parsed<Filter> {
    let before = *input;
    let entity = match operand(input)?.term {
        Term::Text(entity) | Term::Property(entity) => entity,
        Term::Lower(_)
        | Term::Upper(_)
        | Term::Null
        | Term::Flag(_)
        | Term::Whole(_)
        | Term::Real(_)
        | Term::Moment(_)
        | Term::Id(_)
        | Term::Word { .. } => return Err(trouble(&before, What::Expected("the name of a type"))),
    };
    close(input)?;
    Ok(Filter::IsOf(entity))
}

/// `(condition) eq true`, which says the condition once more.
fn compared_with_flag(input: &mut Input<'_>, condition: Filter) -> Parsed<Filter> {
    let before = *input;
    let Some(how) = comparison(input)? else {
        return Ok(condition);
    };
    let with = *input;
    let flag = match operand(input)?.term {
        Term::Flag(flag) => flag,
        Term::Property(_)
        | Term::Lower(_)
        | Term::Upper(_)
        | Term::Null
        | Term::Whole(_)
        | Term::Real(_)
        | Term::Text(_)
        | Term::Moment(_)
        | Term::Id(_)
        | Term::Word { .. } => return Err(trouble(&with, What::Expected("true or false"))),
    };
    match (how, flag) {
        (Comparison::Equal, true) | (Comparison::NotEqual, false) => Ok(condition),
        (Comparison::Equal, false) | (Comparison::NotEqual, true) => {
            Ok(Filter::Not(Box::new(condition)))
        }
        (
            Comparison::Greater
            | Comparison::GreaterOrEqual
            | Comparison::Less
            | Comparison::LessOrEqual,
            _,
        ) => Err(trouble(&before, What::Expected("eq, ne, and, or, or the end"))),
    }
}

/// `left how right`, `one in (of)`, `all has one`, or a value alone.
fn relation(input: &mut Input<'_>) -> Parsed<Filter> {
    let left = operand(input)?;
    if let Some(how) = comparison(input)? {
        let right = operand(input)?;
        return Ok(Filter::Compare { left, how, right });
    }
    if keyword(input, "in")? {
        return Ok(Filter::In { one: left, of: list(input)? });
    }
    if keyword(input, "has")? {
        return Ok(Filter::Has { all: left, one: operand(input)? });
    }
    Ok(Filter::Holds(left))
}

fn list(input: &mut Input<'_>) -> Parsed<Vec<Operand>> {
    if opt(('(', space0)).parse_next(input)?.is_none() {
        return Err(trouble(input, What::Expected("a list in parentheses")));
    }
    let values: Vec<Operand> = separated(1.., operand, comma).parse_next(input)?;
    close(input)?;
    Ok(values)
}

fn comparison(input: &mut Input<'_>) -> Parsed<Option<Comparison>> {
    for how in Comparison::ALL {
        if keyword(input, how.name())? {
            return Ok(Some(how));
        }
    }
    Ok(None)
}

/// A word between two parts, with the blanks around it.
fn keyword(input: &mut Input<'_>, word: &'static str) -> Parsed<bool> {
    let found = opt(delimited(space0, (Caseless(word), not(name_char)), space0)).parse_next(input);
    found.map(|found| found.is_some())
}

fn operand(input: &mut Input<'_>) -> Parsed<Operand> {
    let place = Place(input.state.bytes - input.input.len());
    let Some(values) = input.state.values.checked_sub(1) else {
        return Err(trouble(input, What::TooMany));
    };
    input.state.values = values;
    Ok(Operand { place, term: term(input)? })
}

fn term(input: &mut Input<'_>) -> Parsed<Term> {
    if let Some(literal) = literal::literal(input)? {
        return Ok(literal);
    }
    let before = *input;
    let name = opt(name).parse_next(input)?.ok_or_else(|| trouble(&before, What::VALUE))?;
    if let Some(quoted) = opt(literal::quoted).parse_next(input)? {
        return Ok(Term::Word { entity: name.to_owned(), word: quoted });
    }
    if opt(('(', space0)).parse_next(input)?.is_none() {
        return Ok(Term::Property(name.to_owned()));
    }
    if !is_text_function(name) {
        return Err(trouble(&before, What::function(name)));
    }
    let inner = Box::new(deeper(input, operand)?);
    close(input)?;
    Ok(if name.eq_ignore_ascii_case("tolower") { Term::Lower(inner) } else { Term::Upper(inner) })
}

/// `property asc`
fn order_key(input: &mut Input<'_>) -> Parsed<OrderKey> {
    let place = Place(input.state.bytes - input.input.len());
    let property = opt(name).parse_next(input)?;
    let property = property.ok_or_else(|| trouble(input, What::Expected("a property")))?;
    let direction = if keyword(input, "desc")? {
        Direction::Descending
    } else {
        keyword(input, "asc")?;
        Direction::Ascending
    };
    Ok(OrderKey { place, property: property.to_owned(), direction })
}

/// A name: of a property, with the path to it, of a function or of a type.
fn name<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    let own = opt(peek(Caseless(OWN_PREFIX))).parse_next(input)?;
    if own.is_some() {
        return take_while(1.., |c: char| is_name_char(c) || c == '-').parse_next(input);
    }
    peek(one_of(|c: char| c.is_ascii_alphabetic() || c == '_')).parse_next(input)?;
    take_while(1.., |c: char| is_name_char(c) || c == '.' || c == '/').parse_next(input)
}

fn name_char(input: &mut Input<'_>) -> Parsed<char> {
    one_of(is_name_char).parse_next(input)
}

const fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn comma(input: &mut Input<'_>) -> Parsed<()> {
    punctuation(input, ',', What::Expected("a comma"))
}

fn close(input: &mut Input<'_>) -> Parsed<()> {
    punctuation(input, ')', What::Expected("a closing parenthesis"))?;
    Ok(())
}

/// A sign with blanks around it; those after a closing parenthesis belong to what follows.
fn punctuation(input: &mut Input<'_>, sign: char, what: What) -> Parsed<()> {
    let before = *input;
    let found = opt((space0, sign)).parse_next(input)?;
    if found.is_none() {
        return Err(ErrMode::Backtrack(Trouble {
            remaining: before.input.trim_start().len(),
            what,
        }));
    }
    if sign == ',' {
        space0.parse_next(input)?;
    }
    Ok(())
}

fn deeper<T>(
    input: &mut Input<'_>,
    mut parse: impl FnMut(&mut Input<'_>) -> Parsed<T>,
) -> Parsed<T> {
    let Some(depth) = input.state.depth.checked_sub(1) else {
        return Err(trouble(input, What::TooDeep));
    };
    input.state.depth = depth;
    let parsed = parse(input);
    input.state.depth += 1;
    parsed
}

/// An error nothing else is tried after.
fn trouble(input: &Input<'_>, what: What) -> ErrMode<Trouble> {
    ErrMode::Cut(Trouble { remaining: input.input.len(), what })
}

#[cfg(test)]
mod tests;
