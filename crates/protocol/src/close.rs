//! Application error codes a connection is closed with.
//!
//! They travel in QUIC `CONNECTION_CLOSE` frames of type 0x1d (RFC 9000, section 19.19).

use core::fmt;

/// Declares the codes once: number, name, and the sentence sent as the reason phrase.
macro_rules! close_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        /// Why a peer closed the connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CloseCode {
            $($(#[$doc])* $name,)*
        }

        impl CloseCode {
            /// Every code, in numerical order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason phrase sent beside the number.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// The code with this number, if the protocol defines one.
            #[must_use]
            pub const fn from_code(code: u64) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

close_codes! {
    /// The sender is done; nothing went wrong.
    Done = 0x00, "done";
    /// The sender is shutting down or full: come back with back-off.
    RetryLater = 0x01, "retry later";
    /// Another connection with the same certificate took this one's place.
    Replaced = 0x02, "replaced by a newer connection of this device";
    /// The greeting did not arrive in time.
    GreetingTimeout = 0x03, "no complete first message within the time limit";
    /// A length field above the limit.
    FrameTooLarge = 0x10, "frame longer than the limit";
    /// Bytes that are not a message of this protocol.
    BadFrame = 0x11, "frame does not decode";
    /// A well-formed message at a moment when it is not allowed.
    WrongState = 0x12, "message not allowed in this state";
    /// The peer's minor version cannot be served.
    UnsupportedVersion = 0x13, "unsupported minor version";
    /// A second stream, or a stream of the wrong kind.
    UnexpectedStream = 0x14, "unexpected stream";
    /// A text, token or request above its own limit.
    FieldTooLarge = 0x15, "field longer than the limit";
    /// A management connection without a client certificate.
    CertificateRequired = 0x20, "client certificate required";
    /// A certificate of our CA that names no device.
    NotADeviceCertificate = 0x21, "certificate names no device";
    /// A certificate whose device this server does not know.
    UnknownDevice = 0x22, "device is not known here";
    /// The device was wiped or retired: it has to enrol again.
    Unenrolled = 0x23, "device is not enrolled any more";
    /// The device has enrolled again since: this certificate belongs to an earlier life.
    CertificateSuperseded = 0x24, "certificate of an earlier enrolment";
    /// A message that speaks for another device than the certificate.
    WrongDevice = 0x25, "message names another device than the certificate";
    /// An enrolment token nobody issued.
    TokenUnknown = 0x30, "enrolment token unknown";
    /// An enrolment token after its end.
    TokenExpired = 0x31, "enrolment token expired";
    /// A one-time enrolment token that another key has used.
    TokenUsed = 0x32, "enrolment token already used";
    /// A certificate signing request that cannot be honoured.
    BadCsr = 0x33, "certificate signing request refused";
    /// Facts about the device that contradict themselves.
    BadFacts = 0x34, "device facts refused";
    /// A bound of the server is reached; see the server's documentation of bounds.
    FleetFull = 0x35, "no room for another device";
    /// The sender failed in a way that is not the peer's fault.
    InternalError = 0x40, "internal error";
}

impl CloseCode {
    /// Whether coming back with the same certificate or token can ever help.
    ///
    /// Source: REQ-CLOSE-003 (docs/protocol/close-codes.md).
    #[must_use]
    pub const fn may_retry(self) -> bool {
        match self {
            Self::Done | Self::RetryLater | Self::GreetingTimeout | Self::FleetFull => true,
            Self::InternalError => true,
            Self::Replaced
            | Self::FrameTooLarge
            | Self::BadFrame
            | Self::WrongState
            | Self::UnsupportedVersion
            | Self::UnexpectedStream
            | Self::FieldTooLarge
            | Self::CertificateRequired
            | Self::NotADeviceCertificate
            | Self::UnknownDevice
            | Self::Unenrolled
            | Self::CertificateSuperseded
            | Self::WrongDevice
            | Self::TokenUnknown
            | Self::TokenExpired
            | Self::TokenUsed
            | Self::BadCsr
            | Self::BadFacts => false,
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02x})", self.reason(), self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_code_is_found_again_by_its_number() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_code(u64::from(code.code())), Some(*code));
        }
    }

    #[test]
    fn no_two_codes_share_a_number() {
        let numbers: BTreeSet<u32> = CloseCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(numbers.len(), CloseCode::ALL.len());
    }
}
