//! Connections and streams (docs/protocol/transport.md).

use core::time::Duration;

use muster_protocol::CloseCode;
use muster_protocol::limits::IDLE_TIMEOUT;
use muster_protocol::management::ToServer;

use crate::case::{Case, case};
use crate::scene::{Alert, Scene, encoded, hello};
use crate::script::{Alpn, Ending, Power, Show, Way};

/// Versions that were spoken before there was a standard.
const DRAFT_29: u32 = 0xff00_001d;
const DRAFT_34: u32 = 0xff00_0022;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-TRANSPORT-001",
        "a protocol of another major version is refused in the handshake",
        &["REQ-TRANSPORT-002"],
        |s| {
            let line = s.dials(Alpn::Named("muster-mgmt/2"), Show::Nothing);
            s.refused_with(line, Alert::NoApplicationProtocol);
        },
    ),
    case(
        "MDM-TRANSPORT-002",
        "a client that names no protocol is refused in the handshake",
        &["REQ-TRANSPORT-002"],
        |s| {
            let line = s.dials(Alpn::Nothing, Show::Nothing);
            s.refused_with(line, Alert::NoApplicationProtocol);
        },
    ),
    case(
        "MDM-TRANSPORT-003",
        "a device gets one stream of both ways and no second one",
        &["REQ-TRANSPORT-008"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.is_granted_no_stream(line, Way::Both);
            s.is_granted_no_stream(line, Way::One);
            s.hears_nothing_more(line, phone);
        },
    ),
    case(
        "MDM-TRANSPORT-004",
        "messages may come byte by byte, and several in one piece",
        &["REQ-TRANSPORT-010", "REQ-SESSION-022"],
        byte_by_byte,
    ),
    case(
        "MDM-TRANSPORT-005",
        "a client of QUIC version 1 with TLS 1.3 is served",
        &["REQ-TRANSPORT-001"],
        |s| {
            let _line = s.connects_to_enrol();
        },
    ),
    case(
        "MDM-TRANSPORT-006",
        "the server gives no session ticket and takes no early data",
        &["REQ-TRANSPORT-005", "REQ-SECURITY-002"],
        |s| {
            let phone = s.enrolled();
            s.is_given_no_ticket(phone);
        },
    ),
    case(
        "MDM-TRANSPORT-007",
        "the server opens no stream of its own, from the first word to the last",
        &["REQ-TRANSPORT-009"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.hears_nothing_more(line, phone);
            s.leaves(line);
        },
    ),
    case(
        "MDM-TRANSPORT-008",
        "a device that is silent for 150 seconds is not kept alive by the server",
        &["REQ-TRANSPORT-012", "REQ-TRANSPORT-014"],
        silence,
    ),
    case(
        "MDM-TRANSPORT-009",
        "a server that was killed and is back resets the connections it does not know",
        &["REQ-TRANSPORT-020", "REQ-TRANSPORT-021"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.target(Power::Kill);
            s.target(Power::Start);
            s.reports(line, phone, muster_protocol::status::Presence::NotSet);
            s.ends_as(line, Ending::Reset, Duration::from_secs(10));
        },
    ),
    case(
        "MDM-TRANSPORT-010",
        "a session goes on from another address",
        &["REQ-TRANSPORT-001"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.changes_its_address(line);
            s.hears_nothing_more(line, phone);
        },
    )
    .of(crate::requirement::Profile::Migration),
    case(
        "MDM-TRANSPORT-011",
        "a stream that is given up ends the connection and nothing else",
        &["REQ-CLOSE-007", "REQ-SESSION-020"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.resets_its_stream(line);
            let again = s.ready(phone);
            s.hears_nothing_more(again, phone);
        },
    ),
    case(
        "MDM-TRANSPORT-013",
        "the drafts of QUIC before version 1 are not spoken",
        &["REQ-TRANSPORT-001"],
        |s| {
            s.is_not_spoken(DRAFT_29);
            s.is_not_spoken(DRAFT_34);
        },
    ),
    case(
        "MDM-TRANSPORT-012",
        "a device may close with Done at any time and come back",
        &["REQ-SESSION-020"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.closes(line, CloseCode::Done);
            let again = s.ready(phone);
            s.hears_nothing_more(again, phone);
        },
    ),
];

fn byte_by_byte(s: &mut Scene) {
    let phone = s.enrolled();
    let line = s.connects(phone);
    s.sends_in_pieces(line, "Hello and Idle, byte by byte", 1, move |stage| {
        let hello = ToServer::Hello(hello(stage, phone));
        [encoded(&hello), encoded(&ToServer::Idle)].concat()
    });
    s.is_welcomed(line);
    s.hears_empty(line);
    let second = s.connects(phone);
    s.sends(second, "Hello and three times Idle in one piece", move |stage| {
        let (hello, idle) =
            (encoded(&ToServer::Hello(hello(stage, phone))), encoded(&ToServer::Idle));
        [hello, idle.clone(), idle.clone(), idle].concat()
    });
    s.is_welcomed(second);
    for _idle in 0..3 {
        s.hears_empty(second);
    }
}

/// The suite itself would bear a longer silence, and sends nothing to keep the connection.
fn silence(s: &mut Scene) {
    let (_phone, line) = s.ready_phone();
    let margin = Duration::from_secs(15);
    s.waits(IDLE_TIMEOUT - margin);
    s.ends_as(line, Ending::TimedOut, margin * 2);
}
