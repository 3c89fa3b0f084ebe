use serde_json::{Value, json};

use super::*;
use crate::odata::grammar::parse_filter;
use crate::odata::property::{Documented, Kind, Property};
use crate::odata::query::Count;
use crate::odata::rows::JsonRow;
use crate::odata::strict;

const WORDS: &[&str] = &["compliant", "unknown", "inGracePeriod"];

static SCHEMA: Schema = Schema {
    entity: "microsoft.graph.thing",
    properties: &[
        Property::new("id", Kind::Id),
        Property::new("name", Kind::Text).documented(Documented::Equality),
        Property::new("state", Kind::Words(WORDS)),
        Property::new("on", Kind::Flag),
        Property::new("bytes", Kind::Whole),
        Property::new("share", Kind::Real),
        Property::new("seen", Kind::Moment).documented(Documented::Range),
        Property::new("secret", Kind::Text).unfiltered(),
        Property::new("parts", Kind::Structure),
        Property::new("actor/upn", Kind::Text),
        Property::new("flags", Kind::Words(WORDS)),
    ],
    options: &[],
    expands: &[],
    page_max: 10,
    count: Count::Told,
};

fn thing() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.special",
        "id": "07070707-0707-0707-0707-070707070707",
        "name": "Ärger in F17",
        "state": "inGracePeriod",
        "on": true,
        "bytes": 64,
        "share": 0.5,
        "seen": "2026-01-31T12:00:00Z",
        "actor": {"upn": "a@b"},
        "flags": "compliant,unknown",
    })
}

fn bound(text: &str) -> Result<Predicate, Fault> {
    Predicate::bind(&parse_filter(text)?, &SCHEMA, text)
}

