//! Bytes no peer should send: frames, encoding, limits (docs/protocol/framing.md,
//! docs/protocol/encoding.md, docs/protocol/limits.md).

use alloc::vec::Vec;

use muster_protocol::CloseCode;
use muster_protocol::management::ToServer;

use crate::case::{Case, case};
use crate::scene::{Scene, encoded, frame, longer, shorter};

const HELLO: u8 = 0x10;
const TOKEN_UPDATE: u8 = 0x11;
const STATUS_REPORT: u8 = 0x12;
const COMMAND_RESULT: u8 = 0x14;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-ROBUST-001",
        "a length above the limit closes the connection at once",
        &["REQ-FRAME-001", "REQ-LIMIT-002", "REQ-CLOSE-001"],
        |s| spoils(s, "a length of 65 537", &65_537_u32.to_be_bytes(), CloseCode::FrameTooLarge),
    ),
    case("MDM-ROBUST-002", "a frame of nothing closes the connection", &["REQ-FRAME-002"], |s| {
        spoils(s, "a length of 0", &[0; 4], CloseCode::BadFrame)
    }),
    case(
        "MDM-ROBUST-003",
        "a kind nobody has defined closes the connection of a known peer",
        &["REQ-FRAME-006"],
        |s| spoils(s, "a frame of kind 0x1f", &frame(0x1f, &[]), CloseCode::BadFrame),
    ),
    case(
        "MDM-ROBUST-004",
        "a stream that ends within a frame closes the connection",
        &["REQ-FRAME-003"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.writes(line, "half a StatusReport", &frame(STATUS_REPORT, &[0; 50])[..30]);
            s.ends_its_stream(line);
            s.closed_with(line, CloseCode::BadFrame);
            let _line = s.ready(phone);
        },
    ),
    case(
        "MDM-ROBUST-005",
        "a kind that only servers send counts as unknown",
        &["REQ-FRAME-005"],
        |s| spoils(s, "Empty, from a device", &frame(0x93, &[]), CloseCode::BadFrame),
    ),
    case(
        "MDM-ROBUST-006",
        "a kind of the enrolment connection counts as unknown",
        &["REQ-FRAME-005", "REQ-TRANSPORT-002"],
        |s| spoils(s, "EnrolRequest in a session", &frame(0x01, &[0; 40]), CloseCode::BadFrame),
    ),
    case(
        "MDM-ROBUST-007",
        "a payload that does not decode closes the connection",
        &["REQ-FRAME-004", "REQ-CLOSE-007"],
        |s| {
            spoils(
                s,
                "a StatusReport of 0xff",
                &frame(STATUS_REPORT, &[0xff; 9]),
                CloseCode::BadFrame,
            )
        },
    ),
    case(
        "MDM-ROBUST-008",
        "bytes left over behind a message close the connection of a known peer",
        &["REQ-FRAME-006"],
        |s| spoils(s, "Idle with a byte behind it", &frame(0x13, &[0]), CloseCode::BadFrame),
    ),
    case(
        "MDM-ROBUST-009",
        "kinds and bytes a later minor has added are passed over",
        &["REQ-FRAME-006", "REQ-FRAME-007"],
        newer,
    ),
    case(
        "MDM-ROBUST-010",
        "a Hello of the present minor may have nothing behind it",
        &["REQ-FRAME-007", "REQ-FRAME-006"],
        |s| {
            hello_refused(s, "Hello with two bytes behind it", |bytes| {
                longer(&bytes, &[0xca, 0xfe])
            })
        },
    ),
    case(
        "MDM-ROBUST-011",
        "a Hello of a later minor may not be too short",
        &["REQ-FRAME-004", "REQ-FRAME-007"],
        |s| {
            hello_refused(s, "Hello of minor 9, a byte short", |mut bytes| {
                bytes[5] = 9;
                shorter(&bytes)
            });
        },
    ),
    case(
        "MDM-ROBUST-012",
        "an integer may take more bytes than it needs",
        &["REQ-ENCODE-002"],
        |s| {
            let phone = s.enrolled();
            let line = s.connects(phone);
            s.greets_in_bytes(line, (phone, "Hello whose minor takes three bytes"), |bytes| {
                frame(HELLO, &[&[0xfb, bytes[5], 0], &bytes[6..]].concat())
            });
            s.is_welcomed(line);
        },
    ),
    case(
        "MDM-ROBUST-013",
        "an integer of more bytes than its type has is refused",
        &["REQ-ENCODE-003"],
        |s| {
            hello_refused(s, "Hello whose minor takes five bytes", |bytes| {
                frame(HELLO, &[&[0xfc, bytes[5], 0, 0, 0], &bytes[6..]].concat())
            });
        },
    ),
    case("MDM-ROBUST-014", "the marker 255 begins no integer", &["REQ-ENCODE-003"], |s| {
        spoils(s, "TokenUpdate 0xff", &frame(TOKEN_UPDATE, &[0xff, 0, 0]), CloseCode::BadFrame);
    }),
    case("MDM-ROBUST-015", "the marker 254 is never used", &["REQ-ENCODE-003"], |s| {
        let payload = [&[0xfe][..], &[0; 18]].concat();
        spoils(s, "TokenUpdate 0xfe", &frame(TOKEN_UPDATE, &payload), CloseCode::BadFrame);
    }),
    case(
        "MDM-ROBUST-016",
        "an option that is neither 0 nor 1 is refused",
        &["REQ-ENCODE-006"],
        |s| {
            spoils(s, "an option of 2", &frame(TOKEN_UPDATE, &[1, 2, 0]), CloseCode::BadFrame);
        },
    ),
    case("MDM-ROBUST-017", "text that is no UTF-8 is refused", &["REQ-ENCODE-007"], |s| {
        let payload = [1, 0, 1, 2, 0xc3, 0x28];
        spoils(
            s,
            "a bypass code that is no UTF-8",
            &frame(TOKEN_UPDATE, &payload),
            CloseCode::BadFrame,
        );
    }),
    case("MDM-ROBUST-018", "a variant nobody has defined is refused", &["REQ-ENCODE-008"], |s| {
        let payload = [17, 0, 0, 0, 2, 0, 0];
        spoils(
            s,
            "a status of a third platform",
            &frame(STATUS_REPORT, &payload),
            CloseCode::BadFrame,
        );
    }),
    case(
        "MDM-ROBUST-019",
        "a length beyond the payload is refused, however large",
        &["REQ-ENCODE-009"],
        |s| {
            let payload = [&[1, 0, 1, 0xfd][..], &(1_u64 << 60).to_le_bytes()].concat();
            spoils(s, "a text of 2^60 bytes", &frame(TOKEN_UPDATE, &payload), CloseCode::BadFrame);
        },
    ),
    case(
        "MDM-ROBUST-020",
        "a byte above 250 is one raw byte",
        &["REQ-ENCODE-005", "REQ-ENCODE-010", "REQ-ACK-008"],
        raw_byte,
    ),
    case(
        "MDM-ROBUST-021",
        "a number below zero is read as it was written",
        &["REQ-ENCODE-004", "REQ-ACK-008"],
        |s| {
            // One error item without texts, its code -32 769: one more than three bytes hold.
            let error = [1, 1, 0, 0xfc, 1, 0, 1, 0, 0];
            is_no_news(s, "an Error of code -32 769 for an unknown command", &error);
        },
    ),
    case(
        "MDM-ROBUST-022",
        "the server writes every message in its shortest form",
        &["REQ-ENCODE-001", "REQ-LIMIT-001", "REQ-LIMIT-004"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.hears_nothing_more(line, phone);
            let command = s.enqueues(phone, crate::hook::Errand::RemoteLock);
            s.hears_command(line, command, 1);
            s.has_heard_shortest_forms();
        },
    ),
    case(
        "MDM-ROBUST-023",
        "a device of minor 0 is served, and told of the server's own minor",
        &["REQ-FRAME-010", "REQ-FRAME-009"],
        older,
    ),
    case(
        "MDM-ROBUST-025",
        "a device of the last minor there can be is served, or told that it cannot be",
        &["REQ-FRAME-011"],
        |s| {
            let phone = s.enrolled();
            let line = s.connects(phone);
            s.greets_with(line, phone, |hello, _stage| hello.minor = u16::MAX);
            s.may_be_refused(line, CloseCode::UnsupportedVersion);
        },
    ),
    case(
        "MDM-ROBUST-024",
        "a thousand times Idle is answered a thousand times",
        &["REQ-QUEUE-003"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.writes(line, "a thousand times Idle", frame(0x13, &[]).repeat(1_000));
            for _idle in 0..1_000 {
                s.hears_empty(line);
            }
            s.hears_nothing_more(line, phone);
        },
    ),
];

