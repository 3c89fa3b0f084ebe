//! How a device comes by its certificate (docs/protocol/enrolment.md, docs/protocol/certificates.md).

use muster_protocol::CloseCode;

use crate::case::{Case, agent_case};
use crate::scene::{Answered, Ask, Ids, Scene, longer};
use crate::script::Paper;

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-ENROL-101",
        "a device enrols with one request, and comes for management with what it got",
        &["REQ-ENROL-001", "REQ-ENROL-004", "REQ-ENROL-006", "REQ-SESSION-001", "REQ-CLOSE-001"],
        |s| {
            let phone = s.summons();
            let line = s.gets_enrolled(phone);
            s.closed_with(line, CloseCode::Done);
            s.is_served(phone);
        },
    )
    .over_modes(),
    agent_case(
        "MDM-ENROL-102",
        "a device does not keep a certificate that holds another key",
        &["REQ-ENROL-005"],
        |s| spurns(s, Paper::OfAnotherKey),
    ),
    agent_case(
        "MDM-ENROL-103",
        "a device does not keep a certificate that names another device",
        &["REQ-ENROL-005"],
        |s| spurns(s, Paper::OfAnotherDevice),
    ),
    agent_case(
        "MDM-ENROL-104",
        "a device does not keep bytes that are no certificate",
        &["REQ-ENROL-005"],
        |s| spurns(s, Paper::Garbage),
    ),
    agent_case(
        "MDM-ENROL-105",
        "a device that is given no certificate has none",
        &["REQ-ENROL-005"],
        |s| spurns(s, Paper::Nothing),
    ),
    agent_case(
        "MDM-ENROL-106",
        "a device that gets no answer asks again with the same key and token",
        &["REQ-ENROL-010", "REQ-CERT-013"],
        |s| {
            let phone = s.summons();
            let line = s.comes_to_enrol(phone);
            s.asks_to_enrol(line, phone);
            s.certifies(phone, Paper::Right);
            s.closes(line, CloseCode::RetryLater);
            s.gets_enrolled(phone);
            s.keys_are(phone, Ids::Same);
            s.is_served(phone);
        },
    ),
    agent_case(
        "MDM-ENROL-107",
        "a device signs its request with its key and asks for nothing else",
        &["REQ-CERT-009", "REQ-CERT-016"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            s.has_requested(phone, "a request a server reads, of 4096 bytes at most", |it| {
                it.key.is_some() && it.bytes <= 4_096
            });
            s.has_requested(phone, "no extension asked for", |it| !it.asks_for_extensions);
        },
    ),
    agent_case(
        "MDM-ENROL-108",
        "a device proves the key it asked with, which it has told nobody",
        &["REQ-SECURITY-004", "REQ-ENROL-006"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            let line = s.comes_for_management(phone);
            s.shows_the_key_it_asked_with(line, phone);
        },
    ),
    agent_case(
        "MDM-ENROL-109",
        "a device makes a new key for the life after a wipe",
        &["REQ-CERT-013"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Wipe);
            s.is_answered(line, command, Answered::Acknowledged);
            s.closes(line, CloseCode::Done);
            s.gets_enrolled(phone);
            s.keys_are(phone, Ids::Different);
        },
    ),
    agent_case(
        "MDM-ENROL-110",
        "a device that was told Unenrolled forgets its certificate",
        &["REQ-ENROL-015"],
        |s| forgets(s, CloseCode::Unenrolled),
    ),
    agent_case(
        "MDM-ENROL-111",
        "a device that was told UnknownDevice forgets its certificate",
        &["REQ-ENROL-015"],
        |s| forgets(s, CloseCode::UnknownDevice),
    ),
    agent_case(
        "MDM-ENROL-112",
        "a device that was told CertificateSuperseded forgets its certificate",
        &["REQ-ENROL-015"],
        |s| forgets(s, CloseCode::CertificateSuperseded),
    ),
    agent_case(
        "MDM-ENROL-113",
        "a device describes itself within the bounds of the protocol",
        &["REQ-LIMIT-001", "REQ-FRAME-010"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            s.has_asked(phone, "facts that agree with each other and the limits", |request| {
                request.facts.check().is_ok()
            });
            let line = s.comes_for_management(phone);
            s.says_hello(line, phone);
            s.names_one_minor(line, phone);
        },
    )
    .over_modes(),
    agent_case(
        "MDM-ENROL-114",
        "a device takes the answer of a server of a later minor, with more behind it",
        &["REQ-FRAME-007", "REQ-FRAME-006"],
        |s| {
            let phone = s.summons();
            let line = s.comes_to_enrol(phone);
            s.asks_to_enrol(line, phone);
            s.certifies(phone, Paper::Right);
            let what = "EnrolReply of minor 9 with bytes behind it";
            s.replies_in_bytes(line, (phone, what), |mut bytes| {
                bytes[5] = 9;
                longer(&bytes, b"new")
            });
            s.is_served(phone);
        },
    ),
];

/// The device gets this for its request, and asks again.
fn spurns(s: &mut Scene, paper: Paper) {
    let phone = s.summons();
    let line = s.comes_to_enrol(phone);
    s.asks_to_enrol(line, phone);
    s.certifies(phone, paper);
    s.replies(line, phone);
    s.gets_enrolled(phone);
    s.is_served(phone);
}

/// The device is told that it is not known, and comes to enrol or not at all.
fn forgets(s: &mut Scene, code: CloseCode) {
    let (_phone, line) = s.settled();
    s.closes(line, code);
    s.has_forgotten_itself();
}
