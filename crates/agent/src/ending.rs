//! Why a connection ended, and what follows from it.

use muster_protocol::CloseCode;
use muster_protocol::planted::{Plant, is};
use muster_transport::close_code;
use quinn::{Connection, ConnectionError};

/// How a connection, or the attempt to have one, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server closed with a code of the protocol.
    Closed(CloseCode),
    /// Lost, timed out, reset, or refused for the moment.
    Lost,
    /// TLS refused the handshake, on either side.
    TlsRefused,
    /// Nothing TLS or the protocol has a word for: a certificate that is not ours, a message that
    /// is none, an address that cannot be reached.
    Unusable,
}

/// What a device does after an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Comes back after a while.
    Retry,
    /// Comes back a few times: it might be a server that is being set up.
    RetryCapped,
    /// Stays away quietly: another connection with its certificate lives.
    GiveWay,
    /// Stays away: coming back cannot help.
    GiveUp,
    /// Tells the core that the server knows it no more.
    Unenrolled,
    /// Tells the core that it will not be enrolled.
    EnrolmentRefused,
}

/// Bit that tells TLS alerts from other transport errors (RFC 9001, section 4.8).
const CRYPTO_ERROR: u64 = 0x100;

impl Ending {
    /// Reads the ending of a connection.
    pub(crate) fn of(connection: &Connection) -> Self {
        match connection.close_reason() {
            Some(error) => Self::from(&error),
            None => Self::Lost,
        }
    }

    /// What follows, on a connection of either kind.
    pub(crate) fn next(self) -> Next {
        match self {
            Self::Closed(_) if is(Plant::CodesIgnored) => Next::Retry,
            Self::Closed(code) => after_close(code),
            Self::Lost => Next::Retry,
            Self::TlsRefused | Self::Unusable => Next::RetryCapped,
        }
    }
}

impl From<&ConnectionError> for Ending {
    fn from(error: &ConnectionError) -> Self {
        let by_code = |code: u64| {
            if code & !0xff == CRYPTO_ERROR { Self::TlsRefused } else { Self::Lost }
        };
        match error {
            ConnectionError::ApplicationClosed(_) => {
                close_code(error).map_or(Self::Unusable, Self::Closed)
            }
            ConnectionError::TransportError(cause) => by_code(cause.code.into()),
            ConnectionError::ConnectionClosed(frame) => by_code(frame.error_code.into()),
            ConnectionError::VersionMismatch => Self::Unusable,
            ConnectionError::Reset
            | ConnectionError::TimedOut
            | ConnectionError::LocallyClosed
            | ConnectionError::CidsExhausted => Self::Lost,
        }
    }
}

fn after_close(code: CloseCode) -> Next {
    match code {
        CloseCode::Unenrolled | CloseCode::UnknownDevice | CloseCode::CertificateSuperseded
            if is(Plant::EndedLifeKept) =>
        {
            Next::Retry
        }
        CloseCode::Unenrolled | CloseCode::UnknownDevice | CloseCode::CertificateSuperseded => {
            Next::Unenrolled
        }
        CloseCode::TokenUnknown
        | CloseCode::TokenExpired
        | CloseCode::TokenUsed
        | CloseCode::BadCsr
        | CloseCode::BadFacts => Next::EnrolmentRefused,
        CloseCode::Replaced => Next::GiveWay,
        CloseCode::Done
        | CloseCode::RetryLater
        | CloseCode::GreetingTimeout
        | CloseCode::FrameTooLarge
        | CloseCode::BadFrame
        | CloseCode::WrongState
        | CloseCode::UnsupportedVersion
        | CloseCode::UnexpectedStream
        | CloseCode::FieldTooLarge
        | CloseCode::CertificateRequired
        | CloseCode::NotADeviceCertificate
        | CloseCode::WrongDevice
        | CloseCode::FleetFull
        | CloseCode::InternalError => {
            if code.may_retry() {
                Next::Retry
            } else {
                Next::GiveUp
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_comes_back_exactly_after_codes_that_allow_it() {
        for code in CloseCode::ALL {
            let retries = Ending::Closed(*code).next() == Next::Retry;
            assert_eq!(retries, code.may_retry(), "{code}");
        }
    }

    #[test]
    fn an_enrolment_that_the_server_ended_ends_on_the_device() {
        for code in
            [CloseCode::Unenrolled, CloseCode::UnknownDevice, CloseCode::CertificateSuperseded]
        {
            assert_eq!(Ending::Closed(code).next(), Next::Unenrolled);
        }
    }

    #[test]
    fn a_lost_connection_is_no_refusal() {
        assert_eq!(Ending::from(&ConnectionError::TimedOut), Ending::Lost);
        assert_eq!(Ending::from(&ConnectionError::Reset).next(), Next::Retry);
    }
}
