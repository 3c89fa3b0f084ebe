//! Which part of the log a query can find anything in.
//!
//! Entries are in the order of their ids, which begin with the time an id was made at. The time an
//! entry tells is a little later, so both ends of a span are taken a little further.

use jiff::{SignedDuration, Timestamp};

use crate::devices::managed_device::date_time;
use crate::odata::predicate::Window;

/// How far the order of ids and the order of times may differ: longer than a request takes.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Nothing that is older fits, as entries write their time.
    from: Option<String>,
    /// Nothing that is younger fits.
    to: Option<String>,
    /// Behind the ids of everything that fits.
    behind: Option<String>,
}

impl Span {
    pub(super) fn of(window: Window) -> Self {
        let from = window.from.and_then(|from| from.timestamp()?.checked_sub(SLACK).ok());
        let to = window.to.and_then(|to| to.timestamp()?.checked_add(SLACK).ok());
        Self { from: from.map(date_time), to: to.map(date_time), behind: to.map(first_id) }
    }

    /// Whether an entry is older than all that fits.
    pub(super) fn is_before(&self, at: &str) -> bool {
        self.from.as_deref().is_some_and(|from| at < from)
    }

    /// Whether an entry is younger than all that fits.
    pub(super) fn is_behind(&self, at: &str) -> bool {
        self.to.as_deref().is_some_and(|to| at > to)
    }

    /// Where a walk back in time begins that has to go on before `last`.
    pub(super) fn begin(&self, last: Option<String>) -> Option<String> {
        last.into_iter().chain(self.behind.clone()).min()
    }
}

/// What stands before every id of a time and behind those of earlier ones.
///
/// Source: RFC 9562, section 5.7: an id of version 7 begins with 48 bits of milliseconds.
fn first_id(at: Timestamp) -> String {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
    let digits = format!("{milliseconds:012x}");
    format!("{}-{}", &digits[..8], &digits[8..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::moment::Moment;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_span_is_a_little_longer_than_what_was_asked() {
        let moment = |text| Some(Moment::of(at(text)));
        let (from, to) = (moment("2026-01-01T00:00:00Z"), moment("2026-01-02T00:00:00Z"));
        let span = Span::of(Window { from, to });
        assert!(span.is_before("2025-12-31T23:58:59.000000Z"));
        assert!(!span.is_before("2025-12-31T23:59:30.000000Z"));
        assert!(span.is_behind("2026-01-02T00:01:01.000000Z"));
        assert!(!span.is_behind("2026-01-02T00:00:30.000000Z"));
        let begin = span.begin(None).expect("an end");
        let id = |text| format!("{}-7000-8000-000000000000", first_id(at(text)));
        assert!(id("2026-01-02T00:00:59.999Z") < begin && id("2026-01-02T00:01:00Z") > begin);
        assert_eq!(span.begin(Some("0".to_owned())), Some("0".to_owned()));
    }

    #[test]
    fn without_a_window_the_whole_log_is_looked_at() {
        let span = Span::of(Window { from: Some(Moment::NEVER), to: Some(Moment::FOR_EVER) });
        assert!(!span.is_before("2026-01-01T00:00:00.000000Z"));
        assert!(!span.is_behind("2026-01-01T00:00:00.000000Z"));
        assert_eq!(Span::of(Window::default()), Span::default());
        assert_eq!(Span::default().begin(None), None);
    }
}