/// Breaks the framing in a session; then the device comes back, and nothing else has changed.
fn spoils(s: &mut Scene, what: &'static str, bytes: &[u8], code: CloseCode) {
    let (phone, line) = s.ready_phone();
    s.writes(line, what, bytes);
    s.closed_with(line, code);
    let again = s.ready(phone);
    s.hears_nothing_more(again, phone);
}

/// Says hello in a way that closes the connection; then says it right.
fn hello_refused(s: &mut Scene, what: &'static str, change: fn(Vec<u8>) -> Vec<u8>) {
    let phone = s.enrolled();
    let line = s.connects(phone);
    s.greets_in_bytes(line, (phone, what), change);
    s.closed_with(line, CloseCode::BadFrame);
    let _line = s.ready(phone);
}

fn newer(s: &mut Scene) {
    let phone = s.enrolled();
    let line = s.connects(phone);
    s.greets_in_bytes(line, (phone, "Hello of minor 9 with three bytes behind it"), |mut bytes| {
        bytes[5] = 9;
        longer(&bytes, b"new")
    });
    s.writes(line, "a frame of kind 0x7f", frame(0x7f, &[1, 2]));
    s.writes(line, "Idle with two bytes behind it", frame(0x13, &[1, 2]));
    s.is_welcomed(line);
    s.hears_empty(line);
    s.hears_nothing_more(line, phone);
}

