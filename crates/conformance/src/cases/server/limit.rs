//! Bounds (docs/protocol/limits.md): what is beyond one closes the connection and changes nothing.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use muster_protocol::management::{CommandResult, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::{
    Answer, Attempt, CloseCode, CommandId, ErrorItem, Outcome, PushService, PushTarget, PushUpdate,
};

use crate::case::{Case, case};
use crate::hook::{Errand, Stand};
use crate::requirement::Profile;
use crate::scene::Scene;

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-LIMIT-001",
        "a bypass code above its bound changes nothing",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| {
            secret_refused(s, || TokenUpdate {
                sequence: 1,
                unlock_token: None,
                bypass_code: Some(BypassCode::new("A".repeat(1_025))),
            });
        },
    ),
    case(
        "MDM-LIMIT-002",
        "an unlock token above its bound changes nothing",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| {
            secret_refused(s, || TokenUpdate {
                sequence: 1,
                unlock_token: Some(UnlockToken::new(vec![7; 4_097])),
                bypass_code: None,
            });
        },
    ),
    case("MDM-LIMIT-003", "an unlock token of the largest size is kept", &["REQ-LIMIT-002"], |s| {
        let (phone, line) = s.ready_phone();
        s.says(line, |_stage| {
            ToServer::TokenUpdate(TokenUpdate {
                sequence: 1,
                unlock_token: Some(UnlockToken::new(vec![7; 4_096])),
                bypass_code: Some(BypassCode::new("A".repeat(1_024))),
            })
        });
        s.hears_acknowledged(line, 1);
        s.is_known(phone, "both secrets are kept", |found| {
            Some(found.holds_unlock_token? && found.holds_bypass_code?)
        });
    }),
    case(
        "MDM-LIMIT-004",
        "an error chain of nine items is refused, and the command goes on",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| answer_refused(s, || Outcome::Error(vec![item(1); 9])),
    ),
    case(
        "MDM-LIMIT-005",
        "a text of an error above its bound is refused, and the command goes on",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| answer_refused(s, || Outcome::Error(vec![item(1_025)])),
    ),
    case(
        "MDM-LIMIT-006",
        "an answer with 65 items is refused, and the command goes on",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| {
            answer_refused(s, || {
                Outcome::Acknowledged(Answer::Profiles(vec![String::from("a"); 65]))
            });
        },
    ),
    case(
        "MDM-LIMIT-007",
        "an error chain of eight items of the largest size ends a command",
        &["REQ-LIMIT-002"],
        |s| {
            let phone = s.enrolled();
            let command = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, command, 1);
            s.answers(line, command, Outcome::Error(vec![item(1_024); 8]));
            s.comes_to(command, Stand::Failed);
        },
    ),
    case(
        "MDM-LIMIT-008",
        "an answer for an unknown command is held to the bounds as well",
        &["REQ-LIMIT-002"],
        |s| {
            let (_phone, line) = s.ready_phone();
            s.says(line, |_stage| {
                let (id, attempt) = (CommandId::from_bytes([0xee; 16]), Attempt::new(1));
                let outcome = Outcome::Error(vec![item(1); 9]);
                ToServer::CommandResult(CommandResult { id, attempt, outcome })
            });
            s.closed_with(line, CloseCode::FieldTooLarge);
        },
    ),
    case(
        "MDM-LIMIT-009",
        "a push target above its bound is refused",
        &["REQ-LIMIT-002", "REQ-LIMIT-005"],
        |s| {
            let (phone, line) = s.ready_phone();
            s.says(line, |_stage| {
                let token = "a".repeat(1_025);
                let (service, topic) = (PushService::Apns, String::from("com.apple.mgmt.a"));
                let target = PushTarget { service, topic, token, magic: String::from("m") };
                ToServer::PushUpdate(PushUpdate { target: Some(target) })
            });
            s.closed_with(line, CloseCode::FieldTooLarge);
            s.is_known(phone, "nobody can wake the device", |found| {
                found.can_be_woken.map(|can| !can)
            });
        },
    )
    .of(Profile::Push),
    case(
        "MDM-LIMIT-010",
        "a payload beyond the decoding budget is refused",
        &["REQ-LIMIT-002"],
        |s| {
            let (_phone, line) = s.ready_phone();
            let mut payload: Vec<u8> = vec![0xee; 16];
            // An Error of 65 000 items without texts: each counts twenty, and takes three bytes.
            payload.extend([1, 1, 0xfb, 0xe8, 0xfd]);
            payload.resize(payload.len() + 60_000, 0);
            s.writes(line, "an error chain of 65 000 items", crate::scene::frame(0x14, &payload));
            s.closed_with(line, CloseCode::BadFrame);
        },
    ),
];

fn secret_refused(s: &mut Scene, update: fn() -> TokenUpdate) {
    let (phone, line) = s.ready_phone();
    s.says(line, move |_stage| ToServer::TokenUpdate(update()));
    s.closed_with(line, CloseCode::FieldTooLarge);
    s.is_known(phone, "no secret is kept", |found| {
        Some(!found.holds_unlock_token? && !found.holds_bypass_code?)
    });
}

fn answer_refused(s: &mut Scene, outcome: fn() -> Outcome) {
    let phone = s.enrolled();
    let command = s.enqueues(phone, Errand::RemoteLock);
    let line = s.takes(phone, command, 1);
    s.answers(line, command, outcome());
    s.closed_with(line, CloseCode::FieldTooLarge);
    let _again = s.takes(phone, command, 2);
}

/// An item whose texts are this long.
fn item(bytes: usize) -> ErrorItem {
    ErrorItem { domain: "d".repeat(bytes), code: -1, description: "t".repeat(bytes) }
}
