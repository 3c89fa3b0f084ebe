//! Datagrams the kernel drops at a process's sockets, from some moment on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::proc;

/// How many times longer than it takes is waited before sockets and files are counted again: a folder
/// of ten thousand takes its time.
const REST: u32 = 100;

/// The longest wait between two counts.
const REST_MAX: Duration = Duration::from_secs(5);

/// What was dropped, socket by socket: one that is closed takes its own count with it, but not what
/// was added up before.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    /// What each open socket had dropped when it was last looked at, by its inode.
    before: BTreeMap<u64, u64>,
    total: u64,
}

impl Drops {
    /// Begins to count: what has been dropped until now is no part of it.
    pub(crate) fn from_now_on() -> Self {
        Self { before: proc::udp_drops(), total: 0 }
    }

    /// Adds what was dropped since the last count. What a socket drops between that and its closing
    /// is not known.
    pub(crate) fn count(&mut self) {
        self.add(proc::udp_drops());
    }

    /// How many so far.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    fn add(&mut self, now: BTreeMap<u64, u64>) {
        for (socket, drops) in &now {
            let before = self.before.get(socket).copied().unwrap_or(0);
            // An inode that counts less than before is another socket's by now.
            let new = drops.checked_sub(before).unwrap_or(*drops);
            self.total = self.total.saturating_add(new);
        }
        self.before = now;
    }
}

/// When to count again something whose counting takes time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    until: Instant,
}

impl Rest {
    pub(super) const fn none(now: Instant) -> Self {
        Self { until: now }
    }

    pub(super) fn is_over(self, now: Instant) -> bool {
        now >= self.until
    }

    /// After something that has taken so long.
    pub(super) fn after(now: Instant, took: Duration) -> Self {
        Self { until: now + took.saturating_mul(REST).min(REST_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(sockets: &[(u64, u64)]) -> BTreeMap<u64, u64> {
        sockets.iter().copied().collect()
    }

    #[test]
    fn what_a_socket_dropped_still_counts_when_it_is_closed_and_another_opened() {
        let mut drops = Drops { before: seen(&[(1, 100), (2, 0)]), total: 0 };
        drops.add(seen(&[(1, 107), (2, 5)]));
        assert_eq!(drops.total(), 12, "the hundred were before");
        drops.add(seen(&[(2, 5), (3, 4)]));
        assert_eq!(drops.total(), 16, "a server came back with a new socket");
        drops.add(seen(&[(2, 1), (3, 4)]));
        assert_eq!(drops.total(), 17, "an inode was used again");
        drops.add(seen(&[]));
        assert_eq!(drops.total(), 17);
    }

    #[test]
    fn what_takes_long_to_count_is_counted_less_often() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        assert!(Rest::none(now).is_over(now));
        assert!(Rest::after(now, ms(1)).is_over(now + ms(100)));
        assert!(!Rest::after(now, ms(20)).is_over(now + ms(1_900)));
        assert!(Rest::after(now, ms(300)).is_over(now + REST_MAX), "but not never");
    }
}
