//! The pairs of a query that mean something here.

use std::collections::BTreeMap;

use axum::extract::Query as Pairs;
use axum::http::Uri;

use super::QueryError;
use crate::odata::fault::short;

/// How options begin that are this server's own.
const OWN_PREFIX: &str = "x-muster-";

/// The options of OData that are served somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemOption {
    Filter,
    OrderBy,
    Select,
    Expand,
    Top,
    Skip,
    SkipToken,
    Count,
}

impl SystemOption {
    /// Those of a list.
    pub(crate) const LIST: &[Self] = &[
        Self::Filter,
        Self::OrderBy,
        Self::Select,
        Self::Expand,
        Self::Top,
        Self::Skip,
        Self::SkipToken,
        Self::Count,
    ];

    /// Those of a single row.
    pub(crate) const ONE: &[Self] = &[Self::Select, Self::Expand];

    const fn name(self) -> &'static str {
        match self {
            Self::Filter => "$filter",
            Self::OrderBy => "$orderby",
            Self::Select => "$select",
            Self::Expand => "$expand",
            Self::Top => "$top",
            Self::Skip => "$skip",
            Self::SkipToken => "$skiptoken",
            Self::Count => "$count",
        }
    }
}

/// The options of a request, each once.
pub(super) struct Options {
    pub(super) system: BTreeMap<SystemOption, String>,
    pub(super) own: Vec<(&'static str, String)>,
}

/// Makes sure that an action has no options.
///
/// # Errors
/// [`QueryError`] at the first option.
pub(crate) fn no_options(uri: &Uri) -> Result<(), QueryError> {
    read(uri, &[], &[]).map(drop)
}

/// Reads the pairs that begin with `$` or as this server's own; others are the client's own and
/// mean nothing.
///
/// Source: OData 4.01 part 2, sections 5.1 (no letter case) and 5.2 (custom query options).
pub(super) fn read(
    uri: &Uri,
    served: &[SystemOption],
    own: &[&'static str],
) -> Result<Options, QueryError> {
    let pairs = Pairs::<Vec<(String, String)>>::try_from_uri(uri);
    let Pairs(pairs) = pairs.map_err(|_cause| QueryError::Encoding)?;
    let mut options = Options { system: BTreeMap::new(), own: Vec::new() };
    for (name, value) in pairs.into_iter().filter(|(name, _)| is_ours(name)) {
        let system = served.iter().find(|option| option.name().eq_ignore_ascii_case(&name));
        let own = own.iter().find(|option| option.eq_ignore_ascii_case(&name));
        let twice = match (system, own) {
            (Some(option), _) => options.system.insert(*option, value).is_some(),
            (None, Some(option)) => {
                let twice = options.own.iter().any(|(known, _)| known == option);
                options.own.push((option, value));
                twice
            }
            (None, None) => return Err(QueryError::NotSupported(short(&name))),
        };
        if twice {
            return Err(QueryError::Twice(short(&name)));
        }
    }
    Ok(options)
}

fn is_ours(name: &str) -> bool {
    let own = name.get(..OWN_PREFIX.len());
    name.starts_with('$') || own.is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX))
}
