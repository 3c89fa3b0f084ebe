//! A slow link: datagrams leave one after another, and few may wait.

use std::collections::VecDeque;
use std::time::Duration;

/// One direction of a slow link and what it is busy with.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// When each datagram that is not gone yet will be, counted from the start of the link.
    departures: VecDeque<Duration>,
}

impl Pace {
    /// How much later a datagram of `bytes` leaves that comes at `now`; `None` if one is on its way
    /// and `queue` wait already, so that there is no room for it.
    ///
    /// A rate of nothing lets nothing through.
    pub(super) fn pass(
        &mut self,
        now: Duration,
        bytes: usize,
        bytes_per_s: u32,
        queue: u32,
    ) -> Option<Duration> {
        while self.departures.front().is_some_and(|gone| *gone <= now) {
            self.departures.pop_front();
        }
        let waiting = self.departures.len().saturating_sub(1);
        if !self.departures.is_empty() && waiting >= usize::try_from(queue).unwrap_or(usize::MAX) {
            return None;
        }
        let nanos = u64::try_from(bytes).ok()?.saturating_mul(1_000_000_000);
        let takes = Duration::from_nanos(nanos.checked_div(u64::from(bytes_per_s))?);
        let begins = self.departures.back().copied().unwrap_or(now).max(now);
        let gone = begins.saturating_add(takes);
        self.departures.push_back(gone);
        Some(gone.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn datagrams_leave_one_after_another_at_the_rate_of_the_link() {
        let mut pace = Pace::default();
        let mut pass = |at| pace.pass(ms(at), 1_000, 100_000, 9);
        assert_eq!(pass(0), Some(ms(10)));
        assert_eq!(pass(0), Some(ms(20)));
        assert_eq!(pass(15), Some(ms(15)));
        assert_eq!(pass(100), Some(ms(10)), "the link was idle");
    }

    #[test]
    fn what_finds_the_queue_full_is_lost_and_takes_no_room() {
        let mut pace = Pace::default();
        let mut pass = |at| pace.pass(ms(at), 1_000, 100_000, 2).is_some();
        assert_eq!([0, 0, 0, 0, 9].map(&mut pass), [true, true, true, false, false]);
        assert_eq!([10, 10].map(&mut pass), [true, false]);
    }

    #[test]
    fn without_a_queue_a_datagram_passes_while_the_link_is_idle() {
        let mut pace = Pace::default();
        let mut pass = |at| pace.pass(ms(at), 1_000, 100_000, 0).is_some();
        assert_eq!([0, 5, 10].map(&mut pass), [true, false, true]);
        assert_eq!(Pace::default().pass(ms(0), 1_000, 0, 2), None);
    }
}
