//! The group LIMIT (docs/protocol/limits.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::{Both, Server};

pub(super) const ROWS: &[Requirement] = &[
    row("REQ-LIMIT-001", Must, Both, "A sender stays within every bound of this table."),
    row(
        "REQ-LIMIT-002",
        Must,
        Both,
        "A receiver closes with the code of this table when a bound with a code is passed.",
    ),
    row(
        "REQ-LIMIT-003",
        Must,
        Server,
        "A server closes with `GreetingTimeout` when no complete first message arrives within 10 seconds of the handshake.",
    ),
    row(
        "REQ-LIMIT-004",
        Must,
        Both,
        "A sender keeps the decoding budget of each payload at or below 65 536.",
    ),
    row("REQ-LIMIT-005", Must, Both, "A message beyond a bound changes no state."),
];
