//! What went wrong, in the words of the report.

use muster_agent::{AnswerClass, Ending};
use muster_protocol::CloseCode;
use muster_report::ErrorCode;
use muster_server::{CommandEnd, Ignored};

/// The kind of error an attempt to enrol or to connect is that came to nothing; none if the device
/// itself did not want it any more.
pub(super) const fn of_attempt(ending: Ending) -> Option<ErrorCode> {
    let code = match ending {
        Ending::HungUp => return None,
        Ending::Closed(code) | Ending::Refused(code) => of_close(code),
        Ending::ClosedOddly(_) => ErrorCode::ResetByPeer,
        Ending::Tls(alert) => of_alert(alert),
        Ending::Quic(error) => of_quic(error),
        Ending::OtherVersion => ErrorCode::Alpn,
        Ending::Unanswered => ErrorCode::HandshakeTimeout,
        Ending::Silent => ErrorCode::IdleTimeout,
        Ending::Forgotten => ErrorCode::StatelessReset,
        Ending::NoStream => ErrorCode::StreamLimit,
        Ending::Unread => ErrorCode::FlowBlocked,
        Ending::GrantOfAnother => ErrorCode::EnrolmentFailed,
        Ending::NoMeans => ErrorCode::GeneratorResource,
    };
    Some(code)
}

/// The kind of error the end of a session is; none if one of the two had done with the other.
pub(super) const fn of_session(ending: Ending) -> Option<ErrorCode> {
    match ending {
        Ending::Closed(CloseCode::Done) => None,
        // A server that stops asks its devices to come back: that it was full is another thing.
        Ending::Closed(CloseCode::RetryLater) => Some(ErrorCode::ResetByPeer),
        Ending::Closed(_)
        | Ending::ClosedOddly(_)
        | Ending::Refused(_)
        | Ending::Tls(_)
        | Ending::Quic(_)
        | Ending::OtherVersion
        | Ending::Unanswered
        | Ending::Silent
        | Ending::Forgotten
        | Ending::NoStream
        | Ending::Unread
        | Ending::GrantOfAnother
        | Ending::NoMeans
        | Ending::HungUp => of_attempt(ending),
    }
}

/// The kind of error an answer is that leaves its command open.
pub(super) const fn of_answer(class: AnswerClass) -> Option<ErrorCode> {
    match class {
        AnswerClass::NotNow => Some(ErrorCode::DeviceBusy),
        AnswerClass::Locked => Some(ErrorCode::DeviceLocked),
        AnswerClass::Acknowledged
        | AnswerClass::Error
        | AnswerClass::NotSupported
        | AnswerClass::FormatError => None,
    }
}

/// The kind of error the end of a command is.
pub(super) const fn of_end(end: CommandEnd) -> Option<ErrorCode> {
    match end {
        CommandEnd::Done | CommandEnd::Canceled => None,
        CommandEnd::Failed | CommandEnd::NotSupported => Some(ErrorCode::CommandFailed),
        CommandEnd::Expired => Some(ErrorCode::CommandExpired),
    }
}

