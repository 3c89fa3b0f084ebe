//! The group ACK (docs/protocol/session.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::{Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-ACK-001",
        Must,
        Device,
        "A device answers every `Command` with one `CommandResult` that carries its id and attempt.",
    ),
    row(
        "REQ-ACK-002",
        Must,
        Device,
        "A device sends `Acknowledged` only after the state it speaks of has changed and is durable.",
    ),
    row(
        "REQ-ACK-003",
        Must,
        Device,
        "A device answers a command id of its journal with the stored outcome and without a second effect.",
    ),
    row(
        "REQ-ACK-004",
        Must,
        Device,
        "A journal holds at least the 32 latest terminal outcomes and survives a restart of the device.",
    ),
    row("REQ-ACK-005", Must, Device, "A device does not journal `NotNow`."),
    row(
        "REQ-ACK-006",
        Must,
        Server,
        "A terminal outcome, once settled by the server, is never changed by a later answer.",
    ),
    row(
        "REQ-ACK-007",
        Must,
        Server,
        "An answer to an attempt that is not the current one changes nothing.",
    ),
    row(
        "REQ-ACK-008",
        Must,
        Server,
        "A duplicate answer and an answer for an unknown id change nothing and keep the connection.",
    ),
    row(
        "REQ-ACK-009",
        Must,
        Server,
        "A server that lost a connection with a command in flight offers that command again with the next attempt number, except as REQ-ACK-011 says.",
    ),
    row(
        "REQ-ACK-010",
        Must,
        Device,
        "A device does not send a result again by itself on a later connection, but waits to be asked.",
    ),
    row(
        "REQ-ACK-011",
        Must,
        Device,
        "The acknowledgement of a command that erases the device or ends its management is sent once, as well as the device can, and the effect takes place whether or not it arrived.",
    ),
    row(
        "REQ-ACK-012",
        Must,
        Server,
        "An enrolment whose ending acknowledgement was lost ends when the same hardware enrols again or when the operator says so.",
    ),
    row(
        "REQ-ACK-013",
        Must,
        Device,
        "A request of the other platform is answered with `CommandFormatError`.",
    ),
    row(
        "REQ-ACK-014",
        Must,
        Device,
        "A request that this kind of device does not offer is answered with `NotSupported` and an error chain that says why.",
    ),
];
