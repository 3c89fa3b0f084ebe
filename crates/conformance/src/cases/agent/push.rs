//! Devices that are woken (docs/protocol/push.md).

use core::time::Duration;

use muster_protocol::CloseCode;
use muster_protocol::management::ToServer;

use crate::case::{Case, agent_case};
use crate::requirement::Profile;
use crate::scene::{Answered, Ask, Scene};
use crate::script::{Contact, Line, Phone};

/// Longer than a device that polls would bear.
const LONG: Duration = Duration::from_secs(6 * 60 * 60);

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-PUSH-101",
        "a woken device says where it can be woken, before its first Idle, each time",
        &["REQ-PUSH-001"],
        |s| {
            let (phone, line) = woken(s);
            says_where(s, line);
            leaves(s, line);
            s.is_pushed(phone, line);
            let line = s.is_served(phone);
            says_where(s, line);
        },
    )
    .of(Profile::Push),
    agent_case(
        "MDM-PUSH-102",
        "a woken device does not poll: it comes when it is pushed",
        &["REQ-PUSH-004"],
        |s| {
            let (phone, line) = woken(s);
            leaves(s, line);
            s.nobody_comes_for(LONG);
            s.is_pushed(phone, line);
            s.is_served(phone);
        },
    )
    .of(Profile::Push),
    agent_case(
        "MDM-PUSH-103",
        "a push for a device that is here brings no second connection",
        &["REQ-PUSH-006"],
        |s| {
            let (phone, line) = woken(s);
            s.is_pushed(phone, line);
            s.is_pushed(phone, line);
            s.nobody_comes();
            s.still_stands(line);
        },
    )
    .of(Profile::Push),
    agent_case(
        "MDM-PUSH-104",
        "a woken device leaves after Empty, and waits for the close",
        &["REQ-PUSH-007", "REQ-SESSION-015"],
        |s| {
            let (_phone, line) = woken(s);
            s.has_nothing(line);
            s.takes_its_leave(line);
            s.closed_within(Duration::from_secs(7), line, CloseCode::Done);
        },
    )
    .of(Profile::Push),
    agent_case(
        "MDM-PUSH-105",
        "a woken device takes what waits, asks for more, and leaves when there is none",
        &["REQ-PUSH-007", "REQ-SESSION-007"],
        |s| {
            let (phone, line) = woken(s);
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
            s.is_idle(line);
            s.has_nothing(line);
            s.takes_its_leave(line);
        },
    )
    .of(Profile::Push),
    agent_case(
        "MDM-PUSH-106",
        "a woken device stays with a server of minor 0, which cannot push",
        &["REQ-FRAME-009"],
        |s| {
            let phone = s.summons_made(s.mode(), |make| make.contact = Contact::Woken);
            s.needs_a_push();
            s.gets_enrolled(phone);
            let line = s.comes_for_management(phone);
            s.says_hello(line, phone);
            s.welcomes_with(line, |welcome| welcome.minor = 0);
            s.is_idle(line);
            s.has_nothing(line);
            s.nobody_comes();
            s.still_stands(line);
        },
    )
    .of(Profile::Push),
];

/// A device that is woken, and has come for the first time.
fn woken(s: &mut Scene) -> (Phone, Line) {
    let phone = s.summons_made(s.mode(), |make| make.contact = Contact::Woken);
    s.needs_a_push();
    let line = s.settles(phone);
    (phone, line)
}

fn says_where(s: &mut Scene, line: Line) {
    s.has_said(line, "a PushUpdate with a target before its Idle", |said| {
        said.iter().any(
            |message| matches!(message, ToServer::PushUpdate(update) if update.target.is_some()),
        )
    });
}

/// Nothing waits for it: it goes.
fn leaves(s: &mut Scene, line: Line) {
    s.has_nothing(line);
    s.takes_its_leave(line);
    s.closes(line, CloseCode::Done);
}
