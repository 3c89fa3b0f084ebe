//! Closing a connection with a code of the protocol, and reading the peer's.

use muster_protocol::CloseCode;
use quinn::{Connection, ConnectionError, VarInt};

/// Closes `connection` at once; data not yet acknowledged may be lost.
pub fn close(connection: &Connection, code: CloseCode) {
    connection.close(VarInt::from_u32(code.code()), code.reason().as_bytes());
}

/// What the peer closed with, if it is a code of the protocol.
///
/// `None` for losses, for TLS alerts, for our own closing and for numbers nobody defined.
#[must_use]
pub fn close_code(error: &ConnectionError) -> Option<CloseCode> {
    match error {
        ConnectionError::ApplicationClosed(frame) => {
            CloseCode::from_code(frame.error_code.into_inner())
        }
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quinn::ApplicationClose;

    fn closed_with(number: u32) -> ConnectionError {
        ConnectionError::ApplicationClosed(ApplicationClose {
            error_code: VarInt::from_u32(number),
            reason: bytes::Bytes::new(),
        })
    }

    #[test]
    fn every_code_of_the_protocol_is_read() {
        for code in CloseCode::ALL {
            assert_eq!(close_code(&closed_with(code.code())), Some(*code));
        }
    }

    #[test]
    fn numbers_nobody_defined_and_losses_are_no_code() {
        assert_eq!(close_code(&closed_with(0xdead)), None);
        assert_eq!(close_code(&ConnectionError::TimedOut), None);
    }
}
