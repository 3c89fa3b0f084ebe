//! Handshakes that succeed.

use std::num::NonZeroUsize;
use std::sync::Arc;

use muster_protocol::DeviceId;
use muster_transport::{
    DeviceKey, PeerError, PeerIdentity, Purpose, SERVER_NAME, Validity, peer_identity, purpose,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::world::{DEVICE, World, certify, within};

#[tokio::test]
async fn a_managed_device_is_who_its_certificate_says() {
    let world = World::new();
    let key = DeviceKey::generate().unwrap();
    let identity = certify(&world.ca, DEVICE, &key, Validity::device());
    let config = world.tls.management(&identity).unwrap();
    let pair = world.pair(config).await;

    let expected = PeerIdentity { device: DEVICE, key: key.fingerprint() };
    assert_eq!(peer_identity(&pair.server), Ok(expected));
    assert_eq!(purpose(&pair.server), Some(Purpose::Management));
    assert_eq!(purpose(&pair.device), Some(Purpose::Management));
    assert_eq!(peer_identity(&pair.device), Err(PeerError::NotADevice));
}

#[tokio::test]
async fn an_enrolling_device_has_no_identity() {
    let world = World::new();
    let config = world.tls.enrolment();
    let pair = world.pair(config).await;
    assert_eq!(purpose(&pair.server), Some(Purpose::Enrolment));
    assert_eq!(peer_identity(&pair.server), Err(PeerError::NoCertificate));
}

#[tokio::test]
async fn a_p256_device_is_managed_like_any_other() {
    let world = World::new();
    let foreign = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let key = DeviceKey::from_pkcs8(foreign.serialized_der()).unwrap();
    let identity = certify(&world.ca, DEVICE, &key, Validity::device());
    let config = world.tls.management(&identity).unwrap();
    let pair = world.pair(config).await;
    assert_eq!(peer_identity(&pair.server).unwrap().key, key.fingerprint());
}

#[tokio::test]
async fn packets_keep_to_the_smallest_size_and_datagrams_are_off() {
    let pair = World::new().managed().await;
    assert_eq!(pair.device.stats().path.current_mtu, 1200);
    assert_eq!(pair.server.stats().path.current_mtu, 1200);
    assert_eq!(pair.device.max_datagram_size(), None);
    assert_eq!(pair.server.max_datagram_size(), None);
}

#[tokio::test]
async fn two_hundred_devices_with_bounded_connects_all_arrive() {
    const DEVICES: u8 = 200;
    const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(64).unwrap();
    let world = World::new();
    let address = world.server.local_addr().unwrap();
    let permits = Arc::new(Semaphore::new(IN_FLIGHT.get()));
    let (mut devices, mut accepting) = (JoinSet::new(), JoinSet::new());
    for number in 0..DEVICES {
        let identity = crate::world::enrol(&world.ca, DeviceId::from_bytes([number; 16]));
        let config = world.tls.management(&identity).unwrap();
        let (client, permits) = (world.client.clone(), Arc::clone(&permits));
        devices.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            let connecting = client.connect_with(config, address, SERVER_NAME);
            connecting.unwrap().await.unwrap()
        });
    }
    let accepted = within(async {
        for _device in 0..DEVICES {
            let incoming = world.server.accept().await.unwrap();
            accepting.spawn(async move { incoming.await.unwrap() });
        }
        accepting.join_all().await
    });
    let (held, accepted) = tokio::join!(within(devices.join_all()), accepted);

    let mut seen: Vec<DeviceId> =
        accepted.iter().map(|connection| peer_identity(connection).unwrap().device).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), usize::from(DEVICES));
    assert!(held.iter().all(|device| device.close_reason().is_none()));
}
