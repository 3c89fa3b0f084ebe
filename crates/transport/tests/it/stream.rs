//! Frames on the one stream of a session, and how it ends.

use std::future::ready;

use muster_protocol::CloseCode;
use muster_protocol::enrolment::EnrolReply;
use muster_protocol::frame::{FrameError, Message as _, Peer};
use muster_protocol::limits::FRAME_BYTES_MAX;
use muster_protocol::management::ToServer;
use muster_transport::{
    FrameReceiver, FrameSender, ReceiveError, SendError, close, close_code, violation,
};
use quinn::{Connection, RecvStream, SendStream};

use crate::world::{DEVICE, Pair, World, within};

/// A frame long enough to need several packets and short enough to be one.
fn reply(certificate_bytes: usize) -> EnrolReply {
    EnrolReply {
        minor: muster_protocol::alpn::MINOR,
        device: DEVICE,
        chain_der: vec![vec![0xce; certificate_bytes]],
    }
}

/// The device's raw sending half and the server's receiver; the first bytes open the stream.
async fn opened(pair: &Pair, first: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, _receive) = pair.device.open_bi().await.unwrap();
    send.write_all(first).await.unwrap();
    let (_send, receive) = within(pair.server.accept_bi()).await.unwrap();
    (send, receive)
}

async fn stream_frames(connection: &Connection, at_least: u64) {
    within(async {
        while connection.stats().frame_rx.stream < at_least {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn messages_of_any_size_arrive_whole_and_in_order() {
    let pair = World::new().managed().await;
    let sizes = [0, 1, 1_199, 1_200, 20_000, FRAME_BYTES_MAX - 64];
    let (send, _receive) = pair.device.open_bi().await.unwrap();
    let sending = async {
        let mut sender = FrameSender::new(send);
        let mut sent = 0;
        for size in sizes {
            sent += sender.send(&reply(size)).await.unwrap();
        }
        sender.finish();
        sent
    };
    let receiving = async {
        let (_send, receive) = pair.server.accept_bi().await.unwrap();
        let mut receiver = FrameReceiver::new(receive);
        for size in sizes {
            let received = receiver.receive::<EnrolReply>(Peer::Known).await.unwrap();
            assert_eq!(received, Some(reply(size)));
        }
        let end = receiver.receive::<EnrolReply>(Peer::Known).await.unwrap();
        assert_eq!(end, None);
        receiver.bytes_received()
    };
    let (sent, received) = within(async { tokio::join!(sending, receiving) }).await;
    assert_eq!(u64::try_from(sent).unwrap(), received);
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte_survives_cancelled_receives() {
    let pair = World::new().managed().await;
    let mut frame = Vec::new();
    reply(8).encode(&mut frame).unwrap();
    let (mut send, receive) = opened(&pair, &frame[..1]).await;
    let mut receiver = FrameReceiver::new(receive);
    let mut received = None;
    for (at, byte) in frame.iter().enumerate() {
        assert_eq!(received, None, "no message before its last byte");
        if at > 0 {
            send.write_all(&[*byte]).await.unwrap();
        }
        stream_frames(&pair.server, u64::try_from(at + 1).unwrap()).await;
        received = tokio::select! {
            biased;
            message = receiver.receive::<EnrolReply>(Peer::Known) => message.unwrap(),
            () = ready(()) => None,
        };
    }
    assert_eq!(received, Some(reply(8)));
    assert_eq!(receiver.bytes_received(), u64::try_from(frame.len()).unwrap());
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_is_an_error() {
    let pair = World::new().managed().await;
    let mut frame = Vec::new();
    reply(8).encode(&mut frame).unwrap();
    let (mut send, receive) = opened(&pair, &frame[..frame.len() - 1]).await;
    send.finish().unwrap();
    let mut receiver = FrameReceiver::new(receive);
    let truncated = within(receiver.receive::<EnrolReply>(Peer::Known)).await;
    assert!(matches!(truncated, Err(ReceiveError::TruncatedFrame)));
}

#[tokio::test]
async fn a_length_above_the_limit_is_refused_before_the_frame_has_come() {
    let pair = World::new().managed().await;
    let (_send, receive) = opened(&pair, &[0xff; 4]).await;
    let mut receiver = FrameReceiver::new(receive);
    match within(receiver.receive::<ToServer>(Peer::Known)).await {
        Err(ReceiveError::Frame { source }) => {
            assert_eq!(source, FrameError::TooLarge { length: u32::MAX });
            assert_eq!(violation(&source), CloseCode::FrameTooLarge);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn kinds_of_a_newer_peer_are_passed_over() {
    const UNKNOWN_KIND: [u8; 6] = [0, 0, 0, 2, 0x7f, 0];
    let pair = World::new().managed().await;
    let (send, receive) = opened(&pair, &UNKNOWN_KIND).await;
    FrameSender::new(send).send(&ToServer::Idle).await.unwrap();
    let mut receiver = FrameReceiver::new(receive);
    let received = within(receiver.receive::<ToServer>(Peer::Newer)).await;
    assert_eq!(received.unwrap(), Some(ToServer::Idle));
}

#[tokio::test]
async fn a_message_above_the_limit_is_not_sent() {
    let pair = World::new().managed().await;
    let (send, _receive) = pair.device.open_bi().await.unwrap();
    let mut sender = FrameSender::new(send);
    let refused = sender.send(&reply(FRAME_BYTES_MAX)).await;
    assert!(matches!(refused, Err(SendError::Encode { .. })));
    sender.finish();
    let (_send, receive) = within(pair.server.accept_bi()).await.unwrap();
    let mut receiver = FrameReceiver::new(receive);
    let end = within(receiver.receive::<EnrolReply>(Peer::Known)).await;
    assert_eq!(end.unwrap(), None);
}

#[tokio::test]
async fn a_reset_stream_is_told_from_a_lost_connection() {
    let pair = World::new().managed().await;
    let (mut send, receive) = opened(&pair, &[0]).await;
    let mut receiver = FrameReceiver::new(receive);
    send.reset(quinn::VarInt::from_u32(1)).unwrap();
    let lost = within(receiver.receive::<ToServer>(Peer::Known)).await;
    assert!(matches!(lost, Err(ReceiveError::Stream { .. })), "{lost:?}");
}

#[tokio::test]
async fn close_codes_cross_the_wire_in_both_directions() {
    for code in CloseCode::ALL {
        let world = World::new();
        let config = world.tls.enrolment();
        let pair = world.pair(config).await;
        let (closing, other) = if code.may_retry() {
            (&pair.device, &pair.server)
        } else {
            (&pair.server, &pair.device)
        };
        close(closing, *code);
        let error = within(other.closed()).await;
        assert_eq!(close_code(&error), Some(*code));
        assert_eq!(close_code(&closing.closed().await), None);
    }
}

#[tokio::test]
async fn a_receiver_learns_the_code_its_connection_was_closed_with() {
    let pair = World::new().managed().await;
    let (_send, receive) = opened(&pair, &[0]).await;
    let mut receiver = FrameReceiver::new(receive);
    close(&pair.device, CloseCode::Done);
    match within(receiver.receive::<ToServer>(Peer::Known)).await {
        Err(ReceiveError::Connection { source }) => {
            assert_eq!(close_code(&source), Some(CloseCode::Done));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_device_opens_one_stream_and_nothing_else_opens() {
    let pair = World::new().managed().await;
    let _first = opened(&pair, &[0]).await;
    assert!(waits(pair.device.open_bi()).await);
    assert!(waits(pair.device.open_uni()).await);
    assert!(waits(pair.server.open_bi()).await);
    assert!(waits(pair.server.open_uni()).await);
}

/// Whether the peer's limit keeps the stream from opening. Limits are known since the handshake.
async fn waits<T>(opening: impl Future<Output = T>) -> bool {
    tokio::select! {
        biased;
        _opened = opening => false,
        () = ready(()) => true,
    }
}