fn admits(text: &str, value: &Value) -> bool {
    let predicate = bound(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    predicate.admits(&JsonRow { schema: &SCHEMA, value })
}

#[test]
fn what_is_true_of_a_row_admits_it() {
    for text in [
        "name eq 'ärger in f17'",
        "name ne 'x'",
        "startswith(name,'ÄRGER')",
        "endswith(name,'f17')",
        "contains(name,' in ')",
        "contains(tolower(name),'ärger')",
        "contains('xärger in f17x',name)",
        "name gt 'a' and name lt 'äs'",
        "state eq 'INGRACEPERIOD'",
        "state eq microsoft.graph.complianceState'inGracePeriod'",
        "state in ('unknown','inGracePeriod')",
        "startswith(state,'in')",
        "on",
        "on eq true",
        "not (on eq false)",
        "true",
        "bytes ge 64 and bytes le 64.0 and bytes lt 64.5",
        "share eq 0.5 and share gt 0",
        "seen eq 2026-01-31T13:00:00+01:00",
        "seen lt 2026-02-01",
        "seen ge '2026-01-31T12:00:00Z'",
        "id eq 07070707-0707-0707-0707-070707070707",
        "id eq '07070707-0707-0707-0707-070707070707'",
        "'07070707-0707-0707-0707-070707070707' eq id",
        "startswith(id,'0707')",
        "actor/upn eq 'A@B'",
        "flags has 'unknown'",
        "flags has microsoft.graph.x'compliant,unknown'",
        "isof('microsoft.graph.special')",
        "isof('#Microsoft.Graph.Special')",
        "name eq name",
        "1 lt 2",
        "name eq null or bytes eq 64",
    ] {
        assert!(admits(text, &thing()), "{text}");
    }
}

#[test]
fn what_is_not_true_of_a_row_does_not() {
    for text in [
        "name eq 'x'",
        "contains(name,'x')",
        "startswith(name,'a very long text that is longer than the name')",
        "state in ('unknown')",
        "not on",
        "false",
        "bytes gt 64",
        "seen lt 2026-01-31",
        "flags has 'inGracePeriod'",
        "isof('microsoft.graph.thing')",
        "name in ('a',null)",
    ] {
        assert!(!admits(text, &thing()), "{text}");
    }
}

#[test]
fn what_is_missing_is_neither_true_nor_false() {
    let nothing = json!({});
    for text in
        ["name eq null", "name ne 'a'", "on eq null", "name in (null)", "not (seen lt 2026-01-01)"]
    {
        assert!(admits(text, &nothing), "{text}");
    }
    for text in [
        "name eq 'a'",
        "contains(name,'a')",
        "not contains(name,'a')",
        "on",
        "not on",
        "seen lt 2026-01-01",
        "seen ge 2026-01-01",
        "flags has 'unknown'",
        "tolower(name) eq 'a'",
    ] {
        assert!(!admits(text, &nothing), "{text}");
    }
    assert!(admits("contains(name,'a') or true", &nothing));
    assert!(!admits("not (contains(name,'a') and true)", &nothing));
}

#[test]
fn a_comparison_that_cannot_be_meant_is_refused_with_its_place() {
    for (text, error) in [
        (
            "nme eq 'a'",
            "could not find a property named 'nme' on type 'microsoft.graph.thing' at position 1, near \"nme\"",
        ),
        (
            "on and nme",
            "could not find a property named 'nme' on type 'microsoft.graph.thing' at position 8, near \"nme\"",
        ),
        (
            "name eq 5",
            "name is a text in single quotes; this value is not, at position 9, near \"5\"",
        ),
        ("bytes eq '5'", "bytes is a number; this value is not, at position 10, near \"'5'\""),
        ("on eq 'true'", "on is true or false; this value is not, at position 7, near \"'true'\""),
        (
            "seen gt 'yesterday'",
            "seen is a date and time; this value is not, at position 9, near \"'yesterday'\"",
        ),
        ("id eq '5'", "id is a UUID; this value is not, at position 7, near \"'5'\""),
        (
            "state eq 'complaint'",
            "state has no value 'complaint' at position 10, near \"'complaint'\"",
        ),
        (
            "state gt 'unknown'",
            "state has no order; compare it with eq, ne or in at position 1, near \"state\"",
        ),
        ("on le true", "on has no order; compare it with eq, ne or in at position 1, near \"on\""),
        ("secret eq 'a'", "secret cannot be filtered or sorted by at position 1, near \"secret\""),
        (
            "startswith(secret,'a')",
            "secret cannot be filtered or sorted by at position 12, near \"secret\"",
        ),
        ("parts eq null", "parts cannot be filtered or sorted by at position 1, near \"parts\""),
        (
            "contains(bytes,'6')",
            "bytes is a number; this value is not, at position 10, near \"bytes\"",
        ),
        (
            "name",
            "expected something that is true or false, found a value that is neither; at position 1, near \"name\"",
        ),
        (
            "name eq bytes",
            "name is a text in single quotes; this value is not, at position 9, near \"bytes\"",
        ),
        (
            "name in ('a',5)",
            "name is a text in single quotes; this value is not, at position 14, near \"5\"",
        ),
    ] {
        assert_eq!(bound(text).expect_err(text).to_string(), error, "{text}");
    }
}

#[test]
fn strictly_only_what_is_documented_may_be_asked() {
    let checked = |text: &str| strict::check(&parse_filter(text).unwrap(), &SCHEMA, text);
    for text in [
        "name eq 'a'",
        "name eq 'a' or name eq 'b'",
        "(name eq 'a' or name eq 'b') and seen gt 2026-01-01 and seen lt 2026-02-01",
    ] {
        assert_eq!(checked(text), Ok(()), "{text}");
    }
    for text in [
        "name ne 'a'",
        "seen ge 2026-01-01",
        "seen eq 2026-01-01",
        "seen gt 2026-01-01 or seen lt 2026-01-01",
        "not (name eq 'a')",
        "startswith(name,'a')",
        "state eq 'unknown'",
        "name in ('a')",
        "isof('microsoft.graph.x')",
        "on",
        "name eq 'a' or (name eq 'b' and name eq 'c')",
    ] {
        let error = checked(text).expect_err(text).to_string();
        assert!(error.starts_with("the service's documentation does not list"), "{text}: {error}");
    }
}
