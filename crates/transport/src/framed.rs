//! Messages over one bidirectional stream.

use bytes::Bytes;
use muster_protocol::frame::{FrameError, FrameReader, Message, Peer};
use muster_protocol::{CloseCode, EncodeError};
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, WriteError};

/// Most bytes taken from the stream at a time; one packet gives fewer.
const CHUNK_BYTES_MAX: usize = 16 * 1024;

/// A message that could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It does not fit a frame; nothing was sent.
    #[error("failed to encode the message")]
    Encode {
        /// Why.
        #[source]
        source: EncodeError,
    },
    /// The stream or its connection is gone; a part may have been sent.
    #[error("failed to write the frame")]
    Write {
        /// Why.
        #[source]
        source: WriteError,
    },
}

/// Why no message could be received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The peer sent bytes that are no message; see [`violation`].
    #[error("peer broke the framing")]
    Frame {
        /// How.
        #[source]
        source: FrameError,
    },
    /// The stream ended in the middle of a frame.
    #[error("stream ended within a frame")]
    TruncatedFrame,
    /// The connection is gone; see [`close_code`](crate::close_code).
    #[error("connection lost")]
    Connection {
        /// Why.
        #[source]
        source: ConnectionError,
    },
    /// The stream is gone, the connection may live on.
    #[error("stream lost")]
    Stream {
        /// Why.
        #[source]
        source: ReadError,
    },
}

/// What to close a connection with on which this was received.
#[must_use]
pub const fn violation(error: &FrameError) -> CloseCode {
    match error {
        FrameError::TooLarge { .. } => CloseCode::FrameTooLarge,
        FrameError::NoKind
        | FrameError::UnknownKind { .. }
        | FrameError::Payload { .. }
        | FrameError::LeftOver { .. } => CloseCode::BadFrame,
    }
}

/// Sends messages, one frame each.
#[derive(Debug)]
pub struct FrameSender {
    stream: SendStream,
}

impl FrameSender {
    /// Sends on `stream`.
    #[must_use]
    pub const fn new(stream: SendStream) -> Self {
        Self { stream }
    }

    /// Sends `message` and says how many bytes its frame has. Waits while the peer's windows are
    /// full.
    ///
    /// Cancel safe: no. A dropped call may leave half a frame on the stream, which is then beyond
    /// use.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send<M: Message>(&mut self, message: &M) -> Result<usize, SendError> {
        let mut frame = Vec::new();
        message.encode(&mut frame).map_err(|source| SendError::Encode { source })?;
        let frame_bytes = frame.len();
        self.stream
            .write_chunk(Bytes::from(frame))
            .await
            .map_err(|source| SendError::Write { source })?;
        Ok(frame_bytes)
    }

    /// Says that nothing follows. The peer reads all that was sent, then a clean end.
    pub fn finish(&mut self) {
        // Fails only on a stream that is closed already, which is what was asked for.
        let _closed = self.stream.finish();
    }
}

/// Receives messages.
#[derive(Debug)]
pub struct FrameReceiver {
    stream: RecvStream,
    reader: FrameReader,
    bytes_received: u64,
}

impl FrameReceiver {
    /// Receives from `stream`.
    #[must_use]
    pub fn new(stream: RecvStream) -> Self {
        Self { stream, reader: FrameReader::default(), bytes_received: 0 }
    }

    /// The next message; `None` is a clean end of the stream.
    ///
    /// Messages that a newer `peer` may send and this build does not know are passed over. While
    /// nothing comes, no buffer is held.
    ///
    /// Cancel safe: yes. Half a frame waits for the next call.
    ///
    /// # Errors
    /// [`ReceiveError`]; the stream is beyond use then.
    pub async fn receive<M: Message>(&mut self, peer: Peer) -> Result<Option<M>, ReceiveError> {
        loop {
            while let Some(frame) = self.reader.next_frame().map_err(broken)? {
                if let Some(message) = M::decode(&frame, peer).map_err(broken)? {
                    return Ok(Some(message));
                }
            }
            let chunk = self.stream.read_chunk(CHUNK_BYTES_MAX, true).await;
            match chunk.map_err(lost)? {
                Some(chunk) => self.take(&chunk.bytes),
                None if self.reader.is_mid_frame() => return Err(ReceiveError::TruncatedFrame),
                None => return Ok(None),
            }
        }
    }

    /// Bytes taken from the stream so far.
    #[must_use]
    pub const fn bytes_received(&self) -> u64 {
        self.bytes_received
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes_received += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.reader.push(bytes);
    }
}

const fn broken(source: FrameError) -> ReceiveError {
    ReceiveError::Frame { source }
}

fn lost(source: ReadError) -> ReceiveError {
    match source {
        ReadError::ConnectionLost(source) => ReceiveError::Connection { source },
        ReadError::Reset(_)
        | ReadError::ClosedStream
        | ReadError::IllegalOrderedRead
        | ReadError::ZeroRttRejected => ReceiveError::Stream { source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_length_above_the_limit_is_called_too_large() {
        let too_large = FrameError::TooLarge { length: u32::MAX };
        assert_eq!(violation(&too_large), CloseCode::FrameTooLarge);
        for error in [
            FrameError::NoKind,
            FrameError::UnknownKind { kind: 0x7f },
            FrameError::LeftOver { kind: 0x10, left: 1 },
        ] {
            assert_eq!(violation(&error), CloseCode::BadFrame);
        }
    }
}
