//! The group CLOSE (docs/protocol/close-codes.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::{Authors, Both, Device};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-CLOSE-001",
        Must,
        Both,
        "A side that ends a connection on purpose sends a code of this table in a `CONNECTION_CLOSE` frame of type 0x1d.",
    ),
    row(
        "REQ-CLOSE-002",
        Must,
        Authors,
        "A code never changes its meaning, and new reasons get new numbers.",
    )
    .unseen("it binds the next version of the protocol"),
    row(
        "REQ-CLOSE-003",
        Must,
        Device,
        "A device does not connect again with the same certificate or token by itself after a code whose last column says no.",
    ),
    row(
        "REQ-CLOSE-004",
        Must,
        Device,
        "A device treats a number that is not in this table like `InternalError`.",
    ),
    row("REQ-CLOSE-005", Must, Both, "A receiver makes no decision on the reason phrase.")
        .unseen("nobody can see what a decision was made on"),
    row(
        "REQ-CLOSE-006",
        Must,
        Device,
        "The end of a connection without a code (loss, idle timeout, reset) may be retried with back-off.",
    ),
    row(
        "REQ-CLOSE-007",
        Must,
        Both,
        "A violation of framing or encoding closes the connection and has no other effect.",
    ),
];
