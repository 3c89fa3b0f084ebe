use std::time::SystemTime;

use super::*;
use crate::{ClientTls, RunCa, SERVER_NAME};

const SECOND: Duration = Duration::from_secs(1);

fn rough() -> Weather {
    let calm_from = SECOND * 60;
    let jitter = Duration::from_millis(20);
    Weather { delay: jitter, jitter, loss_per_mille: 100, calm_from, ..Weather::default() }
}

/// One client connects and sends a little on a stream the server reads to its end.
async fn exchange(seed: u64, weather: Weather) -> Vec<Packet> {
    let ca = RunCa::ephemeral().unwrap();
    let network = MemoryNetwork::new(Seed::root(seed), weather);
    let skew = Skew::of_runtime(SystemTime::now());
    let identity = ca.issue_server().unwrap();
    let reset = ca.reset_key();
    let server = network.server_endpoint(identity, ca.certificate_der(), &reset, &skew).unwrap();
    let client = network.client_endpoint().unwrap();
    let config = ClientTls::new(ca.certificate_der()).unwrap().enrolment();
    let serve = async {
        let connection = server.accept().await.unwrap().await.unwrap();
        let (_send, mut receive) = connection.accept_bi().await.unwrap();
        receive.read_to_end(10_000).await.unwrap().len()
    };
    let dial = async {
        let connecting = client.connect_with(config, network.server_address(), SERVER_NAME);
        let connection = connecting.unwrap().await.unwrap();
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(&[7; 5_000]).await.unwrap();
        send.finish().unwrap();
        connection.closed().await
    };
    let read = tokio::select! {
        read = serve => read,
        closed = dial => panic!("{closed}"),
    };
    assert_eq!(read, 5_000);
    network.packets()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_sends_the_same_packets_at_the_same_times() {
    let first = exchange(1, rough()).await;
    let lost = first.iter().filter(|packet| packet.fate == Fate::Lost).count();
    assert!((1..first.len() / 3).contains(&lost), "{lost} of {}", first.len());
    assert_eq!(exchange(1, rough()).await, first);
    assert_ne!(exchange(2, rough()).await, first);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_cut_carries_nothing_until_it_heals() {
    let outage = Outage { from: Duration::ZERO, until: SECOND * 5, links_per_mille: 1_000 };
    let weather = Weather { outages: vec![outage], ..Weather::default() };
    let packets = exchange(1, weather).await;
    for packet in &packets {
        assert_eq!(packet.fate == Fate::Lost, packet.at_us < 5_000_000, "{packet:?}");
    }
    assert!(packets.iter().any(|packet| packet.fate == Fate::Lost));
}
