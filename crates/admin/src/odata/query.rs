//! The query options this API knows: of OData `$top`, `$skiptoken`, `$count` and `$select`, and
//! of its own `x-muster-activation-lock` with the values `on` and `off`.
//!
//! Graph shows the Activation Lock of a device nowhere, so that the report of all devices that
//! have it on needs an option of this server's own.
//!
//! An option that is not served is refused by name, never ignored: a filter that does nothing
//! would have a script wipe the wrong devices.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::Uri;
use muster_protocol::DeviceId;
use muster_protocol::status::Switch;
use serde_json::{Map, Value};

use crate::devices::page::PAGE_DEVICES_MAX;
use crate::devices::properties::{self, ACTIVATION_LOCK};

/// Characters of a client's text that are repeated in an error.
const ECHO_CHARS_MAX: usize = 64;

/// How options begin that are this server's own.
const OWN_PREFIX: &str = "x-muster-";

/// What a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListOptions {
    /// Devices on a page, at most [`PAGE_DEVICES_MAX`].
    pub(crate) top: usize,
    /// The last device of the page before.
    pub(crate) after: Option<DeviceId>,
    pub(crate) count: Count,
    pub(crate) select: Selection,
    /// Only devices whose Activation Lock stands like this; `None` for all.
    pub(crate) activation_lock: Option<Switch>,
}

/// Whether a list says how many devices there are in all.
///
/// The real service says it unasked, so only `$count=false` turns it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Told,
    Untold,
}

/// Which properties an answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// No `$select`.
    Everything,
    /// These, in the spelling of Graph.
    Named(Vec<&'static str>),
}

/// Query options that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("the query cannot be decoded")]
    Encoding,
    #[error("the query option {0} is not supported yet here")]
    NotSupported(String),
    #[error("the query option {0} stands there twice")]
    Twice(&'static str),
    #[error("$top has to be a whole number")]
    Top,
    #[error("$skiptoken is not one this server gave out")]
    SkipToken,
    #[error("$count has to be true or false")]
    Count,
    #[error("x-muster-activation-lock has to be on or off")]
    ActivationLock,
    #[error("could not find a property named '{0}' on type 'microsoft.graph.managedDevice'")]
    Property(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SystemOption {
    Top,
    SkipToken,
    Count,
    Select,
    ActivationLock,
}

impl SystemOption {
    const fn name(self) -> &'static str {
        match self {
            Self::Top => "$top",
            Self::SkipToken => "$skiptoken",
            Self::Count => "$count",
            Self::Select => "$select",
            Self::ActivationLock => ACTIVATION_LOCK,
        }
    }
}

/// Reads the options of a list.
///
/// # Errors
/// [`QueryError`] at the first option that cannot be served.
pub(crate) fn list_options(uri: &Uri) -> Result<ListOptions, QueryError> {
    use SystemOption::{ActivationLock, Count, Select, SkipToken, Top};
    let options = system_options(uri, &[Top, SkipToken, Count, Select, ActivationLock])?;
    let lock = options.get(&ActivationLock).map(|text| parse_switch(text));
    let after = options.get(&SkipToken).map(|token| parse_skip_token(token));
    Ok(ListOptions {
        top: options.get(&Top).map_or(Ok(PAGE_DEVICES_MAX), |text| parse_top(text))?,
        after: after.transpose()?,
        count: parse_count(options.get(&Count))?,
        select: parse_select(options.get(&Select))?,
        activation_lock: lock.transpose()?,
    })
}

/// Reads the options of a single device.
///
/// # Errors
/// [`QueryError`] at the first option that cannot be served.
pub(crate) fn device_options(uri: &Uri) -> Result<Selection, QueryError> {
    let options = system_options(uri, &[SystemOption::Select])?;
    parse_select(options.get(&SystemOption::Select))
}

/// Makes sure that an action has no options.
///
/// # Errors
/// [`QueryError`] at the first option.
pub(crate) fn no_options(uri: &Uri) -> Result<(), QueryError> {
    system_options(uri, &[]).map(drop)
}

/// The text a list is continued with.
pub(crate) fn skip_token(last: DeviceId) -> String {
    last.to_string().replace('-', "")
}

impl Selection {
    /// Whether a property was asked for by its name.
    pub(crate) fn names(&self, property: &str) -> bool {
        match self {
            Self::Everything => false,
            Self::Named(names) => names.contains(&property),
        }
    }

    /// Keeps what was asked for. What Graph knows and this server does not is null then.
    pub(crate) fn apply(&self, mut all: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Everything => all,
            Self::Named(names) => names
                .iter()
                .map(|name| ((*name).to_owned(), all.remove(*name).unwrap_or_default()))
                .collect(),
        }
    }
}

