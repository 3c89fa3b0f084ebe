//! Runs: Idle, Command, Empty (docs/protocol/session.md).

use core::time::Duration;

use muster_protocol::{CloseCode, Outcome};

use crate::case::{Case, case};
use crate::hook::{Cancel, Errand, Refusal, Stand};
use crate::scene::Scene;
use crate::script::Power;

/// Longer than any server lets a command wait.
const TOO_LATE: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// How many commands may wait for one device.
const QUEUE_MAX: usize = 64;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-QUEUE-001",
        "no command comes before the first Idle of a connection",
        &["REQ-QUEUE-002"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.welcomed(phone);
            s.hears_nothing_more(line, phone);
            s.idles(line);
            s.hears_command(line, command, 1);
        },
    ),
    case(
        "MDM-QUEUE-002",
        "commands come in the order of their acceptance",
        &["REQ-QUEUE-005", "REQ-QUEUE-007"],
        |s| {
            let phone = s.enrolled();
            let commands = [Errand::SyncDevice, Errand::RemoteLock, Errand::SyncDevice];
            let commands = commands.map(|errand| s.enqueues(phone, errand));
            let line = s.welcomed(phone);
            s.idles(line);
            for command in commands {
                s.hears_command(line, command, 1);
                s.acknowledges(line, command);
            }
            s.hears_nothing_more(line, phone);
            s.comes_to(commands[2], Stand::Done);
        },
    ),
    case(
        "MDM-QUEUE-003",
        "one command is in flight: the next comes after the answer",
        &["REQ-QUEUE-004", "REQ-QUEUE-005"],
        |s| {
            let phone = s.enrolled();
            let first = s.enqueues(phone, Errand::SyncDevice);
            let second = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, first, 1);
            s.hears_nothing_more(line, phone);
            s.acknowledges(line, first);
            s.hears_command(line, second, 1);
        },
    ),
    case(
        "MDM-QUEUE-004",
        "Idle gets no answer while a command is in flight",
        &["REQ-QUEUE-003"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.idles(line);
            s.idles(line);
            s.hears_nothing_more(line, phone);
        },
    ),
    case(
        "MDM-QUEUE-005",
        "Idle is answered with Empty if nothing waits",
        &["REQ-QUEUE-003"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.idles(line);
            s.hears_empty(line);
            s.hears_nothing_more(line, phone);
        },
    ),
    case(
        "MDM-QUEUE-006",
        "a command for a device that is ready comes at once",
        &["REQ-QUEUE-006"],
        |s| {
            let (phone, line) = s.ready_phone();
            let command = s.enqueues(phone, Errand::RemoteLock);
            s.hears_command(line, command, 1);
        },
    ),
    case(
        "MDM-QUEUE-007",
        "a wipe comes before all that waits, and cancels it",
        &["REQ-QUEUE-007", "REQ-QUEUE-010"],
        |s| supersedes(s, Errand::Wipe),
    ),
    case(
        "MDM-QUEUE-008",
        "a retire comes before all that waits, and cancels it",
        &["REQ-QUEUE-007", "REQ-QUEUE-010"],
        |s| supersedes(s, Errand::Retire),
    ),
    case(
        "MDM-QUEUE-009",
        "what was put off comes again after the next Idle, and not before",
        &["REQ-QUEUE-008"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::NotNow);
            s.idles(line);
            s.hears_command(line, command, 2);
        },
    ),
    case(
        "MDM-QUEUE-010",
        "what was put off goes behind what is fresh, and does not hold it up",
        &["REQ-QUEUE-008", "REQ-QUEUE-005"],
        |s| {
            let phone = s.enrolled();
            let put_off = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, put_off, 1);
            let fresh = s.enqueues(phone, Errand::RemoteLock);
            s.answers(line, put_off, Outcome::NotNow);
            s.hears_command(line, fresh, 1);
            s.acknowledges(line, fresh);
            s.hears_nothing_more(line, phone);
            s.idles(line);
            s.hears_command(line, put_off, 2);
        },
    ),
    case(
        "MDM-QUEUE-011",
        "what was put off comes again on the next connection",
        &["REQ-SESSION-021", "REQ-QUEUE-008"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.leaves(line);
            let _line = s.takes(phone, command, 2);
        },
    ),
    case(
        "MDM-QUEUE-012",
        "Idle that crossed a command begins a new run all the same",
        &["REQ-QUEUE-008", "REQ-QUEUE-003"],
        |s| {
            let phone = s.enrolled();
            let put_off = s.enqueues(phone, Errand::SyncDevice);
            let second = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, put_off, 1);
            s.answers(line, put_off, Outcome::NotNow);
            s.hears_command(line, second, 1);
            s.idles(line);
            s.acknowledges(line, second);
            s.hears_command(line, put_off, 2);
        },
    ),
    case(
        "MDM-QUEUE-013",
        "a command whose time is over is not handed out",
        &["REQ-QUEUE-011"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            s.moves_the_clock(TOO_LATE);
            let line = s.ready(phone);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::Cancelled);
        },
    ),
    case(
        "MDM-QUEUE-014",
        "a command that was put off is not handed out after its time",
        &["REQ-QUEUE-011", "REQ-QUEUE-008"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.moves_the_clock(TOO_LATE);
            s.idles(line);
            s.hears_empty(line);
            s.comes_to(command, Stand::Cancelled);
        },
    ),
    case(
        "MDM-QUEUE-015",
        "a wipe waits for a device that was away for two weeks",
        &["REQ-QUEUE-011", "REQ-QUEUE-001"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::Wipe);
            s.moves_the_clock(TOO_LATE);
            let line = s.takes(phone, command, 1);
            s.acknowledges(line, command);
            s.comes_to(command, Stand::Done);
        },
    ),
    case(
        "MDM-QUEUE-016",
        "a full queue refuses, and drops nothing",
        &["REQ-QUEUE-013", "REQ-QUEUE-007"],
        full,
    ),
    case("MDM-QUEUE-017", "a command that was accepted outlives a kill", &["REQ-QUEUE-001"], |s| {
        let phone = s.enrolled();
        let first = s.enqueues(phone, Errand::RemoteLock);
        let second = s.enqueues(phone, Errand::SyncDevice);
        s.target(Power::Kill);
        s.target(Power::Start);
        let line = s.takes(phone, first, 1);
        s.acknowledges(line, first);
        s.hears_command(line, second, 1);
    }),
    case(
        "MDM-QUEUE-018",
        "a command that was taken back before its delivery is never delivered",
        &["REQ-QUEUE-014"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            s.cancels(command, Cancel::BeforeDelivery);
            let line = s.ready(phone);
            s.hears_nothing_more(line, phone);
            s.comes_to(command, Stand::Cancelled);
        },
    ),
    case(
        "MDM-QUEUE-019",
        "a command that was taken back while the device had it ends as the device says",
        &["REQ-QUEUE-014"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, command, 1);
            s.cancels(command, Cancel::Raced);
            s.acknowledges(line, command);
            s.comes_to(command, Stand::Done);
            s.cancels(command, Cancel::TooLate);
        },
    ),
    case(
        "MDM-QUEUE-020",
        "a command that was taken back while the device had it does not come again",
        &["REQ-QUEUE-014"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, command, 1);
            s.cancels(command, Cancel::Raced);
            s.closes(line, CloseCode::Done);
            let again = s.ready(phone);
            s.hears_nothing_more(again, phone);
            s.comes_to(command, Stand::Cancelled);
        },
    ),
    case(
        "MDM-QUEUE-021",
        "what was put off can be taken back",
        &["REQ-QUEUE-014", "REQ-QUEUE-008"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::NotNow);
            s.hears_nothing_more(line, phone);
            s.cancels(command, Cancel::BeforeDelivery);
            s.idles(line);
            s.hears_empty(line);
        },
    ),
    case(
        "MDM-QUEUE-022",
        "commands wait while the device is away, and come in their order",
        &["REQ-QUEUE-007", "REQ-QUEUE-001"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.leaves(line);
            let first = s.enqueues(phone, Errand::SyncDevice);
            let second = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, first, 1);
            s.acknowledges(line, first);
            s.hears_command(line, second, 1);
        },
    ),
    case(
        "MDM-QUEUE-023",
        "a command that comes up while another is in flight waits for the answer",
        &["REQ-QUEUE-004"],
        |s| {
            let phone = s.enrolled();
            let first = s.enqueues(phone, Errand::SyncDevice);
            let line = s.takes(phone, first, 1);
            let second = s.enqueues(phone, Errand::RemoteLock);
            s.hears_nothing_more(line, phone);
            s.acknowledges(line, first);
            s.hears_command(line, second, 1);
        },
    ),
];

fn supersedes(s: &mut Scene, errand: Errand) {
    let phone = s.enrolled();
    let waiting = s.enqueues(phone, Errand::SyncDevice);
    let last = s.enqueues(phone, errand);
    s.comes_to(waiting, Stand::Cancelled);
    let line = s.takes(phone, last, 1);
    s.hears_nothing_more(line, phone);
}

fn full(s: &mut Scene) {
    let phone = s.enrolled();
    let mut commands = alloc::vec::Vec::new();
    for _command in 0..QUEUE_MAX {
        commands.push(s.enqueues(phone, Errand::RemoteLock));
    }
    s.is_refused(phone, Errand::RemoteLock, &[Refusal::QueueFull]);
    let line = s.welcomed(phone);
    s.idles(line);
    for command in commands {
        s.hears_command(line, command, 1);
        s.acknowledges(line, command);
    }
    s.hears_nothing_more(line, phone);
}
