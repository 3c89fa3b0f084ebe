//! What no device should send, and what it costs: its own connection and nothing else.

use std::net::UdpSocket as StdUdpSocket;

use muster_protocol::limits::{TEXT_BYTES_MAX, UNLOCK_TOKEN_BYTES_MAX};
use muster_protocol::management::{CommandResult, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::{Answer, Attempt, CloseCode, CommandId, ErrorItem, Outcome};
use muster_transport::{SERVER_NAME, client_endpoint};
use tokio::net::UdpSocket;

use crate::device::{Device, Enrolled, frame, some_request};
use crate::world::{World, eventually, iphone, within};

/// Where in a session the bad input comes.
#[derive(Clone, Copy, Debug)]
enum Moment {
    First,
    AfterWelcome,
    Working,
}

const EVERY_MOMENT: [Moment; 3] = [Moment::First, Moment::AfterWelcome, Moment::Working];

async fn at(world: &World, enrolled: &Enrolled, moment: Moment) -> Device {
    match moment {
        Moment::First => world.site.connect(enrolled).await,
        Moment::AfterWelcome => world.site.welcomed(enrolled).await.0,
        Moment::Working => world.site.ready(enrolled).await,
    }
}

/// Sends `bytes` at each of the moments and checks how the server ends the connection, that it
/// counts that, and that another device goes on working.
async fn costs(bytes: &[u8], moments: &[Moment], code: CloseCode) {
    let world = World::new().await;
    let mut bystander = world.bystander().await;
    let enrolled = world.enrol(iphone()).await;
    for (before, moment) in (0..).zip(moments) {
        assert_eq!(world.closed_with(code), before);
        let mut device = at(&world, &enrolled, *moment).await;
        device.write(bytes).await;
        bystander.works(&world).await;
        assert_eq!(device.closed().await, Some(code), "{moment:?}");
        assert_eq!(world.closed_with(code), before + 1);
    }
    bystander.works(&world).await;
    drop(world.site.ready(&enrolled).await);
}

fn result(outcome: Outcome) -> Vec<u8> {
    let (id, attempt) = (CommandId::from_bytes([1; 16]), Attempt::new(1));
    frame(&ToServer::CommandResult(CommandResult { id, attempt, outcome }))
}

fn secrets(unlock_token_bytes: usize, bypass_code_bytes: usize) -> Vec<u8> {
    frame(&ToServer::TokenUpdate(TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![7; unlock_token_bytes])),
        bypass_code: Some(BypassCode::new("7".repeat(bypass_code_bytes))),
    }))
}

fn item(text_bytes: usize) -> ErrorItem {
    ErrorItem { domain: "D".to_owned(), code: 1, description: "x".repeat(text_bytes) }
}

#[tokio::test]
async fn a_length_above_the_limit_is_closed_with_frame_too_large() {
    costs(&[0, 1, 0, 1, 0x13], &EVERY_MOMENT, CloseCode::FrameTooLarge).await;
    costs(b"GET / HTTP/1.1\r\n\r\n", &EVERY_MOMENT, CloseCode::FrameTooLarge).await;
}

#[tokio::test]
async fn bytes_that_are_no_message_are_closed_with_bad_frame() {
    let garbage: [&[u8]; 5] = [
        &[0, 0, 0, 0],
        &[0, 0, 0, 5, 0x10, 0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 3, 0x14, 0xff, 0xff],
        &[0, 0, 0, 2, 0x13, 0x00],
        &[0, 0, 0, 2, 0x7f, 0x00],
    ];
    for bytes in garbage {
        costs(bytes, &EVERY_MOMENT, CloseCode::BadFrame).await;
    }
}

