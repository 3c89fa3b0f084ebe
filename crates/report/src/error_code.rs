//! The kinds of errors a run may meet: stable codes, a class, a hint.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where an error comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Below the protocol: sockets, handshakes, connections.
    Network,
    /// A peer that does not speak as it should.
    Protocol,
    /// The device's own answer.
    Device,
    /// The server turned something down or failed.
    Server,
    /// The machine that makes the load.
    Generator,
}

/// Declares every kind of error: variant, code, class, name, hint.
macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident $code:literal $class:ident $name:literal $hint:literal;)*) => {
        /// A kind of error. Codes never change their meaning; new ones are added. E0101 and E0102
        /// are not given out: before its first packet a run is not yet one, and a datagram that the
        /// machine does not send looks like one that the network loses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// Every kind, by code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code, `E` and four digits; the first two tell the class.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Where it comes from.
            #[must_use]
            pub const fn class(self) -> ErrorClass {
                match self { $(Self::$variant => ErrorClass::$class,)* }
            }

            /// The name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What to look at first.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

errors! {
    /// Nothing came back to a first packet.
    HandshakeTimeout "E0103" Network "handshake-timeout" "nobody answers: is the server up, is its receive buffer large enough?";
    /// The server refused the connection, or TLS did.
    HandshakeRefused "E0104" Network "handshake-refused" "the server turned the connection away: its own log says why";
    /// A certificate is past its end.
    CertExpired "E0105" Network "cert-expired" "a certificate has expired: enrol again";
    /// A certificate of an authority nobody knows.
    CertUnknown "E0106" Network "cert-unknown" "fleet and server do not share a run: use the same data folder";
    /// No protocol in common.
    Alpn "E0107" Network "alpn" "the peers share no protocol: check versions and ports";
    /// Silence for longer than agreed.
    IdleTimeout "E0108" Network "idle-timeout" "the peer went silent: look for faults, drops or a stalled process at that time";
    /// The peer closed the connection.
    ResetByPeer "E0109" Network "reset-by-peer" "the peer closed the connection: its own log says why";
    /// The peer has forgotten the connection.
    StatelessReset "E0110" Network "stateless-reset" "the server restarted and does not know the connection any more";
    /// The peer has no path left.
    PathValidation "E0111" Network "path-validation" "the device changed its address and the new path does not work";
    /// No more streams allowed.
    StreamLimit "E0112" Network "stream-limit" "the peer allows no further stream";
    /// No more bytes allowed.
    FlowBlocked "E0113" Network "flow-blocked" "the peer does not read: flow control is exhausted";
    /// Bytes that are no message.
    Decode "E0201" Protocol "decode" "the peer sent bytes that are no message: compare versions";
    /// A message that breaks a limit or a rule.
    Schema "E0202" Protocol "schema" "a message breaks a limit or a rule of the protocol";
    /// A message out of turn.
    UnexpectedMessage "E0203" Protocol "unexpected-message" "a message came out of turn";
    /// A second answer to the same attempt.
    DuplicateAck "E0204" Protocol "duplicate-ack" "an answer came twice: harmless, but look for lost acknowledgements";
    /// An answer to an attempt that is over.
    StaleAck "E0205" Protocol "stale-ack" "an answer to an earlier attempt came late: harmless";
    /// A second answer that says something else.
    ConflictingAck "E0206" Protocol "conflicting-ack" "two answers to one command contradict each other: a fault of the device";
    /// The device said not now.
    DeviceBusy "E0301" Device "device-busy" "the device put the command off: it is offered again later";
    /// The device said not now because it is locked.
    DeviceLocked "E0302" Device "device-locked" "the device is locked: it answers after the next unlock";
    /// The device answered with an error.
    CommandFailed "E0303" Device "command-failed" "the device refused or failed: the example shows its reason";
    /// The enrolment could not be completed.
    EnrolmentFailed "E0304" Device "enrolment-failed" "the device could not enrol: the example shows the server's reason";
    /// Nobody knows the device.
    UnknownDevice "E0401" Server "unknown-device" "nobody is enrolled there: not yet, or not any more; or fleet and server are of different runs";
    /// A token that does not count.
    BadToken "E0402" Server "bad-token" "the token is unknown, used up or expired";
    /// The enrolment is over.
    EnrolmentExpired "E0403" Server "enrolment-expired" "the enrolment is no longer valid: the device must enrol again";
    /// Nobody fetched the command in time.
    CommandExpired "E0404" Server "command-expired" "the device did not come in time: see connectivity and push";
    /// The server is full and said so.
    ServerBusy "E0405" Server "server-busy" "the server is at a stated limit: slow down or raise it";
    /// The command may not be asked of this device.
    NotCapable "E0406" Server "not-capable" "this device cannot do that: mend the command mix of the scenario";
    /// The server failed.
    ServerFailed "E0407" Server "server-failed" "the server failed: its own log says why";
    /// The command was not over when its time was up.
    DeadlinePassed "E0408" Server "deadline-passed" "not over in time: the stage it was open in shows where it waits";
    /// The generator began too late.
    GeneratorLate "E0501" Generator "generator-late" "this machine could not keep to the plan: fewer devices, more cores or more workers";
    /// The generator is out of a resource.
    GeneratorResource "E0502" Generator "generator-resource" "this machine is out of descriptors, memory or ports: `ulimit -n` and the scenario's limits";
    /// The generator's own cap.
    InFlightCap "E0503" Generator "in-flight-cap" "too many commands open at once: raise the cap in [limits] or lower the rate";
}

impl ErrorCode {
    /// Its place in [`ErrorCode::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.name())
    }
}

/// A code no error has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown error code {0:?}")]
pub struct ParseErrorCodeError(String);

impl FromStr for ErrorCode {
    type Err = ParseErrorCodeError;

    fn from_str(text: &str) -> Result<Self, ParseErrorCodeError> {
        let found = Self::ALL.iter().copied().find(|error| error.code() == text);
        found.ok_or_else(|| ParseErrorCodeError(text.to_owned()))
    }
}

/// As its code.
impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_tell_their_class() {
        let mut last = "";
        for (index, error) in ErrorCode::ALL.iter().enumerate() {
            assert!(last < error.code(), "{error}");
            assert_eq!(error.index(), index);
            assert_eq!(error.code().parse(), Ok(*error));
            let class = match &error.code()[..3] {
                "E01" => ErrorClass::Network,
                "E02" => ErrorClass::Protocol,
                "E03" => ErrorClass::Device,
                "E04" => ErrorClass::Server,
                _ => ErrorClass::Generator,
            };
            assert_eq!(error.class(), class, "{error}");
            last = error.code();
        }
    }

    #[test]
    fn the_documentation_has_a_row_for_every_kind() {
        let page = include_str!("../../../docs/reports.md");
        for error in ErrorCode::ALL {
            let row = format!("\n| {} | {} | ", error.code(), error.name());
            assert!(page.contains(&row), "{error}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| E0")).count();
        assert_eq!(rows, ErrorCode::ALL.len());
    }
}