/// The kind of error an answer is that changed nothing.
pub(super) const fn of_ignored(why: Ignored) -> ErrorCode {
    match why {
        Ignored::Stale => ErrorCode::StaleAck,
        Ignored::Duplicate => ErrorCode::DuplicateAck,
        Ignored::Conflicting => ErrorCode::ConflictingAck,
        Ignored::Unknown => ErrorCode::UnexpectedMessage,
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

/// Source: RFC 8446, section 6.2, and `no_application_protocol` of RFC 7301, section 3.2.
const fn of_alert(alert: u8) -> ErrorCode {
    match alert {
        // bad, unsupported, revoked, unknown certificate; unknown CA; none where one is required.
        42 | 43 | 44 | 46 | 48 | 116 => ErrorCode::CertUnknown,
        45 => ErrorCode::CertExpired,
        // The peers have no version of TLS in common, or no protocol above it.
        70 | 120 => ErrorCode::Alpn,
        _ => ErrorCode::HandshakeRefused,
    }
}

/// Source: RFC 9000, section 20.1.
const fn of_quic(error: u32) -> ErrorCode {
    match error {
        0x01 => ErrorCode::ServerFailed,
        0x02 => ErrorCode::HandshakeRefused,
        0x03 => ErrorCode::FlowBlocked,
        0x04 => ErrorCode::StreamLimit,
        // Frames and parameters that cannot be read.
        0x07 | 0x08 => ErrorCode::Decode,
        // Frames out of turn: of a stream that is over or never was, or of the wrong packet.
        0x05 | 0x06 | 0x0a => ErrorCode::UnexpectedMessage,
        0x10 => ErrorCode::PathValidation,
        _ => ErrorCode::ResetByPeer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_fails_is_an_error_with_its_cause() {
        let table = [
            (Ending::Unanswered, "E0103"),
            (Ending::Quic(0x02), "E0104"),
            (Ending::Tls(40), "E0104"),
            (Ending::Tls(45), "E0105"),
            (Ending::Tls(48), "E0106"),
            (Ending::Closed(CloseCode::CertificateRequired), "E0106"),
            (Ending::Tls(120), "E0107"),
            (Ending::OtherVersion, "E0107"),
            (Ending::Closed(CloseCode::UnsupportedVersion), "E0107"),
            (Ending::ClosedOddly(0xdead), "E0109"),
            (Ending::NoStream, "E0112"),
            (Ending::Refused(CloseCode::BadFrame), "E0201"),
            (Ending::Refused(CloseCode::FieldTooLarge), "E0202"),
            (Ending::Closed(CloseCode::WrongState), "E0203"),
            (Ending::GrantOfAnother, "E0304"),
            (Ending::Closed(CloseCode::BadCsr), "E0304"),
            (Ending::Closed(CloseCode::UnknownDevice), "E0401"),
            (Ending::Closed(CloseCode::TokenUsed), "E0402"),
            (Ending::Closed(CloseCode::CertificateSuperseded), "E0403"),
            (Ending::Closed(CloseCode::RetryLater), "E0405"),
            (Ending::Closed(CloseCode::InternalError), "E0407"),
            (Ending::NoMeans, "E0502"),
        ];
        for (ending, code) in table {
            assert_eq!(of_attempt(ending).map(ErrorCode::code), Some(code), "{ending}");
        }
    }

    #[test]
    fn a_session_that_is_lost_is_an_error_with_its_cause() {
        let table = [
            (Ending::Silent, "E0108"),
            (Ending::Closed(CloseCode::RetryLater), "E0109"),
            (Ending::Closed(CloseCode::Replaced), "E0109"),
            (Ending::Quic(0), "E0109"),
            (Ending::Forgotten, "E0110"),
            (Ending::Quic(0x10), "E0111"),
            (Ending::Quic(0x04), "E0112"),
            (Ending::Unread, "E0113"),
            (Ending::Quic(0x03), "E0113"),
            (Ending::Quic(0x07), "E0201"),
            (Ending::Quic(0x0a), "E0203"),
            (Ending::Closed(CloseCode::Unenrolled), "E0403"),
            (Ending::Quic(0x01), "E0407"),
        ];
        for (ending, code) in table {
            assert_eq!(of_session(ending).map(ErrorCode::code), Some(code), "{ending}");
        }
    }

    #[test]
    fn a_session_one_of_the_two_had_done_with_is_no_error() {
        assert_eq!(of_session(Ending::HungUp), None);
        assert_eq!(of_session(Ending::Closed(CloseCode::Done)), None);
        assert_eq!(of_attempt(Ending::HungUp), None);
    }

    #[test]
    fn an_answer_that_changes_nothing_is_an_error_of_its_own() {
        let every = [Ignored::Duplicate, Ignored::Stale, Ignored::Conflicting, Ignored::Unknown];
        let codes = every.map(|why| of_ignored(why).code());
        assert_eq!(codes, ["E0204", "E0205", "E0206", "E0203"]);
    }
}
