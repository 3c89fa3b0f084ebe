//! What all workers are told.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::words::Told;

/// Speaks to all workers of a run, from any thread; they stop listening when it is gone.
#[derive(Clone)]
pub(super) struct Voice(Arc<Mutex<Vec<Box<dyn Write + Send>>>>);

impl Voice {
    /// To whoever listens at these.
    pub(super) fn to(ears: impl IntoIterator<Item = impl Write + Send + 'static>) -> Self {
        let ears = ears.into_iter().map(|ear| Box::new(ear) as Box<dyn Write + Send>);
        Self(Arc::new(Mutex::new(ears.collect())))
    }

    /// Tells all workers; one that has ended does not hear it.
    pub(super) fn tell(&self, word: Told) {
        let Ok(line) = serde_json::to_string(&word) else { return };
        // A panic elsewhere leaves at worst half a word, which nobody takes for another.
        let mut ears = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ear in ears.iter_mut() {
            let _gone = writeln!(ear, "{line}").and_then(|()| ear.flush());
        }
    }
}
