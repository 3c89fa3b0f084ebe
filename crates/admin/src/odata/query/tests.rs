use super::*;
use crate::odata::property::Property;
use crate::odata::strict::Filters;

static SCHEMA: Schema = Schema {
    entity: "microsoft.graph.thing",
    properties: &[
        Property::new("id", Kind::Id),
        Property::new("deviceName", Kind::Text),
        Property::new("serialNumber", Kind::Text),
        Property::new("notes", Kind::Text).unfiltered(),
        Property::new("x-muster-lock", Kind::Words(&["on", "off"])),
    ],
    options: &["x-muster-lock"],
    expands: &["users"],
    page_max: 1000,
    count: Count::Told,
};

fn rules() -> QueryRules {
    QueryRules::new(b"secret", Filters::Generous)
}

fn read(query: &str) -> Result<Query, QueryError> {
    Query::read(&format!("/x?{query}").parse().expect(query), &SCHEMA, &rules())
}

fn error(query: &str) -> String {
    read(query).expect_err(query).to_string()
}

#[test]
fn a_bare_list_is_a_full_page_of_everything() {
    for query in ["", "own=1&api-version=2", "$select=*", "$select=", "$expand="] {
        let query = read(query).unwrap();
        assert!(query.admits_all());
        assert_eq!((query.top, query.skip, query.count), (1000, 0, Count::Told));
        assert_eq!((query.select, query.position), (Selection::Everything, None));
    }
}

#[test]
fn the_dollar_may_be_encoded_and_letter_case_does_not_count() {
    let query = read("%24top=5&$SELECT=deviceNAME%2CserialNumber,devicename&$count=False").unwrap();
    assert_eq!((query.top, query.count), (5, Count::Untold));
    assert_eq!(query.select, Selection::Named(vec![1, 2]));
}

#[test]
fn a_page_larger_than_the_largest_is_cut() {
    assert_eq!(read("$top=18446744073709551615").unwrap().top, 1000);
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (query, text) in [
        ("$top=-1", "the query option $top has to be a whole number"),
        ("$skip=x", "the query option $skip has to be a whole number"),
        ("$top=1&$TOP=2", "the query option $TOP stands there twice"),
        ("x-muster-lock=on&x-muster-lock=on", "the query option x-muster-lock stands there twice"),
        ("$skiptoken=abc", "$skiptoken is not one this server gave out for this query"),
        ("$count=yes", "$count has to be true or false"),
        ("x-muster-lock=true", "x-muster-lock has to be on or off"),
        ("x-muster-mode=a", "the query option x-muster-mode is not supported yet here"),
        ("$search=%22a%22", "the query option $search is not supported yet here"),
        ("$deltatoken=1", "the query option $deltatoken is not supported yet here"),
        ("$=1", "the query option $ is not supported yet here"),
        ("$expand=users,apps", "$expand of 'apps' is not supported yet here"),
        ("$select=id,pin", "could not find a property named 'pin' on type 'microsoft.graph.thing'"),
        (
            "$filter=a%20eq%201",
            "$filter: could not find a property named 'a' on type 'microsoft.graph.thing' at position 1, near \"a\"",
        ),
        (
            "$orderby=deviceName%20up",
            "$orderby: expected an operator, and, or, or the end at position 12, near \"up\"",
        ),
        (
            "$orderby=notes",
            "$orderby: notes cannot be filtered or sorted by at position 1, near \"notes\"",
        ),
        (
            "$orderby=id,a",
            "$orderby: could not find a property named 'a' on type 'microsoft.graph.thing' at position 4, near \"a\"",
        ),
    ] {
        assert_eq!(error(query), text, "{query}");
    }
}

/// The link behind the row `id`, read again.
fn followed(query: &str) -> (String, Query) {
    let asked = read(query).unwrap();
    let position = Position::new("7".to_owned());
    let link = asked.next_link("https://h/v1.0/x", &SCHEMA, &rules(), &position);
    let (_address, options) = link.split_once('?').expect("options");
    let next = read(options).unwrap_or_else(|error| panic!("{link}: {error}"));
    assert_eq!(next.position, Some(position));
    (link, next)
}

#[test]
fn a_link_repeats_what_was_asked_in_canonical_text() {
    let (link, next) = followed(
        "$filter=contains(devicename,%27a%20%26%20b%27)&$orderby=devicename%20desc,id&$top=2\
         &$select=serialnumber&$count=false&$expand=Users&x-muster-lock=ON&$skip=3",
    );
    let (start, _token) = link.split_once("&$skiptoken=").expect("a token");
    assert_eq!(
        start,
        "https://h/v1.0/x?$filter=contains(devicename,'a%20%26%20b')\
         &$orderby=deviceName%20desc,id&x-muster-lock=on&$select=serialNumber&$expand=users\
         &$count=false&$top=2"
    );
    assert_eq!((next.top, next.skip, next.order.len()), (2, 0, 2));
}

#[test]
fn a_token_belongs_to_its_query() {
    let (link, _next) = followed("$filter=deviceName%20eq%20%27a%27&$top=2");
    let token = link.split_once("$skiptoken=").expect("a token").1;
    assert!(read(&format!("$filter=deviceName%20EQ%20(%27a%27)&$skiptoken={token}")).is_err());
    for same in ["deviceName%20EQ%20%27a%27", "(deviceName%20eq%20%27a%27)"] {
        assert!(read(&format!("$filter={same}&$top=9&$skiptoken={token}")).is_ok(), "{same}");
    }
    for other in ["$filter=deviceName%20eq%20%27b%27&", "$orderby=id&", "x-muster-lock=on&", ""] {
        assert_eq!(read(&format!("{other}$skiptoken={token}")).unwrap_err(), QueryError::SkipToken);
    }
    let both = read(&format!("$filter=deviceName%20eq%20%27a%27&$skip=1&$skiptoken={token}"));
    assert_eq!(both.unwrap_err(), QueryError::SkipTwice);
}

#[test]
fn a_filter_that_wants_two_values_at_once_is_noticed() {
    let query = |filter: &str| read(&format!("$filter={}", filter.replace(' ', "%20"))).unwrap();
    let never = query("deviceName eq 'mdm' and devicename eq 'easmdm'");
    assert_eq!(never.contradiction(), Some("devicename"));
    for fine in [
        "deviceName eq 'a' or deviceName eq 'b'",
        "deviceName eq 'a' and deviceName eq 'a'",
        "deviceName eq 'a' and serialNumber eq 'b'",
        "deviceName eq serialNumber and deviceName eq 'a'",
    ] {
        assert_eq!(query(fine).contradiction(), None, "{fine}");
    }
}

#[test]
fn one_row_knows_no_option_but_select_and_expand_and_an_action_none() {
    let one = |query: &str| read_one(&format!("/x?{query}").parse().expect(query), &SCHEMA);
    assert_eq!(one("$select=notes&$expand=users"), Ok(Selection::Named(vec![3])));
    assert_eq!(one("$top=1"), Err(QueryError::NotSupported("$top".to_owned())));
    let lock = QueryError::NotSupported("x-muster-lock".to_owned());
    assert_eq!(one("x-muster-lock=on"), Err(lock));
    assert!(no_options(&"/x?$select=id".parse().unwrap()).is_err());
    assert_eq!(no_options(&"/x?a=b".parse().unwrap()), Ok(()));
}
