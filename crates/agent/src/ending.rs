//! Why a connection ended, and what follows from it.

use std::fmt;

use muster_protocol::CloseCode;
use muster_protocol::planted::{Plant, is};
use muster_transport::close_code;
use quinn::{Connection, ConnectionError};

/// How a connection, or the attempt to have one, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The server closed with a code of the protocol.
    Closed(CloseCode),
    /// The server closed with a number the protocol does not know; the largest stands for all that
    /// are larger.
    ClosedOddly(u32),
    /// The device closed with this code, over what the server sent.
    Refused(CloseCode),
    /// TLS refused the handshake, on either side, with this alert (RFC 8446, section 6).
    Tls(u8),
    /// QUIC broke off, on either side, with this error (RFC 9000, section 20.1); 0 if there was
    /// none.
    Quic(u32),
    /// The two share no version of QUIC.
    OtherVersion,
    /// Nobody answered in time.
    Unanswered,
    /// The server was silent for longer than agreed.
    Silent,
    /// The server does not know the connection any more: a stateless reset.
    Forgotten,
    /// The server allowed no stream in time.
    NoStream,
    /// The server left a message unread for too long.
    Unread,
    /// What the server granted is not for this device.
    GrantOfAnother,
    /// The device's own machine lacks what a connection takes, such as a socket.
    NoMeans,
    /// The device hung up.
    HungUp,
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
        // Without a reason the server has ended its stream and left it at that.
        connection.close_reason().map_or(Self::Quic(0), |error| Self::from(&error))
    }

    /// What follows, on a connection of either kind.
    pub(crate) fn next(self) -> Next {
        match self {
            Self::Closed(_) if is(Plant::CodesIgnored) => Next::Retry,
            Self::Closed(code) => after_close(code),
            Self::Quic(_)
            | Self::Unanswered
            | Self::Silent
            | Self::Forgotten
            | Self::NoStream
            | Self::Unread
            | Self::HungUp => Next::Retry,
            Self::Tls(_)
            | Self::ClosedOddly(_)
            | Self::Refused(_)
            | Self::OtherVersion
            | Self::GrantOfAnother
            | Self::NoMeans => Next::RetryCapped,
        }
    }
}

impl From<&ConnectionError> for Ending {
    fn from(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(frame) => {
                let odd = Self::ClosedOddly(short(frame.error_code.into_inner()));
                close_code(error).map_or(odd, Self::Closed)
            }
            ConnectionError::TransportError(cause) => broke_off(cause.code.into()),
            ConnectionError::ConnectionClosed(frame) => broke_off(frame.error_code.into()),
            ConnectionError::VersionMismatch => Self::OtherVersion,
            ConnectionError::Reset => Self::Forgotten,
            ConnectionError::TimedOut => Self::Silent,
            ConnectionError::LocallyClosed => Self::HungUp,
            ConnectionError::CidsExhausted => Self::NoMeans,
        }
    }
}

/// TLS has its alerts carried by numbers of QUIC.
fn broke_off(code: u64) -> Ending {
    match u8::try_from(code ^ CRYPTO_ERROR) {
        Ok(alert) => Ending::Tls(alert),
        Err(_another) => Ending::Quic(short(code)),
    }
}

fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(code) => write!(f, "the server closed with {code}"),
            Self::ClosedOddly(number) => {
                write!(f, "the server closed with {number:#x}, which is no code of the protocol")
            }
            Self::Refused(code) => write!(f, "the device closed with {code}"),
            Self::Tls(alert) => write!(f, "TLS refused with alert {alert}"),
            Self::Quic(0) => f.write_str("the server broke off without an error"),
            Self::Quic(code) => write!(f, "QUIC broke off with error {code:#x}"),
            Self::OtherVersion => f.write_str("no version of QUIC in common"),
            Self::Unanswered => f.write_str("nobody answered in time"),
            Self::Silent => f.write_str("the server was silent for too long"),
            Self::Forgotten => f.write_str("the server has forgotten the connection"),
            Self::NoStream => f.write_str("the server allowed no stream in time"),
            Self::Unread => f.write_str("the server did not read"),
            Self::GrantOfAnother => f.write_str("the server granted what is not for this device"),
            Self::NoMeans => f.write_str("this machine lacks what a connection takes"),
            Self::HungUp => f.write_str("the device hung up"),
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
    use quinn::{ApplicationClose, ConnectionClose, TransportErrorCode, VarInt};

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
        for error in [ConnectionError::TimedOut, ConnectionError::Reset] {
            assert_eq!(Ending::from(&error).next(), Next::Retry, "{error}");
        }
    }

    fn by_quic(code: TransportErrorCode) -> ConnectionError {
        let reason = Vec::new().into();
        let frame = ConnectionClose { error_code: code, frame_type: None, reason };
        ConnectionError::ConnectionClosed(frame)
    }

    fn by_the_application(code: u32) -> ConnectionError {
        let reason = Vec::new().into();
        let frame = ApplicationClose { error_code: VarInt::from_u32(code), reason };
        ConnectionError::ApplicationClosed(frame)
    }

    #[test]
    fn every_error_of_quic_has_an_ending_of_its_own() {
        let busy = CloseCode::RetryLater;
        let table = [
            (ConnectionError::TimedOut, Ending::Silent),
            (ConnectionError::Reset, Ending::Forgotten),
            (ConnectionError::VersionMismatch, Ending::OtherVersion),
            (ConnectionError::LocallyClosed, Ending::HungUp),
            (ConnectionError::CidsExhausted, Ending::NoMeans),
            (by_quic(TransportErrorCode::NO_ERROR), Ending::Quic(0)),
            (by_quic(TransportErrorCode::CONNECTION_REFUSED), Ending::Quic(2)),
            (by_quic(TransportErrorCode::crypto(45)), Ending::Tls(45)),
            (by_the_application(busy.code()), Ending::Closed(busy)),
            (by_the_application(0xdead), Ending::ClosedOddly(0xdead)),
        ];
        for (error, ending) in table {
            assert_eq!(Ending::from(&error), ending, "{error:?}");
        }
    }

    #[test]
    fn what_quic_finds_itself_reads_like_what_the_peer_says() {
        for (code, ending) in [
            (TransportErrorCode::crypto(45), Ending::Tls(45)),
            (TransportErrorCode::PROTOCOL_VIOLATION, Ending::Quic(0xa)),
        ] {
            let found = ConnectionError::TransportError(code.into());
            assert_eq!(Ending::from(&found), ending);
        }
    }

    #[test]
    fn alerts_of_tls_are_told_from_errors_of_quic() {
        let read = [0xff, 0x100, 0x1ff, 0x200, u64::MAX].map(broke_off);
        let told = [
            Ending::Quic(0xff),
            Ending::Tls(0),
            Ending::Tls(255),
            Ending::Quic(0x200),
            Ending::Quic(u32::MAX),
        ];
        assert_eq!(read, told);
    }
}
