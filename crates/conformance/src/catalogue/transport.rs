//! The group TRANSPORT (docs/protocol/transport.md).

use super::{Requirement, row};
use crate::requirement::Level::{May, Must, Should};
use crate::requirement::Side::{Both, Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row("REQ-TRANSPORT-001", Must, Both, "Both sides speak QUIC version 1 with TLS 1.3 and nothing older."),
    row("REQ-TRANSPORT-002", Must, Device, "A client offers exactly one of the two ALPN names on a connection, and that name decides for the whole connection which messages are allowed."),
    row("REQ-TRANSPORT-003", Must, Device, "A client sends an X25519 key share in its first ClientHello, because the server accepts no other group."),
    row("REQ-TRANSPORT-004", Must, Device, "A client offers at least `TLS_AES_128_GCM_SHA256`."),
    row("REQ-TRANSPORT-005", Must, Server, "A server issues no session tickets and accepts no 0-RTT data."),
    row("REQ-TRANSPORT-006", Must, Device, "A client sends no message before its TLS handshake is complete."),
    row("REQ-TRANSPORT-007", Must, Device, "The device opens exactly one bidirectional stream per connection and sends all frames on it."),
    row("REQ-TRANSPORT-008", Must, Server, "The server's transport parameters allow one bidirectional stream opened by the client and no unidirectional one."),
    row("REQ-TRANSPORT-009", Must, Server, "The server opens no stream."),
    row("REQ-TRANSPORT-010", Must, Both, "A receiver takes the bytes of the stream as they come: a frame may arrive in any number of pieces, and one piece may hold many frames."),
    row("REQ-TRANSPORT-011", Should, Both, "Each side grants a stream window of at least 64 KiB and a connection window of at least 256 KiB, so that a largest frame does not wait for credit.")
    .unseen("a peer shows its windows only to a sender that fills them, which no message of the protocol does"),
    row("REQ-TRANSPORT-012", Should, Both, "Both sides announce a `max_idle_timeout` of 150 000 milliseconds."),
    row("REQ-TRANSPORT-013", Should, Device, "A device that stays connected sends a QUIC PING at least once in any 60 seconds of silence, more often if it is to notice a killed server sooner."),
    row("REQ-TRANSPORT-014", Must, Server, "A server does not rely on QUIC keep-alive of its own to find dead devices."),
    row("REQ-TRANSPORT-020", Must, Server, "A server makes the same stateless reset token for a connection id after every start on the same data folder."),
    row("REQ-TRANSPORT-021", Should, Server, "A server answers a packet of a connection it does not know with a stateless reset, and bounds how many it sends."),
    row("REQ-TRANSPORT-022", Must, Device, "A device that receives a valid stateless reset takes the connection for lost and reconnects by REQ-SESSION-019, without waiting for the idle timeout."),
    row("REQ-TRANSPORT-015", Should, Device, "A process that plays many devices has at most 256 handshakes under way at once."),
    row("REQ-TRANSPORT-016", Should, Device, "A client gives up a handshake that is not complete after 10 seconds and treats it as a failed connect."),
    row("REQ-TRANSPORT-017", Should, Both, "An endpoint uses connection ids of at least 64 random bits.")
    .unseen("connection ids that are long enough look like any others; that they are random shows in no single run"),
    row("REQ-TRANSPORT-018", Should, Both, "An endpoint sends datagrams of 1200 bytes of UDP payload and does no path MTU discovery.")
    .unseen("sizes of datagrams are the affair of the library below and change nothing a peer can rely on"),
    row("REQ-TRANSPORT-019", May, Server, "A server refuses handshakes beyond its bound with QUIC `CONNECTION_REFUSED` (0x02), upon which the client backs off.")
    .unseen("how many handshakes at once are too many is the affair of the server"),
];
