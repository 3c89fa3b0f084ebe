//! Frames: a length, a kind, a payload.
//!
//! ```text
//! +----------------------+--------+------------------------------+
//! | length: u32, big end | kind:  | payload: length - 1 bytes of |
//! | (kind + payload)     | u8     | bincode                      |
//! +----------------------+--------+------------------------------+
//! ```
//!
//! Source: docs/protocol/framing.md.

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{self, DecodeError, EncodeError};
use crate::command::{Command, CommandHead, Request};
use crate::enrolment::{EnrolReply, EnrolRequest};
use crate::limits::FRAME_BYTES_MAX;
use crate::management::{ToDevice, ToServer};
use crate::planted::{Plant, is};

/// Bytes before the kind.
const LENGTH_BYTES: usize = 4;

/// The kinds of frames; the high bit tells the direction: set from the server.
mod kind {
    pub(super) const ENROL_REQUEST: u8 = 0x01;
    pub(super) const ENROL_REPLY: u8 = 0x81;
    pub(super) const HELLO: u8 = 0x10;
    pub(super) const TOKEN_UPDATE: u8 = 0x11;
    pub(super) const STATUS_REPORT: u8 = 0x12;
    pub(super) const IDLE: u8 = 0x13;
    pub(super) const COMMAND_RESULT: u8 = 0x14;
    pub(super) const PUSH_UPDATE: u8 = 0x15;
    pub(super) const WELCOME: u8 = 0x90;
    pub(super) const TOKEN_UPDATE_ACK: u8 = 0x91;
    pub(super) const COMMAND: u8 = 0x92;
    pub(super) const EMPTY: u8 = 0x93;
    pub(super) const POLICY_UPDATE: u8 = 0x94;
}

/// A frame that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length field is above the limit; nothing after it can be trusted.
    #[error("frame of {length} bytes is longer than {FRAME_BYTES_MAX}")]
    TooLarge {
        /// What the length field says.
        length: u32,
    },
    /// A length of zero leaves no room for the kind.
    #[error("frame without a kind")]
    NoKind,
    /// A kind this build does not know, or one of the other direction.
    #[error("unknown frame kind 0x{kind:02x}")]
    UnknownKind {
        /// The kind.
        kind: u8,
    },
    /// A payload that is not what its kind says.
    #[error("payload of frame kind 0x{kind:02x} does not decode")]
    Payload {
        /// The kind.
        kind: u8,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// More bytes than the message has, from a peer that is not newer than this build.
    #[error("{left} bytes left over in frame kind 0x{kind:02x}")]
    LeftOver {
        /// The kind.
        kind: u8,
        /// How many.
        left: usize,
    },
}

/// How much this build may overlook in what a peer sends.
///
/// Source: REQ-FRAME-006 (docs/protocol/framing.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Speaks our minor version or an older one: everything must be understood.
    Known,
    /// Speaks a newer one: appended fields and unknown kinds are passed over.
    Newer,
}

impl Peer {
    /// Judges a peer by the minor version it names.
    #[must_use]
    pub const fn of_minor(minor: u16) -> Self {
        if minor > crate::alpn::MINOR { Self::Newer } else { Self::Known }
    }
}

/// One frame cut out of a stream, not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    kind: u8,
    payload: Vec<u8>,
}

/// A message that travels in a frame.
pub trait Message: Sized {
    /// Appends the frame of this message to `into`.
    ///
    /// # Errors
    /// [`EncodeError`] if the frame would pass the limit.
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads the message; `None` is one to be passed over.
    ///
    /// # Errors
    /// [`FrameError`] for a payload that is no message of this direction.
    fn decode(frame: &RawFrame, peer: Peer) -> Result<Option<Self>, FrameError>;
}

