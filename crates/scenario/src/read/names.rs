//! Names: well-formed, unique, and found again.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use crate::error::{Located, Problem};
use crate::scenario::Phase;
use crate::text::{Placed, Text};
use crate::units::Span;

/// Longest name.
const NAME_MAX: usize = 64;

/// A name that can stand in a threshold, on a command line and as the name of a file.
pub(super) fn checked_name(whose: &str, name: &Placed<String>) -> Result<String, Located> {
    let text = &name.value;
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(word) && !text.starts_with('-') {
        return Ok(text.clone());
    }
    let what = format!("`{text}` is no name for {whose}");
    let why = "names consist of lower-case letters, digits and dashes, 64 at most";
    Err(Problem::new(what, why, "write for example \"roll-out\"").at(name.span.clone()))
}

/// Refuses the second of two equal names.
pub(super) fn unique<'a>(
    names: impl IntoIterator<Item = &'a Placed<String>>,
) -> Result<(), Located> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.value.as_str()) {
            let what = format!("`{}` is there already", name.value);
            let why = "reports and thresholds tell them apart by their names";
            return Err(Problem::new(what, why, "give it a name").at(name.span.clone()));
        }
    }
    Ok(())
}

/// The index of the thing with this name.
pub(super) fn position<'a>(
    kind: &str,
    name: &Placed<String>,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<usize, Located> {
    let found = known.clone().position(|known| known == name.value);
    found.ok_or_else(|| Problem::unknown(kind, &name.value, known).at(name.span.clone()))
}

/// Where in the run something begins: after the beginning of a phase, or of the run.
pub(super) struct Beginning {
    /// The phase.
    pub(super) phase: Option<usize>,
    /// When.
    pub(super) at: Span,
}

/// Where in the run something begins. It does so before what it counts from is over.
pub(super) fn beginning(
    phase: Option<&Placed<String>>,
    at: Option<&Placed<Text<Span>>>,
    phases: &[Phase],
) -> Result<Beginning, Located> {
    let names = phases.iter().map(|phase| phase.name.as_str());
    let phase = phase.map(|name| position("phase", name, names)).transpose()?;
    let room = phase.map_or(phases.iter().map(|phase| phase.lasts).sum(), |it| phases[it].lasts);
    let Some(Placed { value: Text(at), span }) = at else {
        return Ok(Beginning { phase, at: Span::ZERO });
    };
    if *at >= room {
        let whole = if phase.is_some() { "its phase" } else { "the run" };
        let why = format!("{whole} is over by then");
        let fix = format!("write less than {}s", room.as_secs_f64());
        return Err(Problem::new("this never begins", why, fix).at(span.clone()));
    }
    Ok(Beginning { phase, at: *at })
}
