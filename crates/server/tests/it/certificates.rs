//! Who may open a management connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use muster_protocol::{CloseCode, DeviceId, alpn};
use muster_transport::{CertificateDer, CsrKey, DeviceKey, Identity, RunCa, Validity, close_code};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, ConnectionError};

use crate::device::hello;
use crate::world::{World, eventually, iphone, status};

const UNSUPPORTED_CERTIFICATE: u64 = 0x12b;
const CERTIFICATE_EXPIRED: u64 = 0x12d;
const UNKNOWN_CA: u64 = 0x130;

const STRANGER: DeviceId = DeviceId::from_bytes([0x42; 16]);

fn ca(world: &World) -> RunCa {
    RunCa::open_or_create(world.server.data().root()).unwrap()
}

/// A certificate for a new key.
fn certify(ca: &RunCa, device: DeviceId, validity: Validity) -> Identity {
    let key = DeviceKey::generate().unwrap();
    let request = CsrKey::from_csr(&key.csr_der().unwrap()).unwrap();
    let certificate = ca.issue_device(device, &request, validity).unwrap();
    key.identity(vec![certificate.to_vec()])
}

/// A client that wants to be managed and shows no certificate.
fn anonymous(ca: CertificateDer<'static>) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn::MANAGEMENT.to_vec()];
    ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()))
}

async fn refused(world: &World, identity: &Identity) -> ConnectionError {
    world.site.refusal(world.site.tls.management(identity).unwrap()).await
}

/// Checks that TLS refuses an identity with this QUIC error, and that it is counted.
async fn alerts(world: &World, identity: &Identity, expected: u64) {
    let refusal = refused(world, identity).await;
    let ConnectionError::ConnectionClosed(frame) = refusal else {
        panic!("no alert but {refusal:?}");
    };
    let alert = u64::from(frame.error_code);
    assert_eq!(alert, expected, "{alert:#x}");
    eventually("the failure is counted", async || world.server.totals().handshakes_failed == 1)
        .await;
}

#[tokio::test]
async fn without_a_certificate_management_is_refused_with_certificate_required() {
    let world = World::new().await;
    let config = anonymous(ca(&world).certificate_der());
    let refusal = world.site.refusal(config).await;
    assert_eq!(close_code(&refusal), Some(CloseCode::CertificateRequired));
    assert_eq!(world.closed_with(CloseCode::CertificateRequired), 1);
}

#[tokio::test]
async fn a_device_of_another_ca_is_refused_with_unknown_ca() {
    let world = World::new().await;
    let foreign = certify(&RunCa::ephemeral().unwrap(), STRANGER, Validity::device());
    alerts(&world, &foreign, UNKNOWN_CA).await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused_with_certificate_expired() {
    let world = World::new().await;
    let day = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    let past = Validity { not_before: now - 2 * day, not_after: now - day };
    alerts(&world, &certify(&ca(&world), STRANGER, past), CERTIFICATE_EXPIRED).await;
}

#[tokio::test]
async fn a_server_certificate_is_refused_with_unsupported_certificate() {
    let world = World::new().await;
    alerts(&world, &ca(&world).issue_server().unwrap(), UNSUPPORTED_CERTIFICATE).await;
}

#[tokio::test]
async fn a_device_nobody_enrolled_is_refused_with_unknown_device() {
    let world = World::new().await;
    let stranger = certify(&ca(&world), STRANGER, Validity::device());
    assert_eq!(close_code(&refused(&world, &stranger).await), Some(CloseCode::UnknownDevice));
    assert_eq!(world.closed_with(CloseCode::UnknownDevice), 1);
}

#[tokio::test]
async fn another_key_than_the_enrolled_one_is_refused_with_certificate_superseded() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let other = certify(&ca(&world), enrolled.id, Validity::device());
    let refusal = refused(&world, &other).await;
    assert_eq!(close_code(&refusal), Some(CloseCode::CertificateSuperseded));
}

#[tokio::test]
async fn a_hello_for_another_device_is_refused_and_leaves_that_device_alone() {
    let world = World::new().await;
    let (victim, mut working) = world.ready().await;
    let enrolled = world.enrol(iphone()).await;
    let before = world.record(victim.id).await;

    let mut liar = world.site.connect(&enrolled).await;
    liar.say(&hello(victim.id, status(victim.facts.mode))).await;
    assert_eq!(liar.closed().await, Some(CloseCode::WrongDevice));
    assert_eq!(world.closed_with(CloseCode::WrongDevice), 1);

    assert_eq!(world.record(victim.id).await, before);
    working.hears_nothing_more(1).await;
    assert!(world.connected(victim.id) && !world.connected(enrolled.id));
}
