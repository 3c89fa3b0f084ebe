//! The group SESSION (docs/protocol/session.md).

use super::{Requirement, row};
use crate::requirement::Level::{May, Must, Should};
use crate::requirement::Side::{Both, Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-SESSION-001",
        Must,
        Device,
        "A device sends `Hello` as the first message of a management connection and never again on it.",
    ),
    row(
        "REQ-SESSION-002",
        Must,
        Server,
        "A server answers an admitted `Hello` with one `Welcome` before any other message.",
    ),
    row(
        "REQ-SESSION-003",
        Must,
        Server,
        "A server closes with `WrongDevice` if `Hello` names another device than the certificate.",
    ),
    row(
        "REQ-SESSION-004",
        Must,
        Server,
        "A server that is sent another first message, or a second `Hello`, closes with `WrongState`.",
    ),
    row(
        "REQ-SESSION-022",
        May,
        Device,
        "A device sends further messages behind `Hello` without waiting for `Welcome`.",
    ),
    row(
        "REQ-SESSION-005",
        Must,
        Device,
        "A device puts the policy of each `Welcome` into effect, since it may have changed since the last one.",
    ),
    row(
        "REQ-SESSION-023",
        Should,
        Both,
        "A server whose policy for a connected device changes says so in a `PolicyUpdate` at once; the device puts it into effect as that of a `Welcome`.",
    ),
    row(
        "REQ-SESSION-006",
        Must,
        Server,
        "When a device connects while an older connection of the same device stands, the server serves the newer and closes the older with `Replaced`.",
    ),
    row(
        "REQ-SESSION-007",
        Must,
        Device,
        "A device accepts `Empty` at any time after its first `Idle` and does nothing on it but, if it wants to, leave.",
    ),
    row(
        "REQ-SESSION-008",
        Should,
        Device,
        "A device sends `StatusReport` when something in its status has changed.",
    ),
    row(
        "REQ-SESSION-009",
        Must,
        Server,
        "A server takes the status in `Hello`, in `StatusReport` and in the answer to a query as the present one, the latest winning.",
    ),
    row(
        "REQ-SESSION-010",
        Must,
        Device,
        "A device numbers the `TokenUpdate` messages of one enrolment from 1 and repeats an unacknowledged one with the same number, at the latest on its next connection.",
    ),
    row(
        "REQ-SESSION-011",
        Must,
        Server,
        "A server sends `TokenUpdateAck` only after the secrets are durable.",
    ),
    row(
        "REQ-SESSION-012",
        Must,
        Server,
        "A secret that is absent from a `TokenUpdate` leaves the stored one as it is.",
    ),
    row(
        "REQ-SESSION-013",
        Must,
        Server,
        "A `TokenUpdate` that comes twice has the effect of one and is acknowledged twice.",
    ),
    row(
        "REQ-SESSION-014",
        Should,
        Device,
        "A device sends the secrets that are not acknowledged before its first `Idle`, and again after 30 seconds without an acknowledgement.",
    ),
    row(
        "REQ-SESSION-015",
        Should,
        Device,
        "A device ends its side of the stream and waits up to 5 seconds for the server before it closes with `Done`.",
    ),
    row(
        "REQ-SESSION-016",
        Must,
        Server,
        "A server that sees the end of the stream between two frames closes with `Done`.",
    ),
    row(
        "REQ-SESSION-017",
        Must,
        Server,
        "A server that shuts down refuses new connections and closes the present ones with `RetryLater`.",
    ),
    row(
        "REQ-SESSION-018",
        Must,
        Server,
        "A server that settled an acknowledgement that ends the enrolment refuses the certificate from then on with `Unenrolled`.",
    ),
    row(
        "REQ-SESSION-019",
        Must,
        Device,
        "A device that lost its connection or may retry comes back with a random delay whose upper end grows with each failure and is at most 30 seconds.",
    ),
    row(
        "REQ-SESSION-020",
        Must,
        Server,
        "After a reconnect everything starts over with `Hello`: nothing of the former connection is continued.",
    ),
    row(
        "REQ-SESSION-021",
        Must,
        Server,
        "A new connection begins a new run, so that a command answered `NotNow` may be offered on its first `Idle`.",
    ),
    row(
        "REQ-SESSION-024",
        Must,
        Server,
        "A server does not look into a secret and makes none up: it hands each back byte for byte.",
    ),
];
