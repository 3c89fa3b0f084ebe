//! Commands and their answers (docs/protocol/session.md).

use muster_protocol::command::PasswordScope;
use muster_protocol::status::Presence;
use muster_protocol::{
    AndroidRequest, Answer, AppleRequest, CloseCode, Mode, Outcome, Policy, Timestamp,
};

use crate::case::{Case, agent_case};
use crate::requirement::Profile;
use crate::scene::{Answered, Ask, Cmd, Scene};
use crate::script::{Deed, Line, Phone, Power};

/// How many answers a device keeps at least.
const JOURNAL: usize = 32;

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-ACK-101",
        "a device answers each command once, with its id and attempt",
        &["REQ-ACK-001", "REQ-ENCODE-010"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, command, "any outcome", |_outcome| true);
            s.says_nothing_more(line, phone);
        },
    )
    .over_modes(),
    agent_case(
        "MDM-ACK-102",
        "a device answers a command it has answered before alike, with the new attempt",
        &["REQ-ACK-003", "REQ-ACK-001"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
            for attempt in [2, 3, 900] {
                s.hands_out(line, command, attempt);
                s.is_answered_alike(line, command);
            }
        },
    ),
    agent_case(
        "MDM-ACK-103",
        "a repeated command has no second effect: the temporary passcode stays the same",
        &["REQ-ACK-003"],
        |s| {
            let phone = s.summons();
            s.has_policy(Policy::FULL);
            let line = s.settles(phone);
            let command = resets(s, line, phone);
            s.hands_out(line, command, 2);
            s.is_answered_alike(line, command);
            let other = resets(s, line, phone);
            s.answers_differ(command, other);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-ACK-104",
        "a device answers alike on the next connection, too",
        &["REQ-ACK-003", "REQ-ACK-010"],
        |s| {
            let phone = s.summons();
            s.has_policy(Policy::FULL);
            let line = s.settles(phone);
            let command = resets(s, line, phone);
            s.closes(line, CloseCode::RetryLater);
            let line = s.is_served(phone);
            s.hands_out(line, command, 2);
            s.is_answered_alike(line, command);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case("MDM-ACK-105", "a device remembers its 32 latest answers", &["REQ-ACK-004"], |s| {
        let phone = s.summons();
        s.has_policy(Policy::FULL);
        let line = s.settles(phone);
        let first = resets(s, line, phone);
        for _ in 1..JOURNAL {
            let command = s.asks(line, phone, Ask::Report);
            s.is_answered(line, command, Answered::Acknowledged);
        }
        s.hands_out(line, first, 2);
        s.is_answered_alike(line, first);
    })
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-ACK-106",
        "what a device has acknowledged outlives its agent",
        &["REQ-ACK-002", "REQ-ACK-004"],
        |s| {
            let phone = s.summons();
            s.has_policy(Policy::FULL);
            let line = s.settles(phone);
            let command = resets(s, line, phone);
            s.agent(phone, Power::Kill);
            s.agent(phone, Power::Start);
            let line = s.is_served(phone);
            s.hands_out(line, command, 2);
            s.is_answered_alike(line, command);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-ACK-107",
        "an iPhone that acknowledges ClearPasscode has no passcode any more",
        &["REQ-ACK-002"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.clears_the_passcode(line, phone);
            s.is_answered(line, command, Answered::Acknowledged);
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, report, "a status without a passcode", no_passcode);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-ACK-121",
        "an iPhone that acknowledged ClearPasscode has none after its agent was killed either",
        &["REQ-ACK-002"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.clears_the_passcode(line, phone);
            s.is_answered(line, command, Answered::Acknowledged);
            s.agent(phone, Power::Kill);
            s.agent(phone, Power::Start);
            let line = s.is_served(phone);
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, report, "a status without a passcode", no_passcode);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-ACK-108",
        "an iPhone does not remember NotNow, and is idle again once it can",
        &["REQ-ACK-005", "REQ-QUEUE-009"],
        |s| {
            let (phone, line) = s.settled();
            let lock = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, lock, Answered::Acknowledged);
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered(line, report, Answered::NotNow);
            s.somebody(phone, Deed::Unlock);
            s.is_idle(line);
            s.hands_out(line, report, 2);
            s.is_answered(line, report, Answered::Acknowledged);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-ACK-109",
        "a device says no answer again by itself on a later connection",
        &["REQ-ACK-010"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            s.hands_out(line, command, 1);
            s.closes(line, CloseCode::RetryLater);
            let line = s.is_served(phone);
            s.hands_out(line, command, 2);
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
    agent_case(
        "MDM-ACK-110",
        "a wipe takes effect although the connection breaks off behind its acknowledgement",
        &["REQ-ACK-011"],
        |s| ends(s, Ask::Wipe),
    ),
    agent_case(
        "MDM-ACK-111",
        "a device that is retired leaves although the connection breaks off behind its answer",
        &["REQ-ACK-011"],
        |s| ends(s, Ask::Retire),
    ),
    agent_case(
        "MDM-ACK-112",
        "a wipe is acknowledged once, and the device is not the same afterwards",
        &["REQ-ACK-011", "REQ-ACK-001"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Wipe);
            s.is_answered(line, command, Answered::Acknowledged);
            s.takes_its_leave(line);
            s.closes(line, CloseCode::Done);
            s.has_forgotten_itself();
        },
    )
    .of(Profile::Core),
    agent_case(
        "MDM-ACK-113",
        "an iPhone answers a request for Android with CommandFormatError",
        &["REQ-ACK-013"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks_android(line, phone, AndroidRequest::Lock);
            s.is_answered(line, command, Answered::FormatError);
            s.says_nothing_more(line, phone);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-ACK-114",
        "an Android answers a request for Apple devices with CommandFormatError",
        &["REQ-ACK-013"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks_apple(line, phone, AppleRequest::SecurityInfo);
            s.is_answered(line, command, Answered::FormatError);
            s.says_nothing_more(line, phone);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-ACK-115",
        "an iPhone in User Enrollment does not offer to erase itself, and says why",
        &["REQ-ACK-014"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Wipe);
            s.is_answered_with(
                line,
                command,
                "NotSupported with a reason",
                |outcome| matches!(outcome, Outcome::NotSupported(chain) if !chain.is_empty()),
            );
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleUser),
    agent_case(
        "MDM-QUEUE-101",
        "a device does not judge when a command ends",
        &["REQ-QUEUE-012"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            s.hands_out_until(line, command, (1, Timestamp::ZERO));
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
];

/// Sets a temporary passcode.
fn resets(s: &mut Scene, line: Line, phone: Phone) -> Cmd {
    let request = AndroidRequest::ResetPassword { scope: PasswordScope::Device };
    let command = s.asks_android(line, phone, request);
    s.is_answered_with(line, command, "Acknowledged with a temporary passcode", |outcome| {
        matches!(outcome, Outcome::Acknowledged(Answer::TemporaryPasscode(_)))
    });
    command
}

/// The connection is gone with the answer: the device does not wait for anybody to have heard it.
fn ends(s: &mut Scene, ask: Ask) {
    let (phone, line) = s.settled();
    let command = s.asks(line, phone, ask);
    s.is_answered(line, command, Answered::Acknowledged);
    s.closes(line, CloseCode::InternalError);
    s.has_forgotten_itself();
}

fn no_passcode(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Acknowledged(Answer::Status(status))
        if status.passcode == Presence::NotSet)
}
