//! The group ENCODE (docs/protocol/encoding.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::Both;

pub(super) const ROWS: &[Requirement] = &[
    row("REQ-ENCODE-001", Must, Both, "A writer uses the shortest form of a varint."),
    row(
        "REQ-ENCODE-002",
        Must,
        Both,
        "A reader accepts a longer form than needed as long as its marker is allowed for the type.",
    ),
    row(
        "REQ-ENCODE-003",
        Must,
        Both,
        "A reader refuses the markers 254 and 255, 252 and 253 in a `u16`, and 253 in a `u32`.",
    ),
    row(
        "REQ-ENCODE-004",
        Must,
        Both,
        "An `i32` is zigzag coded and then written as a `u32` varint.",
    ),
    row("REQ-ENCODE-005", Must, Both, "A `u8` is one raw byte, also above 250."),
    row(
        "REQ-ENCODE-006",
        Must,
        Both,
        "A reader refuses a `bool` or option byte other than 0 and 1.",
    ),
    row("REQ-ENCODE-007", Must, Both, "A reader refuses text that is not valid UTF-8."),
    row("REQ-ENCODE-008", Must, Both, "A reader refuses a variant number it does not know."),
    row(
        "REQ-ENCODE-009",
        Must,
        Both,
        "A reader refuses a length that goes beyond the payload, without allocating for it.",
    ),
    row("REQ-ENCODE-010", Must, Both, "An id is 16 raw bytes without a length."),
];
