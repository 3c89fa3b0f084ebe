//! Enrolment: tokens, facts, signing requests (docs/protocol/enrolment.md).

use alloc::string::String;
use core::time::Duration;

use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CloseCode, Mode, OperatingSystem};

use crate::case::{Case, case};
use crate::hook::{Errand, Stand};
use crate::scene::{Ids, Scene, Secrets, frame};
use crate::script::{Key, Power};

/// A little longer than a peer may take for its first message.
const GREETING: Duration = Duration::from_secs(13);

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-ENROL-001",
        "a device with a token gets an id and a certificate, and is welcomed with them",
        &["REQ-ENROL-002", "REQ-SESSION-002"],
        |s| {
            let phone = s.enrolled();
            let line = s.ready(phone);
            s.hears_nothing_more(line, phone);
        },
    )
    .over_modes(),
    case(
        "MDM-ENROL-002",
        "the server ends its side of the stream behind the EnrolReply",
        &["REQ-ENROL-002"],
        |s| {
            let phone = s.phone();
            let line = s.applies(phone);
            s.is_enrolled(line, phone);
            s.hears_the_end(line);
        },
    ),
    case(
        "MDM-ENROL-003",
        "a device that has its EnrolReply is known after the server was killed",
        &["REQ-ENROL-003"],
        |s| {
            let phone = s.phone();
            let line = s.applies(phone);
            s.is_enrolled(line, phone);
            s.target(Power::Kill);
            s.target(Power::Start);
            let _line = s.ready(phone);
        },
    ),
    case(
        "MDM-ENROL-004",
        "a device that does not close after its EnrolReply is let go in a few seconds",
        &["REQ-ENROL-004"],
        |s| {
            let phone = s.phone();
            let line = s.applies(phone);
            s.is_enrolled(line, phone);
            s.closed_within(Duration::from_secs(8), line, CloseCode::Done);
        },
    ),
    case("MDM-ENROL-005", "a token nobody issued is refused", &["REQ-ENROL-002"], |s| {
        token_refused(s, || "0".repeat(64), CloseCode::TokenUnknown);
    }),
    case("MDM-ENROL-006", "an empty token is refused", &["REQ-ENROL-002"], |s| {
        token_refused(s, String::new, CloseCode::TokenUnknown);
    }),
    case("MDM-ENROL-007", "a token that has ended is refused", &["REQ-ENROL-002"], |s| {
        let phone = s.phone();
        let line = s.applies_with_the_expired_token(phone);
        s.closed_with(line, CloseCode::TokenExpired);
    }),
    case(
        "MDM-ENROL-008",
        "a one-time token enrols the same key again, and no other key",
        &["REQ-ENROL-008"],
        one_time,
    ),
    case(
        "MDM-ENROL-009",
        "a one-time token stays bound to its key when the hardware has a new one",
        &["REQ-ENROL-016"],
        one_time_after_a_wipe,
    ),
    case(
        "MDM-ENROL-010",
        "a request that is repeated before the first Hello gets the same id",
        &["REQ-ENROL-009"],
        |s| {
            let phone = s.enrolled();
            let again = s.same_key(phone);
            s.enrols(again);
            s.ids_are(Ids::Same, phone, again);
            let _line = s.ready(again);
        },
    ),
    case(
        "MDM-ENROL-011",
        "a request that is repeated after the first Hello begins a new life",
        &["REQ-ENROL-012"],
        |s| {
            let (phone, line) = s.ready_phone();
            let again = s.same_key(phone);
            s.enrols(again);
            s.ids_are(Ids::Different, phone, again);
            s.closed_with(line, CloseCode::CertificateSuperseded);
        },
    ),
    case(
        "MDM-ENROL-012",
        "hardware that enrols with another key begins a new life and ends the former",
        &["REQ-ENROL-012", "REQ-ENROL-014"],
        new_life,
    ),
    case(
        "MDM-ENROL-013",
        "a new life has neither the commands nor the secrets of the former",
        &["REQ-ENROL-013"],
        clean_slate,
    ),
    case(
        "MDM-ENROL-014",
        "facts that contradict each other are refused",
        &["REQ-ENROL-007"],
        |s| {
            facts_refused(s, |facts| facts.operating_system = OperatingSystem::Android);
        },
    ),
    case("MDM-ENROL-015", "an empty model is refused", &["REQ-ENROL-007", "REQ-LIMIT-002"], |s| {
        facts_refused(s, |facts| facts.model.clear());
    }),
    case(
        "MDM-ENROL-016",
        "a model of 65 bytes is refused",
        &["REQ-ENROL-007", "REQ-LIMIT-002"],
        |s| facts_refused(s, |facts| facts.model = "m".repeat(65)),
    ),
    case(
        "MDM-ENROL-017",
        "a serial number in small letters is refused",
        &["REQ-ENROL-007", "REQ-LIMIT-002"],
        |s| {
            let phone = s.phone();
            let line = s.applies_in_bytes(
                phone,
                "EnrolRequest with a serial number in small letters",
                |bytes| replaced(bytes, b"CONF-", b"conf-"),
            );
            s.closed_with(line, CloseCode::BadFacts);
        },
    ),
    case("MDM-ENROL-018", "a token above its bound is refused", &["REQ-LIMIT-002"], |s| {
        token_refused(s, || "x".repeat(1_025), CloseCode::FieldTooLarge)
    }),
    case("MDM-ENROL-019", "an empty signing request is refused", &["REQ-CERT-010"], |s| {
        csr_refused(s, |csr| csr.clear());
    }),
    case(
        "MDM-ENROL-020",
        "a signing request whose signature is bent is refused",
        &["REQ-CERT-010"],
        |s| {
            csr_refused(s, |csr| {
                if let Some(last) = csr.last_mut() {
                    *last ^= 1;
                }
            });
        },
    ),
    case(
        "MDM-ENROL-021",
        "a signing request with bytes behind it is refused",
        &["REQ-CERT-009", "REQ-CERT-010"],
        |s| csr_refused(s, |csr| csr.push(0)),
    ),
    case(
        "MDM-ENROL-022",
        "a signing request of 4097 bytes is refused",
        &["REQ-LIMIT-002", "REQ-CERT-009"],
        |s| csr_refused(s, |csr| csr.resize(4_097, 0)),
    ),
    case("MDM-ENROL-023", "a key of another kind is refused", &["REQ-CERT-011"], |s| {
        let phone = s.phone_with(Mode::AppleAutomatedDevice, Key::P384);
        let line = s.applies(phone);
        s.closed_with(line, CloseCode::BadCsr);
    }),
    case(
        "MDM-ENROL-024",
        "a device with a P-256 key is as welcome as one with Ed25519",
        &["REQ-CERT-005", "REQ-CERT-011"],
        |s| {
            let phone = s.phone_with(Mode::AppleAutomatedDevice, Key::P256);
            s.enrols(phone);
            let _line = s.ready(phone);
        },
    ),
    case(
        "MDM-ENROL-025",
        "a stream that ends before the request closes the connection",
        &["REQ-ENROL-002"],
        |s| {
            let line = s.connects_to_enrol();
            s.ends_its_stream(line);
            s.closed_with(line, CloseCode::WrongState);
        },
    ),
    case(
        "MDM-ENROL-026",
        "a message of management on an enrolment connection closes it",
        &["REQ-FRAME-005", "REQ-TRANSPORT-002"],
        |s| {
            let line = s.connects_to_enrol();
            s.writes(line, "Idle", frame(0x13, &[]));
            s.closed_with(line, CloseCode::BadFrame);
        },
    ),
    case(
        "MDM-ENROL-027",
        "no request within ten seconds closes the connection",
        &["REQ-LIMIT-003"],
        |s| {
            let line = s.connects_to_enrol();
            s.writes(line, "the beginning of a frame", [0, 0, 0, 200, 1]);
            s.closed_within(GREETING, line, CloseCode::GreetingTimeout);
        },
    ),
    case(
        "MDM-ENROL-028",
        "bytes that are no request close the connection",
        &["REQ-FRAME-004", "REQ-CLOSE-007"],
        |s| {
            let line = s.connects_to_enrol();
            s.writes(line, "an EnrolRequest of 0xff alone", frame(0x01, &[0xff; 200]));
            s.closed_with(line, CloseCode::BadFrame);
        },
    ),
    case(
        "MDM-ENROL-029",
        "a request of a later minor may have more behind it",
        &["REQ-FRAME-006", "REQ-FRAME-007"],
        |s| {
            let phone = s.phone();
            let line = s.applies_with_more(phone);
            s.is_enrolled(line, phone);
        },
    ),
    case(
        "MDM-ENROL-030",
        "a signing request for an extension nobody can read is passed over or refused",
        &["REQ-CERT-017"],
        |s| {
            let phone = s.phone_with(Mode::AppleAutomatedDevice, Key::Asking);
            let line = s.applies(phone);
            s.may_be_refused(line, CloseCode::BadCsr);
        },
    ),
];

