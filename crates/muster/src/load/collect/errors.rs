//! What went wrong, in the words of the report.

use muster_agent::Obstacle;
use muster_protocol::CloseCode;
use muster_report::ErrorCode;

/// The kind of error an obstacle is.
pub(super) const fn of_obstacle(obstacle: Obstacle) -> ErrorCode {
    match obstacle {
        Obstacle::Closed(code) => of_close(code),
        Obstacle::Lost => ErrorCode::HandshakeTimeout,
        Obstacle::Tls | Obstacle::Unusable => ErrorCode::HandshakeRefused,
    }
}

const fn of_close(code: CloseCode) -> ErrorCode {
    match code {
        CloseCode::TokenUnknown | CloseCode::TokenExpired | CloseCode::TokenUsed => {
            ErrorCode::BadToken
        }
        CloseCode::UnknownDevice => ErrorCode::UnknownDevice,
        CloseCode::FleetFull | CloseCode::RetryLater => ErrorCode::ServerBusy,
        CloseCode::GreetingTimeout => ErrorCode::HandshakeTimeout,
        CloseCode::CertificateSuperseded | CloseCode::Unenrolled => ErrorCode::EnrolmentExpired,
        CloseCode::FrameTooLarge | CloseCode::FieldTooLarge => ErrorCode::Schema,
        CloseCode::BadFrame => ErrorCode::Decode,
        CloseCode::WrongState | CloseCode::UnexpectedStream => ErrorCode::UnexpectedMessage,
        CloseCode::UnsupportedVersion => ErrorCode::Alpn,
        CloseCode::CertificateRequired
        | CloseCode::NotADeviceCertificate
        | CloseCode::WrongDevice => ErrorCode::CertUnknown,
        CloseCode::InternalError => ErrorCode::ServerFailed,
        CloseCode::BadCsr | CloseCode::BadFacts => ErrorCode::EnrolmentFailed,
        CloseCode::Done | CloseCode::Replaced => ErrorCode::ResetByPeer,
    }
}
