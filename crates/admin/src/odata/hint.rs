//! Filters that are written and mean something else than was meant.

use crate::odata::ast::{Comparison, Filter, Operand, Term};

/// The property that is to be two different values at once.
///
/// Scripts write `managementAgent eq 'mdm' and managementAgent eq 'easMdm'` and mean `or`.
pub(crate) fn contradiction(filter: &Filter) -> Option<&str> {
    let Filter::All(parts) = filter else {
        return None;
    };
    let mut seen: Vec<(&str, &Term)> = Vec::new();
    for (name, value) in parts.iter().filter_map(equality) {
        let other =
            seen.iter().any(|(known, was)| known.eq_ignore_ascii_case(name) && *was != value);
        if other {
            return Some(name);
        }
        seen.push((name, value));
    }
    None
}

/// The two sides of `property eq value`.
fn equality(filter: &Filter) -> Option<(&str, &Term)> {
    let Filter::Compare { left, how: Comparison::Equal, right } = filter else {
        return None;
    };
    let Operand { term: Term::Property(name), .. } = left else {
        return None;
    };
    let written = !matches!(right.term, Term::Property(_) | Term::Lower(_) | Term::Upper(_));
    written.then_some((name.as_str(), &right.term))
}
