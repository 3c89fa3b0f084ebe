use axum::http::Uri;
use serde_json::json;

use super::*;
use crate::odata::property::Property;
use crate::odata::strict::Filters;

static SCHEMA: Schema = Schema {
    entity: "microsoft.graph.auditEvent",
    properties: &[
        Property::new("id", Kind::Text),
        Property::new("activity", Kind::Text),
        Property::new("activityDateTime", Kind::Moment),
        Property::new("actor", Kind::Structure),
        Property::new("actor/userPrincipalName", Kind::Text),
    ],
    options: &[],
    expands: &[],
    page_max: 3,
    count: Count::Untold,
};

/// Seven events in the order they are kept: newest first.
fn events() -> Vec<Value> {
    (0..7_u8)
        .rev()
        .map(|number| {
            let activity = ["wipe ManagedDevice", "retire ManagedDevice"][usize::from(number % 2)];
            json!({
                "@odata.type": "#microsoft.graph.auditEvent",
                "id": format!("e{number}"),
                "activity": activity,
                "activityDateTime": format!("2026-01-0{}T00:00:00Z", number + 1),
                "actor": {"userPrincipalName": format!("u{}@x", number % 3)},
            })
        })
        .collect()
}

fn rules() -> QueryRules {
    QueryRules::new(b"secret", Filters::Generous)
}

fn answer(rows: &[Value], options: &str) -> Value {
    let uri: Uri = format!("/x?{}", options.replace(' ', "%20")).parse().expect(options);
    let rules = rules();
    let query = Query::read(&uri, &SCHEMA, &rules).expect(options);
    let listing =
        Listing { schema: &SCHEMA, rules: &rules, context: "c", address: "https://h/v1.0/x" };
    page(rows, &query, listing)
}

fn ids(page: &Value) -> Vec<&str> {
    page["value"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// The ids of all pages.
fn all_pages(rows: &[Value], options: &str) -> Vec<String> {
    let mut met = Vec::new();
    let mut options = options.to_owned();
    for _page in 0..20 {
        let page = answer(rows, &options);
        met.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(link) = page["@odata.nextLink"].as_str() else {
            return met;
        };
        options = link.split_once('?').expect("options").1.to_owned();
    }
    panic!("no end")
}

#[test]
fn rows_come_in_the_order_given_page_by_page() {
    let page = answer(&events(), "$top=2");
    assert_eq!(ids(&page), ["e6", "e5"]);
    assert_eq!((&page["@odata.context"], page.get("@odata.count")), (&json!("c"), None));
    assert_eq!(all_pages(&events(), ""), ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]);
}

#[test]
fn every_row_that_fits_is_met_once_in_whatever_order() {
    for (options, expected) in [
        ("$orderby=activityDateTime", vec!["e0", "e1", "e2", "e3", "e4", "e5", "e6"]),
        ("$orderby=activity desc,id", vec!["e0", "e2", "e4", "e6", "e1", "e3", "e5"]),
        ("$orderby=actor/userPrincipalName", vec!["e0", "e3", "e6", "e1", "e4", "e2", "e5"]),
        ("$filter=activity eq 'wipe ManagedDevice'", vec!["e6", "e4", "e2", "e0"]),
        ("$filter=activityDateTime gt 2026-01-05&$top=1", vec!["e6", "e5"]),
        ("$skip=5", vec!["e1", "e0"]),
        ("$skip=99", vec![]),
        ("$orderby=id&$skip=4", vec!["e4", "e5", "e6"]),
    ] {
        assert_eq!(all_pages(&events(), options), expected, "{options}");
    }
}

#[test]
fn a_page_goes_on_where_the_last_ended_though_rows_came_and_went() {
    let before = events();
    let first = answer(&before, "$top=2");
    let link = first["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
    let mut more = before.clone();
    more.insert(0, json!({"id": "e7"}));
    assert_eq!(ids(&answer(&more, &link)), ["e4", "e3"]);
    let mut fewer = before;
    fewer.remove(1);
    assert_eq!(ids(&answer(&fewer, &link)), ["e3", "e2"]);
}

#[test]
fn the_count_is_of_what_fits_and_told_if_asked() {
    let page = answer(&events(), "$count=true&$top=1&$filter=endswith(activity,'ManagedDevice')");
    assert_eq!(page["@odata.count"], 7);
    assert_eq!(answer(&events(), "$top=0&$count=true")["value"], json!([]));
}

#[test]
fn select_keeps_what_was_named_and_the_type() {
    let page = answer(&events(), "$select=id,actor&$top=1");
    assert_eq!(
        page["value"][0],
        json!({
            "@odata.type": "#microsoft.graph.auditEvent",
            "id": "e6",
            "actor": {"userPrincipalName": "u0@x"},
        })
    );
}
