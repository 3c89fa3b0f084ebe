//! Who the suite says it is, and what it signs for devices.

use std::time::{Duration, SystemTime};

use muster_conformance::script::{Asked, Guise, Paper, Shown};
use muster_protocol::{DeviceId, alpn};
use muster_transport::probe::{Manner, ServerFlaw, Tickets, Version, request_text};
use muster_transport::{
    CaError, CertificateDer, CsrKey, DeviceKey, Identity, RunCa, Validity, certificate_identity,
};

use super::premises::Premises;

/// A day, by which certificates are too old or too young.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the suite bears silence, unless it is impatient: longer than any server should.
const SILENCE_MAX: Duration = Duration::from_secs(20 * 60);

/// How long it does if it is.
const IMPATIENCE: Duration = Duration::from_secs(70);

/// Another device than the one that asks.
const ANOTHER_DEVICE: DeviceId = DeviceId::from_bytes([0xad; 16]);

/// How a server of this kind behaves.
pub(super) fn manner(guise: Guise, premises: &Premises) -> Result<Manner, CaError> {
    let now = premises.skew.wall();
    let is_trusting = guise != Guise::TrustingNobody;
    let clients_of = if is_trusting {
        premises.ca.certificate_der()
    } else {
        RunCa::ephemeral_from(now)?.certificate_der()
    };
    Ok(Manner {
        identity: identity(guise, &premises.ca, now)?,
        clients_of,
        protocols: vec![alpn::ENROLMENT.to_vec(), alpn::MANAGEMENT.to_vec()],
        version: if guise == Guise::OfADraft { Version::Draft } else { Version::One },
        tickets: match guise {
            Guise::WithTickets => Tickets::WithEarlyData,
            Guise::Own
            | Guise::OfAnotherCa
            | Guise::OfAnImpostor
            | Guise::Expired
            | Guise::NotYetValid
            | Guise::ForClients
            | Guise::OfAnotherName
            | Guise::OfADraft
            | Guise::TrustingNobody
            | Guise::Silent
            | Guise::Impatient => Tickets::None,
        },
        silence: if guise == Guise::Impatient { IMPATIENCE } else { SILENCE_MAX },
        skew: premises.skew.clone(),
    })
}

fn identity(guise: Guise, ca: &RunCa, now: SystemTime) -> Result<Identity, CaError> {
    let right = Validity { not_before: now - DAY, not_after: now + DAY };
    match guise {
        Guise::OfAnotherCa => RunCa::ephemeral_from(now)?.issue_server_from(now),
        Guise::OfAnImpostor => RunCa::impostor(&ca.certificate_der())?.issue_server_from(now),
        Guise::Expired => {
            let past = Validity { not_before: now - DAY * 2, not_after: now - DAY };
            ca.issue_flawed_server(ServerFlaw::OtherDates, past)
        }
        Guise::NotYetValid => {
            let future = Validity { not_before: now + DAY, not_after: now + DAY * 2 };
            ca.issue_flawed_server(ServerFlaw::OtherDates, future)
        }
        Guise::ForClients => ca.issue_flawed_server(ServerFlaw::ForClients, right),
        Guise::OfAnotherName => ca.issue_flawed_server(ServerFlaw::OfAnotherName, right),
        Guise::Own
        | Guise::OfADraft
        | Guise::WithTickets
        | Guise::TrustingNobody
        | Guise::Silent
        | Guise::Impatient => ca.issue_server_from(now),
    }
}

/// Signs what a device asked for, or something else, and says what it asked.
pub(super) fn issue(
    premises: &Premises,
    (device, csr_der): (DeviceId, &[u8]),
    paper: Paper,
) -> anyhow::Result<(Vec<Vec<u8>>, Asked)> {
    let text = request_text(csr_der);
    let asked =
        Asked { key: text.key, bytes: text.bytes, asks_for_extensions: text.asks_for_extensions };
    let Ok(own) = CsrKey::from_csr(csr_der) else { return Ok((Vec::new(), asked)) };
    let (device, key) = match paper {
        Paper::Right => (device, own),
        Paper::OfAnotherKey => (device, CsrKey::from_csr(&DeviceKey::generate()?.csr_der()?)?),
        Paper::OfAnotherDevice => (ANOTHER_DEVICE, own),
        Paper::Garbage => return Ok((vec![b"no certificate".to_vec()], asked)),
        Paper::Nothing => return Ok((Vec::new(), asked)),
    };
    let validity = Validity::device_from(premises.skew.wall());
    let certificate = premises.ca.issue_device(device, &key, validity)?;
    Ok((vec![certificate.to_vec(), premises.ca.certificate_der().to_vec()], asked))
}

/// What the certificate a device shows says.
pub(super) fn shown(certificate: &CertificateDer<'_>) -> Option<Shown> {
    let identity = certificate_identity(certificate)?;
    Some(Shown { device: identity.device, key: identity.key })
}
