//! The group QUEUE (docs/protocol/session.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::{Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-QUEUE-001",
        Must,
        Server,
        "A command the server has accepted from an administrator is durable before its acceptance is confirmed.",
    ),
    row(
        "REQ-QUEUE-002",
        Must,
        Server,
        "A server sends no `Command` on a connection before the first `Idle` on it.",
    ),
    row(
        "REQ-QUEUE-003",
        Must,
        Server,
        "A server answers `Idle` with one `Command` or one `Empty`, and not at all while a command is in flight on this connection.",
    ),
    row(
        "REQ-QUEUE-004",
        Must,
        Server,
        "At most one command is in flight per device: the next is sent after the result of the one before, or after the connection ended.",
    ),
    row(
        "REQ-QUEUE-005",
        Must,
        Server,
        "After a `CommandResult` the server sends the next command that may be offered, if there is one, without waiting for an `Idle`.",
    ),
    row(
        "REQ-QUEUE-006",
        Must,
        Server,
        "A command accepted while the device is Ready and nothing is in flight is sent at once.",
    ),
    row(
        "REQ-QUEUE-007",
        Must,
        Server,
        "Commands of one priority are offered in the order of their acceptance; those that end an enrolment (wipe, retire, delete) go before all others.",
    ),
    row(
        "REQ-QUEUE-008",
        Must,
        Server,
        "A command answered `NotNow` goes behind those not yet offered and is not offered again before the next `Idle` or the next connection.",
    ),
    row(
        "REQ-QUEUE-009",
        Must,
        Device,
        "A device that answered `NotNow` sends `Idle` once it can do what was asked, if it is connected then.",
    ),
    row(
        "REQ-QUEUE-010",
        Must,
        Server,
        "Accepting a wipe, a retire or a delete cancels every waiting command of the device.",
    ),
    row(
        "REQ-QUEUE-011",
        Must,
        Server,
        "A server does not offer a command after its `expires_at`; that of a wipe, retire or delete is the end of the device's record.",
    ),
    row("REQ-QUEUE-012", Must, Device, "A device does not judge `expires_at`."),
    row(
        "REQ-QUEUE-013",
        Must,
        Server,
        "A full queue is answered with an explicit refusal to the administrator, never by dropping a command.",
    ),
    row(
        "REQ-QUEUE-014",
        Must,
        Server,
        "A command that an administrator takes back before it was handed out is not handed out; one that is with the device ends as the device answers, and is not offered again without an answer.",
    ),
    row(
        "REQ-QUEUE-015",
        Must,
        Server,
        "A server sends a device requests of its own platform, as the table of actions in [messages.md](messages.md) says.",
    ),
];
