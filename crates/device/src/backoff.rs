//! When to come back after a failure: exponential, capped, with full jitter.
//!
//! Full jitter (a draw between nothing and the current ceiling) spreads a fleet that lost its
//! server at one moment evenly, where a fixed delay would bring all of it back at once.

use core::time::Duration;

use muster_protocol::seed::Stream;

/// Ceiling of the first delay.
pub(crate) const FIRST: Duration = Duration::from_millis(200);

/// Ceiling no delay passes, however often it failed: half a minute after a server is back, its
/// fleet is back too.
pub(crate) const CEILING: Duration = Duration::from_secs(30);

/// A session that lasted this long proves the server well: the next failure starts from
/// [`FIRST`] again. Shorter ones go on, so that a server that welcomes and drops is not hammered.
pub(crate) const LASTED: Duration = Duration::from_secs(5);

/// Delays of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    draws: Stream,
    failures: u32,
}

impl Backoff {
    /// Starts from the first delay, with the draws of one device.
    #[must_use]
    pub const fn new(draws: Stream) -> Self {
        Self { draws, failures: 0 }
    }

    /// Draws from another stream from now on; what was counted stays.
    pub fn draw_from(&mut self, draws: Stream) {
        self.draws = draws;
    }

    /// Counts one more failure and says how long to stay away.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        self.draws.duration_below(ceiling)
    }

    /// Takes note of a session that lasted `span`.
    pub fn on_session(&mut self, span: Duration) {
        if span >= LASTED {
            self.failures = 0;
        }
    }

    /// Starts over, because somebody asked for the connection now.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    fn ceiling(&self) -> Duration {
        let doubled = 2_u32.saturating_pow(self.failures);
        FIRST.saturating_mul(doubled).min(CEILING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use muster_protocol::Seed;

    fn backoff(seed: u64) -> Backoff {
        Backoff::new(Seed::root(seed).stream())
    }

    fn delays(backoff: &mut Backoff, count: usize) -> Vec<Duration> {
        (0..count).map(|_| backoff.next_delay()).collect()
    }

    #[test]
    fn delays_stay_below_a_ceiling_that_doubles_up_to_its_cap() {
        for seed in 0..50 {
            let mut ceiling = FIRST;
            for delay in delays(&mut backoff(seed), 40) {
                assert!(delay < ceiling, "{delay:?} of {ceiling:?}");
                ceiling = (ceiling * 2).min(CEILING);
            }
        }
    }

    #[test]
    fn the_same_seed_stays_away_equally_long() {
        assert_eq!(delays(&mut backoff(7), 10), delays(&mut backoff(7), 10));
        assert_ne!(delays(&mut backoff(7), 10), delays(&mut backoff(8), 10));
    }

    #[test]
    fn a_session_that_lasted_starts_over() {
        let mut backoff = backoff(1);
        delays(&mut backoff, 20);
        backoff.on_session(LASTED);
        assert!(backoff.next_delay() < FIRST);
    }

    #[test]
    fn a_session_that_was_dropped_at_once_does_not_start_over() {
        let mut backoff = backoff(1);
        delays(&mut backoff, 20);
        let before = backoff.clone();
        backoff.on_session(Duration::from_millis(3));
        assert_eq!(backoff, before);
    }

    #[test]
    fn a_fleet_that_lost_its_server_does_not_come_back_at_once() {
        let root = Seed::root(1);
        let firsts = (0..1_000)
            .map(|index| Backoff::new(root.child("backoff", index).stream()).next_delay());
        let late = firsts.filter(|delay| *delay >= FIRST / 2).count();
        assert!((400..600).contains(&late), "{late} of 1000 in the later half");
    }
}
