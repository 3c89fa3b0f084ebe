//! The group ENROL (docs/protocol/enrolment.md).

use super::{Requirement, row};
use crate::requirement::Level::{Must, Should};
use crate::requirement::Side::{Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-ENROL-001",
        Must,
        Device,
        "The device sends one `EnrolRequest` as its first and only message.",
    ),
    row(
        "REQ-ENROL-002",
        Must,
        Server,
        "The server answers with one `EnrolReply` and ends its side of the stream, or closes the connection with a code.",
    ),
    row(
        "REQ-ENROL-003",
        Must,
        Server,
        "The server stores the new device durably before it sends `EnrolReply`.",
    ),
    row(
        "REQ-ENROL-004",
        Should,
        Device,
        "The device closes with `Done` once it has read the reply, and the server waits at most 5 seconds for that.",
    ),
    row(
        "REQ-ENROL-005",
        Must,
        Device,
        "The device checks that the certificate in the reply holds its own public key and names the device id of the reply before it keeps them.",
    ),
    row(
        "REQ-ENROL-006",
        Must,
        Device,
        "The device stores its key, its chain and its device id before it opens a management connection.",
    ),
    row(
        "REQ-ENROL-007",
        Must,
        Server,
        "Facts that contradict themselves or the limits are refused with `BadFacts`.",
    ),
    row(
        "REQ-ENROL-008",
        Must,
        Server,
        "A one-time token that was used with a key is accepted again with the same key and refused with `TokenUsed` with any other.",
    ),
    row(
        "REQ-ENROL-009",
        Must,
        Server,
        "A repeated request of a device that never said `Hello` in its present life, with the same serial number and key, is answered with the same device id and a fresh certificate.",
    ),
    row(
        "REQ-ENROL-016",
        Must,
        Server,
        "A one-time token stays bound to the key that used it, also after a wipe of that device, so that its next life needs another token.",
    ),
    row(
        "REQ-ENROL-010",
        Must,
        Device,
        "The device that gets no answer repeats its request with the same key and token.",
    ),
    row("REQ-ENROL-011", Must, Server, "The server keeps no token in clear, only its SHA-256.")
        .unseen("what a server keeps at rest is not to be seen from outside"),
    row(
        "REQ-ENROL-012",
        Must,
        Server,
        "Enrolling known hardware again gives it a new device id and ends the earlier enrolment in the same step.",
    ),
    row(
        "REQ-ENROL-013",
        Must,
        Server,
        "Ending an enrolment cancels its waiting commands and voids its escrowed secrets for the new life.",
    ),
    row(
        "REQ-ENROL-014",
        Must,
        Server,
        "A connection of the earlier enrolment is closed, and its certificate refused from then on, with `CertificateSuperseded`.",
    ),
    row(
        "REQ-ENROL-015",
        Must,
        Device,
        "A device that was told `Unenrolled`, `UnknownDevice` or `CertificateSuperseded` forgets its certificate and may only come back by enrolling.",
    ),
];
