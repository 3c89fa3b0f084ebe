//! The group CERT (docs/protocol/certificates.md).

use super::{Requirement, row};
use crate::requirement::Level::{May, Must, Should};
use crate::requirement::Side::{Device, Server};

pub(super) const ROWS: &[Requirement] = &[
    row(
        "REQ-CERT-001",
        Must,
        Device,
        "A client accepts a server only if its certificate chains to the run's CA and its subject alternative names hold `localhost`, whatever address the client dials.",
    ),
    row(
        "REQ-CERT-002",
        Must,
        Server,
        "A device certificate carries exactly one subject alternative name, of type URI, `urn:muster:device:` followed by the device id.",
    ),
    row(
        "REQ-CERT-003",
        Must,
        Server,
        "A server takes the identity of a device from the verified certificate of the connection and from nothing else.",
    ),
    row(
        "REQ-CERT-004",
        Must,
        Server,
        "A device certificate names `clientAuth` as its only extended key usage and is no CA.",
    ),
    row(
        "REQ-CERT-005",
        Must,
        Server,
        "A server offers `ed25519` and `ecdsa_secp256r1_sha256` among the signature algorithms of its CertificateRequest.",
    ),
    row(
        "REQ-CERT-006",
        Must,
        Server,
        "The subject of the CA is not empty and differs from the subject of every certificate it signs, since some verifiers take a leaf whose subject equals its issuer for a self-signed one.",
    ),
    row(
        "REQ-CERT-007",
        Should,
        Server,
        "A device certificate is valid from one hour before its issue until 365 days after.",
    ),
    row(
        "REQ-CERT-008",
        Must,
        Server,
        "A server refuses a management connection whose certificate holds another public key than the one of the device's latest enrolment.",
    ),
    row(
        "REQ-CERT-009",
        Must,
        Device,
        "A request is at most 4096 bytes of DER with nothing after it.",
    ),
    row(
        "REQ-CERT-010",
        Must,
        Server,
        "A server refuses a request whose signature does not verify with the key in it, with `BadCsr`.",
    ),
    row(
        "REQ-CERT-011",
        Must,
        Server,
        "A server refuses a key that is neither Ed25519 nor ECDSA P-256, with `BadCsr`.",
    ),
    row(
        "REQ-CERT-012",
        Must,
        Server,
        "A server copies no subject and no extension from a request into a certificate.",
    ),
    row("REQ-CERT-016", Should, Device, "A device asks for no extension in its request."),
    row(
        "REQ-CERT-017",
        May,
        Server,
        "A server refuses a request that asks for an extension it cannot read with `BadCsr`.",
    ),
    row(
        "REQ-CERT-013",
        Should,
        Device,
        "A device makes a new key pair for each new life (after a wipe), and uses the same pair while it repeats one enrolment.",
    ),
    row(
        "REQ-CERT-014",
        Must,
        Server,
        "A management connection without a client certificate is closed with `CertificateRequired`, by the application and not by TLS, because both kinds of connection share one listener.",
    ),
    row(
        "REQ-CERT-015",
        Must,
        Device,
        "A device that TLS keeps refusing does not come back for ever: after at most five attempts with back-off it stays away.",
    ),
    row(
        "REQ-CERT-018",
        Must,
        Device,
        "A device does not take a completed handshake for its acceptance, which only `Welcome` is.",
    ),
];
