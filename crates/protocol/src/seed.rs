//! Chance that can be repeated: one seed, a tree of streams.

use core::fmt;
use core::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// A node of the seed tree.
///
/// Children are derived by label and index, so that adding a device or a draw in one place
/// shifts nobody else's stream. Values are portable: `ChaCha8` is a named algorithm, and a test
/// holds its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of a run.
    #[must_use]
    pub fn root(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Self(bytes)
    }

    /// The child with this label and index.
    #[must_use]
    pub fn child(self, label: &str, index: u64) -> Self {
        self.derive(fnv1a(label)).derive(index)
    }

    /// The stream of draws of this node.
    #[must_use]
    pub fn stream(self) -> Stream {
        Stream { seed: self, drawn: 0 }
    }

    fn derive(self, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(stream);
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// Draws of one node, in order. Storable: seed and position are all there is to it.
///
/// The generator is rebuilt for each draw: a fleet keeps many streams and draws rarely, so forty
/// bytes a device are worth more than the quarter of a microsecond.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    seed: Seed,
    drawn: u64,
}

impl Stream {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let mut rng = ChaCha8Rng::from_seed(self.seed.0);
        // A draw is two 32-bit words.
        rng.set_word_pos(u128::from(self.drawn) * 2);
        self.drawn += 1;
        rng.next_u64()
    }

    /// A number below `bound`; 0 if `bound` is 0.
    ///
    /// Multiply-and-shift: the bias is below `bound` in 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A span below `bound`, in whole microseconds.
    pub fn duration_below(&mut self, bound: Duration) -> Duration {
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(micros))
    }

    /// True `hits` times `of` a number of draws.
    pub fn chance(&mut self, hits: u64, of: u64) -> bool {
        self.below(of) < hits
    }

    /// The next bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let word = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        bytes
    }
}

/// FNV-1a, 64 bits: a stable name for a label, not a defence against anyone.
fn fnv1a(label: &str) -> u64 {
    label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode_at_rest, encode_at_rest};

    #[test]
    fn the_first_draws_of_a_stream_never_change() {
        let mut stream = Seed::root(1).child("device", 0).stream();
        let draws = [stream.next_u64(), stream.next_u64(), stream.below(1_000)];
        insta::assert_debug_snapshot!(draws);
    }

    #[test]
    fn siblings_and_labels_draw_apart() {
        let root = Seed::root(1);
        let first = |seed: Seed| seed.stream().next_u64();
        assert_ne!(first(root.child("device", 0)), first(root.child("device", 1)));
        assert_ne!(first(root.child("device", 0)), first(root.child("fault", 0)));
        assert_ne!(first(root.child("device", 0)), first(Seed::root(2).child("device", 0)));
    }

    #[test]
    fn a_stored_stream_goes_on_where_it_stopped() {
        let mut stream = Seed::root(9).stream();
        for _ in 0..5 {
            stream.next_u64();
        }
        let bytes = encode_at_rest(&stream).expect("small");
        let mut restored: Stream = decode_at_rest(&bytes).expect("our own bytes");
        assert_eq!(restored.next_u64(), stream.next_u64());
    }

    #[test]
    fn bounded_draws_stay_below_their_bound() {
        let mut stream = Seed::root(3).stream();
        for bound in [1, 2, 3, 1_000, u64::MAX] {
            assert!(stream.below(bound) < bound);
        }
        assert_eq!(stream.below(0), 0);
    }
}
