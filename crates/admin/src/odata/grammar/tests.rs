use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::odata::moment::Moment;

fn filter(text: &str) -> Filter {
    parse_filter(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn canonical(text: &str) -> String {
    filter(text).to_string()
}

#[test]
fn filters_of_scripts_are_read() {
    for text in [
        "deviceName eq 'F17-1'",
        "operatingSystem eq 'iOS' and isSupervised eq true",
        "lastSyncDateTime le 2026-01-31T12:00:00Z",
        "managementAgent eq 'mdm' or managementAgent eq 'easMdm'",
        "startswith(deviceName,'F17')",
        "not (contains(deviceName,'x'))",
        "id eq 07070707-0707-0707-0707-070707070707",
        "userId in ('a','b')",
        "isof('microsoft.graph.iosGeneralDeviceConfiguration')",
        "complianceState eq microsoft.graph.complianceState'compliant'",
        "x-muster-activation-lock eq 'on'",
        "tolower(deviceName) eq 'a' and toupper(deviceName) ne 'B'",
        "actor/userPrincipalName eq null",
        "usersLoggedOn has 'a'",
        "totalStorageSpaceInBytes gt 64000000000 or totalStorageSpaceInBytes lt -1.5",
        "isSupervised",
    ] {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn writing_varies_and_the_canonical_text_does_not() {
    for (text, same) in [
        (" deviceName  EQ 'a' ", "deviceName eq 'a'"),
        ("(((deviceName eq 'a')))", "deviceName eq 'a'"),
        ("a eq 1 and b eq 2 and c eq 3", "a eq 1 and b eq 2 and c eq 3"),
        ("a eq 1 or b eq 2 and c eq 3", "a eq 1 or (b eq 2 and c eq 3)"),
        ("(a eq 1 or b eq 2) and c eq 3", "(a eq 1 or b eq 2) and c eq 3"),
        ("(a eq 1)and(b eq 2)", "a eq 1 and b eq 2"),
        ("not contains( a , 'b' )", "not (contains(a,'b'))"),
        ("contains(a,'b') eq true", "contains(a,'b')"),
        ("contains(a,'b') eq false", "not (contains(a,'b'))"),
        ("(a eq 1) ne true", "not (a eq 1)"),
        ("NOT startsWith(a,'b')", "not (startswith(a,'b'))"),
        ("a eq 2026-01-31", "a eq 2026-01-31T00:00:00Z"),
        ("a eq 2026-01-31T02:00:00.5+02:00", "a eq 2026-01-31T00:00:00.5Z"),
        ("a eq 2026-01-31T12:00Z", "a eq 2026-01-31T12:00:00Z"),
        ("a in ( 'x' , 'y' )", "a in ('x','y')"),
        ("isof(microsoft.graph.x)", "isof('microsoft.graph.x')"),
        ("a eq NULL", "a eq null"),
        ("a eq 9223372036854775808", "a eq 9.223372036854776e18"),
    ] {
        assert_eq!(canonical(text), same, "{text}");
    }
}

#[test]
fn a_quote_inside_a_text_is_doubled() {
    let Filter::Compare { right, .. } = filter("a eq 'O''Brien'''") else { panic!("a comparison") };
    assert_eq!(right.term, Term::Text("O'Brien'".to_owned()));
}

#[test]
fn and_binds_closer_than_or() {
    let Filter::Any(parts) = filter("a eq 1 or b eq 2 and c eq 3") else { panic!("an or") };
    assert!(matches!(parts[1], Filter::All(_)));
}

#[test]
fn an_error_says_what_is_wrong_and_where() {
    for (text, error) in [
        (
            "",
            "expected a property or a value; a text stands in single quotes at position 1, the end",
        ),
        (
            "a eq",
            "expected a property or a value; a text stands in single quotes at position 5, the end",
        ),
        ("a == 'b'", "expected an operator, and, or, or the end at position 3, near \"==\""),
        (
            "a eq \"b\"",
            "expected a property or a value; a text stands in single quotes at position 6, near \"\"b\"\"",
        ),
        (
            "é eq 'x",
            "expected a property or a value; a text stands in single quotes at position 1, near \"é\"",
        ),
        (
            "a eq 'x",
            "the text is not closed: expected a single quote; one inside a text is doubled at position 6, near \"'x\"",
        ),
        ("(a eq 1", "expected a closing parenthesis at position 8, the end"),
        ("a eq 1) or", "expected an operator, and, or, or the end at position 7, near \")\""),
        (
            "a eq 1 or",
            "expected a property or a value; a text stands in single quotes at position 10, the end",
        ),
        (
            "not a eq 1",
            "write what not is about in parentheses, as in not (a eq b); at position 7, near \"eq\"",
        ),
        ("contains(a)", "expected a comma at position 11, near \")\""),
        (
            "length(a) eq 1",
            "the function length is not served here; at position 1, near \"length(a\"",
        ),
        (
            "a/any(x:x eq 1)",
            "any and all over the parts of a property are not served here; at position 1, near \"a/any(x:x\"",
        ),
        (
            "a eq 2026-13-01",
            "expected a date such as 2026-01-31T12:00:00Z at position 6, near \"2026-13-01\"",
        ),
        ("a eq 1e999", "expected a number of 64 bits at position 6, near \"1e999\""),
        ("a in 'x'", "expected a list in parentheses at position 6, near \"'x'\""),
        ("(a eq 1) gt true", "expected eq, ne, and, or, or the end at position 10, near \"gt\""),
    ] {
        let fault = parse_filter(text).unwrap_err();
        assert_eq!(fault.to_string(), error, "{text}");
    }
}

#[test]
fn limits_hold() {
    let deep = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse_filter(&deep(DEPTH_MAX)).is_ok());
    assert_eq!(parse_filter(&deep(DEPTH_MAX + 1)).unwrap_err().what(), &What::TooDeep);
    for opening in ["not (", "tolower(", "("] {
        let refused = parse_filter(&opening.repeat(1000)).unwrap_err();
        assert_eq!(refused.what(), &What::TooDeep, "{opening}");
    }
    let many = |values: usize| format!("a in ({})", vec!["1"; values].join(","));
    assert!(parse_filter(&many(VALUES_MAX - 1)).is_ok());
    assert_eq!(parse_filter(&many(VALUES_MAX)).unwrap_err().what(), &What::TooMany);
    let long = |bytes: usize| format!("a eq '{}'", "x".repeat(bytes - "a eq ''".len()));
    assert!(parse_filter(&long(FILTER_BYTES_MAX)).is_ok());
    assert_eq!(parse_filter(&long(FILTER_BYTES_MAX + 1)).unwrap_err().what(), &What::TooLong);
}

#[test]
fn lists_are_sorted_by_several_keys() {
    let keys = parse_order("deviceName desc, enrolledDateTime,model asc").unwrap();
    let keys: Vec<_> = keys.into_iter().map(|key| (key.property, key.direction)).collect();
    let expected = [
        ("deviceName", Direction::Descending),
        ("enrolledDateTime", Direction::Ascending),
        ("model", Direction::Ascending),
    ];
    assert_eq!(keys, expected.map(|(name, direction)| (name.to_owned(), direction)));
    for bad in ["", "a b", "a desc desc", "a,,b", "a,", "'a'", "a,b,c,d,e,f"] {
        assert!(parse_order(bad).is_err(), "{bad}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "(x-muster-[a-z]{1,4}|[a-z]{2,6}Time|[a-z]{2,5}/[a-z]{2,5})"
}

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        name().prop_map(Term::Property),
        Just(Term::Null),
        prop::bool::ANY.prop_map(Term::Flag),
        prop::num::i64::ANY.prop_map(Term::Whole),
        prop::num::f64::NORMAL.prop_map(Term::Real),
        "\\PC{0,6}".prop_map(Term::Text),
        "'{0,3}[a-z]?'{0,3}".prop_map(Term::Text),
        (Moment::NEVER.ticks()..=Moment::FOR_EVER.ticks())
            .prop_map(|ticks| Term::Moment(Moment::from_ticks(ticks).expect("in the calendar"))),
        prop::num::u128::ANY.prop_map(|id| Term::Id(Uuid::from_u128(id))),
        ("microsoft\\.graph\\.[a-z]{2,5}", "[a-z']{0,4}")
            .prop_map(|(entity, word)| Term::Word { entity, word }),
    ];
    leaf.prop_recursive(2, 4, 1, |inner| {
        let inner = inner.prop_map(|term| Box::new(operand_of(term)));
        prop_oneof![inner.clone().prop_map(Term::Lower), inner.prop_map(Term::Upper)]
    })
}

fn operand_of(term: Term) -> Operand {
    Operand { place: Place::default(), term }
}

fn any_operand() -> impl Strategy<Value = Operand> {
    term().prop_map(operand_of)
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let comparison = prop::sample::select(Comparison::ALL.to_vec());
    let match_ = prop::sample::select(Match::ALL.to_vec());
    let leaf =
        prop_oneof![
            any_operand().prop_map(Filter::Holds),
            (any_operand(), comparison, any_operand())
                .prop_map(|(left, how, right)| Filter::Compare { left, how, right }),
            (any_operand(), prop::collection::vec(any_operand(), 1..4))
                .prop_map(|(one, of)| Filter::In { one, of }),
            (any_operand(), any_operand()).prop_map(|(all, one)| Filter::Has { all, one }),
            (match_, any_operand(), any_operand()).prop_map(|(how, text, part)| Filter::Match {
                how,
                text,
                part
            }),
            "[a-z.]{0,9}".prop_map(Filter::IsOf),
        ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

/// Text near what filters are made of.
fn near() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "deviceName",
        "eq",
        "and",
        "or",
        "not",
        "in",
        "has",
        "(",
        ")",
        ",",
        "'",
        "''",
        " ",
        "null",
        "true",
        "contains(",
        "isof(",
        "tolower(",
        "2026-01-01",
        "T12:00:00Z",
        "-1",
        ".5",
        "e9",
        "07070707-0707-0707-0707-070707070707",
        "microsoft.graph.x'",
        "x-muster-",
        "é",
        "\u{0}",
        "a/any(",
        "+",
        "/",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(filter in any_filter()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= FILTER_BYTES_MAX);
        match parse_filter(&text) {
            Ok(read) => prop_assert_eq!(read, filter, "{}", text),
            Err(fault) => prop_assert!(false, "{}: {}", text, fault),
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in prop_oneof!["\\PC{0,60}", near()]) {
        let read = parse_filter(&text);
        let _order = parse_order(&text);
        if let Ok(filter) = read {
            prop_assert_eq!(parse_filter(&filter.to_string()), Ok(filter));
        } else if let Err(fault) = read {
            prop_assert!(!fault.to_string().is_empty());
        }
    }
}
