//! The last inputs of a device as bytes: there are tens of thousands of devices, and most of what
//! they keep is never looked at.

use alloc::vec::Vec;

use muster_protocol::Timestamp;

/// Room is made in steps of this: twice what is needed, as a vector does it by itself, would be
/// half of what a busy device costs.
const GROWS_BY_BYTES: usize = 128;

/// One thing that happened, oldest first in a [`Ring`]: its sort, its moment, the bytes of the
/// input, the digests of what the device said to it.
///
/// ```text
/// sort 1 | moment 8 | bytes of the input 4 | input | digests 2 | digest 8 ...
/// ```
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    bytes: Vec<u8>,
    /// Where the last one begins.
    last: usize,
    count: usize,
}

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Input,
    CutShort,
    Restarted,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept<'a> {
    pub(super) sort: Sort,
    pub(super) at: Timestamp,
    /// Nothing for a restart.
    pub(super) input: &'a [u8],
    pub(super) said: Vec<u64>,
}

const SORT_BYTES: usize = 1;
const MOMENT_BYTES: usize = 8;
const LENGTH_BYTES: usize = 4;
const COUNT_BYTES: usize = 2;
const DIGEST_BYTES: usize = 8;
const HEAD_BYTES: usize = SORT_BYTES + MOMENT_BYTES + LENGTH_BYTES + COUNT_BYTES;

impl Sort {
    const fn byte(self) -> u8 {
        match self {
            Self::Input => 0,
            Self::CutShort => 1,
            Self::Restarted => 2,
        }
    }

    const fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Input,
            1 => Self::CutShort,
            _ => Self::Restarted,
        }
    }
}

impl Ring {
    /// How many things are kept.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Keeps one more. Of an input of more than four gibibytes nothing is kept; there is none.
    pub(super) fn push(&mut self, sort: Sort, at: Timestamp, input: &[u8]) {
        let Ok(length) = u32::try_from(input.len()) else { return };
        self.make_room(HEAD_BYTES + input.len());
        self.last = self.bytes.len();
        self.count += 1;
        self.bytes.push(sort.byte());
        self.bytes.extend_from_slice(&at.as_micros().to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(input);
        self.bytes.extend_from_slice(&0_u16.to_le_bytes());
    }

    /// Adds the digest of an output to the last one. No input leads to more than 65,535.
    pub(super) fn said(&mut self, digest: u64) {
        let Some(at) = self.count_of_last() else { return };
        self.make_room(DIGEST_BYTES);
        if let Some(place) = self.bytes.get_mut(at..at + COUNT_BYTES)
            && let Ok(count) = <[u8; COUNT_BYTES]>::try_from(&*place)
            && let Some(more) = u16::from_le_bytes(count).checked_add(1)
        {
            place.copy_from_slice(&more.to_le_bytes());
            self.bytes.extend_from_slice(&digest.to_le_bytes());
        }
    }

    /// What the last input led to was not all carried out.
    pub(super) fn cut_last_short(&mut self) {
        if let Some(sort) = self.bytes.get_mut(self.last)
            && *sort == Sort::Input.byte()
        {
            *sort = Sort::CutShort.byte();
        }
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest = self.bytes.as_slice();
        core::iter::from_fn(move || {
            let (kept, after) = first(rest)?;
            rest = after;
            Some(kept)
        })
    }

    /// Forgets the oldest ones.
    pub(super) fn drop_oldest(&mut self, count: usize) {
        let mut rest = self.bytes.as_slice();
        let mut dropped = 0;
        while dropped < count
            && let Some((_kept, after)) = first(rest)
        {
            rest = after;
            dropped += 1;
        }
        let bytes = self.bytes.len() - rest.len();
        self.bytes.drain(..bytes);
        self.last = self.last.saturating_sub(bytes);
        self.count -= dropped;
    }

    /// Where the number of digests of the last one stands.
    fn count_of_last(&self) -> Option<usize> {
        let at = self.last + SORT_BYTES + MOMENT_BYTES;
        let length = self.bytes.get(at..at + LENGTH_BYTES)?.try_into().ok()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        Some(at + LENGTH_BYTES + length)
    }

    fn make_room(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.bytes.reserve_exact(bytes.max(GROWS_BY_BYTES));
        }
    }
}

/// The first of them, and what follows it.
fn first(bytes: &[u8]) -> Option<(Kept<'_>, &[u8])> {
    let (sort, rest) = bytes.split_first()?;
    let (at, rest) = rest.split_first_chunk::<MOMENT_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (input, rest) = rest.split_at_checked(length)?;
    let (count, rest) = rest.split_first_chunk::<COUNT_BYTES>()?;
    let digests = usize::from(u16::from_le_bytes(*count)) * DIGEST_BYTES;
    let (said, rest) = rest.split_at_checked(digests)?;
    let digest = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
    let said = said.chunks_exact(DIGEST_BYTES).map(digest).collect();
    let at = Timestamp::from_micros(u64::from_le_bytes(*at));
    Some((Kept { sort: Sort::of(*sort), at, input, said }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn ring() -> Ring {
        let mut ring = Ring::default();
        ring.said(9);
        ring.push(Sort::Input, at(1), b"first");
        ring.said(10);
        ring.said(11);
        ring.push(Sort::Restarted, at(2), b"");
        ring.push(Sort::Input, at(3), b"third");
        ring.said(12);
        ring
    }

    #[test]
    fn what_was_kept_comes_back_in_its_order() {
        let ring = ring();
        let kept: Vec<Kept<'_>> = ring.iter().collect();
        let first = Kept { sort: Sort::Input, at: at(1), input: b"first", said: [10, 11].into() };
        let second = Kept { sort: Sort::Restarted, at: at(2), input: b"", said: Vec::new() };
        let third = Kept { sort: Sort::Input, at: at(3), input: b"third", said: [12].into() };
        assert_eq!(kept, [first, second, third]);
        assert_eq!(ring.len(), 3);
    }

    #[test]
    fn the_oldest_goes_and_the_last_can_still_be_added_to() {
        let mut ring = ring();
        ring.drop_oldest(2);
        ring.said(13);
        ring.cut_last_short();
        let kept: Vec<Kept<'_>> = ring.iter().collect();
        let third =
            Kept { sort: Sort::CutShort, at: at(3), input: b"third", said: [12, 13].into() };
        assert_eq!((kept, ring.len()), ([third].into(), 1));
        ring.drop_oldest(5);
        assert_eq!((ring.iter().count(), ring.len()), (0, 0));
    }

    #[test]
    fn a_restart_is_not_cut_short() {
        let mut ring = Ring::default();
        ring.push(Sort::Restarted, at(1), b"");
        ring.cut_last_short();
        assert_eq!(ring.iter().next().unwrap().sort, Sort::Restarted);
    }
}
