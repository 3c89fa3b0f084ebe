//! Which processors the threads of a run keep to.
//!
//! Server and devices of a run speak over loopback and wake each other for each datagram. A
//! scheduler likes to have who wakes each other on one processor, and so both sides shared one while
//! the other idled, for as long as a quarter of a minute. Each keeps to a half of its own instead,
//! as if they were two machines. The server's database goes where there is room: with both on one
//! processor the server takes six commands where it could take nine. Where either side is another
//! process, the scheduler decides.

use std::num::NonZeroUsize;

/// One side of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// The server's.
    Server,
    /// The devices'.
    Devices,
    /// Nobody's: what runs there may go where there is room.
    Any,
}

/// The threads of one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    pub(crate) count: NonZeroUsize,
    pub(crate) half: Half,
}

impl Threads {
    /// So many, of this half.
    pub(crate) const fn of(half: Half, count: NonZeroUsize) -> Self {
        Self { count, half }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{Pid, getpid};
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use tracing::debug;

    use super::{Threads, share};
    use crate::load::health::threads;

    /// Has the present thread keep to a half, if that has a processor for each of its threads.
    pub(crate) fn keep_to(threads: Threads) {
        let Ok(allowed) = sched_getaffinity(None) else { return };
        let allowed: Vec<_> = (0..CpuSet::MAX_CPU).filter(|it| allowed.is_set(*it)).collect();
        let Some(share) = share(&allowed, threads) else { return };
        let mut set = CpuSet::new();
        share.iter().for_each(|processor| set.set(*processor));
        if let Err(refusal) = sched_setaffinity(None, &set) {
            debug!(error = %refusal, ?threads, "they go where they like");
        }
    }

    /// Has threads with this name go where there is room, though one that keeps to a half has
    /// started them. What there is, the process's first thread knows, which keeps to nothing.
    pub(crate) fn let_go(name: &str) {
        let Ok(all) = sched_getaffinity(Some(getpid())) else { return };
        let named = threads().into_iter().filter(|thread| thread.name == name);
        for thread in named.filter_map(|thread| Pid::from_raw(thread.id.cast_signed())) {
            if let Err(refusal) = sched_setaffinity(Some(thread), &all) {
                debug!(error = %refusal, name, "a thread stays in its half");
            }
        }
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{keep_to, let_go};

/// Elsewhere threads go where the system likes.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn keep_to(_threads: Threads) {}

/// The same.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn let_go(_name: &str) {}

/// The processors of a half; none if they are fewer than its threads.
#[cfg(any(target_os = "linux", test))]
fn share(allowed: &[usize], threads: Threads) -> Option<&[usize]> {
    let (server, devices) = allowed.split_at(allowed.len() / 2);
    let share = match threads.half {
        Half::Server => server,
        Half::Devices => devices,
        Half::Any => return None,
    };
    (share.len() >= threads.count.get()).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_is_let_go_is_where_the_process_may_be() {
        use rustix::process::getpid;
        use rustix::thread::{sched_getaffinity, sched_setaffinity};

        const NAME: &str = "let-go-of-me";
        let all = sched_getaffinity(Some(getpid())).unwrap();
        let (kept, is_kept) = std::sync::mpsc::sync_channel(1);
        let (free, is_free) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name(NAME.to_owned()).spawn(move || {
            let first = (0..).find(|it| all.is_set(*it)).unwrap();
            let mut one = rustix::thread::CpuSet::new();
            one.set(first);
            sched_setaffinity(None, &one).unwrap();
            kept.send(()).unwrap();
            is_free.recv().unwrap();
            assert_eq!(sched_getaffinity(None).unwrap(), all);
        });
        is_kept.recv().unwrap();
        let_go(NAME);
        free.send(()).unwrap();
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn each_side_has_its_half_unless_its_threads_are_too_many() {
        let (one, two) = (NonZeroUsize::MIN, NonZeroUsize::new(2).unwrap());
        let table = [
            (&[0, 1][..], Half::Server, one, Some(&[0][..])),
            (&[0, 1], Half::Devices, one, Some(&[1])),
            (&[0, 1], Half::Any, one, None),
            (&[0, 1], Half::Server, two, None),
            (&[4], Half::Server, one, None),
            (&[0, 2, 5], Half::Devices, two, Some(&[2, 5])),
        ];
        for (allowed, half, count, wanted) in table {
            let threads = Threads::of(half, count);
            assert_eq!(share(allowed, threads), wanted, "{threads:?} of {allowed:?}");
        }
    }
}
