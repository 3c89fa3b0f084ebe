//! The ends of many sessions at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// Sessions that end together: what they tell their devices fits into the receive buffer of a fleet
/// that shares one socket, 4 MiB with some two thousand bytes of it for each datagram.
const AT_ONCE: u32 = 512;

/// Until the next so many.
const PAUSE: Duration = Duration::from_millis(25);

/// The longest anybody waits for their turn, well within the time a server takes to stop.
const WAIT_MAX: Duration = Duration::from_millis(1_200);

/// Has the sessions of a server that stops end one after the other.
///
/// A device that does not hear of it finds out with its next ping, a minute later.
#[derive(Debug, Default)]
pub(crate) struct Farewells(AtomicU32);

impl Farewells {
    /// Waits until one more session may end.
    pub(crate) async fn turn(&self) {
        let wait = wait(self.0.fetch_add(1, Ordering::Relaxed));
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }
}

/// How long the session with this number, counted from 0, waits.
fn wait(number: u32) -> Duration {
    PAUSE.saturating_mul(number / AT_ONCE).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sessions_end_at_once_and_many_within_the_time_of_a_stop() {
        assert_eq!(wait(0), Duration::ZERO);
        assert_eq!(wait(AT_ONCE - 1), Duration::ZERO);
        assert_eq!(wait(AT_ONCE), PAUSE);
        assert_eq!(wait(20_000), PAUSE * 39);
        assert_eq!(wait(u32::MAX), WAIT_MAX);
    }
}