/// Reads the pairs that begin with `$` or as this server's own; others are the client's own and
/// mean nothing.
///
/// Source: OData 4.01 part 2, sections 5.1 (no letter case) and 5.2 (custom query options).
fn system_options(
    uri: &Uri,
    served: &[SystemOption],
) -> Result<BTreeMap<SystemOption, String>, QueryError> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = pairs.map_err(|_cause| QueryError::Encoding)?;
    let mut options = BTreeMap::new();
    for (name, value) in pairs.into_iter().filter(|(name, _)| is_ours(name)) {
        let mut candidates = served.iter().copied();
        let option = candidates
            .find(|option| option.name().eq_ignore_ascii_case(&name))
            .ok_or_else(|| QueryError::NotSupported(short(&name)))?;
        if options.insert(option, value).is_some() {
            return Err(QueryError::Twice(option.name()));
        }
    }
    Ok(options)
}

fn is_ours(name: &str) -> bool {
    let own = name.get(..OWN_PREFIX.len());
    name.starts_with('$') || own.is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX))
}

fn parse_switch(text: &str) -> Result<Switch, QueryError> {
    match text {
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        _ => Err(QueryError::ActivationLock),
    }
}

fn parse_top(text: &str) -> Result<usize, QueryError> {
    let wanted: u64 = text.parse().map_err(|_cause| QueryError::Top)?;
    Ok(usize::try_from(wanted).map_or(PAGE_DEVICES_MAX, |wanted| wanted.min(PAGE_DEVICES_MAX)))
}

fn parse_skip_token(text: &str) -> Result<DeviceId, QueryError> {
    text.parse().map_err(|_cause| QueryError::SkipToken)
}

fn parse_count(text: Option<&String>) -> Result<Count, QueryError> {
    match text.map(String::as_str) {
        None | Some("true") => Ok(Count::Told),
        Some("false") => Ok(Count::Untold),
        Some(_) => Err(QueryError::Count),
    }
}

fn parse_select(text: Option<&String>) -> Result<Selection, QueryError> {
    let names = text.map(String::as_str).unwrap_or_default().split(',').map(str::trim);
    let mut selected = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if name == "*" {
            return Ok(Selection::Everything);
        }
        let known = properties::find(name).ok_or_else(|| QueryError::Property(short(name)))?;
        if !selected.contains(&known) {
            selected.push(known);
        }
    }
    Ok(if selected.is_empty() { Selection::Everything } else { Selection::Named(selected) })
}

fn short(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(query: &str) -> Result<ListOptions, QueryError> {
        list_options(&format!("/x?{query}").parse().expect(query))
    }

    #[test]
    fn a_bare_list_is_a_full_page_of_everything() {
        let plain = ListOptions {
            top: PAGE_DEVICES_MAX,
            after: None,
            count: Count::Told,
            select: Selection::Everything,
            activation_lock: None,
        };
        assert_eq!(list_options(&Uri::from_static("/x")), Ok(plain.clone()));
        assert_eq!(list("own=1&api-version=2"), Ok(plain));
    }

    #[test]
    fn the_dollar_may_be_encoded_and_letter_case_does_not_count() {
        let options = list("%24top=5&$SELECT=deviceName%2CSerialNumber&$count=false").unwrap();
        assert_eq!(options.top, 5);
        assert_eq!(options.count, Count::Untold);
        assert_eq!(options.select, Selection::Named(vec!["deviceName", "serialNumber"]));
    }

    #[test]
    fn a_page_larger_than_the_largest_is_cut() {
        assert_eq!(
            list("$top=18446744073709551615").map(|options| options.top),
            Ok(PAGE_DEVICES_MAX)
        );
    }

    #[test]
    fn a_list_can_be_of_one_side_of_the_activation_lock() {
        let lock = |value: &str| list(&format!("X-Muster-Activation-Lock={value}"));
        assert_eq!(lock("on").map(|options| options.activation_lock), Ok(Some(Switch::On)));
        assert_eq!(lock("off").map(|options| options.activation_lock), Ok(Some(Switch::Off)));
    }

    #[test]
    fn a_skip_token_leads_back_to_its_device() {
        let last = DeviceId::from_bytes([9; 16]);
        let options = list(&format!("$skiptoken={}", skip_token(last))).unwrap();
        assert_eq!(options.after, Some(last));
    }

    #[test]
    fn an_option_that_is_not_served_is_named() {
        for option in
            ["$filter", "$orderby", "$expand", "$search", "$skip", "$format", "$", "x-muster-mode"]
        {
            let refused = list(&format!("{option}=x"));
            assert_eq!(refused, Err(QueryError::NotSupported(option.to_owned())));
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for (query, error) in [
            ("$top=-1", QueryError::Top),
            ("$top=", QueryError::Top),
            ("$top=1&$top=2", QueryError::Twice("$top")),
            ("$skiptoken=abc", QueryError::SkipToken),
            ("$count=yes", QueryError::Count),
            ("x-muster-activation-lock=true", QueryError::ActivationLock),
            ("$select=id,pinCode", QueryError::Property("pinCode".to_owned())),
        ] {
            assert_eq!(list(query), Err(error), "{query}");
        }
    }

    #[test]
    fn a_device_knows_no_option_but_select_and_an_action_none() {
        let top = Uri::from_static("/x?$top=1");
        let refused = QueryError::NotSupported("$top".to_owned());
        assert_eq!(device_options(&top), Err(refused.clone()));
        assert_eq!(no_options(&top), Err(refused));
        assert_eq!(no_options(&Uri::from_static("/x?a=b")), Ok(()));
    }
}
