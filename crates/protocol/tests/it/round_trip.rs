//! What is sent is what arrives.

use core::fmt::Debug;

use muster_protocol::enrolment::EnrolRequest;
use muster_protocol::frame::{Message, Peer};
use muster_protocol::limits::FRAME_BYTES_MAX;
use muster_protocol::management::{ToServer, TokenUpdate};
use muster_protocol::secret::{EnrolmentToken, UnlockToken};
use muster_protocol::{
    DeviceFacts, Mode, OperatingSystem, OsVersion, decode_at_rest, encode_at_rest,
};
use proptest::prelude::*;

use crate::bytes::{PEERS, decoded, encoded, raw};
use crate::generators::{device_status, enrol_reply, enrol_request, to_device, to_server};

proptest! {
    #[test]
    fn what_a_device_sends_is_what_the_server_reads(message in to_server()) {
        assert_arrives(&message)?;
    }

    #[test]
    fn what_a_server_sends_is_what_the_device_reads(message in to_device()) {
        assert_arrives(&message)?;
    }

    #[test]
    fn an_enrolment_request_arrives_whole(message in enrol_request()) {
        assert_arrives(&message)?;
    }

    #[test]
    fn an_enrolment_reply_arrives_whole(message in enrol_reply()) {
        assert_arrives(&message)?;
    }

    #[test]
    fn a_message_of_the_other_direction_is_not_taken_for_one_of_ours(message in to_device()) {
        prop_assert!(decoded::<ToServer>(&encoded(&message), Peer::Known).is_err());
    }

    #[test]
    fn a_value_kept_at_rest_comes_back(status in device_status()) {
        let bytes = encode_at_rest(&status).expect("small");
        prop_assert_eq!(decode_at_rest(&bytes), Ok(status));
    }

    #[test]
    fn the_frame_before_stays_when_the_next_does_not_fit(message in to_server()) {
        let mut bytes = encoded(&message);
        let before = bytes.clone();
        prop_assert!(request_with_csr(FRAME_BYTES_MAX).encode(&mut bytes).is_err());
        prop_assert_eq!(bytes, before);
    }
}

#[test]
fn a_frame_is_sent_up_to_the_limit_and_not_one_byte_further() {
    let overhead = encoded(&update_with_token(0)).len() - 4;
    // The length of a long token takes three bytes where that of an empty one takes one.
    let longest = FRAME_BYTES_MAX - overhead - 2;
    assert_eq!(encoded(&update_with_token(longest)).len(), 4 + FRAME_BYTES_MAX);
    assert!(update_with_token(longest + 1).encode(&mut Vec::new()).is_err());
}

#[test]
fn a_value_within_the_limit_at_rest_comes_back_however_small_its_numbers_are() {
    let numbers = vec![1_u64; 500_000];
    let bytes = encode_at_rest(&numbers).expect("half a mebibyte");
    assert_eq!(decode_at_rest(&bytes), Ok(numbers));
}

#[test]
fn a_value_above_the_limit_at_rest_is_refused_when_it_is_written() {
    let whole_mebibyte = vec![0_u8; 1 << 20];
    assert!(encode_at_rest(&whole_mebibyte).is_err());
}

fn assert_arrives<M: Message + Debug + PartialEq>(message: &M) -> Result<(), TestCaseError> {
    let frame = raw(&encoded(message));
    for peer in PEERS {
        let arrived = M::decode(&frame, peer);
        prop_assert_eq!(arrived.as_ref().map(Option::as_ref), Ok(Some(message)));
    }
    Ok(())
}

fn update_with_token(token_bytes: usize) -> ToServer {
    ToServer::TokenUpdate(TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![7; token_bytes])),
        bypass_code: None,
    })
}

fn request_with_csr(csr_bytes: usize) -> EnrolRequest {
    EnrolRequest {
        minor: 0,
        token: EnrolmentToken::new("token".to_owned()),
        csr_der: vec![7; csr_bytes],
        facts: DeviceFacts {
            serial: "F17".parse().expect("a serial"),
            model: "iPhone15,2".to_owned(),
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::new(17, 4),
            mode: Mode::AppleDevice,
        },
    }
}