#[tokio::test]
async fn messages_of_other_rooms_are_closed_with_bad_frame() {
    let token = muster_protocol::secret::EnrolmentToken::new("token".to_owned());
    costs(&frame(&some_request(&token)), &EVERY_MOMENT, CloseCode::BadFrame).await;
    let of_the_server = frame(&muster_protocol::management::ToDevice::Empty);
    costs(&of_the_server, &EVERY_MOMENT, CloseCode::BadFrame).await;
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_is_closed_with_bad_frame() {
    let world = World::new().await;
    let mut bystander = world.bystander().await;
    let enrolled = world.enrol(iphone()).await;
    for moment in EVERY_MOMENT {
        let mut device = at(&world, &enrolled, moment).await;
        device.write(&[0, 0, 0, 9, 0x13]).await;
        device.send.finish().unwrap();
        bystander.works(&world).await;
        assert_eq!(device.closed().await, Some(CloseCode::BadFrame), "{moment:?}");
    }
    assert_eq!(world.closed_with(CloseCode::BadFrame), 3);
}

#[tokio::test]
async fn a_second_hello_is_closed_with_wrong_state() {
    let world = World::new().await;
    let mut bystander = world.bystander().await;
    let enrolled = world.enrol(iphone()).await;
    for moment in [Moment::AfterWelcome, Moment::Working] {
        let mut device = at(&world, &enrolled, moment).await;
        device.say(&enrolled.hello()).await;
        bystander.works(&world).await;
        assert_eq!(device.closed().await, Some(CloseCode::WrongState), "{moment:?}");
    }
    assert_eq!(world.closed_with(CloseCode::WrongState), 2);
}

#[tokio::test]
async fn a_message_before_hello_is_closed_with_wrong_state() {
    let early = [result(Outcome::NotNow), secrets(1, 1), frame(&ToServer::Idle)];
    for message in early {
        costs(&message, &[Moment::First], CloseCode::WrongState).await;
    }
}

#[tokio::test]
async fn fields_above_their_limits_are_closed_with_field_too_large() {
    let long_passcode = Passcode::new("7".repeat(TEXT_BYTES_MAX + 1));
    let too_large = [
        secrets(UNLOCK_TOKEN_BYTES_MAX + 1, 1),
        secrets(1, TEXT_BYTES_MAX + 1),
        result(Outcome::Error(vec![item(1); 9])),
        result(Outcome::NotSupported(vec![item(TEXT_BYTES_MAX + 1)])),
        result(Outcome::Acknowledged(Answer::TemporaryPasscode(long_passcode))),
    ];
    let moments = [Moment::AfterWelcome, Moment::Working];
    for message in too_large {
        costs(&message, &moments, CloseCode::FieldTooLarge).await;
    }
}

#[tokio::test]
async fn fields_at_their_limits_are_taken() {
    let world = World::new().await;
    let (enrolled, mut device) = world.ready().await;
    device.write(&secrets(UNLOCK_TOKEN_BYTES_MAX, TEXT_BYTES_MAX)).await;
    device.hear().await;
    device.write(&result(Outcome::Error(vec![item(TEXT_BYTES_MAX); 8]))).await;
    device.hears_nothing_more(2).await;
    assert!(world.connected(enrolled.id));
}

#[tokio::test]
async fn a_device_that_ends_its_stream_to_open_another_is_let_go() {
    let world = World::new().await;
    let mut bystander = world.bystander().await;
    let (_enrolled, mut device) = world.ready().await;
    device.send.finish().unwrap();
    let second = within(device.connection.open_bi()).await;
    assert!(second.is_err(), "the one stream is not given back while the session lasts");
    assert_eq!(device.closed().await, Some(CloseCode::Done));
    bystander.works(&world).await;
}

#[tokio::test]
async fn a_client_that_never_says_hello_is_closed_with_greeting_timeout() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    let silent = world.site.connect(&enrolled).await;
    eventually("the server has finished the handshake", async || {
        silent.connection.stats().frame_rx.handshake_done > 0
    })
    .await;
    // Nothing else is under way, so time stands still until only deadlines are left to wait for.
    tokio::time::pause();
    assert_eq!(silent.closed().await, Some(CloseCode::GreetingTimeout));
    assert_eq!(world.closed_with(CloseCode::GreetingTimeout), 1);
}

/// The first datagrams of clients that will never get an answer.
async fn first_datagrams(world: &World, clients: usize) -> Vec<Vec<u8>> {
    let sink = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = sink.local_addr().unwrap();
    let (endpoint, _buffers) = client_endpoint(address).unwrap();
    let mut datagrams = Vec::new();
    for _client in 0..clients {
        let connecting =
            endpoint.connect_with(world.site.tls.enrolment(), address, SERVER_NAME).unwrap();
        let mut datagram = vec![0; 2_048];
        let length = within(sink.recv(&mut datagram)).await.unwrap();
        datagram.truncate(length);
        datagrams.push(datagram);
        drop(connecting);
    }
    datagrams
}

#[tokio::test]
async fn handshakes_that_are_never_finished_and_stray_datagrams_hinder_nobody() {
    const CLIENTS: usize = 200;
    let world = World::new().await;
    let mut bystander = world.bystander().await;
    let datagrams = first_datagrams(&world, CLIENTS).await;
    let mut sockets = Vec::new();
    for datagram in &datagrams {
        let socket = StdUdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(datagram, world.site.quic).unwrap();
        socket.send_to(&datagram[..datagram.len() / 2], world.site.quic).unwrap();
        socket.send_to(b"no QUIC at all", world.site.quic).unwrap();
        socket.send_to(&[0xff; 1_200], world.site.quic).unwrap();
        sockets.push(socket);
        if sockets.len() % 50 == 0 {
            bystander.works(&world).await;
        }
    }
    let (_enrolled, _device) = world.ready().await;
    bystander.works(&world).await;
    assert_eq!(world.server.totals().handshakes_refused, 0);
}