/// Cuts a stream of bytes into frames. Keeps a half frame until the rest comes.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameReader {
    /// Takes bytes as they come from the stream.
    ///
    /// What was read already is given back first, so that a peer who never pauses between two
    /// frames cannot make the buffer grow.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if there is one.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] and [`FrameError::NoKind`]; the stream is beyond use then.
    pub fn next_frame(&mut self) -> Result<Option<RawFrame>, FrameError> {
        let rest = &self.buffer[self.start..];
        let Some((head, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*head);
        let body_bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if body_bytes > FRAME_BYTES_MAX && !is(Plant::FramesWithoutLimit) {
            return Err(FrameError::TooLarge { length });
        }
        let Some(body) = rest.get(..body_bytes) else {
            return Ok(None);
        };
        let (kind, payload) = body.split_first().ok_or(FrameError::NoKind)?;
        let frame = RawFrame { kind: *kind, payload: payload.to_vec() };
        self.start += LENGTH_BYTES + body_bytes;
        self.release();
        Ok(Some(frame))
    }

    /// Whether a part of a frame waits for the rest.
    #[must_use]
    pub const fn is_mid_frame(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// Gives memory back when nothing is left: a fleet has many idle readers.
    fn release(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }
}

impl Message for EnrolRequest {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        put(kind::ENROL_REQUEST, self, into)
    }

    fn decode(frame: &RawFrame, peer: Peer) -> Result<Option<Self>, FrameError> {
        match frame.kind {
            kind::ENROL_REQUEST => take_greeting(frame).map(Some),
            _ => unknown(frame, peer),
        }
    }
}

impl Message for EnrolReply {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        put(kind::ENROL_REPLY, self, into)
    }

    fn decode(frame: &RawFrame, peer: Peer) -> Result<Option<Self>, FrameError> {
        match frame.kind {
            kind::ENROL_REPLY => take_greeting(frame).map(Some),
            _ => unknown(frame, peer),
        }
    }
}

impl Message for ToServer {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Hello(hello) => put(kind::HELLO, hello, into),
            Self::TokenUpdate(update) => put(kind::TOKEN_UPDATE, update, into),
            Self::StatusReport(status) => put(kind::STATUS_REPORT, status, into),
            Self::Idle => put(kind::IDLE, &(), into),
            Self::CommandResult(result) => put(kind::COMMAND_RESULT, result, into),
            Self::PushUpdate(update) => put(kind::PUSH_UPDATE, update, into),
        }
    }

    fn decode(frame: &RawFrame, peer: Peer) -> Result<Option<Self>, FrameError> {
        Ok(Some(match frame.kind {
            kind::HELLO => Self::Hello(take_greeting(frame)?),
            kind::TOKEN_UPDATE => Self::TokenUpdate(take(frame, peer)?),
            kind::STATUS_REPORT => Self::StatusReport(take(frame, peer)?),
            kind::IDLE => take(frame, peer).map(|()| Self::Idle)?,
            kind::COMMAND_RESULT => Self::CommandResult(take(frame, peer)?),
            kind::PUSH_UPDATE => Self::PushUpdate(take(frame, peer)?),
            _ => return unknown(frame, peer),
        }))
    }
}

impl Message for ToDevice {
    fn encode(&self, into: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Welcome(welcome) => put(kind::WELCOME, welcome, into),
            Self::TokenUpdateAck { sequence } => put(kind::TOKEN_UPDATE_ACK, sequence, into),
            Self::Command(command) => put_command(command, into),
            Self::Empty => put(kind::EMPTY, &(), into),
            Self::PolicyUpdate(policy) => put(kind::POLICY_UPDATE, policy, into),
        }
    }

    fn decode(frame: &RawFrame, peer: Peer) -> Result<Option<Self>, FrameError> {
        Ok(Some(match frame.kind {
            kind::WELCOME => Self::Welcome(take_greeting(frame)?),
            kind::TOKEN_UPDATE_ACK => {
                take(frame, peer).map(|sequence| Self::TokenUpdateAck { sequence })?
            }
            kind::COMMAND => Self::Command(take_command(frame, peer)?),
            kind::EMPTY => take(frame, peer).map(|()| Self::Empty)?,
            kind::POLICY_UPDATE => Self::PolicyUpdate(take(frame, peer)?),
            _ => return unknown(frame, peer),
        }))
    }
}

