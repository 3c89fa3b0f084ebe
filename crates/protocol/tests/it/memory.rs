//! What a peer can make this side allocate.

use allocation_counter::measure;
use muster_protocol::frame::{FrameReader, RawFrame};
use muster_protocol::limits::FRAME_BYTES_MAX;
use muster_protocol::management::ToServer;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bytes::{decode_as_everything, encoded, frame_bytes, kind, raw};

/// Most bytes one frame may cost in memory while it is decoded, as a multiple of its own limit.
///
/// serde reserves up to one mebibyte for a sequence whose length it cannot check, the certificate
/// chain is a sequence in a sequence, and a full frame of empty items is larger in memory than on
/// the wire. The memory is given back when decoding ends; what is promised is that it stays a
/// small multiple of the frame and has nothing to do with what the peer claims.
const DECODE_BYTES_MAX: u64 = 64 * FRAME_BYTES_MAX as u64;

/// Most bytes a reader may hold between two frames: one frame, its growth, and a piece.
const READER_BYTES_MAX: u64 = 4 * FRAME_BYTES_MAX as u64;

/// A sequence length of 2^60, as a variable-length integer.
const CLAIMS_EXABYTES: [u8; 9] = [253, 0, 0, 0, 0, 0, 0, 0, 16];

#[test]
fn a_claimed_length_costs_no_more_than_the_bound() {
    for (kind, head) in kinds_with_sequences() {
        for depth in 1..=4 {
            let payload = [head.clone(), CLAIMS_EXABYTES.repeat(depth)].concat();
            assert_bounded(&raw(&frame_bytes(kind, &payload)));
        }
    }
}

#[test]
fn a_frame_full_of_the_smallest_items_costs_no_more_than_the_bound() {
    for (kind, head) in kinds_with_sequences() {
        let items = FRAME_BYTES_MAX - head.len() - 4;
        for count in [items / 3, items] {
            let count = u16::try_from(count).expect("below the frame limit").to_le_bytes();
            let payload = [&head[..], &[251], &count, &vec![0; items]].concat();
            assert_bounded(&raw(&frame_bytes(kind, &payload)));
        }
    }
}

#[test]
fn a_reader_that_never_comes_to_rest_does_not_grow() {
    let frame = encoded(&ToServer::Idle);
    let stream = frame.repeat(400_000);
    let (first, rest) = stream.split_at(1);
    let held = measure(|| {
        let mut reader = FrameReader::default();
        reader.push(first);
        for piece in rest.chunks(frame.len() * 100) {
            reader.push(piece);
            while reader.next_frame().expect("well-formed").is_some() {}
        }
    });
    assert!(
        held.bytes_max <= READER_BYTES_MAX,
        "held {} bytes of a stream of {} whose frames were all taken out",
        held.bytes_max,
        stream.len()
    );
}

proptest! {
    #[test]
    fn no_payload_costs_more_than_the_bound(
        kind in prop::sample::select(&kind::ALL[..]),
        payload in vec(any::<u8>(), 0..400),
    ) {
        assert_bounded(&raw(&frame_bytes(kind, &payload)));
    }
}

/// Kinds that carry a sequence, with what stands before its length.
fn kinds_with_sequences() -> [(u8, Vec<u8>); 10] {
    let (id, error_outcome) = ([7; 16], 1);
    let result = [&id[..], &[1, error_outcome]].concat();
    let answer = |number| [&id[..], &[1, 0, number]].concat();
    let queries = [&id[..], &[1, 0, 0, 6]].concat();
    let reply = [&[0][..], &id].concat();
    let request_token = vec![0];
    let request_csr = vec![0, 0];
    let update = vec![1, 1];
    [
        (kind::COMMAND_RESULT, result),
        (kind::COMMAND_RESULT, answer(4)),
        (kind::COMMAND_RESULT, answer(7)),
        (kind::COMMAND_RESULT, answer(8)),
        (kind::COMMAND_RESULT, answer(9)),
        (kind::COMMAND, queries),
        (kind::ENROL_REPLY, reply),
        (kind::ENROL_REQUEST, request_token),
        (kind::ENROL_REQUEST, request_csr),
        (kind::TOKEN_UPDATE, update),
    ]
}

fn assert_bounded(frame: &RawFrame) {
    let taken = measure(|| decode_as_everything(frame)).bytes_max;
    assert!(taken <= DECODE_BYTES_MAX, "took {taken} bytes");
}
