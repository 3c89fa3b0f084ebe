//! What a device says in a session, and what it makes of its server's words (docs/protocol/session.md).

use core::time::Duration;

use muster_protocol::command::PasswordScope;
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    ActivationLockPolicy, AndroidRequest, Answer, CloseCode, Mode, Outcome, PasscodeRule, Policy,
};

use crate::case::{Case, agent_case};
use crate::requirement::Profile;
use crate::scene::{Answered, Ask, Cmd, Scene};
use crate::script::{Deed, Line, Make, Phone};

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-SESSION-101",
        "a device says Hello first, and once on a connection",
        &["REQ-SESSION-001", "REQ-SESSION-022"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
            s.closes(line, CloseCode::RetryLater);
            let line = s.is_served(phone);
            s.says_nothing_more(line, phone);
        },
    ),
    agent_case(
        "MDM-SESSION-102",
        "a device does nothing for a server that has not welcomed it",
        &["REQ-CERT-018"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            let line = s.comes_for_management(phone);
            s.says_hello(line, phone);
            let early = s.asks(line, phone, Ask::Lock);
            s.ends_or_stays_silent(line, early);
        },
    ),
    agent_case(
        "MDM-SESSION-103",
        "Empty changes nothing, however often it comes",
        &["REQ-SESSION-007"],
        |s| {
            let (phone, line) = s.settled();
            for _ in 0..3 {
                s.has_nothing(line);
            }
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
    agent_case(
        "MDM-SESSION-104",
        "an Android puts the policy of each Welcome into effect",
        &["REQ-SESSION-005"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            let line = welcomed_with(s, phone, rule(8));
            sets_at_least(s, line, phone, 8);
            s.closes(line, CloseCode::RetryLater);
            let line = welcomed_with(s, phone, rule(14));
            sets_at_least(s, line, phone, 14);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-SESSION-105",
        "an Android puts a policy into effect that comes in between",
        &["REQ-SESSION-023"],
        |s| {
            let (phone, line) = s.settled();
            s.tells(line, |_stage| ToDevice::PolicyUpdate(rule(12)));
            sets_at_least(s, line, phone, 12);
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-SESSION-106",
        "a supervised iPhone puts the Activation Lock of each Welcome into effect",
        &["REQ-SESSION-005"],
        |s| {
            let phone = s.summons_made(s.mode(), find_my);
            s.needs_a_person();
            s.gets_enrolled(phone);
            let line = welcomed_with(s, phone, Policy::NONE);
            s.has_said(line, "no bypass code", |said| !said.iter().any(has_bypass_code));
            s.closes(line, CloseCode::RetryLater);
            let line = welcomed_with(s, phone, locking());
            s.somebody(phone, Deed::StartFindMy);
            s.comes_to_say(line, "a TokenUpdate with a bypass code", has_bypass_code);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-SESSION-107",
        "an iPhone numbers its secrets from 1, and repeats what is not acknowledged",
        &["REQ-SESSION-010", "REQ-SESSION-014"],
        |s| {
            let phone = s.summons();
            s.ignores_secrets();
            let line = s.settles(phone);
            s.has_said(line, "TokenUpdate 1 before its first Idle", |said| numbers(said) == 1);
            s.closes(line, CloseCode::RetryLater);
            let line = s.is_served(phone);
            s.has_said(line, "TokenUpdate 1 again before its first Idle", |said| {
                numbers(said) == 1
            });
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-SESSION-108",
        "an iPhone repeats what is not acknowledged after 30 seconds",
        &["REQ-SESSION-014"],
        |s| {
            let phone = s.summons();
            s.ignores_secrets();
            let line = s.settles(phone);
            s.waits(Duration::from_secs(35));
            s.still_stands(line);
            s.has_said(line, "TokenUpdate 1 twice", |said| {
                said.iter().filter(|it| is_update(it, 1)).count() == 2
            });
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-SESSION-109",
        "an iPhone does not repeat what was acknowledged",
        &["REQ-SESSION-010"],
        |s| {
            let (phone, line) = s.settled();
            // An answer behind the acknowledgement: it has been read.
            s.says_nothing_more(line, phone);
            s.closes(line, CloseCode::RetryLater);
            let line = s.is_served(phone);
            s.has_said(line, "no TokenUpdate", |said| numbers(said) == 0);
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-SESSION-110",
        "a device that has left management ends its stream, and waits for the close",
        &["REQ-SESSION-015"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Retire);
            s.is_answered(line, command, Answered::Acknowledged);
            s.takes_its_leave(line);
            s.closed_within(Duration::from_secs(7), line, CloseCode::Done);
        },
    ),
    agent_case(
        "MDM-SESSION-111",
        "a device reports what has changed in its status",
        &["REQ-SESSION-008"],
        |s| {
            let phone = s.summons_made(s.mode(), without_passcode);
            let line = s.settles(phone);
            s.somebody(phone, Deed::SetPasscode);
            s.comes_to_say(line, "a StatusReport with a passcode", |message| {
                matches!(message, ToServer::StatusReport(it) if it.passcode == Presence::Set)
            });
        },
    ),
    agent_case(
        "MDM-SESSION-112",
        "a device says where it stands in each Hello",
        &["REQ-SESSION-001"],
        |s| {
            let phone = s.summons_made(s.mode(), without_passcode);
            let line = s.settles(phone);
            s.somebody(phone, Deed::SetPasscode);
            s.closes(line, CloseCode::RetryLater);
            let line = s.comes_for_management(phone);
            s.says_hello_with(line, phone, "a Hello with a passcode", |hello| {
                hello.status.passcode == Presence::Set
            });
        },
    ),
    agent_case(
        "MDM-SESSION-113",
        "a device tells a server of minor 0 nothing that came later",
        &["REQ-FRAME-009", "REQ-FRAME-010"],
        |s| {
            let phone = s.summons();
            s.gets_enrolled(phone);
            let line = s.comes_for_management(phone);
            s.says_hello(line, phone);
            s.welcomes_with(line, |welcome| welcome.minor = 0);
            s.is_idle(line);
            s.says_nothing_more(line, phone);
            s.has_said(line, "no PushUpdate", |said| {
                !said.iter().any(|it| matches!(it, ToServer::PushUpdate(_)))
            });
            s.names_one_minor(line, phone);
        },
    ),
    agent_case(
        "MDM-SESSION-114",
        "what a device says keeps to the bounds of the protocol",
        &["REQ-LIMIT-001", "REQ-LIMIT-004"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.asks(line, phone, Ask::Report);
            s.is_answered_with(line, command, "any outcome", |_outcome| true);
            s.has_said(line, "secrets within their bounds", |said| {
                said.iter().all(is_within_bounds)
            });
        },
    )
    .over_modes(),
];

/// Comes, and is welcomed with this policy.
fn welcomed_with(s: &mut Scene, phone: Phone, policy: Policy) -> Line {
    s.has_policy(policy);
    s.is_served(phone)
}

/// A passcode of so many characters at least.
const fn rule(length_min: u8) -> Policy {
    Policy { device_passcode: Some(PasscodeRule { length_min }), ..Policy::NONE }
}

/// A supervised device may lock itself to its user's account.
const fn locking() -> Policy {
    Policy { activation_lock: ActivationLockPolicy::Allowed, ..Policy::NONE }
}

/// The temporary passcode a device makes is as long as policy asks for.
fn sets_at_least(s: &mut Scene, line: Line, phone: Phone, characters: usize) -> Cmd {
    let request = AndroidRequest::ResetPassword { scope: PasswordScope::Device };
    let command = s.asks_android(line, phone, request);
    s.is_answered_with(line, command, "a passcode as long as policy asks for", move |outcome| {
        matches!(outcome, Outcome::Acknowledged(Answer::TemporaryPasscode(passcode))
            if passcode.expose().chars().count() >= characters)
    });
    command
}

fn without_passcode(make: &mut Make) {
    make.passcode = Presence::NotSet;
}

fn find_my(make: &mut Make) {
    make.find_my = Switch::On;
}

fn has_bypass_code(message: &ToServer) -> bool {
    matches!(message, ToServer::TokenUpdate(TokenUpdate { bypass_code: Some(_), .. }))
}

/// The number of the last update of secrets, or 0.
fn numbers(said: &[ToServer]) -> u32 {
    let number = |message: &ToServer| match message {
        ToServer::TokenUpdate(update) => update.sequence,
        ToServer::Hello(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::CommandResult(_)
        | ToServer::PushUpdate(_) => 0,
    };
    said.iter().map(number).max().unwrap_or_default()
}

fn is_update(message: &ToServer, number: u32) -> bool {
    matches!(message, ToServer::TokenUpdate(update) if update.sequence == number)
}

fn is_within_bounds(message: &ToServer) -> bool {
    match message {
        ToServer::TokenUpdate(update) => {
            update.unlock_token.as_ref().is_none_or(|it| it.expose().len() <= 4_096)
                && update.bypass_code.as_ref().is_none_or(|it| it.expose().len() <= 1_024)
        }
        ToServer::Hello(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::CommandResult(_)
        | ToServer::PushUpdate(_) => true,
    }
}
