//! What a device does with the requests of its platform (docs/protocol/messages.md).

use alloc::string::ToString as _;
use alloc::vec;

use muster_protocol::command::PasswordScope;
use muster_protocol::secret::UnlockToken;
use muster_protocol::status::Presence;
use muster_protocol::{
    AndroidRequest, Answer, AppleRequest, CloseCode, LockMessage, Mode, Outcome, Policy, Request,
};

use crate::case::{Case, agent_case};
use crate::requirement::Profile;
use crate::scene::{Answered, Ask, Scene, code_of};
use crate::script::Make;

/// The error of a malformed request, in `MCMDMErrorDomain`.
const MALFORMED: i32 = 12_008;

pub(crate) const CASES: &[Case] = &[
    ios(
        "MDM-COMMAND-101",
        "an iPhone with a passcode locks itself, and says that it shows the text",
        &["REQ-ACK-001"],
        |s| {
            let phone = s.summons_made(s.mode(), with_passcode);
            s.needs_a_person();
            let line = s.settles(phone);
            let message = Some("call home".to_string());
            let lock = s.asks_apple(line, phone, AppleRequest::DeviceLock { message });
            s.is_answered_with(line, lock, "Locked, with success", |outcome| {
                *outcome == Outcome::Acknowledged(Answer::Locked(LockMessage::Success))
            });
        },
    ),
    ios(
        "MDM-COMMAND-102",
        "an iPhone without a passcode says that its lock keeps nobody out",
        &["REQ-ACK-001"],
        |s| {
            let phone = s.summons_made(s.mode(), without_passcode);
            s.needs_a_person();
            let line = s.settles(phone);
            let lock = s.asks_apple(line, phone, AppleRequest::DeviceLock { message: None });
            s.is_answered_with(line, lock, "Locked, without a passcode", |outcome| {
                *outcome == Outcome::Acknowledged(Answer::Locked(LockMessage::NoPasscodeSet))
            });
        },
    ),
    ios(
        "MDM-COMMAND-103",
        "an iPhone keeps its passcode from an unlock token that is not its own",
        &["REQ-ACK-002"],
        |s| {
            let phone = s.summons();
            s.needs_a_person();
            let line = s.settles(phone);
            let unlock_token = UnlockToken::new(vec![7; 64]);
            let clear = s.asks_apple(line, phone, AppleRequest::ClearPasscode { unlock_token });
            s.is_answered(line, clear, Answered::Error);
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, report, "a status with a passcode", |outcome| {
                has_passcode(outcome, Presence::Set)
            });
        },
    ),
    ios(
        "MDM-COMMAND-104",
        "an iPhone has no passcode after ClearPasscode with the token it gave out",
        &["REQ-ACK-002"],
        |s| {
            let (phone, line) = s.settled();
            let clear = s.clears_the_passcode(line, phone);
            s.is_answered(line, clear, Answered::Acknowledged);
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, report, "a status without a passcode", |outcome| {
                has_passcode(outcome, Presence::NotSet)
            });
        },
    ),
    ios(
        "MDM-COMMAND-105",
        "an iPhone leaves out the keys of a query that it does not know",
        &["REQ-ACK-001"],
        |s| {
            let (phone, line) = s.settled();
            let queries = ["OSVersion", "NoSuchKey"].map(|key| key.to_string()).to_vec();
            let ask = s.asks_apple(line, phone, AppleRequest::DeviceInformation { queries });
            s.is_answered_with(line, ask, "the version of its system and nothing else", |it| {
                matches!(it, Outcome::Acknowledged(Answer::DeviceInformation(told))
                    if told.len() == 1 && told[0].key == "OSVersion")
            });
        },
    ),
    ios(
        "MDM-COMMAND-106",
        "an iPhone answers a malformed request with error 12008",
        &["REQ-ENCODE-004", "REQ-ACK-001"],
        |s| {
            let phone = s.summons();
            s.needs_a_person();
            let line = s.settles(phone);
            let identifier = "x".repeat(200);
            let payload = muster_protocol::secret::ProfilePayload::new(vec![1]);
            let request = AppleRequest::InstallProfile { identifier, payload };
            let install = s.asks_apple(line, phone, request);
            s.is_answered_with(line, install, "Error MCMDMErrorDomain 12008", |outcome| {
                code_of(outcome).is_some_and(|(_domain, code)| code == MALFORMED)
            });
        },
    ),
    ios(
        "MDM-COMMAND-107",
        "an iPhone installs nothing of a request beyond a bound",
        &["REQ-LIMIT-005"],
        |s| {
            let phone = s.summons();
            s.needs_a_person();
            let line = s.settles(phone);
            let identifier = "x".repeat(200);
            let payload = muster_protocol::secret::ProfilePayload::new(vec![1]);
            let request = AppleRequest::InstallProfile { identifier, payload };
            let install = s.asks_apple(line, phone, request);
            s.is_answered(line, install, Answered::Error);
            let list = s.asks_apple(line, phone, AppleRequest::ProfileList);
            s.is_answered_with(line, list, "a list without the profile", |outcome| {
                matches!(outcome, Outcome::Acknowledged(Answer::Profiles(told))
                    if told.iter().all(|it| !it.starts_with("xxx")))
            });
        },
    ),
    ios(
        "MDM-COMMAND-108",
        "an iPhone that is erased does nothing that was asked behind it",
        &["REQ-ACK-011"],
        |s| {
            let (phone, line) = s.settled();
            let wipe = s.asks(line, phone, Ask::Wipe);
            let _lock = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, wipe, Answered::Acknowledged);
            s.takes_its_leave(line);
        },
    ),
    android(
        "MDM-COMMAND-121",
        "an Android reports its state when it is asked",
        &["REQ-ACK-001"],
        |s| {
            let (phone, line) = s.settled();
            let report = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, report, "a status", |outcome| {
                matches!(outcome, Outcome::Acknowledged(Answer::Status(_)))
            });
        },
    ),
    android(
        "MDM-COMMAND-122",
        "an Android with a work profile sets a passcode for the profile alone",
        &["REQ-ACK-002"],
        |s| {
            let phone = s.summons();
            s.has_policy(Policy::FULL);
            let line = s.settles(phone);
            let reset = s.asks_for(line, phone, |_stage| {
                let scope = PasswordScope::Profile;
                Request::Android(AndroidRequest::ResetPassword { scope })
            });
            s.is_answered_with(line, reset, "a temporary passcode", |outcome| {
                matches!(outcome, Outcome::Acknowledged(Answer::TemporaryPasscode(_)))
            });
        },
    )
    .of_mode(Mode::AndroidCorporateOwnedWorkProfile),
    android(
        "MDM-COMMAND-123",
        "an Android that is erased does nothing that was asked behind it",
        &["REQ-ACK-011"],
        |s| {
            let (phone, line) = s.settled();
            let wipe = s.asks(line, phone, Ask::Wipe);
            let _lock = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, wipe, Answered::Acknowledged);
            s.takes_its_leave(line);
        },
    ),
    android(
        "MDM-COMMAND-124",
        "an Android that leaves management does not come back as it was",
        &["REQ-ACK-011"],
        |s| {
            let (phone, line) = s.settled();
            let retire = s.asks(line, phone, Ask::Retire);
            s.is_answered(line, retire, Answered::Acknowledged);
            s.takes_its_leave(line);
            s.closes(line, CloseCode::Done);
            s.has_forgotten_itself();
        },
    )
    .of_mode(Mode::AndroidPersonallyOwnedWorkProfile),
];

const fn ios(
    id: &'static str,
    promise: &'static str,
    tries: &'static [&'static str],
    write: fn(&mut Scene),
) -> Case {
    agent_case(id, promise, tries, write).of(Profile::Ios).of_mode(Mode::AppleAutomatedDevice)
}

const fn android(
    id: &'static str,
    promise: &'static str,
    tries: &'static [&'static str],
    write: fn(&mut Scene),
) -> Case {
    agent_case(id, promise, tries, write).of(Profile::Android).of_mode(Mode::AndroidFullyManaged)
}

fn with_passcode(make: &mut Make) {
    make.passcode = Presence::Set;
}

fn without_passcode(make: &mut Make) {
    make.passcode = Presence::NotSet;
}

fn has_passcode(outcome: &Outcome, presence: Presence) -> bool {
    matches!(outcome, Outcome::Acknowledged(Answer::Status(it)) if it.passcode == presence)
}
