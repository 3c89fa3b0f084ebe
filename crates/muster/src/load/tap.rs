//! What is seen on the threads of server, fleet and pacer, until the collector fetches it.
//!
//! Whoever sees something only notes it with its instant: a lock that nobody else wants for longer
//! than a swap, no wake-up, no lookup. All thinking is the collector's.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Notes that may wait: three seconds of a hundred thousand commands a second, of which the collector
/// fetches every few milliseconds. One too many is not noted, and counted.
const NOTES_MAX: usize = 1 << 20;

/// Something seen, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note<T> {
    pub(crate) at: Instant,
    pub(crate) what: T,
}

/// Notes of one side.
#[derive(Debug)]
pub(crate) struct Tap<T> {
    notes: Mutex<Vec<Note<T>>>,
    missed: AtomicU64,
}

impl<T> Default for Tap<T> {
    fn default() -> Self {
        Self { notes: Mutex::default(), missed: AtomicU64::new(0) }
    }
}

impl<T> Tap<T> {
    /// Notes what happens now.
    pub(crate) fn note(&self, what: T) {
        self.note_at(Instant::now(), what);
    }

    /// Notes what has happened at this instant.
    pub(crate) fn note_at(&self, at: Instant, what: T) {
        let mut notes = self.lock();
        if notes.len() < NOTES_MAX {
            notes.push(Note { at, what });
        } else {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes everything that was noted, in its order, and leaves an empty list with room.
    pub(crate) fn take(&self, emptied: &mut Vec<Note<T>>) {
        emptied.clear();
        mem::swap(&mut *self.lock(), emptied);
    }

    /// How much was not noted because too much waited: anything but 0 makes the run worthless.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Note<T>>> {
        // A panic elsewhere leaves whole notes.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_taken_once_and_in_their_order() {
        let (tap, mut notes) = (Tap::default(), Vec::new());
        tap.note(1);
        tap.note(2);
        tap.take(&mut notes);
        let seen: Vec<i32> = notes.iter().map(|note| note.what).collect();
        assert_eq!(seen, [1, 2]);
        assert!(notes[0].at <= notes[1].at);
        tap.take(&mut notes);
        assert!(notes.is_empty());
    }

    #[test]
    fn one_note_too_many_is_counted_and_not_kept() {
        let (tap, mut notes) = (Tap::default(), Vec::new());
        for nth in 0..=NOTES_MAX {
            tap.note(nth);
        }
        assert_eq!(tap.missed(), 1);
        tap.take(&mut notes);
        assert_eq!(notes.len(), NOTES_MAX);
    }
}
