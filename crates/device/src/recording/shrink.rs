//! Makes a recording small: what is left is what it takes to fail in the same way.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::output::words;
use super::player::Player;
use super::{Entry, Happened, RecordedEvent, Recording, Said, replay};

/// How the words of an effect begin; they name its command.
const EFFECT: &str = "Executed";

/// How the device of a recording fails when it is played again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// A command took effect twice.
    TookEffectTwice {
        /// The effect in words.
        effect: String,
    },
    /// The last input leads to another output than the one recorded.
    OtherOutput {
        /// Name of the input.
        input: String,
        /// What was recorded; `None` if nothing more was.
        expected: Option<String>,
        /// What comes out; `None` if nothing more does.
        actual: Option<String>,
    },
}

/// A recording that fails, and how hard it was to find.
///
/// A device that was told less says other things: the outputs of the entries are those of this
/// build, not recorded ones, and all that is known of the live device is the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The shortest history found.
    pub recording: Recording,
    /// How it fails.
    pub signature: Signature,
    /// Histories that were played.
    pub runs: u64,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TookEffectTwice { effect } => write!(f, "took effect twice: {effect}"),
            Self::OtherOutput { input, expected, actual } => {
                let expected = expected.as_deref().unwrap_or("nothing");
                let actual = actual.as_deref().unwrap_or("nothing");
                write!(f, "{input} at the end: expected {expected}, got {actual}")
            }
        }
    }
}

impl Signature {
    /// How a recording fails in this build; `None` if it does not.
    #[must_use]
    pub fn of(recording: &Recording) -> Option<Self> {
        let twice = effect_twice(&played(recording).entries);
        if let Some(effect) = twice {
            return Some(Self::TookEffectTwice { effect });
        }
        let found = replay(recording).err()?;
        let input = found.input.to_owned();
        Some(Self::OtherOutput { input, expected: found.expected, actual: found.actual })
    }

    /// Whether the inputs of a recording, given to a device of this build, lead to it. Outputs that
    /// were recorded are not looked at.
    #[must_use]
    pub fn occurs(&self, recording: &Recording) -> bool {
        self.is_in(&played(recording).entries)
    }

    fn is_in(&self, entries: &[Entry]) -> bool {
        match self {
            Self::TookEffectTwice { effect } => {
                let effects = said(entries).filter(|said| said.what == *effect);
                effects.count() > 1
            }
            Self::OtherOutput { input, expected, actual } => {
                let Some(last) = entries.last() else { return false };
                let says = |what: &String| last.said.iter().any(|said| said.what == *what);
                last.happened.input().is_some_and(|it| it.name() == input)
                    && actual.as_ref().is_none_or(says)
                    && !expected.as_ref().is_some_and(says)
            }
        }
    }
}

/// Drops from a recording whatever is not needed for it to fail in the same way: ever smaller
/// pieces, until nothing that is left can go. The order stays.
///
/// `has_time` is asked before every run; what is found is kept whenever it says no. `None` if the
/// recording does not fail in this build, or if all that differs is which secret is shown where.
pub fn shrink(recording: &Recording, has_time: &mut impl FnMut() -> bool) -> Option<Shrunk> {
    let signature = Signature::of(recording)?;
    let failing = played(&until_failure(recording, &signature));
    if !signature.is_in(&failing.entries) {
        return None;
    }
    let mut search = Search { best: Shrunk { recording: failing, signature, runs: 1 }, has_time };
    search.drop_pieces();
    Some(search.best)
}

/// What happens after an output that differs did not cause it.
fn until_failure(recording: &Recording, signature: &Signature) -> Recording {
    let mut cut = recording.clone();
    if let (Signature::OtherOutput { .. }, Err(divergence)) = (signature, replay(recording)) {
        cut.entries.truncate(divergence.entry + 1);
    }
    cut
}

struct Search<'a, P> {
    best: Shrunk,
    has_time: &'a mut P,
}

impl<P: FnMut() -> bool> Search<'_, P> {
    fn drop_pieces(&mut self) {
        let mut size = pieces(&self.best.recording.entries).len();
        while size >= 1 {
            let before = self.best.recording.entries.len();
            let mut from = 0;
            while from < pieces(&self.best.recording.entries).len() {
                if !self.try_without(from, size) {
                    from += size;
                }
            }
            let is_shorter = self.best.recording.entries.len() < before;
            // One that could not go alone may go once another has gone.
            size = if size == 1 && is_shorter { 1 } else { size / 2 };
        }
    }

    /// Plays the history without so many pieces; it becomes the best one if it fails likewise.
    fn try_without(&mut self, from: usize, size: usize) -> bool {
        if !(self.has_time)() {
            return false;
        }
        let pieces = pieces(&self.best.recording.entries);
        let stays = |(index, piece): (usize, &[Entry])| {
            let inside = index >= from && index - from < size;
            (!inside).then(|| piece.to_vec())
        };
        let entries: Vec<Vec<Entry>> = pieces.into_iter().enumerate().filter_map(stays).collect();
        let shorter = Recording { entries: entries.concat(), ..self.best.recording.clone() };
        let shorter = played(&shorter);
        self.best.runs += 1;
        let fails = self.best.signature.is_in(&shorter.entries);
        if fails {
            self.best.recording = shorter;
        }
        fails
    }
}

/// What goes only together: no live device was ever cut short without a restart, or started
/// a second time without one.
fn pieces(entries: &[Entry]) -> Vec<&[Entry]> {
    entries.chunk_by(|one, next| goes_on(&one.happened, &next.happened)).collect()
}

fn goes_on(one: &Happened, next: &Happened) -> bool {
    match one {
        Happened::CutShort(_) => true,
        Happened::Restarted => next.input().is_some_and(|it| it.event == RecordedEvent::Start),
        Happened::Input(_) => false,
    }
}

/// The same inputs with what a device of this build says to them. One that was cut short says as
/// much as it did then.
fn played(recording: &Recording) -> Recording {
    let mut player = Player::of(recording);
    let again = |entry: &Entry| {
        let outputs_max = match &entry.happened {
            Happened::Input(_) => usize::MAX,
            Happened::CutShort(_) => entry.said.len(),
            Happened::Restarted => 0,
        };
        match entry.happened.input() {
            Some(input) => {
                let input = input.restored(player.own());
                player.give(entry.at, input);
            }
            None => player.restart(),
        }
        let outputs = core::iter::from_fn(|| player.poll()).take(outputs_max);
        let said = outputs.map(|(output, digest)| Said { what: words(&output), digest }).collect();
        Entry { said, ..entry.clone() }
    };
    let entries = recording.entries.iter().map(again).collect();
    Recording { entries, ..recording.clone() }
}

fn said(entries: &[Entry]) -> impl Iterator<Item = &Said> {
    entries.iter().flat_map(|entry| &entry.said)
}

/// The first effect that comes again.
fn effect_twice(entries: &[Entry]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut effects = said(entries).map(|said| &said.what).filter(|it| it.starts_with(EFFECT));
    effects.find(|effect| !seen.insert(*effect)).cloned()
}
