//! Frames that are no golden bytes, and the verdict each must get; and the decoding budget.

use std::fs;

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{FrameError, Message, Peer};
use muster_protocol::management::{CommandResult, ToDevice, ToServer};
use muster_protocol::{Attempt, CommandId, ErrorItem, Outcome};

use crate::{cut, folder, unhex};

#[test]
fn frames_get_the_verdicts_the_fixture_gives_them() {
    let text = fs::read_to_string(folder().join("judged.txt")).expect("the judged frames");
    let mut judged = 0;
    for line in text.lines() {
        let (columns, _comment) = line.split_once('#').unwrap_or((line, ""));
        let mut columns = columns.split_whitespace();
        let (Some(verdict), Some(reader), Some(peer)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let bytes = unhex(&columns.collect::<String>());
        assert_eq!(judge(reader, parse_peer(peer), &bytes), verdict, "{line}");
        judged += 1;
    }
    assert!(judged > 30, "only {judged} frames judged");
}

/// REQ-LIMIT-004: integers count with their full width, whatever they take on the wire.
#[test]
fn the_decoding_budget_is_what_the_protocol_says() {
    let fixed = 16 + 4 + 4 + 8;
    let per_item = 8 + 4 + 8;
    let most = (65_536 - fixed) / per_item;
    assert_eq!(most, 3_275);
    assert_eq!(judge("server", Peer::Known, &errors(most)), "accept");
    assert_eq!(judge("server", Peer::Known, &errors(most + 1)), "bad-frame");
}

fn errors(items: usize) -> Vec<u8> {
    let item = ErrorItem { domain: String::new(), code: 0, description: String::new() };
    let message = ToServer::CommandResult(CommandResult {
        id: CommandId::from_bytes([9; 16]),
        attempt: Attempt::new(1),
        outcome: Outcome::Error(vec![item; items]),
    });
    let mut bytes = Vec::new();
    message.encode(&mut bytes).expect("below the longest frame");
    bytes
}

fn parse_peer(text: &str) -> Peer {
    match text {
        "known" => Peer::Known,
        "newer" => Peer::Newer,
        _ => panic!("no such peer: {text}"),
    }
}

fn judge(reader: &str, peer: Peer, bytes: &[u8]) -> &'static str {
    match reader {
        "server" => verdict::<ToServer>(bytes, peer),
        "enrol-server" => verdict::<EnrolRequest>(bytes, peer),
        "enrol-device" => verdict::<EnrolReply>(bytes, peer),
        "device" => match decode::<ToDevice>(bytes, peer) {
            Ok(Some(ToDevice::Command(command))) if command.request.is_none() => "without-request",
            other => name(&other),
        },
        _ => panic!("no such reader: {reader}"),
    }
}

fn verdict<M: Message>(bytes: &[u8], peer: Peer) -> &'static str {
    name(&decode::<M>(bytes, peer))
}

fn decode<M: Message>(bytes: &[u8], peer: Peer) -> Result<Option<M>, FrameError> {
    M::decode(&cut(bytes)?, peer)
}

const fn name<M>(judged: &Result<Option<M>, FrameError>) -> &'static str {
    match judged {
        Ok(Some(_)) => "accept",
        Ok(None) => "pass-over",
        Err(FrameError::TooLarge { .. }) => "frame-too-large",
        Err(
            FrameError::NoKind
            | FrameError::UnknownKind { .. }
            | FrameError::Payload { .. }
            | FrameError::LeftOver { .. },
        ) => "bad-frame",
    }
}
