//! How well the generator does: whether the numbers of a run are about the server at all.

mod drops;
mod proc;
mod stall;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use muster_report::{Gauges, Vitals};

use self::drops::Rest;
use self::proc::{Share, Thread};

pub(crate) use drops::Drops;
pub(crate) use proc::{cores, threads};
pub(crate) use stall::Stall;

/// Over how long a thread has to be busy for it to count: ten looks of a second each.
const WINDOW: usize = 10;

/// What a thread wanted of a processor, as shares of the time.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// It had one, or was ready to run and had none.
    all: f64,
    /// It was ready to run and had none.
    waited: f64,
}

/// Looks at this process from time to time.
#[derive(Debug)]
pub(crate) struct Health {
    /// Whether a thread with this name is the server's.
    is_server: fn(&str) -> bool,
    stall: Stall,
    at: Instant,
    shares: BTreeMap<u32, Share>,
    /// What each thread of the generator wanted of a processor, look by look.
    wanted: BTreeMap<u32, VecDeque<Wanted>>,
    drops: Drops,
    rest: Rest,
    vitals: Vitals,
}

impl Health {
    /// Begins to look.
    pub(crate) fn new(is_server: fn(&str) -> bool, stall: Stall) -> Self {
        Self {
            is_server,
            stall,
            at: Instant::now(),
            shares: BTreeMap::new(),
            wanted: BTreeMap::new(),
            drops: Drops::from_now_on(),
            rest: Rest::none(Instant::now()),
            vitals: Vitals::default(),
        }
    }

    /// Looks, and tells the levels that have one.
    pub(crate) fn look(&mut self) -> Gauges {
        let now = Instant::now();
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.at, now));
        let (server, generator) = self.look_at_threads(passed);
        if self.rest.is_over(now) {
            self.count();
            self.rest = Rest::after(now, now.elapsed());
        }
        let percent = |share: Share| {
            (!passed.is_zero()).then(|| 100.0 * share.ran.as_secs_f64() / passed.as_secs_f64())
        };
        Gauges {
            server_cpu_percent: percent(server),
            generator_cpu_percent: percent(generator),
            generator_rss_bytes: proc::resident_bytes(),
            ..Gauges::default()
        }
    }

    /// Forgets how busy threads were and what was dropped: enrolling thousands of devices takes all
    /// there is, and is no part of what the plan measures.
    pub(crate) fn set_aside(&mut self) {
        self.wanted.clear();
        (self.vitals.cpu_share, self.vitals.waited_share) = (None, None);
        self.drops = Drops::from_now_on();
        self.stall.forget();
    }

    /// Counts a last time, for as long as the sockets are open.
    pub(crate) fn close(&mut self) -> Vitals {
        self.count();
        self.vitals()
    }

    /// What was seen so far.
    pub(crate) fn vitals(&mut self) -> Vitals {
        self.vitals.stall_max = self.stall.max();
        self.vitals.udp_drops = self.drops.total();
        self.vitals
    }

    /// What server and generator have had since the last look.
    fn look_at_threads(&mut self, passed: Duration) -> (Share, Share) {
        let (mut server, mut generator) = (Share::default(), Share::default());
        let before = std::mem::take(&mut self.shares);
        for Thread { id, name, share } in threads() {
            self.shares.insert(id, share);
            let Some(before) = before.get(&id) else { continue };
            let since = share.since(*before);
            if (self.is_server)(&name) {
                server = server.plus(since);
            } else {
                generator = generator.plus(since);
                self.note_wanted(id, since, passed);
            }
        }
        (server, generator)
    }

    /// A thread that runs or waits for a processor all the time cannot do more; one that mostly waits
    /// is kept from it by others.
    fn note_wanted(&mut self, id: u32, since: Share, passed: Duration) {
        if passed.is_zero() {
            return;
        }
        let share = |time: Duration| time.as_secs_f64() / passed.as_secs_f64();
        let looks = self.wanted.entry(id).or_default();
        looks.push_back(Wanted {
            all: share(since.ran + since.waited),
            waited: share(since.waited),
        });
        if looks.len() > WINDOW {
            looks.pop_front();
        }
        let mean =
            |of: fn(&Wanted) -> f64| (looks.iter().map(of).sum::<f64>() / WINDOW as f64).min(1.0);
        let (all, waited) = (mean(|it| it.all), mean(|it| it.waited));
        raise(&mut self.vitals.cpu_share, all);
        raise(&mut self.vitals.waited_share, waited);
    }

    fn count(&mut self) {
        self.drops.count();
        if let Some((open, limit)) = proc::files() {
            self.vitals.descriptors_open = self.vitals.descriptors_open.max(open);
            self.vitals.descriptors_limit = limit;
        }
    }
}

/// Keeps the most.
fn raise(most: &mut Option<f64>, share: f64) {
    *most = Some(most.unwrap_or_default().max(share));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new(|name| name.starts_with("server"), Stall::default())
    }

    fn share(ran_ms: u64, waited_ms: u64) -> Share {
        let (ran, waited) = (Duration::from_millis(ran_ms), Duration::from_millis(waited_ms));
        Share { ran, waited }
    }

    #[test]
    fn a_thread_that_waits_for_a_processor_is_as_busy_as_one_that_has_it() {
        let mut health = health();
        for _look in 0..WINDOW {
            health.note_wanted(1, share(300, 600), Duration::from_secs(1));
            health.note_wanted(2, share(100, 0), Duration::from_secs(1));
        }
        let busiest = health.vitals().cpu_share.unwrap();
        assert!((0.899..0.901).contains(&busiest), "{busiest}");
        let waited = health.vitals().waited_share.unwrap();
        assert!((0.599..0.601).contains(&waited), "{waited}");
    }

    #[test]
    fn a_short_peak_does_not_make_a_busy_thread() {
        let mut health = health();
        health.note_wanted(1, share(1_000, 0), Duration::from_secs(1));
        assert!(health.vitals().cpu_share.unwrap() < 0.11);
    }

    #[test]
    fn what_the_stage_took_is_not_held_against_the_run() {
        let mut health = health();
        for _look in 0..WINDOW {
            health.note_wanted(1, share(1_000, 0), Duration::from_secs(1));
        }
        health.set_aside();
        assert_eq!(health.vitals().cpu_share, None);
        health.note_wanted(1, share(100, 0), Duration::from_secs(1));
        assert!(health.vitals().cpu_share.unwrap() < 0.11);
    }

    #[test]
    fn what_was_dropped_counts_from_the_beginning_of_the_plan_to_its_very_end() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut health = health();
        overflow(&socket);
        health.set_aside();
        health.look();
        assert_eq!(health.vitals().udp_drops, 0, "the devices came up");
        overflow(&socket);
        assert!(health.close().udp_drops > 0);
    }

    /// Sends a socket more than its buffer holds.
    fn overflow(socket: &std::net::UdpSocket) {
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let (datagram, to) = ([0; 1_024], socket.local_addr().unwrap());
        for _ in 0..10_000 {
            sender.send_to(&datagram, to).unwrap();
        }
    }

    #[test]
    fn a_look_tells_memory_and_files() {
        let mut health = health();
        assert!(health.look().generator_rss_bytes.unwrap() > 0);
        assert!(health.vitals().descriptors_open > 0, "files are counted with the first look");
    }
}
