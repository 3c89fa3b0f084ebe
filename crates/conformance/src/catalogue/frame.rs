//! The group FRAME (docs/protocol/framing.md).

use super::{Requirement, row};
use crate::requirement::Level::{May, Must};
use crate::requirement::Side::{Authors, Both, Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row("REQ-FRAME-001", Must, Both, "A receiver closes with `FrameTooLarge` as soon as it has read a length above 65 536, without waiting for the rest."),
    row("REQ-FRAME-002", Must, Both, "A receiver closes with `BadFrame` on a length of zero."),
    row("REQ-FRAME-003", Must, Both, "A receiver closes with `BadFrame` when the stream ends inside a frame."),
    row("REQ-FRAME-004", Must, Both, "A receiver closes with `BadFrame` when a payload does not decode as its kind says, save for the request inside a `Command`."),
    row("REQ-FRAME-005", Must, Both, "A kind of the other direction or of the other connection counts as an unknown kind."),
    row("REQ-FRAME-006", Must, Both, "A receiver passes over unknown kinds and bytes left over behind a message if the peer is newer, and closes with `BadFrame` on either if the peer is known."),
    row("REQ-FRAME-007", Must, Both, "A receiver judges a greeting by the minor inside that same greeting."),
    row("REQ-FRAME-008", Must, Authors, "A higher minor only appends fields at the end of a message, adds kinds, and appends variants at the end of an enum; it changes nothing that stands.")
    .unseen("it binds the next version of the protocol"),
    row("REQ-FRAME-009", Must, Both, "A sender does not use an appended variant towards a peer whose minor does not have it, save for requests inside a `Command`."),
    row("REQ-FRAME-010", Must, Both, "A sender names its own minor in its greeting, whatever the peer's is."),
    row("REQ-FRAME-011", May, Server, "A server closes with `UnsupportedVersion` if it cannot serve the minor of a greeting."),
    row("REQ-FRAME-012", Must, Authors, "Anything else that would change existing bytes needs a new major, that is, new ALPN names.")
    .unseen("it binds the next version of the protocol"),
    row("REQ-FRAME-013", Must, Device, "A device answers a `Command` whose head decodes and whose request does not with the outcome `CommandFormatError`, and keeps the connection."),
    row("REQ-FRAME-014", Must, Device, "A device closes with `BadFrame` if the head of a `Command` does not decode."),
];