fn older(s: &mut Scene) {
    let phone = s.enrolled();
    let line = s.connects(phone);
    s.greets_with(line, phone, |hello, _stage| hello.minor = 0);
    s.is_welcomed_with(line, "a Welcome of the server's own minor", |welcome| welcome.minor >= 1);
    s.idles(line);
    s.hears_empty(line);
    s.hears_nothing_more(line, phone);
}

/// Percent 251 in an answer: as a varint it would want more bytes than there are.
fn raw_byte(s: &mut Scene) {
    // Acknowledged, DeviceInformation, one response without a key: Percent 251.
    is_no_news(s, "a DeviceInformation for an unknown command", &[0, 4, 1, 0, 3, 0xfb]);
}

/// An outcome for a command nobody knows is read, and changes nothing.
fn is_no_news(s: &mut Scene, what: &'static str, outcome: &[u8]) {
    let (phone, line) = s.ready_phone();
    let payload = [&[0xee; 16][..], &[1], outcome].concat();
    s.writes(line, what, frame(COMMAND_RESULT, &payload));
    s.hears_nothing_more(line, phone);
    s.idles(line);
    s.hears_empty(line);
    s.sends(line, "StatusReport", move |stage| {
        let mode = stage.phones[phone.index()].facts.mode;
        let passcode = muster_protocol::status::Presence::Set;
        encoded(&ToServer::StatusReport(crate::scene::status(mode, passcode)))
    });
    s.hears_nothing_more(line, phone);
}
