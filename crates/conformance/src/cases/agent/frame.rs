//! Frames no server should send (docs/protocol/framing.md, docs/protocol/limits.md).

use alloc::vec::Vec;

use muster_protocol::CloseCode;

use crate::case::{Case, agent_case};
use crate::scene::{Answered, Ask, Scene, frame, longer, shorter};
use crate::script::Paper;

const TOKEN_UPDATE_ACK: u8 = 0x91;
const COMMAND: u8 = 0x92;
const EMPTY: u8 = 0x93;

/// A kind a later minor may bring.
const UNKNOWN: u8 = 0x9f;

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-ROBUST-101",
        "a device closes at once on a length above the limit",
        &["REQ-FRAME-001", "REQ-LIMIT-002", "REQ-CLOSE-001"],
        |s| spoils(s, "a length of 65 537", &65_537_u32.to_be_bytes(), CloseCode::FrameTooLarge),
    ),
    agent_case(
        "MDM-ROBUST-102",
        "a device closes on a frame of nothing",
        &["REQ-FRAME-002"],
        |s| spoils(s, "a length of 0", &[0; 4], CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-103",
        "a device closes on a stream that ends within a frame",
        &["REQ-FRAME-003"],
        |s| {
            let (_phone, line) = s.settled();
            s.writes(line, "half a Command", &frame(COMMAND, &[0; 50])[..30]);
            s.ends_its_stream(line);
            s.closed_with(line, CloseCode::BadFrame);
        },
    ),
    agent_case(
        "MDM-ROBUST-104",
        "a device closes on a payload that does not decode",
        &["REQ-FRAME-004", "REQ-CLOSE-007"],
        |s| {
            let bytes = frame(TOKEN_UPDATE_ACK, &[0xff; 3]);
            spoils(s, "a TokenUpdateAck of 0xff", &bytes, CloseCode::BadFrame)
        },
    ),
    agent_case(
        "MDM-ROBUST-105",
        "a device closes on a kind that only devices send",
        &["REQ-FRAME-005"],
        |s| spoils(s, "Idle, from a server", &frame(0x13, &[]), CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-106",
        "a device closes on a kind of the enrolment connection in a session",
        &["REQ-FRAME-005", "REQ-TRANSPORT-002"],
        |s| spoils(s, "EnrolReply in a session", &frame(0x81, &[0; 30]), CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-107",
        "a device closes on a kind nobody has defined, of a server of its own minor",
        &["REQ-FRAME-006"],
        |s| spoils(s, "a frame of kind 0x9f", &frame(UNKNOWN, &[]), CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-108",
        "a device closes on bytes behind a message, of a server of its own minor",
        &["REQ-FRAME-006"],
        |s| spoils(s, "Empty with a byte behind it", &frame(EMPTY, &[0]), CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-109",
        "a device passes over what a server of a later minor has added",
        &["REQ-FRAME-006", "REQ-FRAME-007"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            let line = s.comes_for_management(phone);
            s.says_hello(line, phone);
            s.welcomes_in_bytes(line, "Welcome of minor 9 with bytes behind it", |mut bytes| {
                bytes[5] = 9;
                longer(&bytes, b"new")
            });
            s.is_idle(line);
            s.writes(line, "a frame of kind 0x9f", frame(UNKNOWN, b"whatever"));
            s.writes(line, "Empty with a byte behind it", frame(EMPTY, &[0]));
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
    agent_case(
        "MDM-ROBUST-110",
        "a device closes on a Welcome of its own minor with bytes behind it",
        &["REQ-FRAME-007", "REQ-FRAME-006"],
        |s| welcomed_badly(s, "Welcome with two bytes behind it", |it| longer(&it, &[1, 2])),
    ),
    agent_case(
        "MDM-ROBUST-111",
        "a device closes on a Welcome that is cut short, also of a later minor",
        &["REQ-FRAME-004", "REQ-FRAME-006"],
        |s| {
            welcomed_badly(s, "Welcome of minor 9 without its last byte", |mut bytes| {
                bytes[5] = 9;
                shorter(&bytes)
            });
        },
    ),
    agent_case(
        "MDM-ROBUST-112",
        "a device answers a request it cannot read with CommandFormatError, and stays",
        &["REQ-FRAME-013", "REQ-ENCODE-008"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            s.hands_out_in_bytes(line, (command, "a Command of platform 9"), |bytes| {
                cut_to_its_head(&bytes, &[9, 9])
            });
            s.is_answered(line, command, Answered::FormatError);
            s.says_nothing_more(line, phone);
        },
    ),
    agent_case(
        "MDM-ROBUST-113",
        "a device answers a Command without a request with CommandFormatError, and stays",
        &["REQ-FRAME-013"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            s.hands_out_in_bytes(line, (command, "a Command that is only a head"), |bytes| {
                cut_to_its_head(&bytes, &[])
            });
            s.is_answered(line, command, Answered::FormatError);
            s.says_nothing_more(line, phone);
        },
    ),
    agent_case(
        "MDM-ROBUST-114",
        "a device answers bytes behind a request of a known server with CommandFormatError",
        &["REQ-FRAME-013"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            let what = "a Command with a byte behind its request";
            s.hands_out_in_bytes(line, (command, what), |bytes| longer(&bytes, &[0]));
            s.is_answered(line, command, Answered::FormatError);
            s.says_nothing_more(line, phone);
        },
    ),
    agent_case(
        "MDM-ROBUST-115",
        "a device closes on a Command whose head does not decode",
        &["REQ-FRAME-014"],
        |s| spoils(s, "a Command of 10 bytes", &frame(COMMAND, &[1; 10]), CloseCode::BadFrame),
    ),
    agent_case(
        "MDM-ROBUST-116",
        "a device that enrols closes on a length above the limit",
        &["REQ-FRAME-001", "REQ-LIMIT-002"],
        |s| replied(s, (&65_537_u32.to_be_bytes(), CloseCode::FrameTooLarge), "a length of 65 537"),
    ),
    agent_case(
        "MDM-ROBUST-117",
        "a device that enrols closes on an answer that does not decode",
        &["REQ-FRAME-004", "REQ-CLOSE-007"],
        |s| {
            let bytes = frame(0x81, &[0xff; 4]);
            replied(s, (&bytes, CloseCode::BadFrame), "an EnrolReply of 0xff");
        },
    ),
    agent_case(
        "MDM-ROBUST-118",
        "a device that enrols closes on an answer that is cut off",
        &["REQ-FRAME-003"],
        |s| {
            let bytes = &frame(0x81, &[0; 50])[..30];
            replied(s, (bytes, CloseCode::BadFrame), "half an EnrolReply");
        },
    ),
    agent_case(
        "MDM-ROBUST-119",
        "what a device cannot read changes nothing: it is what it was when it comes again",
        &["REQ-CLOSE-007", "REQ-LIMIT-005"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
            let unread = s.thinks_of_lock(phone);
            s.hands_out_in_bytes(line, (unread, "a Command that is cut short"), |bytes| {
                shorter(&bytes)
            });
            s.is_answered(line, unread, Answered::FormatError);
            s.hands_out(line, command, 2);
            s.is_answered_alike(line, command);
        },
    ),
];

/// A session is spoilt with bytes, and closed for it.
fn spoils(s: &mut Scene, what: &'static str, bytes: &[u8], code: CloseCode) {
    let (_phone, line) = s.settled();
    s.writes(line, what, bytes);
    s.closed_with(line, code);
}

/// A device is welcomed in bytes that are wrong.
fn welcomed_badly(
    s: &mut Scene,
    what: &'static str,
    change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    let phone = s.summons();
    s.gets_enrolled(phone);
    let line = s.comes_for_management(phone);
    s.says_hello(line, phone);
    s.welcomes_in_bytes(line, what, change);
    s.closed_with(line, CloseCode::BadFrame);
}

/// A device that asks to enrol is answered with bytes that are wrong.
fn replied(s: &mut Scene, (bytes, code): (&[u8], CloseCode), what: &'static str) {
    let phone = s.summons();
    let line = s.comes_to_enrol(phone);
    s.asks_to_enrol(line, phone);
    s.certifies(phone, Paper::Right);
    s.writes(line, what, bytes);
    s.ends_its_stream(line);
    s.closed_with(line, code);
}

/// A Command with these bytes in place of its request. The head is an id, an attempt and an end of
/// the command in nine bytes.
fn cut_to_its_head(command: &[u8], request: &[u8]) -> Vec<u8> {
    let head = command.get(5..5 + 16 + 1 + 9).unwrap_or_default();
    frame(COMMAND, &[head, request].concat())
}
