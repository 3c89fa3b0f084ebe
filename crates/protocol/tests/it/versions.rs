//! Peers of other minor versions (REQ-FRAME-006).

use muster_protocol::alpn::MINOR;
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{FrameError, Peer};
use muster_protocol::management::{Hello, ToDevice, ToServer};
use muster_protocol::{Command, DeviceId};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bytes::{decoded, encoded, frame_bytes, kind, with_appended};
use crate::generators::{
    command_head, device_status, enrol_reply, enrol_request, request, to_device, to_server,
};

/// A number of a request kind this build has none of: `Request` counts from 0.
const UNKNOWN_VARIANT: u8 = 200;

proptest! {
    #[test]
    fn fields_a_newer_device_appends_are_passed_over(
        message in to_server(),
        appended in vec(any::<u8>(), 1..40),
    ) {
        let message = at_minor(message, MINOR + 1);
        let bytes = with_appended(&message, &appended);
        prop_assert_eq!(decoded(&bytes, Peer::Newer), Ok(Some(message)));
    }

    #[test]
    fn bytes_left_over_from_a_device_of_our_version_are_refused(
        message in to_server(),
        appended in vec(any::<u8>(), 1..40),
    ) {
        let message = at_minor(message, MINOR);
        let bytes = with_appended(&message, &appended);
        let refused = FrameError::LeftOver { kind: bytes[4], left: appended.len() };
        prop_assert_eq!(decoded::<ToServer>(&bytes, Peer::Known), Err(refused));
    }

    #[test]
    fn a_greeting_is_judged_by_the_minor_it_names_and_not_by_what_was_thought_before(
        device in any::<[u8; 16]>().prop_map(DeviceId::from_bytes),
        status in device_status(),
        appended in vec(any::<u8>(), 1..40),
    ) {
        let hello = |minor| ToServer::Hello(Hello { minor, device, status });
        let newer = with_appended(&hello(MINOR + 1), &appended);
        prop_assert_eq!(decoded(&newer, Peer::Known), Ok(Some(hello(MINOR + 1))));
        let ours = with_appended(&hello(MINOR), &appended);
        prop_assert!(decoded::<ToServer>(&ours, Peer::Newer).is_err());
    }

    #[test]
    fn an_enrolment_is_judged_by_the_minor_it_names(
        request in enrol_request(),
        reply in enrol_reply(),
    ) {
        let newer_request = EnrolRequest { minor: MINOR + 1, ..request.clone() };
        let newer_reply = EnrolReply { minor: MINOR + 1, ..reply.clone() };
        prop_assert!(decoded::<EnrolRequest>(&with_appended(&newer_request, &[0]), Peer::Known).is_ok());
        prop_assert!(decoded::<EnrolReply>(&with_appended(&newer_reply, &[0]), Peer::Known).is_ok());
        let our_request = EnrolRequest { minor: MINOR, ..request };
        let our_reply = EnrolReply { minor: MINOR, ..reply };
        prop_assert!(decoded::<EnrolRequest>(&with_appended(&our_request, &[0]), Peer::Known).is_err());
        prop_assert!(decoded::<EnrolReply>(&with_appended(&our_reply, &[0]), Peer::Known).is_err());
    }

    #[test]
    fn a_kind_nobody_knows_is_passed_over_only_from_a_newer_peer(
        kind in any::<u8>().prop_filter("kinds that exist", |kind| !kind::ALL.contains(kind)),
        payload in vec(any::<u8>(), 0..40),
    ) {
        let bytes = frame_bytes(kind, &payload);
        let refused = FrameError::UnknownKind { kind };
        prop_assert_eq!(decoded::<ToServer>(&bytes, Peer::Newer), Ok(None));
        prop_assert_eq!(decoded::<ToDevice>(&bytes, Peer::Newer), Ok(None));
        prop_assert_eq!(decoded::<ToServer>(&bytes, Peer::Known), Err(refused.clone()));
        prop_assert_eq!(decoded::<ToDevice>(&bytes, Peer::Known), Err(refused));
    }

    #[test]
    fn a_command_whose_request_is_from_the_future_keeps_its_head(
        head in command_head(),
        body in vec(any::<u8>(), 0..40),
    ) {
        let bytes = command_with(head, &[&[UNKNOWN_VARIANT], &body[..]].concat());
        for peer in [Peer::Known, Peer::Newer] {
            let command = Command { head, request: None };
            prop_assert_eq!(decoded(&bytes, peer), Ok(Some(ToDevice::Command(command))));
        }
    }

    #[test]
    fn a_command_of_any_nonsense_keeps_its_head(
        head in command_head(),
        body in vec(any::<u8>(), 0..200),
    ) {
        let read = decoded(&command_with(head, &body), Peer::Known);
        let Ok(Some(ToDevice::Command(command))) = read else {
            return Err(TestCaseError::fail("the head was lost"));
        };
        prop_assert_eq!(command.head, head);
    }

    #[test]
    fn a_request_with_bytes_left_over_is_one_this_build_cannot_read(
        head in command_head(),
        request in request(),
        appended in vec(any::<u8>(), 1..40),
    ) {
        let whole = Command { head, request: Some(request) };
        let bytes = with_appended(&ToDevice::Command(whole.clone()), &appended);
        let unreadable = Command { head, request: None };
        prop_assert_eq!(decoded(&bytes, Peer::Known), Ok(Some(ToDevice::Command(unreadable))));
        prop_assert_eq!(decoded(&bytes, Peer::Newer), Ok(Some(ToDevice::Command(whole))));
    }

    #[test]
    fn fields_a_newer_server_appends_are_passed_over(
        message in to_device(),
        appended in vec(any::<u8>(), 1..40),
    ) {
        prop_assume!(!matches!(message, ToDevice::Welcome(_) | ToDevice::Command(_)));
        let bytes = with_appended(&message, &appended);
        prop_assert!(decoded::<ToDevice>(&bytes, Peer::Known).is_err());
        prop_assert_eq!(decoded(&bytes, Peer::Newer), Ok(Some(message)));
    }
}

#[test]
fn a_command_without_a_whole_head_is_no_command() {
    let bytes = frame_bytes(kind::COMMAND, &[7; 10]);
    assert!(decoded::<ToDevice>(&bytes, Peer::Newer).is_err());
}

/// The bytes of a command whose request is `body`.
fn command_with(head: muster_protocol::CommandHead, body: &[u8]) -> Vec<u8> {
    let alone = encoded(&ToDevice::Command(Command { head, request: None }));
    frame_bytes(kind::COMMAND, &[&alone[5..], body].concat())
}

/// The message with its sender's minor version set, if it names one.
fn at_minor(message: ToServer, minor: u16) -> ToServer {
    match message {
        ToServer::Hello(hello) => ToServer::Hello(Hello { minor, ..hello }),
        other @ (ToServer::TokenUpdate(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::CommandResult(_)
        | ToServer::PushUpdate(_)) => other,
    }
}
