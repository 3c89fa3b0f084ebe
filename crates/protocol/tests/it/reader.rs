//! Cutting a stream into frames.

use muster_protocol::frame::{FrameError, FrameReader, RawFrame};
use muster_protocol::limits::FRAME_BYTES_MAX;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bytes::{encoded, frame_bytes, kind, raw};
use crate::generators::to_server;

proptest! {
    #[test]
    fn where_the_stream_is_split_does_not_matter(
        messages in vec(to_server(), 1..8),
        pieces in vec(1_usize..600, 1..40),
    ) {
        let frames: Vec<Vec<u8>> = messages.iter().map(encoded).collect();
        let expected: Vec<RawFrame> = frames.iter().map(|bytes| raw(bytes)).collect();
        prop_assert_eq!(read_in_pieces(&frames.concat(), &pieces), expected);
    }

    #[test]
    fn a_length_above_the_limit_is_refused_at_once(
        length in u32::try_from(FRAME_BYTES_MAX + 1).expect("small")..=u32::MAX,
        after in vec(any::<u8>(), 0..8),
    ) {
        let mut reader = FrameReader::default();
        reader.push(&length.to_be_bytes());
        reader.push(&after);
        prop_assert_eq!(reader.next_frame(), Err(FrameError::TooLarge { length }));
    }

    #[test]
    fn a_cut_frame_is_waited_for_and_not_guessed(message in to_server(), cut in any::<prop::sample::Index>()) {
        let bytes = encoded(&message);
        let cut = cut.index(bytes.len());
        let mut reader = FrameReader::default();
        reader.push(&bytes[..cut]);
        prop_assert_eq!(reader.next_frame(), Ok(None));
        prop_assert_eq!(reader.is_mid_frame(), cut > 0);
        reader.push(&bytes[cut..]);
        prop_assert_eq!(reader.next_frame(), Ok(Some(raw(&bytes))));
        prop_assert!(!reader.is_mid_frame());
    }
}

#[test]
fn a_frame_without_a_kind_is_refused() {
    let mut reader = FrameReader::default();
    reader.push(&[0; 4]);
    assert_eq!(reader.next_frame(), Err(FrameError::NoKind));
}

#[test]
fn a_refused_stream_stays_refused() {
    let mut reader = FrameReader::default();
    reader.push(&u32::MAX.to_be_bytes());
    let refused = Err(FrameError::TooLarge { length: u32::MAX });
    assert_eq!(reader.next_frame(), refused);
    reader.push(&frame_bytes(kind::IDLE, &[]));
    assert_eq!(reader.next_frame(), refused);
}

/// Reads `bytes` in pieces of these lengths, over and over.
fn read_in_pieces(mut bytes: &[u8], pieces: &[usize]) -> Vec<RawFrame> {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for piece in pieces.iter().cycle() {
        let (now, later) = bytes.split_at(bytes.len().min(*piece));
        reader.push(now);
        while let Some(frame) = reader.next_frame().expect("well-formed") {
            frames.push(frame);
        }
        if later.is_empty() {
            break;
        }
        bytes = later;
    }
    assert!(!reader.is_mid_frame());
    frames
}
