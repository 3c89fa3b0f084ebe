//! Handshakes that fail, with the TLS alert each side sees (RFC 9001, section 4.8: 0x100 + alert).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use muster_protocol::alpn;
use muster_transport::{CertificateDer, ClientTls, DeviceKey, Identity, RunCa, Validity};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, ConnectionError};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use rustls::RootCertStore;

use crate::world::{DEVICE, World, certify, enrol, within};

const UNSUPPORTED_CERTIFICATE: u64 = 0x100 + 43;
const CERTIFICATE_EXPIRED: u64 = 0x100 + 45;
const UNKNOWN_CA: u64 = 0x100 + 48;
const DECRYPT_ERROR: u64 = 0x100 + 51;
const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;

/// Where an end got the alert from.
#[derive(Debug, PartialEq, Eq)]
enum Alert {
    Raised(u64),
    Received(u64),
}

fn alert(error: &ConnectionError) -> Option<Alert> {
    match error {
        ConnectionError::TransportError(raised) => Some(Alert::Raised(raised.code.into())),
        ConnectionError::ConnectionClosed(frame) => Some(Alert::Received(frame.error_code.into())),
        ConnectionError::VersionMismatch
        | ConnectionError::ApplicationClosed(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => None,
    }
}

/// The alerts the device and the server end with.
async fn alerts(world: &World, config: quinn::ClientConfig) -> (Alert, Alert) {
    let (device, server) = world.connect(config).await;
    let (device, server) = within(async { tokio::join!(end(device), end(server)) }).await;
    (alert(&device).unwrap(), alert(&server).unwrap())
}

/// A device may believe in a connection the server is about to refuse: TLS 1.3 lets the client
/// finish first.
async fn end(connected: Result<Connection, ConnectionError>) -> ConnectionError {
    match connected {
        Ok(connection) => connection.closed().await,
        Err(error) => error,
    }
}

async fn alerts_for_identity(world: &World, identity: &Identity) -> (Alert, Alert) {
    let config = world.tls.management(identity).unwrap();
    alerts(world, config).await
}

/// A device certificate that names `ca` as its issuer but is signed by somebody else.
fn forge(ca: &CertificateDer<'static>) -> Identity {
    let generate = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let (device, forger) = (generate(), generate());
    let issuer = Issuer::from_ca_cert_der(ca, forger).unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&device, &issuer).unwrap();
    DeviceKey::from_pkcs8(device.serialized_der())
        .unwrap()
        .identity(vec![certificate.der().to_vec()])
}

/// TLS of a client that is not ours.
fn foreign_client(ca: CertificateDer<'static>, protocols: &[&[u8]]) -> quinn::ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()))
}

#[tokio::test]
async fn a_device_of_another_ca_is_refused_with_unknown_ca() {
    let world = World::new();
    let stranger = enrol(&RunCa::ephemeral().unwrap(), DEVICE);
    assert_eq!(
        alerts_for_identity(&world, &stranger).await,
        (Alert::Received(UNKNOWN_CA), Alert::Raised(UNKNOWN_CA))
    );
}

#[tokio::test]
async fn a_device_of_a_forged_ca_is_refused_with_decrypt_error() {
    let world = World::new();
    let forged = forge(&world.ca.certificate_der());
    assert_eq!(
        alerts_for_identity(&world, &forged).await,
        (Alert::Received(DECRYPT_ERROR), Alert::Raised(DECRYPT_ERROR))
    );
}

#[tokio::test]
async fn an_expired_device_is_refused_with_certificate_expired() {
    let world = World::new();
    let day = Duration::from_secs(24 * 60 * 60);
    let past =
        Validity { not_before: SystemTime::now() - 2 * day, not_after: SystemTime::now() - day };
    let key = DeviceKey::generate().unwrap();
    let expired = certify(&world.ca, DEVICE, &key, past);
    assert_eq!(
        alerts_for_identity(&world, &expired).await,
        (Alert::Received(CERTIFICATE_EXPIRED), Alert::Raised(CERTIFICATE_EXPIRED))
    );
}

#[tokio::test]
async fn a_server_certificate_is_no_device_certificate() {
    let world = World::new();
    let server = world.ca.issue_server().unwrap();
    assert_eq!(
        alerts_for_identity(&world, &server).await,
        (Alert::Received(UNSUPPORTED_CERTIFICATE), Alert::Raised(UNSUPPORTED_CERTIFICATE))
    );
}

#[tokio::test]
async fn a_device_refuses_the_server_of_another_run() {
    let world = World::new();
    let other = RunCa::ephemeral().unwrap().certificate_der();
    let config = ClientTls::new(other).unwrap().enrolment();
    assert_eq!(
        alerts(&world, config).await,
        (Alert::Raised(UNKNOWN_CA), Alert::Received(UNKNOWN_CA))
    );
}

#[tokio::test]
async fn another_major_version_is_refused_with_no_application_protocol() {
    let world = World::new();
    for protocols in [&[&b"muster-mgmt/2"[..]][..], &[]] {
        let config = foreign_client(world.ca.certificate_der(), protocols);
        assert_eq!(
            alerts(&world, config).await,
            (Alert::Received(NO_APPLICATION_PROTOCOL), Alert::Raised(NO_APPLICATION_PROTOCOL)),
            "{protocols:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_is_not_ours_is_welcome_if_it_keeps_to_the_protocol() {
    let world = World::new();
    let config = foreign_client(world.ca.certificate_der(), &[alpn::ENROLMENT]);
    let (device, server) = world.connect(config).await;
    assert!(device.is_ok() && server.is_ok());
}
