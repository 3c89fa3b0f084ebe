//! A frame of 200 bytes and its echo.

use quinn::{RecvStream, SendStream};

use crate::Outcome;

/// Bytes before the payload.
const LENGTH_BYTES: usize = 4;

/// Payload of every frame, both ways.
const PAYLOAD_BYTES: u32 = 200;

/// A whole frame.
const FRAME_BYTES: usize = LENGTH_BYTES + PAYLOAD_BYTES as usize;

/// Sends a frame and waits for its echo.
pub(crate) async fn round_trip(send: &mut SendStream, receive: &mut RecvStream) -> Outcome<()> {
    send.write_all(&frame()).await?;
    let mut echo = [0; FRAME_BYTES];
    receive.read_exact(&mut echo).await?;
    if echo == frame() { Ok(()) } else { Err("the echo is not what was sent".into()) }
}

/// Echoes frames until the stream or its connection ends.
pub(crate) async fn echo(mut send: SendStream, mut receive: RecvStream) {
    let mut frame = [0; FRAME_BYTES];
    while receive.read_exact(&mut frame).await.is_ok() {
        if send.write_all(&frame).await.is_err() {
            break;
        }
    }
}

fn frame() -> [u8; FRAME_BYTES] {
    let mut frame = [0x2a; FRAME_BYTES];
    frame[..LENGTH_BYTES].copy_from_slice(&PAYLOAD_BYTES.to_be_bytes());
    frame
}
