//! Errors by kind, with the first of each kept.

use muster_protocol::Timestamp;

use crate::error_code::ErrorCode;

/// Most characters of an example.
const EXAMPLE_CHARS_MAX: usize = 400;

/// The errors of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) count: u64,
    pub(crate) first_at: Timestamp,
    pub(crate) example: String,
}

/// All errors, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errors {
    by_code: Vec<Option<Seen>>,
}

impl Default for Errors {
    fn default() -> Self {
        Self { by_code: vec![None; ErrorCode::ALL.len()] }
    }
}

impl Errors {
    pub(crate) fn see(
        &mut self,
        at: Timestamp,
        code: ErrorCode,
        describe: impl FnOnce() -> String,
    ) {
        match &mut self.by_code[code.index()] {
            Some(seen) => seen.count += 1,
            first @ None => {
                let example = describe().chars().take(EXAMPLE_CHARS_MAX).collect();
                *first = Some(Seen { count: 1, first_at: at, example });
            }
        }
    }

    /// Adds errors of one kind, seen elsewhere; the earlier example stays.
    pub(crate) fn add(&mut self, code: ErrorCode, other: &Seen) {
        match &mut self.by_code[code.index()] {
            Some(seen) => {
                let count = seen.count.saturating_add(other.count);
                if other.first_at < seen.first_at {
                    *seen = other.clone();
                }
                seen.count = count;
            }
            first @ None => *first = Some(other.clone()),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (code, seen) in other.iter() {
            self.add(code, seen);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ErrorCode, &Seen)> {
        let kinds = ErrorCode::ALL.iter().zip(&self.by_code);
        kinds.filter_map(|(code, seen)| Some((*code, seen.as_ref()?)))
    }
}
