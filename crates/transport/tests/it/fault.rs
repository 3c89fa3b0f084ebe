//! Connections over links that do not behave.

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::enrolment::EnrolReply;
use muster_protocol::frame::Peer;
use muster_protocol::{Seed, alpn};
use muster_transport::{
    Direction, FaultyLink, FrameReceiver, FrameSender, LinkCounters, LinkFault, LinkRule, Rate,
    Window,
};
use tokio::time::Instant;

use crate::world::{DEVICE, Pair, World, within};

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
    let link = FaultyLink::new(Seed::root(1), rules, Instant::now(), Arc::clone(&counters));
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
