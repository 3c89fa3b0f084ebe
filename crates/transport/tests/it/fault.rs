//! Connections over links that do not behave.

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::enrolment::EnrolReply;
use muster_protocol::frame::Peer;
use muster_protocol::{Seed, alpn};
use muster_transport::{
    Direction, FaultClock, FaultyLink, FrameReceiver, FrameSender, LinkCounters, LinkFault,
    LinkRule, PathMtu, Rate, Window,
};
use tokio::time::{Instant, interval};

use crate::world::{DEVICE, Pair, World, enrol, within};

/// Messages of one transfer, of some packets each.
const MESSAGES: usize = 40;

const ALWAYS: fn(LinkFault) -> LinkRule =
    |fault| LinkRule { fault, direction: Direction::Both, window: Window::ALWAYS };

fn message(number: usize) -> EnrolReply {
    let byte = u8::try_from(number).unwrap();
    EnrolReply { minor: alpn::MINOR, device: DEVICE, chain_der: vec![vec![byte; 3_000]] }
}

/// A world whose device has a bad link.
fn world(rules: &[LinkRule]) -> (World, FaultyLink, Arc<LinkCounters>) {
    let mut world = World::new();
    let counters = Arc::new(LinkCounters::default());
    let link = FaultyLink::new(
        Seed::root(1),
        rules,
        FaultClock::since(Instant::now()),
        Arc::clone(&counters),
    );
    let server = world.server.local_addr().unwrap();
    (world.client, _) = link.client_endpoint(server).unwrap();
    (world, link, counters)
}

/// Sends messages from device to server; each has to arrive as it was sent.
async fn transfer(pair: &Pair) {
    let (send, _receive) = within(pair.device.open_bi()).await.unwrap();
    let mut sender = FrameSender::new(send);
    let sending = async {
        for number in 0..MESSAGES {
            sender.send(&message(number)).await.unwrap();
        }
    };
    let receiving = async {
        let (_send, receive) = pair.server.accept_bi().await.unwrap();
        let mut receiver = FrameReceiver::new(receive);
        for number in 0..MESSAGES {
            let received: Option<EnrolReply> = receiver.receive(Peer::Known).await.unwrap();
            assert_eq!(received, Some(message(number)));
        }
    };
    within(async { tokio::join!(sending, receiving) }).await;
}

#[tokio::test]
async fn messages_arrive_whole_and_in_order_over_a_link_that_loses_delays_and_repeats() {
    let rules = [
        LinkFault::Loss { rate: Rate::percent(20) },
        LinkFault::Jitter { below: Duration::from_millis(10) },
        LinkFault::Duplicate { rate: Rate::percent(20) },
        LinkFault::Reorder { rate: Rate::percent(10), by: Duration::from_millis(15) },
    ];
    let (world, _link, counters) = world(&rules.map(ALWAYS));
    transfer(&world.managed().await).await;
    let totals = counters.totals();
    assert!(totals.lost > 0 && totals.delayed > 0 && totals.duplicated > 0, "{totals:?}");
    assert_eq!((totals.overflowed, totals.corrupted, totals.swallowed), (0, 0, 0));
}

#[tokio::test]
async fn a_changed_bit_never_reaches_a_message() {
    let (world, _link, counters) = world(&[ALWAYS(LinkFault::Corrupt { rate: Rate::percent(20) })]);
    transfer(&world.managed().await).await;
    assert!(counters.totals().corrupted > 0);
}

#[tokio::test]
async fn losses_in_bursts_only_take_time() {
    let burst = LinkFault::BurstLoss { rate: Rate::percent(10), length: 4 };
    let (world, _link, counters) = world(&[ALWAYS(burst)]);
    transfer(&world.managed().await).await;
    assert!(counters.totals().lost > 0);
}

#[tokio::test]
async fn a_black_hole_swallows_everything_until_it_is_over() {
    let lasts = Duration::from_millis(300);
    let window = Window { lasts: Some(lasts), ..Window::ALWAYS };
    let hole = LinkRule { window, ..ALWAYS(LinkFault::BlackHole) };
    let began = Instant::now();
    let (world, _link, counters) = world(&[hole]);
    let pair = world.managed().await;
    assert!(began.elapsed() >= lasts);
    transfer(&pair).await;
    assert!(counters.totals().swallowed > 0);
}

