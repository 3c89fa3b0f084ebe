//! Keys and certificates of the devices of a case, right ones and wrong ones.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use muster_conformance::script::{Certificate, Key, Phone, Show};
use muster_protocol::DeviceId;
use muster_transport::probe::{
    CertificateText, Flaw, RequestKind, certificate_text, request_for, request_for_p384,
};
use muster_transport::{CertificateDer, CsrKey, DeviceKey, Identity, RunCa, Validity};

use super::site::Site;

/// A day, by which certificates are too old or too young.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A device nobody has ever enrolled.
const STRANGER: DeviceId = DeviceId::from_bytes([0xad; 16]);

/// The papers of all devices of a case.
#[derive(Default)]
pub(super) struct Papers {
    folders: Vec<Folder>,
}

/// Those of one.
#[derive(Default)]
struct Folder {
    key: Option<DeviceKey>,
    device: Option<DeviceId>,
    chain_der: Vec<Vec<u8>>,
}

/// What cannot be shown.
pub(super) enum NotShown {
    /// The suite does not have the key of the target's CA.
    NoCaKey,
    /// It failed.
    Failed(anyhow::Error),
}

impl Papers {
    /// Makes a key and a signing request.
    pub(super) fn make_key(&mut self, phone: Phone, kind: Key) -> anyhow::Result<Vec<u8>> {
        let (key, csr_der) = match kind {
            Key::Ed25519 => with_request(DeviceKey::generate()?, RequestKind::Plain)?,
            Key::P256 => with_request(DeviceKey::generate_p256()?, RequestKind::Plain)?,
            Key::Claiming => with_request(DeviceKey::generate()?, RequestKind::Claiming)?,
            Key::Asking => with_request(DeviceKey::generate()?, RequestKind::Asking)?,
            Key::P384 => (None, request_for_p384()?),
        };
        self.folder(phone).key = key;
        Ok(csr_der)
    }

    /// Gives a life the key of another.
    pub(super) fn share_key(&mut self, phone: Phone, of: Phone) -> anyhow::Result<()> {
        let key = self.folder(of).key.as_ref().context("a device without a key")?;
        let key = DeviceKey::from_pkcs8(&key.pkcs8_der())?;
        self.folder(phone).key = Some(key);
        Ok(())
    }

    /// Keeps what enrolment gave, and reads it.
    pub(super) fn keep(
        &mut self,
        phone: Phone,
        (device, chain_der): (DeviceId, Vec<Vec<u8>>),
        now: SystemTime,
    ) -> anyhow::Result<Certificate> {
        let folder = self.folder(phone);
        let (leaf, chain) = (chain_der.first().cloned(), chain_der.len());
        folder.device = Some(device);
        folder.chain_der = chain_der;
        let key = folder.key.as_ref().context("a device without a key")?;
        let text = leaf.and_then(|leaf| certificate_text(&CertificateDer::from(leaf), key));
        // What is no certificate says nothing a case could want.
        Ok(text.map_or_else(Certificate::default, |text| told(text, chain, now)))
    }

