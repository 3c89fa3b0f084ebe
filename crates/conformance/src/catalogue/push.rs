//! The group PUSH (docs/protocol/push.md).

use super::{Requirement, row};
use crate::requirement::Level::{Must, Should};
use crate::requirement::Side::{Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-PUSH-001",
        Must,
        Device,
        "A woken device sends `PushUpdate` with its target on every connection, after `Hello` and before its first `Idle`.",
    ),
    row(
        "REQ-PUSH-002",
        Must,
        Server,
        "A server has stored a changed target before it answers the `Idle` behind it.",
    ),
    row(
        "REQ-PUSH-003",
        Must,
        Server,
        "A server pushes to a device that has a target and no session when a command becomes due for it, and again with growing gaps while the command waits.",
    )
    .unseen("a push goes to the service of a vendor, which is on neither side of a connection"),
    row(
        "REQ-PUSH-004",
        Must,
        Device,
        "A woken device polls on a timer: it connects because it was pushed, because it has something to say, or because it has come back to the network.",
    ),
    row(
        "REQ-PUSH-005",
        Must,
        Server,
        "A server forgets a target whose service says that it is gone, and waits for the device to say another.",
    )
    .unseen("what a vendor's service answers is heard by no device"),
    row(
        "REQ-PUSH-006",
        Must,
        Device,
        "A device takes several pushes for one: a push while it is connected or connecting changes nothing.",
    ),
    row(
        "REQ-PUSH-007",
        Must,
        Device,
        "A woken device leaves after `Empty`, once its secrets are acknowledged: it ends its stream and waits for the close.",
    ),
    row(
        "REQ-PUSH-008",
        Should,
        Server,
        "A server hands a device with a target nothing more after `Empty` until its next `Idle`; what becomes due meanwhile is pushed when the session is over.",
    ),
];
