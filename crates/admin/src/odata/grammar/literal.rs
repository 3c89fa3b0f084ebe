//! Values as they are written out.

use jiff::civil::DateTime;
use jiff::{SignedDuration, civil};
use uuid::Uuid;
use winnow::Parser as _;
use winnow::combinator::{not, opt, terminated};
use winnow::token::{one_of, take, take_while};

use super::{Input, Parsed, is_name_char, trouble};
use crate::odata::ast::Term;
use crate::odata::fault::What;
use crate::odata::moment::Moment;

/// Characters of a UUID.
const ID_CHARS: usize = 36;

/// Where a UUID has its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// A value that is written out; `None` if a name stands there.
pub(super) fn literal(input: &mut Input<'_>) -> Parsed<Option<Term>> {
    let text = input.input;
    if text.starts_with('\'') {
        return quoted(input).map(|text| Some(Term::Text(text)));
    }
    if let Some(id) = leading_id(text) {
        take(ID_CHARS).parse_next(input)?;
        return Ok(Some(Term::Id(id)));
    }
    if is_date(text) {
        return moment(input).map(Some);
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return number(input).map(Some);
    }
    let word = &text[..text.find(|c| !is_word_char(c)).unwrap_or(text.len())];
    let constant = CONSTANTS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    if let Some((name, term)) = constant {
        take(name.len()).parse_next(input)?;
        return Ok(Some(term.clone()));
    }
    Ok(None)
}

const CONSTANTS: [(&str, Term); 3] =
    [("null", Term::Null), ("true", Term::Flag(true)), ("false", Term::Flag(false))];

const fn is_word_char(c: char) -> bool {
    is_name_char(c) || c == '.' || c == '/' || c == '('
}

/// A text in single quotes; a quote inside is doubled.
pub(super) fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let start = *input;
    '\''.parse_next(input)?;
    let mut text = up_to_quote(input, &start)?.to_owned();
    while opt('\'').parse_next(input)?.is_some() {
        text.push('\'');
        text.push_str(up_to_quote(input, &start)?);
    }
    Ok(text)
}

fn up_to_quote<'a>(input: &mut Input<'a>, start: &Input<'a>) -> Parsed<&'a str> {
    let part = opt(terminated(take_while(0.., |c| c != '\''), '\'')).parse_next(input)?;
    part.ok_or_else(|| trouble(start, What::QuoteExpected))
}

fn leading_id(text: &str) -> Option<Uuid> {
    let id = text.get(..ID_CHARS)?;
    let ends = !text[ID_CHARS..].starts_with(|c: char| is_name_char(c) || c == '-');
    let dashed = id.bytes().enumerate().all(|(index, byte)| {
        if DASHES.contains(&index) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    });
    (ends && dashed).then(|| id.parse().ok()).flatten()
}

fn is_date(text: &str) -> bool {
    let mut bytes = text.bytes();
    let year = bytes.by_ref().take(4).filter(u8::is_ascii_digit).count() == 4;
    year && bytes.next() == Some(b'-') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

/// `2026-01-31`, `2026-01-31T12:00:00Z`, with a fraction and an offset if need be.
fn moment(input: &mut Input<'_>) -> Parsed<Term> {
    let before = *input;
    let chars =
        |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | '+' | 'T' | 't' | 'Z' | 'z');
    let text: &str = take_while(1.., chars).parse_next(input)?;
    parse_moment(text).map(Term::Moment).ok_or_else(|| trouble(&before, What::DATE))
}

/// Reads a date, with or without a time of day; without an offset it is in UTC.
pub(crate) fn parse_moment(text: &str) -> Option<Moment> {
    let Some(at) = text.find(['T', 't']) else {
        let date: civil::Date = text.parse().ok()?;
        return Moment::from_civil(date.at(0, 0, 0, 0));
    };
    let (date, time) = (&text[..at], &text[at + 1..]);
    let (clock, offset) = split_offset(time)?;
    let date: civil::Date = date.parse().ok()?;
    let clock: civil::Time = clock.parse().ok()?;
    let utc: DateTime = date.to_datetime(clock).checked_sub(offset).ok()?;
    Moment::from_civil(utc)
}

/// Splits `12:00:00+02:00` into the time of day and the offset.
fn split_offset(time: &str) -> Option<(&str, SignedDuration)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, SignedDuration::ZERO));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, SignedDuration::ZERO));
    };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let size = SignedDuration::from_mins(i64::from(hours) * 60 + i64::from(minutes));
    let offset = if time[at..].starts_with('-') { -size } else { size };
    (hours < 24 && minutes < 60).then_some((&time[..at], offset))
}

/// A whole number, or one with a fraction or an exponent.
fn number(input: &mut Input<'_>) -> Parsed<Term> {
    let before = *input;
    let fraction = opt(('.', digits));
    let exponent = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digits));
    let shape = (opt('-'), digits, fraction, exponent, not(super::name_char)).take();
    let text: Option<&str> = opt(shape).parse_next(input)?;
    let text = text.ok_or_else(|| trouble(&before, What::VALUE))?;
    if let Ok(whole) = text.parse() {
        return Ok(Term::Whole(whole));
    }
    let real = text.parse().ok().filter(|real: &f64| real.is_finite());
    real.map(Term::Real).ok_or_else(|| trouble(&before, What::NUMBER))
}

fn digits(input: &mut Input<'_>) -> Parsed<usize> {
    take_while(1.., |c: char| c.is_ascii_digit()).map(str::len).parse_next(input)
}
