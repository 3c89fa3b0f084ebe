//! Requests to one device, in a box that costs nothing while it is empty.
//!
//! A channel of the runtime reserves a block of 32 places when it is made, 6.7 KB a device. This
//! one reserves its places with the first request and gives them back after the last.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Requests that may wait for one device: a person with two hands, or a script that awaits each
/// answer, never has more. One above is refused as busy.
pub(crate) const REQUESTS_MAX: usize = 16;

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostError {
    /// [`REQUESTS_MAX`] wait already.
    Full,
    /// The device's task has ended.
    Closed,
}

/// A bounded queue with one taker.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    state: Mutex<State<T>>,
    arrived: Notify,
}

#[derive(Debug)]
enum State<T> {
    Open(VecDeque<T>),
    Closed,
}

impl<T> Mailbox<T> {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State::Open(VecDeque::new())), arrived: Notify::const_new() }
    }

    /// Puts a request in.
    pub(crate) fn post(&self, request: T) -> Result<(), PostError> {
        match &mut *self.lock() {
            State::Closed => return Err(PostError::Closed),
            State::Open(queue) if queue.len() >= REQUESTS_MAX => return Err(PostError::Full),
            State::Open(queue) => queue.push_back(request),
        }
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for the oldest request. For one taker at a time.
    ///
    /// Cancel safe: yes, a request is taken in the moment it is returned.
    pub(crate) async fn take(&self) -> T {
        loop {
            if let Some(request) = self.pop() {
                return request;
            }
            self.arrived.notified().await;
        }
    }

    /// Takes no more requests and drops those that wait.
    pub(crate) fn close(&self) {
        *self.lock() = State::Closed;
    }

    fn pop(&self) -> Option<T> {
        match &mut *self.lock() {
            State::Closed => None,
            State::Open(queue) => {
                let request = queue.pop_front();
                if queue.is_empty() {
                    *queue = VecDeque::new();
                }
                request
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A panic elsewhere cannot leave the queue half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn requests_come_out_in_the_order_they_went_in() {
        let mailbox = Mailbox::new();
        assert_eq!(mailbox.post(1), Ok(()));
        assert_eq!(mailbox.post(2), Ok(()));
        assert_eq!(poll(pin!(mailbox.take())), Poll::Ready(1));
        assert_eq!(poll(pin!(mailbox.take())), Poll::Ready(2));
        assert_eq!(poll(pin!(mailbox.take())), Poll::Pending);
    }

    #[test]
    fn one_request_above_the_bound_is_refused() {
        let mailbox = Mailbox::new();
        for number in 0..REQUESTS_MAX {
            assert_eq!(mailbox.post(number), Ok(()));
        }
        assert_eq!(mailbox.post(99), Err(PostError::Full));
        assert_eq!(poll(pin!(mailbox.take())), Poll::Ready(0));
        assert_eq!(mailbox.post(99), Ok(()));
    }

    #[test]
    fn a_closed_box_drops_what_waits_and_takes_nothing() {
        let mailbox = Mailbox::new();
        assert_eq!(mailbox.post(1), Ok(()));
        mailbox.close();
        assert_eq!(mailbox.post(2), Err(PostError::Closed));
        assert_eq!(poll(pin!(mailbox.take())), Poll::Pending);
    }

    #[test]
    fn a_request_between_two_looks_is_not_missed() {
        let mailbox = Mailbox::new();
        let mut take = pin!(mailbox.take());
        assert_eq!(poll(take.as_mut()), Poll::Pending);
        assert_eq!(mailbox.post(1), Ok(()));
        assert_eq!(poll(take.as_mut()), Poll::Ready(1));
    }
}
