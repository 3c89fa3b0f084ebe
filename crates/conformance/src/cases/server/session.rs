//! The session from Hello to the close, and the secrets in it (docs/protocol/session.md).

use core::time::Duration;

use muster_protocol::CloseCode;
use muster_protocol::management::ToServer;
use muster_protocol::status::Presence;

use crate::case::{Case, case};
use crate::hook::{Errand, Refusal, Stand};
use crate::requirement::Profile;
use crate::scene::{Scene, Secrets, frame};
use crate::script::Power;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-SESSION-001",
        "a device is welcomed before it is told anything else",
        &["REQ-SESSION-002", "REQ-SESSION-022"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.connects(phone);
            s.greets(line, phone);
            s.idles(line);
            s.is_welcomed(line);
            s.hears_command(line, command, 1);
        },
    ),
    case("MDM-SESSION-002", "another first message is refused", &["REQ-SESSION-004"], |s| {
        let phone = s.enrolled();
        let line = s.connects(phone);
        s.idles(line);
        s.closed_with(line, CloseCode::WrongState);
    }),
    case("MDM-SESSION-003", "a second Hello is refused", &["REQ-SESSION-004"], |s| {
        let (phone, line) = s.ready_phone();
        s.greets(line, phone);
        s.closed_with(line, CloseCode::WrongState);
        let _line = s.ready(phone);
    }),
    case(
        "MDM-SESSION-004",
        "no Hello within ten seconds closes the connection",
        &["REQ-LIMIT-003"],
        |s| {
            let phone = s.enrolled();
            let line = s.connects(phone);
            s.writes(line, "the beginning of a Hello", &frame(0x10, &[0; 24])[..12]);
            s.closed_within(Duration::from_secs(13), line, CloseCode::GreetingTimeout);
        },
    ),
    case(
        "MDM-SESSION-005",
        "a newer connection of a device takes the place of the older",
        &["REQ-SESSION-006"],
        |s| {
            let (phone, older) = s.ready_phone();
            let newer = s.ready(phone);
            s.closed_with(older, CloseCode::Replaced);
            let command = s.enqueues(phone, Errand::RemoteLock);
            s.hears_command(newer, command, 1);
            s.hears_nothing_more(newer, phone);
        },
    ),
    case(
        "MDM-SESSION-006",
        "a connection begins anew: nothing of the former is continued",
        &["REQ-SESSION-020"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.closes(line, CloseCode::Done);
            let again = s.connects(phone);
            s.idles(again);
            s.closed_with(again, CloseCode::WrongState);
        },
    ),
    case(
        "MDM-SESSION-007",
        "a device that ends its stream between two frames is let go with Done",
        &["REQ-SESSION-016"],
        |s| {
            let (_phone, line) = s.ready_phone();
            s.leaves(line);
        },
    ),
    case(
        "MDM-SESSION-008",
        "a server that stops says that it may be tried again later",
        &["REQ-SESSION-017"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.target(Power::Stop);
            s.closed_with(line, CloseCode::RetryLater);
            s.target(Power::Start);
            let _line = s.ready(phone);
        },
    ),
    case("MDM-STATUS-001", "the status of a Hello is the present one", &["REQ-SESSION-009"], |s| {
        let phone = s.enrolled();
        let line = s.connects(phone);
        s.greets_with(line, phone, |hello, _stage| hello.status.passcode = Presence::NotSet);
        s.is_welcomed(line);
        is_without_a_passcode(s, phone);
    }),
    case(
        "MDM-STATUS-002",
        "the latest StatusReport is the present status",
        &["REQ-SESSION-009"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.reports(line, phone, Presence::Set);
            s.reports(line, phone, Presence::NotSet);
            s.hears_nothing_more(line, phone);
            is_without_a_passcode(s, phone);
        },
    ),
    case(
        "MDM-STATUS-003",
        "a status that came before a broken frame stays",
        &["REQ-SESSION-009", "REQ-CLOSE-007"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.reports(line, phone, Presence::NotSet);
            s.writes(line, "a frame of kind 0x1f", frame(0x1f, &[]));
            s.closed_with(line, CloseCode::BadFrame);
            is_without_a_passcode(s, phone);
        },
    ),
    case("MDM-SESSION-009", "secrets are acknowledged and kept", &["REQ-SESSION-011"], |s| {
        let (phone, line) = s.ready_phone();
        s.hands_over(line, phone, Secrets::UNLOCK);
        s.hears_the_acknowledgement(line, phone);
        keeps_the_unlock_token(s, phone);
    })
    .of(Profile::Ios),
    case(
        "MDM-SESSION-010",
        "secrets that were acknowledged outlive a kill",
        &["REQ-SESSION-011"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.hands_over(line, phone, Secrets::UNLOCK);
            s.hears_the_acknowledgement(line, phone);
            s.target(Power::Kill);
            s.target(Power::Start);
            keeps_the_unlock_token(s, phone);
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-SESSION-011",
        "an update that names no secret leaves those that are kept",
        &["REQ-SESSION-012"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.hands_over(line, phone, Secrets::UNLOCK);
            s.hands_over(line, phone, Secrets::BYPASS);
            s.hears_acknowledged(line, 1);
            s.hears_acknowledged(line, 2);
            s.is_known(phone, "both secrets are kept", |found| {
                Some(found.holds_unlock_token? && found.holds_bypass_code?)
            });
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-SESSION-012",
        "an update that comes twice is acknowledged twice",
        &["REQ-SESSION-013"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.hands_over(line, phone, Secrets::UNLOCK);
            s.hands_over_again(line, phone, Secrets::UNLOCK);
            s.hears_acknowledged(line, 1);
            s.hears_acknowledged(line, 1);
            keeps_the_unlock_token(s, phone);
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-SESSION-013",
        "secrets may be handed over before the first Idle",
        &["REQ-SESSION-022", "REQ-QUEUE-002"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.connects(phone);
            s.greets(line, phone);
            s.hands_over(line, phone, Secrets::UNLOCK);
            s.is_welcomed(line);
            s.hears_the_acknowledgement(line, phone);
            s.idles(line);
            s.hears_command(line, command, 1);
        },
    ),
    case(
        "MDM-SESSION-014",
        "a device that was retired is not let in any more",
        &["REQ-SESSION-018"],
        |s| ended(s, Errand::Retire),
    ),
    case(
        "MDM-SESSION-015",
        "a device that was wiped is not let in any more",
        &["REQ-SESSION-018", "REQ-ENROL-013"],
        |s| ended(s, Errand::Wipe),
    ),
    case(
        "MDM-SESSION-016",
        "an answer after a reconnect needs a Hello before it",
        &["REQ-SESSION-020", "REQ-SESSION-004"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            let first = s.takes(phone, command, 1);
            s.closes(first, CloseCode::Done);
            let second = s.connects(phone);
            s.acknowledges(second, command);
            s.closed_with(second, CloseCode::WrongState);
            let third = s.takes(phone, command, 2);
            s.acknowledges(third, command);
            s.comes_to(command, Stand::Done);
        },
    ),
    case(
        "MDM-SESSION-017",
        "a message of the server may not come from a device",
        &["REQ-FRAME-005"],
        |s| {
            let (_phone, line) = s.ready_phone();
            s.writes(line, "TokenUpdateAck, from a device", frame(0x91, &[1]));
            s.closed_with(line, CloseCode::BadFrame);
        },
    ),
];

fn is_without_a_passcode(s: &mut Scene, phone: crate::script::Phone) {
    s.is_known(phone, "no passcode is set, as the device reported last", |found| {
        found.passcode_set.map(|set| !set)
    });
}

fn keeps_the_unlock_token(s: &mut Scene, phone: crate::script::Phone) {
    s.is_known(phone, "the unlock token is kept", |found| found.holds_unlock_token);
}

/// The device acknowledges what ends its enrolment, and is not known any more.
fn ended(s: &mut Scene, errand: Errand) {
    let phone = s.enrolled();
    let command = s.enqueues(phone, errand);
    let line = s.takes(phone, command, 1);
    s.acknowledges(line, command);
    s.closed_with(line, CloseCode::Done);
    s.comes_to(command, Stand::Done);
    let late = s.connects_anyhow(phone);
    s.says(late, move |stage| ToServer::Hello(crate::scene::hello(stage, phone)));
    s.closed_with(late, CloseCode::Unenrolled);
    s.is_refused(phone, Errand::SyncDevice, &[Refusal::NotEnrolled, Refusal::UnknownDevice]);
}
