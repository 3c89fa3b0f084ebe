//! Protocol names and versions.
//!
//! The major version is part of the ALPN, so that peers which cannot talk never finish a
//! handshake. The minor version travels in the first message of each side.

/// ALPN of an enrolment connection: no client certificate, a token instead.
pub const ENROLMENT: &[u8] = b"muster-enrol/1";

/// ALPN of a management connection: mutual TLS, the certificate is the identity.
pub const MANAGEMENT: &[u8] = b"muster-mgmt/1";

/// Minor version this build speaks.
///
/// A higher minor may append fields to messages and add message kinds; it never changes what
/// stands already (REQ-FRAME-006, docs/protocol/framing.md).
pub const MINOR: u16 = 2;
