//! Bounds of the wire, stated once for both sides.

use core::time::Duration;

/// Longest frame after its length field, in bytes. Larger ones close the connection.
pub const FRAME_BYTES_MAX: usize = 65_536;

/// Longest certificate signing request, in bytes of DER.
pub const CSR_BYTES_MAX: usize = 4_096;

/// Longest text of any kind, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// Longest escrowed unlock token, in bytes.
pub const UNLOCK_TOKEN_BYTES_MAX: usize = 4_096;

/// Longest configuration profile, in bytes.
pub const PROFILE_BYTES_MAX: usize = 32_768;

/// Longest identifier of a profile that can be installed, in bytes of UTF-8.
pub const PROFILE_IDENTIFIER_BYTES_MAX: usize = 128;

/// Most keys of one DeviceInformation, and most items of any list in an answer.
pub const LIST_ITEMS_MAX: usize = 64;

/// Longest error chain of an outcome, in items.
pub const ERROR_ITEMS_MAX: usize = 8;

/// How long a peer may take for its first complete message after the handshake.
pub const GREETING_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may be silent before it counts as dead.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(150);

/// How often a device in connected mode pings.
pub const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Bidirectional streams a device may have open at once: the one that carries its session.
pub const DEVICE_STREAMS_MAX: u32 = 1;
