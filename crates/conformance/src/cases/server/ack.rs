//! Attempts and answers (docs/protocol/session.md).

use alloc::vec;

use muster_protocol::management::{CommandResult, ToServer};
use muster_protocol::{Attempt, CloseCode, CommandId, Outcome};

use crate::case::{Case, case};
use crate::hook::{Errand, Stand};
use crate::scene::{Cmd, Scene};
use crate::script::{Line, Phone, Power};

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-ACK-001",
        "a command whose connection was closed comes again as the next attempt",
        &["REQ-ACK-009", "REQ-SESSION-020"],
        |s| {
            let (phone, command) = one_command(s);
            let first = s.takes(phone, command, 1);
            s.closes(first, CloseCode::Done);
            let second = s.takes(phone, command, 2);
            s.acknowledges(second, command);
            s.comes_to(command, Stand::Done);
        },
    ),
    case(
        "MDM-ACK-002",
        "a command whose device vanished comes again as the next attempt",
        &["REQ-ACK-009", "REQ-SESSION-006"],
        |s| {
            let (phone, command) = one_command(s);
            let first = s.takes(phone, command, 1);
            s.vanishes(first);
            let _second = s.takes(phone, command, 2);
        },
    ),
    case(
        "MDM-ACK-003",
        "a command whose server was killed comes again as the next attempt",
        &["REQ-ACK-009", "REQ-QUEUE-001"],
        |s| {
            let (phone, command) = one_command(s);
            let _first = s.takes(phone, command, 1);
            s.target(Power::Kill);
            s.target(Power::Start);
            let _second = s.takes(phone, command, 2);
        },
    ),
    case(
        "MDM-ACK-004",
        "a command whose server stopped comes again as the next attempt",
        &["REQ-ACK-009", "REQ-SESSION-017"],
        |s| {
            let (phone, command) = one_command(s);
            let _first = s.takes(phone, command, 1);
            s.target(Power::Stop);
            s.target(Power::Start);
            let _second = s.takes(phone, command, 2);
        },
    ),
    case("MDM-ACK-005", "an answer to an earlier attempt changes nothing", &["REQ-ACK-007"], |s| {
        let (phone, command) = one_command(s);
        let first = s.takes(phone, command, 1);
        s.closes(first, CloseCode::Done);
        let second = s.takes(phone, command, 2);
        s.answers_attempt(second, command, 1, Outcome::CommandFormatError);
        s.hears_nothing_more(second, phone);
        s.comes_to(command, Stand::InFlight);
        s.acknowledges(second, command);
        s.comes_to(command, Stand::Done);
    }),
    case(
        "MDM-ACK-006",
        "an answer to an attempt there never was changes nothing",
        &["REQ-ACK-007"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.answers_attempt(line, command, 7, Outcome::CommandFormatError);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::InFlight);
        },
    ),
    case(
        "MDM-ACK-007",
        "an answer to a command that waits again changes nothing",
        &["REQ-ACK-007"],
        |s| {
            let (phone, command) = one_command(s);
            let first = s.takes(phone, command, 1);
            s.closes(first, CloseCode::Done);
            let second = s.welcomed(phone);
            s.answers_attempt(second, command, 1, Outcome::CommandFormatError);
            s.hears_nothing_more(second, phone);
            s.idles(second);
            s.hears_command(second, command, 2);
        },
    ),
    case(
        "MDM-ACK-008",
        "an answer to a command that was never handed out changes nothing",
        &["REQ-ACK-007", "REQ-ACK-008"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.welcomed(phone);
            s.answers_attempt(line, command, 1, Outcome::CommandFormatError);
            s.hears_nothing_more(line, phone);
            s.idles(line);
            s.hears_command(line, command, 1);
        },
    ),
    case(
        "MDM-ACK-009",
        "an answer that comes twice counts once, and keeps the connection",
        &["REQ-ACK-008", "REQ-ACK-006"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            let next = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.acknowledges(line, command);
            s.acknowledges(line, command);
            s.hears_command(line, next, 1);
            s.acknowledges(line, command);
            s.hears_nothing_more(line, phone);
            s.comes_to(next, Stand::InFlight);
        },
    ),
    case("MDM-ACK-010", "what has ended is not changed by a later answer", &["REQ-ACK-006"], |s| {
        let (phone, command) = one_command(s);
        let line = s.takes(phone, command, 1);
        s.acknowledges(line, command);
        s.comes_to(command, Stand::Done);
        s.answers(line, command, Outcome::Error(vec![]));
        s.answers(line, command, Outcome::NotNow);
        s.hears_nothing_more(line, phone);
        s.comes_to(command, Stand::Done);
        s.idles(line);
        s.hears_empty(line);
    }),
    case(
        "MDM-ACK-011",
        "an acknowledgement after an error changes nothing",
        &["REQ-ACK-006"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::Error(vec![]));
            s.acknowledges(line, command);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::Failed);
        },
    ),
    case(
        "MDM-ACK-012",
        "an answer for an id nobody has given out keeps the connection",
        &["REQ-ACK-008"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.says(line, |_stage| {
                let (id, attempt) = (CommandId::from_bytes([0xee; 16]), Attempt::new(1));
                let outcome = Outcome::CommandFormatError;
                ToServer::CommandResult(CommandResult { id, attempt, outcome })
            });
            s.hears_nothing_more(line, phone);
        },
    ),
    case(
        "MDM-ACK-013",
        "a NotNow that comes twice, or after its attempt, changes nothing",
        &["REQ-ACK-007", "REQ-ACK-008"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.answers(line, command, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::NotNow);
            s.idles(line);
            s.hears_command(line, command, 2);
            s.answers_attempt(line, command, 1, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::InFlight);
        },
    ),
    case(
        "MDM-ACK-014",
        "an acknowledgement of what was put off changes nothing",
        &["REQ-ACK-008"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.acknowledges(line, command);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::NotNow);
        },
    ),
    case("MDM-ACK-015", "an error ends a command as failed", &["REQ-ACK-006"], |s| {
        ends_as(s, || Outcome::Error(vec![]), Stand::Failed);
    }),
    case("MDM-ACK-016", "NotSupported ends a command", &["REQ-ACK-006"], |s| {
        ends_as(s, || Outcome::NotSupported(vec![]), Stand::NotSupported);
    }),
    case("MDM-ACK-017", "CommandFormatError ends a command", &["REQ-ACK-006"], |s| {
        let (phone, command) = one_command(s);
        let line = s.takes(phone, command, 1);
        s.answers(line, command, Outcome::CommandFormatError);
        s.comes_to_an_end(command);
        s.idles(line);
        s.hears_empty(line);
    }),
    case(
        "MDM-ACK-018",
        "an acknowledged command does not come again on the next connection",
        &["REQ-ACK-006", "REQ-SESSION-020"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.acknowledges(line, command);
            s.comes_to(command, Stand::Done);
            s.leaves(line);
            let again = s.ready(phone);
            s.hears_nothing_more(again, phone);
        },
    ),
    case(
        "MDM-ACK-019",
        "an acknowledged command has ended after a kill as well",
        &["REQ-ACK-006", "REQ-QUEUE-001"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.acknowledges(line, command);
            s.comes_to(command, Stand::Done);
            s.target(Power::Kill);
            s.target(Power::Start);
            let again = s.ready(phone);
            s.hears_nothing_more(again, phone);
        },
    ),
    case(
        "MDM-ACK-020",
        "an enrolment whose last answer was lost ends when the hardware enrols again",
        &["REQ-ACK-012", "REQ-ENROL-012"],
        lost_ending,
    ),
    case(
        "MDM-ACK-021",
        "an answer to a command of the former connection settles nothing before it came again",
        &["REQ-ACK-007", "REQ-SESSION-020"],
        |s| {
            let (phone, command) = one_command(s);
            let first = s.takes(phone, command, 1);
            s.closes(first, CloseCode::Done);
            let second = s.welcomed(phone);
            s.acknowledges(second, command);
            s.hears_nothing_more(second, phone);
            s.comes_to(command, Stand::Waiting);
        },
    ),
    case(
        "MDM-ACK-022",
        "a command whose connection was closed waits before its device is back",
        &["REQ-ACK-009"],
        |s| {
            let (phone, command) = one_command(s);
            let line = s.takes(phone, command, 1);
            s.closes(line, CloseCode::Done);
            s.comes_to(command, Stand::Waiting);
            let _again = s.takes(phone, command, 2);
        },
    ),
    case(
        "MDM-ACK-023",
        "the last of several commands ends as the first does",
        &["REQ-ACK-006"],
        |s| {
            let (phone, first) = one_command(s);
            let last = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, first, 1);
            s.acknowledges(line, first);
            s.hears_command(line, last, 1);
            s.acknowledges(line, last);
            s.comes_to(last, Stand::Done);
            s.hears_nothing_more(line, phone);
        },
    ),
];

fn one_command(s: &mut Scene) -> (Phone, Cmd) {
    let phone = s.enrolled();
    (phone, s.enqueues(phone, Errand::RemoteLock))
}

fn ends_as(s: &mut Scene, outcome: fn() -> Outcome, stand: Stand) {
    let (phone, command) = one_command(s);
    let line: Line = s.takes(phone, command, 1);
    s.answers(line, command, outcome());
    s.comes_to(command, stand);
    s.idles(line);
    s.hears_empty(line);
}

fn lost_ending(s: &mut Scene) {
    let phone = s.enrolled();
    let wipe = s.enqueues(phone, Errand::Wipe);
    let line = s.takes(phone, wipe, 1);
    s.vanishes(line);
    let reborn = s.reborn(phone);
    s.enrols(reborn);
    s.is_known(phone, "the former enrolment is over", |found| Some(!found.enrolled));
    let fresh = s.ready(reborn);
    s.hears_nothing_more(fresh, reborn);
    let late = s.connects_anyhow(phone);
    s.closed_with(late, CloseCode::CertificateSuperseded);
}