fn token_refused(s: &mut Scene, token: fn() -> String, code: CloseCode) {
    let phone = s.phone();
    let line = s.applies_with(phone, move |request, _tokens| {
        request.token = EnrolmentToken::new(token());
    });
    s.closed_with(line, code);
}

fn facts_refused(s: &mut Scene, change: fn(&mut muster_protocol::DeviceFacts)) {
    let phone = s.phone();
    let line = s.applies_with(phone, move |request, _tokens| change(&mut request.facts));
    s.closed_with(line, CloseCode::BadFacts);
}

fn csr_refused(s: &mut Scene, change: fn(&mut alloc::vec::Vec<u8>)) {
    let phone = s.phone();
    let line = s.applies_with(phone, move |request, _tokens| change(&mut request.csr_der));
    s.closed_with(line, CloseCode::BadCsr);
}

fn one_time(s: &mut Scene) {
    let (first, stranger) = (s.phone(), s.phone());
    let line = s.applies_with_the_one_time_token(first);
    s.is_enrolled(line, first);
    let again = s.same_key(first);
    let line = s.applies_with_the_one_time_token(again);
    s.is_enrolled(line, again);
    s.ids_are(Ids::Same, first, again);
    let line = s.applies_with_the_one_time_token(stranger);
    s.closed_with(line, CloseCode::TokenUsed);
}

