//! What was said and done in a case, for people.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most entries kept of one case; a case that says more is a flood, and its beginning tells enough.
const ENTRIES_MAX: usize = 400;

/// One thing that was said or done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Microseconds since the beginning of the case.
    pub at_us: u64,
    /// On which connection, counted from 0; none if it was elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From whom.
    pub from: From,
    /// What, without secrets.
    pub what: String,
}

/// Who said or did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// The suite.
    Suite,
    /// The target.
    Target,
}

/// A whole case, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: Vec<Entry>,
    left_out: usize,
}

impl Transcript {
    /// What was kept, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries were not kept.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    pub(crate) fn note(
        &mut self,
        at: Timestamp,
        line: Option<crate::script::Line>,
        from: From,
        what: String,
    ) {
        if self.entries.len() == ENTRIES_MAX {
            self.left_out += 1;
            return;
        }
        let line = line.map(crate::script::Line::index);
        self.entries.push(Entry { at_us: at.as_micros(), line, from, what });
    }
}