#[tokio::test]
async fn a_connection_survives_a_new_port_that_its_device_knows_nothing_of() {
    let (world, link, counters) = world(&[]);
    let server = world.server.local_addr().unwrap();
    let pair = world.managed().await;
    transfer(&pair).await;
    let before = pair.server.remote_address();
    link.rebind(server).unwrap();
    transfer(&pair).await;
    assert_ne!(pair.server.remote_address(), before);
    assert_eq!(counters.totals().rebound, 1);
}

#[tokio::test]
async fn a_connection_survives_a_move_to_another_path() {
    let (world, link, _counters) = world(&[]);
    let server = world.server.local_addr().unwrap();
    let endpoint = world.client.clone();
    let pair = world.managed().await;
    let before = pair.server.remote_address();
    link.migrate(&endpoint, server).unwrap();
    transfer(&pair).await;
    assert_ne!(pair.server.remote_address(), before);
    assert_eq!(endpoint.local_addr().unwrap(), pair.server.remote_address());
}

#[tokio::test]
async fn a_slow_link_takes_its_time_and_loses_what_it_has_no_room_for() {
    let limit = LinkFault::RateLimit { bytes_per_s: 500_000, queue: 4 };
    let (world, _link, counters) = world(&[ALWAYS(limit)]);
    let pair = world.managed().await;
    let began = Instant::now();
    transfer(&pair).await;
    let fastest = Duration::from_millis(MESSAGES as u64 * 3_000 / 500);
    assert!(began.elapsed() >= fastest, "{:?}", began.elapsed());
    let totals = counters.totals();
    assert!(totals.overflowed > 0 && totals.delayed > 0, "{totals:?}");
}

#[tokio::test]
async fn a_session_survives_a_path_that_carries_smaller_datagrams_from_now_on() {
    let shrunk = LinkFault::MtuShrinks { bytes: 1_200 };
    let waits = LinkRule { window: Window::NEVER, ..ALWAYS(shrunk) };
    let (world, link, counters) = world(&[waits]);
    let identity = enrol(&world.ca, DEVICE);
    let config = world.tls.management_over(PathMtu::Discovered, &identity).unwrap();
    let pair = world.pair(config).await;
    let mtu = || pair.device.stats().path.current_mtu;
    while mtu() <= 1_200 {
        transfer(&pair).await;
    }
    link.begin(0, None);
    transfer(&pair).await;
    assert_eq!(mtu(), 1_200);
    assert_eq!(pair.device.stats().path.black_holes_detected, 1);
    assert!(counters.totals().too_large > 0);
    assert_eq!(pair.device.close_reason(), None);
}

#[tokio::test]
async fn a_first_connection_waits_for_a_network_that_lets_udp_pass() {
    let lasts = Duration::from_millis(300);
    let window = Window { lasts: Some(lasts), ..Window::ALWAYS };
    let began = Instant::now();
    let (world, _link, counters) = world(&[LinkRule { window, ..ALWAYS(LinkFault::UdpBlocked) }]);
    let pair = world.managed().await;
    assert!(began.elapsed() >= lasts);
    transfer(&pair).await;
    assert!(counters.totals().blocked > 0);
}

#[tokio::test]
async fn a_device_its_router_has_forgotten_is_heard_of_again_with_its_next_ping() {
    let idle = Duration::from_millis(50);
    let (mut world, _link, counters) = world(&[ALWAYS(LinkFault::MappingForgotten { idle })]);
    world.tls = world.tls.with_keep_alive(2 * idle);
    let pair = world.managed().await;
    let (send, receive) = within(pair.device.open_bi()).await.unwrap();
    FrameSender::new(send).send(&message(0)).await.unwrap();
    let (send, _receive) = within(pair.server.accept_bi()).await.unwrap();
    let (mut sender, mut receiver) = (FrameSender::new(send), FrameReceiver::new(receive));
    // The device pings two idles after a message and is heard for one more: a message half an idle
    // later comes while the router has forgotten it, and its repetition with the next ping.
    let mut ticks = interval(7 * idle / 2);
    let mut number = 0;
    while counters.totals().unmapped == 0 {
        ticks.tick().await;
        within(sender.send(&message(number))).await.unwrap();
        let received: Option<EnrolReply> = within(receiver.receive(Peer::Known)).await.unwrap();
        assert_eq!(received, Some(message(number)));
        number += 1;
    }
}