    /// The identity to show.
    pub(super) fn show(&mut self, show: Show, site: &Site) -> Result<Option<Identity>, NotShown> {
        let now = site.skew.wall();
        let by_ca = |site: &Site| site.ca_key.clone().ok_or(NotShown::NoCaKey);
        let identity = match show {
            Show::Nothing => return Ok(None),
            Show::Own(phone) => self.folder(phone).own(),
            Show::OwnAlone(phone) => self.folder(phone).own().map(|identity| Identity {
                chain: identity.chain.into_iter().take(1).collect(),
                key: identity.key,
            }),
            Show::OwnWithAnotherKey(phone) => self.folder(phone).own().and_then(|identity| {
                let other = DeviceKey::generate()?.identity(Vec::new());
                Ok(Identity { chain: identity.chain, key: other.key })
            }),
            Show::OfAnotherCa(phone) => {
                let ca = RunCa::ephemeral_from(now).map_err(failed)?;
                self.folder(phone).issued(&ca, Validity::device_from(now))
            }
            Show::OfAnImpostor(phone) => {
                let ca = RunCa::impostor(&site.ca).map_err(failed)?;
                self.folder(phone).issued(&ca, Validity::device_from(now))
            }
            Show::Expired(phone) => {
                let past = Validity { not_before: now - DAY * 2, not_after: now - DAY };
                self.folder(phone).issued(&*by_ca(site)?, past)
            }
            Show::NotYetValid(phone) => {
                let future = Validity { not_before: now + DAY, not_after: now + DAY * 2 };
                self.folder(phone).issued(&*by_ca(site)?, future)
            }
            Show::ForServers(phone) => {
                self.folder(phone).flawed(&*by_ca(site)?, Flaw::ForServers, now)
            }
            Show::Nameless(phone) => self.folder(phone).flawed(&*by_ca(site)?, Flaw::Nameless, now),
            Show::TwoNames(phone) => self.folder(phone).flawed(&*by_ca(site)?, Flaw::TwoNames, now),
            Show::OfAStranger(phone) => {
                let folder = self.folder(phone);
                let key = folder.key.take();
                let stranger = Folder { key, device: Some(STRANGER), chain_der: Vec::new() };
                let shown = stranger.issued(&*by_ca(site)?, Validity::device_from(now));
                folder.key = stranger.key;
                shown
            }
            Show::OfAnotherKey(phone) => {
                let device = self.folder(phone).device;
                let key = Some(DeviceKey::generate().map_err(failed)?);
                let other = Folder { key, device, chain_der: Vec::new() };
                other.issued(&*by_ca(site)?, Validity::device_from(now))
            }
        };
        identity.map(Some).map_err(NotShown::Failed)
    }

    fn folder(&mut self, phone: Phone) -> &mut Folder {
        let index = phone.index();
        if self.folders.len() <= index {
            self.folders.resize_with(index + 1, Folder::default);
        }
        &mut self.folders[index]
    }
}

impl Folder {
    fn own(&self) -> anyhow::Result<Identity> {
        let key = self.key.as_ref().context("a device without a key")?;
        Ok(key.identity(self.chain_der.clone()))
    }

    fn issued(&self, ca: &RunCa, validity: Validity) -> anyhow::Result<Identity> {
        let (key, device) = self.holder()?;
        let certificate = ca.issue_device(device, &csr_key(key)?, validity)?;
        Ok(key.identity(vec![certificate.to_vec(), ca.certificate_der().to_vec()]))
    }

    fn flawed(&self, ca: &RunCa, flaw: Flaw, now: SystemTime) -> anyhow::Result<Identity> {
        let (key, device) = self.holder()?;
        let validity = Validity::device_from(now);
        let certificate = ca.issue_flawed(device, &csr_key(key)?, (flaw, validity))?;
        Ok(key.identity(vec![certificate.to_vec(), ca.certificate_der().to_vec()]))
    }

    fn holder(&self) -> anyhow::Result<(&DeviceKey, DeviceId)> {
        let key = self.key.as_ref().context("a device without a key")?;
        Ok((key, self.device.context("a device that is not enrolled")?))
    }
}

fn with_request(key: DeviceKey, kind: RequestKind) -> anyhow::Result<(Option<DeviceKey>, Vec<u8>)> {
    let csr_der = request_for(&key, kind)?;
    Ok((Some(key), csr_der))
}

fn csr_key(key: &DeviceKey) -> anyhow::Result<CsrKey> {
    Ok(CsrKey::from_csr(&key.csr_der()?)?)
}

fn failed(error: muster_transport::CaError) -> NotShown {
    NotShown::Failed(error.into())
}

fn told(text: CertificateText, chain: usize, now: SystemTime) -> Certificate {
    Certificate {
        is_of_the_key: text.is_of_the_key,
        names: text.names,
        usages: text.usages,
        is_ca: text.is_ca,
        subject: text.subject,
        issuer: text.issuer,
        valid_from_s: seconds_from(now, text.not_before),
        valid_until_s: seconds_from(now, text.not_after),
        chain,
    }
}

/// From `now` to `at` in seconds; negative if that was before.
fn seconds_from(now: SystemTime, at: SystemTime) -> i64 {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match at.duration_since(now) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}