fn one_time_after_a_wipe(s: &mut Scene) {
    let phone = s.phone();
    let line = s.applies_with_the_one_time_token(phone);
    s.is_enrolled(line, phone);
    let reborn = s.reborn(phone);
    let line = s.applies_with_the_one_time_token(reborn);
    s.closed_with(line, CloseCode::TokenUsed);
    let _line = s.ready(phone);
}

fn new_life(s: &mut Scene) {
    let (phone, line) = s.ready_phone();
    let again = s.reborn(phone);
    s.enrols(again);
    s.ids_are(Ids::Different, phone, again);
    s.closed_with(line, CloseCode::CertificateSuperseded);
    let late = s.connects_anyhow(phone);
    s.closed_with(late, CloseCode::CertificateSuperseded);
    let _line = s.ready(again);
}

fn clean_slate(s: &mut Scene) {
    let (phone, line) = s.ready_phone();
    s.hands_over(line, phone, Secrets::UNLOCK);
    s.hears_the_acknowledgement(line, phone);
    s.leaves(line);
    let command = s.enqueues(phone, Errand::RemoteLock);
    let again = s.reborn(phone);
    s.enrols(again);
    s.comes_to(command, Stand::Cancelled);
    let _line = s.ready(again);
    s.is_known(again, "no unlock token is kept for the new life", |found| {
        found.holds_unlock_token.map(|holds| !holds)
    });
}

/// The same bytes with one piece replaced by another of the same length.
fn replaced(mut bytes: alloc::vec::Vec<u8>, from: &[u8], to: &[u8]) -> alloc::vec::Vec<u8> {
    if let Some(at) = bytes.windows(from.len()).position(|window| window == from) {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}
