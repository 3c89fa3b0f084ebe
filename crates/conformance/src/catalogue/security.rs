//! The group SECURITY (docs/protocol/session.md).

use super::{Requirement, row};
use crate::requirement::Level::Must;
use crate::requirement::Side::{Both, Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row("REQ-SECURITY-001", Must, Both, "A token, unlock token, bypass code, passcode or private key appears in no log, error text or reason phrase.")
    .unseen("logs and files of a target are not to be seen from outside"),
    row("REQ-SECURITY-002", Must, Server, "No state changes on data received in 0-RTT."),
    row("REQ-SECURITY-003", Must, Server, "A message acts for the device of the certificate and for no other."),
    row("REQ-SECURITY-004", Must, Device, "A device's private key never leaves the device."),
    row("REQ-SECURITY-005", Must, Server, "A server listens on loopback unless the operator names another address.")
    .unseen("what a server listens on is decided where it is started, not on the wire"),
    row("REQ-SECURITY-006", Must, Both, "A temporary passcode is made by the device, and the server forgets it seven days after it was reported.")
    .unseen("who made a passcode and when it is forgotten shows in no message"),
    row("REQ-SECURITY-007", Must, Device, "A client verifies the server's certificate before it sends its token."),
];
