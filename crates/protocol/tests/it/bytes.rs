//! Frames by hand, as a peer in another language would make them.

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{FrameError, FrameReader, Message, Peer, RawFrame};
use muster_protocol::management::{ToDevice, ToServer};

/// The kinds of docs/protocol/framing.md, written down again: a changed number breaks the wire.
pub(crate) mod kind {
    pub(crate) const ENROL_REQUEST: u8 = 0x01;
    pub(crate) const ENROL_REPLY: u8 = 0x81;
    pub(crate) const HELLO: u8 = 0x10;
    pub(crate) const TOKEN_UPDATE: u8 = 0x11;
    pub(crate) const STATUS_REPORT: u8 = 0x12;
    pub(crate) const IDLE: u8 = 0x13;
    pub(crate) const COMMAND_RESULT: u8 = 0x14;
    pub(crate) const WELCOME: u8 = 0x90;
    pub(crate) const TOKEN_UPDATE_ACK: u8 = 0x91;
    pub(crate) const COMMAND: u8 = 0x92;
    pub(crate) const EMPTY: u8 = 0x93;
    pub(crate) const PUSH_UPDATE: u8 = 0x15;
    pub(crate) const POLICY_UPDATE: u8 = 0x94;

    /// Every kind of minor version 0.
    pub(crate) const ALL: [u8; 13] = [
        PUSH_UPDATE,
        POLICY_UPDATE,
        ENROL_REQUEST,
        ENROL_REPLY,
        HELLO,
        TOKEN_UPDATE,
        STATUS_REPORT,
        IDLE,
        COMMAND_RESULT,
        WELCOME,
        TOKEN_UPDATE_ACK,
        COMMAND,
        EMPTY,
    ];
}

/// Both ways of judging a peer.
pub(crate) const PEERS: [Peer; 2] = [Peer::Known, Peer::Newer];

/// The bytes of a frame.
pub(crate) fn frame_bytes(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 1).expect("a test's payload is short");
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.push(kind);
    bytes.extend_from_slice(payload);
    bytes
}

/// The bytes of a message, length field and all.
pub(crate) fn encoded<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes).expect("fits a frame");
    bytes
}

/// The same message with bytes appended to its payload, as a newer minor version would.
pub(crate) fn with_appended<M: Message>(message: &M, appended: &[u8]) -> Vec<u8> {
    let bytes = encoded(message);
    let (kind, payload) = bytes[4..].split_first().expect("a frame has a kind");
    frame_bytes(*kind, &[payload, appended].concat())
}

/// The one frame in `bytes`.
pub(crate) fn raw(bytes: &[u8]) -> RawFrame {
    let mut reader = FrameReader::default();
    reader.push(bytes);
    let frame = reader.next_frame().expect("a readable frame");
    assert!(!reader.is_mid_frame(), "more than one frame");
    frame.expect("a whole frame")
}

/// Reads the one frame in `bytes` as a message.
pub(crate) fn decoded<M: Message>(bytes: &[u8], peer: Peer) -> Result<Option<M>, FrameError> {
    M::decode(&raw(bytes), peer)
}

/// Reads a frame as every message there is, from every peer; whatever comes of it.
pub(crate) fn decode_as_everything(frame: &RawFrame) {
    for peer in PEERS {
        drop(EnrolRequest::decode(frame, peer));
        drop(EnrolReply::decode(frame, peer));
        drop(ToServer::decode(frame, peer));
        drop(ToDevice::decode(frame, peer));
    }
}
