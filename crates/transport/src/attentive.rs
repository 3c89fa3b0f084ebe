//! An endpoint that reads its socket until nothing is left in it.
//!
//! The library's driver reads for 50 µs at a time and then goes to the end of the runtime's queue.
//! With thousands of connections that have something to do, that queue is a second long: the driver
//! fetches sixty datagrams a second, the kernel drops the rest, and what is sent again makes the
//! queue longer. Here the driver has its next turn at once, for as long as it wants one and within a
//! bound. Once it has read everything, the runtime wakes it by the socket, ahead of the queue.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime};

/// Turns in a row: about 10 ms, in which what a socket's buffer holds is read.
const TURNS_MAX: usize = 200;

/// What the library runs in the background.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The runtime of one endpoint, whose driver is attentive.
#[derive(Debug)]
pub(crate) struct Attentive {
    runtime: Arc<dyn Runtime>,
    /// An endpoint spawns its driver before it can have connections.
    has_driver: AtomicBool,
}

impl Attentive {
    /// For one endpoint only: the first task that is spawned counts as its driver.
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Arc<Self> {
        Arc::new(Self { runtime, has_driver: AtomicBool::new(false) })
    }
}

impl Runtime for Attentive {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        self.runtime.new_timer(at)
    }

    fn spawn(&self, task: Task) {
        if self.has_driver.swap(true, Ordering::Relaxed) {
            self.runtime.spawn(task);
        } else {
            // Turns in a row would soon be over: the runtime allows a task so many reads.
            self.runtime.spawn(Box::pin(tokio::task::unconstrained(InARow::of(task))));
        }
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.runtime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        self.runtime.now()
    }
}

/// A task that has its next turn at once when it asks for one during a turn.
struct InARow {
    task: Task,
    bell: Arc<Bell>,
    waker: Waker,
}

impl InARow {
    fn of(task: Task) -> Self {
        let bell = Arc::new(Bell::new());
        let waker = Waker::from(Arc::clone(&bell));
        Self { task, bell, waker }
    }
}

impl Future for InARow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.bell.rings_at(context.waker());
        for _turn in 0..TURNS_MAX {
            this.bell.has_rung.store(false, Ordering::SeqCst);
            this.bell.is_heard.store(true, Ordering::SeqCst);
            if this.task.as_mut().poll(&mut Context::from_waker(&this.waker)).is_ready() {
                return Poll::Ready(());
            }
            this.bell.is_heard.store(false, Ordering::SeqCst);
            if !this.bell.has_rung.load(Ordering::SeqCst) {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// What the task rings when it wants a turn: heard during a turn, handed on to the runtime else.
struct Bell {
    runtime: Mutex<Waker>,
    is_heard: AtomicBool,
    has_rung: AtomicBool,
}

impl Bell {
    fn new() -> Self {
        Self {
            runtime: Mutex::new(Waker::noop().clone()),
            is_heard: AtomicBool::new(false),
            has_rung: AtomicBool::new(false),
        }
    }

    fn rings_at(&self, waker: &Waker) {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).clone_from(waker);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // In this order: who rings as a turn ends is heard by the turn, by the runtime, or by both.
        self.has_rung.store(true, Ordering::SeqCst);
        if !self.is_heard.load(Ordering::SeqCst) {
            self.runtime.lock().unwrap_or_else(PoisonError::into_inner).wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts its turns, and asks for another until it has had so many.
    fn asking(turns: Arc<AtomicUsize>, wanted: usize) -> Task {
        Box::pin(std::future::poll_fn(move |context| {
            if turns.fetch_add(1, Ordering::Relaxed) + 1 < wanted {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        }))
    }

    /// A runtime's side: how often it was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll_once(task: &mut InARow, woken: &Arc<Woken>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(woken));
        Pin::new(task).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_task_that_wants_more_has_its_turns_in_a_row_and_the_runtime_is_not_asked() {
        let (turns, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(Woken::default()));
        let mut task = InARow::of(asking(Arc::clone(&turns), 7));
        assert!(poll_once(&mut task, &woken).is_pending());
        assert_eq!(turns.load(Ordering::Relaxed), 7);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_task_that_never_has_enough_lets_the_others_go_before_it_goes_on() {
        let (turns, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(Woken::default()));
        let mut task = InARow::of(asking(Arc::clone(&turns), usize::MAX));
        assert!(poll_once(&mut task, &woken).is_pending());
        assert_eq!(turns.load(Ordering::Relaxed), TURNS_MAX);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_rings_between_turns_wakes_the_runtime() {
        let (turns, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(Woken::default()));
        let mut task = InARow::of(asking(turns, 1));
        assert!(poll_once(&mut task, &woken).is_pending());
        task.waker.wake_by_ref();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_task_that_is_over_is_over() {
        let woken = Arc::new(Woken::default());
        assert!(poll_once(&mut InARow::of(Box::pin(async {})), &woken).is_ready());
    }
}
