//! Bytes nobody meant to send. The promise: an error, never a panic.
//!
//! The fuzz targets run for a fixed number of inputs under `cargo test`, on stable. For longer:
//! `BOLERO_RANDOM_TEST_TIME_MS=60000 cargo test -p muster-protocol hostile`.

use muster_protocol::frame::FrameReader;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::bytes::{decode_as_everything, encoded, frame_bytes, kind, raw};
use crate::generators::{enrol_reply, enrol_request, to_device, to_server};

/// Inputs per fuzz target: about a second in a debug build.
const INPUTS: usize = 20_000;

#[test]
fn no_stream_of_bytes_makes_the_reader_panic() {
    bolero::check!().with_iterations(INPUTS).for_each(|input: &[u8]| {
        let mut reader = FrameReader::default();
        for piece in input.chunks(7) {
            reader.push(piece);
            while let Ok(Some(frame)) = reader.next_frame() {
                decode_as_everything(&frame);
            }
        }
    });
}

#[test]
fn no_payload_makes_a_decoder_panic() {
    bolero::check!().with_iterations(INPUTS).for_each(|input: &[u8]| {
        let Some((choice, payload)) = input.split_first() else {
            return;
        };
        let kind = kind::ALL[usize::from(*choice) % kind::ALL.len()];
        decode_as_everything(&raw(&frame_bytes(kind, payload)));
    });
}

proptest! {
    #[test]
    fn a_damaged_message_is_an_error_or_another_message(
        bytes in prop_oneof![
            to_server().prop_map(|message| encoded(&message)),
            to_device().prop_map(|message| encoded(&message)),
            enrol_request().prop_map(|message| encoded(&message)),
            enrol_reply().prop_map(|message| encoded(&message)),
        ],
        damage in vec((any::<Index>(), any::<u8>()), 1..6),
        cut in any::<Index>(),
    ) {
        let mut payload = bytes[5..].to_vec();
        for (place, value) in damage {
            if !payload.is_empty() {
                let place = place.index(payload.len());
                payload[place] = value;
            }
        }
        decode_as_everything(&raw(&frame_bytes(bytes[4], &payload)));
        payload.truncate(cut.index(payload.len() + 1));
        decode_as_everything(&raw(&frame_bytes(bytes[4], &payload)));
    }
}