fn put<T: Serialize>(kind: u8, payload: &T, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = into.len();
    into.extend_from_slice(&[0; LENGTH_BYTES]);
    into.push(kind);
    let written = codec::encode(payload, into).and_then(|()| {
        let length = into.len() - start - LENGTH_BYTES;
        let too_long = EncodeError { what: core::any::type_name::<T>(), limit: FRAME_BYTES_MAX };
        if length > FRAME_BYTES_MAX { Err(too_long) } else { Ok(length) }
    });
    match written {
        Ok(length) => {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            into[start..start + LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
            Ok(())
        }
        Err(error) => {
            into.truncate(start);
            Err(error)
        }
    }
}

fn take<T: DeserializeOwned>(frame: &RawFrame, peer: Peer) -> Result<T, FrameError> {
    let (value, rest) = payload(frame)?;
    match peer {
        Peer::Known if !rest.is_empty() => {
            Err(FrameError::LeftOver { kind: frame.kind, left: rest.len() })
        }
        Peer::Known | Peer::Newer => Ok(value),
    }
}

/// Greetings name the minor version themselves, so what follows can only be judged after reading.
fn take_greeting<T: DeserializeOwned + Greeting>(frame: &RawFrame) -> Result<T, FrameError> {
    let (value, _rest): (T, _) = payload(frame)?;
    take(frame, Peer::of_minor(value.minor()))
}

fn put_command(command: &Command, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    match &command.request {
        Some(request) => put(kind::COMMAND, &(command.head, request), into),
        None => put(kind::COMMAND, &command.head, into),
    }
}

/// A request that does not decode leaves its head readable, so that the device can refuse it.
fn take_command(frame: &RawFrame, peer: Peer) -> Result<Command, FrameError> {
    let (head, rest): (CommandHead, _) = payload(frame)?;
    let request = codec::decode_prefix::<Request>(rest)
        .ok()
        .filter(|(_request, left)| left.is_empty() || peer == Peer::Newer)
        .map(|(request, _left)| request);
    Ok(Command { head, request })
}

fn payload<T: DeserializeOwned>(frame: &RawFrame) -> Result<(T, &[u8]), FrameError> {
    codec::decode_prefix(&frame.payload)
        .map_err(|source| FrameError::Payload { kind: frame.kind, source })
}

fn unknown<T>(frame: &RawFrame, peer: Peer) -> Result<Option<T>, FrameError> {
    match peer {
        Peer::Known if is(Plant::UnknownKindPassedOver) => Ok(None),
        Peer::Known => Err(FrameError::UnknownKind { kind: frame.kind }),
        Peer::Newer => Ok(None),
    }
}

/// A first message, which names the sender's minor version.
trait Greeting {
    fn minor(&self) -> u16;
}

impl Greeting for crate::management::Hello {
    fn minor(&self) -> u16 {
        self.minor
    }
}

impl Greeting for crate::management::Welcome {
    fn minor(&self) -> u16 {
        self.minor
    }
}

impl Greeting for EnrolRequest {
    fn minor(&self) -> u16 {
        self.minor
    }
}

impl Greeting for EnrolReply {
    fn minor(&self) -> u16 {
        self.minor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_never_pauses_between_frames_does_not_grow_the_buffer() {
        let mut reader = FrameReader::default();
        let idle = [0, 0, 0, 1, kind::IDLE];
        reader.push(&idle[..3]);
        for _ in 0..10_000 {
            reader.push(&idle[3..]);
            reader.push(&idle[..3]);
            assert!(matches!(reader.next_frame(), Ok(Some(_))));
            assert_eq!(reader.next_frame(), Ok(None));
        }
        assert!(reader.buffer.capacity() < 64, "{} bytes", reader.buffer.capacity());
    }
}
