//! Who may speak for whom: certificates and identities (docs/protocol/certificates.md,
//! docs/protocol/session.md).

use muster_protocol::{Answer, CloseCode, Outcome};

use crate::case::{Case, case};
use crate::hook::{Errand, Stand};
use crate::scene::{Alert, Scene};
use crate::script::{Key, Phone, Show};

/// A device certificate holds from an hour before its issue until a year after, in seconds.
const HOUR_S: i64 = 3_600;
const YEAR_S: i64 = 365 * 24 * HOUR_S;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-SECURITY-001",
        "a management connection without a certificate is closed by the application",
        &["REQ-CERT-014"],
        |s| refused(s, |_phone| Show::Nothing, CloseCode::CertificateRequired),
    ),
    case(
        "MDM-SECURITY-002",
        "a certificate of another CA is refused by TLS",
        &["REQ-CERT-003"],
        |s| alerted(s, Show::OfAnotherCa, Alert::UnknownCa),
    ),
    case(
        "MDM-SECURITY-003",
        "a certificate that names the CA and was signed by another key is refused by TLS",
        &["REQ-CERT-003"],
        |s| alerted(s, Show::OfAnImpostor, Alert::DecryptError),
    ),
    case(
        "MDM-SECURITY-004",
        "a certificate without its key is refused by TLS",
        &["REQ-CERT-003"],
        |s| alerted(s, Show::OwnWithAnotherKey, Alert::DecryptError),
    ),
    case(
        "MDM-SECURITY-005",
        "a certificate that has ended is refused by TLS",
        &["REQ-CERT-003"],
        |s| {
            alerted_by_ca(s, Show::Expired, Alert::CertificateExpired);
        },
    ),
    case(
        "MDM-SECURITY-006",
        "a certificate that has not begun is refused by TLS",
        &["REQ-CERT-003"],
        |s| alerted_by_ca(s, Show::NotYetValid, Alert::CertificateExpired),
    ),
    case(
        "MDM-SECURITY-007",
        "a certificate for servers is refused by TLS",
        &["REQ-CERT-004"],
        |s| {
            alerted_by_ca(s, Show::ForServers, Alert::UnsupportedCertificate);
        },
    ),
    case(
        "MDM-SECURITY-008",
        "a certificate of the CA that names no device is refused",
        &["REQ-CERT-002", "REQ-CERT-003"],
        |s| refused_by_ca(s, Show::Nameless, CloseCode::NotADeviceCertificate),
    ),
    case(
        "MDM-SECURITY-009",
        "a certificate that names two devices is refused",
        &["REQ-CERT-002", "REQ-CERT-003"],
        |s| refused_by_ca(s, Show::TwoNames, CloseCode::NotADeviceCertificate),
    ),
    case(
        "MDM-SECURITY-010",
        "a certificate of a device nobody has enrolled is refused",
        &["REQ-CERT-003"],
        |s| refused_by_ca(s, Show::OfAStranger, CloseCode::UnknownDevice),
    ),
    case(
        "MDM-SECURITY-011",
        "a certificate for another key than that of the enrolment is refused",
        &["REQ-CERT-008"],
        |s| refused_by_ca(s, Show::OfAnotherKey, CloseCode::CertificateSuperseded),
    ),
    case(
        "MDM-SECURITY-012",
        "a certificate names its device and nobody else",
        &["REQ-CERT-002", "REQ-ENCODE-010"],
        |s| {
            let phone = s.enrolled();
            names_its_device(s, phone);
        },
    ),
    case(
        "MDM-SECURITY-013",
        "a certificate is for clients alone and for no CA",
        &["REQ-CERT-004"],
        |s| {
            let phone = s.enrolled();
            s.has_a_certificate(phone, "a certificate for clientAuth alone", |it, _id| {
                it.usages == ["clientAuth"] && !it.is_ca && it.is_of_the_key
            });
        },
    ),
    case(
        "MDM-SECURITY-014",
        "nothing of a signing request but its key comes into the certificate",
        &["REQ-CERT-012"],
        |s| {
            let phone = s.phone_with(muster_protocol::Mode::AppleAutomatedDevice, Key::Claiming);
            s.enrols(phone);
            names_its_device(s, phone);
            s.has_a_certificate(phone, "a subject without the stranger", |it, _id| {
                !it.subject.contains("abad")
            });
        },
    ),
    case(
        "MDM-SECURITY-015",
        "the CA has a name, and another one than its devices",
        &["REQ-CERT-006"],
        |s| {
            let phone = s.enrolled();
            s.has_a_certificate(phone, "an issuer with a name of its own", |it, _id| {
                !it.issuer.is_empty() && it.issuer != it.subject && it.chain == 2
            });
        },
    ),
    case(
        "MDM-SECURITY-016",
        "a certificate holds from an hour before its issue until a year after",
        &["REQ-CERT-007"],
        |s| {
            let phone = s.enrolled();
            s.has_a_certificate(
                phone,
                "a certificate from an hour ago to a year ahead",
                |it, _id| {
                    let near = |found: i64, wanted: i64| (found - wanted).abs() < 600;
                    near(it.valid_from_s, -HOUR_S) && near(it.valid_until_s, YEAR_S)
                },
            );
        },
    ),
    case("MDM-SECURITY-017", "a device may show its certificate alone", &["REQ-CERT-003"], |s| {
        let phone = s.enrolled();
        let line = s.shows(Show::OwnAlone(phone));
        s.greets(line, phone);
        s.is_welcomed(line);
    }),
    case(
        "MDM-SECURITY-018",
        "a Hello for another device than that of the certificate is refused",
        &["REQ-SESSION-003", "REQ-CERT-003"],
        |s| {
            let (mine, other) = (s.enrolled(), s.enrolled());
            let line = s.connects(mine);
            s.greets(line, other);
            s.closed_with(line, CloseCode::WrongDevice);
            let _line = s.ready(other);
        },
    ),
    case("MDM-SECURITY-019", "a device sees no command of another", &["REQ-SECURITY-003"], |s| {
        let (mine, other) = (s.enrolled(), s.enrolled());
        let command = s.enqueues(other, Errand::RemoteLock);
        let line = s.ready(mine);
        s.hears_nothing_more(line, mine);
        let _theirs = s.takes(other, command, 1);
    }),
    case(
        "MDM-SECURITY-020",
        "a device cannot answer for another",
        &["REQ-SECURITY-003", "REQ-ACK-008"],
        |s| {
            let (mine, other) = (s.enrolled(), s.enrolled());
            let command = s.enqueues(other, Errand::RemoteLock);
            let theirs = s.takes(other, command, 1);
            let line = s.ready(mine);
            s.answers(line, command, Outcome::Acknowledged(Answer::Done));
            s.hears_nothing_more(line, mine);
            s.comes_to(command, Stand::InFlight);
            s.acknowledges(theirs, command);
            s.comes_to(command, Stand::Done);
        },
    ),
];

/// A device shows something TLS should not take.
fn alerted(s: &mut Scene, show: fn(Phone) -> Show, alert: Alert) {
    let phone = s.enrolled();
    let line = s.shows(show(phone));
    s.refused_with(line, alert);
    let _line = s.ready(phone);
}

/// The same, signed with the key of the CA.
fn alerted_by_ca(s: &mut Scene, show: fn(Phone) -> Show, alert: Alert) {
    s.needs_the_key_of_the_ca();
    alerted(s, show, alert);
}

/// A device shows something TLS takes and the application should not.
fn refused(s: &mut Scene, show: fn(Phone) -> Show, code: CloseCode) {
    let phone = s.enrolled();
    let line = s.shows(show(phone));
    s.closed_with(line, code);
    let _line = s.ready(phone);
}

/// The same, signed with the key of the CA.
fn refused_by_ca(s: &mut Scene, show: fn(Phone) -> Show, code: CloseCode) {
    s.needs_the_key_of_the_ca();
    refused(s, show, code);
}

fn names_its_device(s: &mut Scene, phone: Phone) {
    s.has_a_certificate(phone, "one name: the URI of the device", |certificate, id| {
        certificate.names == [alloc::format!("URI:urn:muster:device:{id}")]
    });
}
