//! How a device reads and writes values (docs/protocol/encoding.md).

use alloc::string::ToString as _;
use alloc::vec::Vec;

use muster_protocol::{AndroidRequest, AppleRequest, CloseCode, Mode, Request};

use crate::case::{Case, agent_case};
use crate::requirement::Profile;
use crate::scene::{Answered, Ask, Scene, frame, longer, patched};
use crate::script::Line;

/// Where the attempt stands in a Command: behind the id.
const ATTEMPT: usize = 16;

/// Where the policy begins in a Welcome of minor 2 at the point of time this suite sends: behind the
/// minor.
const POLICY_BYTES: usize = 3;

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-ROBUST-131",
        "a device writes every number in its shortest form",
        &["REQ-ENCODE-001", "REQ-ENCODE-010"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            for attempt in [1, 250, 251, 70_000] {
                s.hands_out(line, command, attempt);
                s.is_answered(line, command, Answered::Acknowledged);
            }
            s.has_heard_shortest_forms();
        },
    ),
    agent_case(
        "MDM-ROBUST-132",
        "a device reads a number in a longer form than it needs",
        &["REQ-ENCODE-002"],
        |s| {
            let (phone, line) = s.settled();
            let command = s.thinks_of_lock(phone);
            let what = "a Command whose attempt takes three bytes";
            s.hands_out_in_bytes(line, (command, what), |it| patched(&it, ATTEMPT, &[251, 1, 0]));
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
    agent_case(
        "MDM-ROBUST-133",
        "a device refuses a marker of 8 bytes in a number of 4",
        &["REQ-ENCODE-003", "REQ-FRAME-014"],
        |s| attempt_refused(s, "a Command whose attempt has the marker 253", &EIGHT_BYTES),
    ),
    agent_case(
        "MDM-ROBUST-134",
        "a device refuses a marker nobody has defined",
        &["REQ-ENCODE-003", "REQ-FRAME-014"],
        |s| attempt_refused(s, "a Command whose attempt has the marker 255", &[255]),
    ),
    agent_case(
        "MDM-ROBUST-135",
        "a device reads a byte above 250 as one byte",
        &["REQ-ENCODE-005"],
        |s| {
            let (phone, line) = s.settled();
            // Too long a time to play a sound, and no mistake of framing.
            let request = AndroidRequest::PlayLostModeSound { duration_minutes: 252 };
            let command = s.asks_android(line, phone, request);
            s.is_answered_with(line, command, "any outcome but CommandFormatError", |outcome| {
                *outcome != muster_protocol::Outcome::CommandFormatError
            });
        },
    )
    .of(Profile::Android)
    .of_mode(Mode::AndroidFullyManaged),
    agent_case(
        "MDM-ROBUST-136",
        "a device refuses an option that is neither there nor not",
        &["REQ-ENCODE-006"],
        |s| policy_refused(s, "Welcome with an option byte of 2", &[2, 0, 1]),
    ),
    agent_case(
        "MDM-ROBUST-137",
        "a device refuses a variant in a policy that it does not know",
        &["REQ-ENCODE-008"],
        |s| policy_refused(s, "Welcome with variant 7 of ActivationLockPolicy", &[0, 0, 7]),
    ),
    agent_case(
        "MDM-ROBUST-138",
        "a device refuses text that is not UTF-8",
        &["REQ-ENCODE-007", "REQ-FRAME-013"],
        |s| {
            text_refused(s, "a DeviceLock whose message is no UTF-8", |mut bytes| {
                if let Some(last) = bytes.last_mut() {
                    *last = 0xff;
                }
                bytes
            });
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
    agent_case(
        "MDM-ROBUST-139",
        "a device refuses a length that goes beyond the message",
        &["REQ-ENCODE-009", "REQ-FRAME-013"],
        |s| {
            text_refused(s, "a DeviceLock whose message is said to have 2^63 bytes", |bytes| {
                let without = frame(0x92, bytes.get(5..bytes.len() - 3).unwrap_or_default());
                longer(&without, &[253, 0, 0, 0, 0, 0, 0, 0, 0x80, b'a'])
            });
        },
    )
    .of(Profile::Ios)
    .of_mode(Mode::AppleAutomatedDevice),
];

/// One as a number of 8 bytes.
const EIGHT_BYTES: [u8; 9] = [253, 1, 0, 0, 0, 0, 0, 0, 0];

fn attempt_refused(s: &mut Scene, what: &'static str, attempt: &'static [u8]) {
    let (phone, line) = s.settled();
    let command = s.thinks_of_lock(phone);
    s.hands_out_in_bytes(line, (command, what), move |it| patched(&it, ATTEMPT, attempt));
    s.closed_with(line, CloseCode::BadFrame);
}

/// The policy ends a Welcome.
fn policy_refused(s: &mut Scene, what: &'static str, policy: &'static [u8]) {
    let phone = s.summons();
    s.gets_enrolled(phone);
    let line: Line = s.comes_for_management(phone);
    s.says_hello(line, phone);
    s.welcomes_in_bytes(line, what, move |bytes| {
        let before = bytes.get(5..bytes.len() - POLICY_BYTES).unwrap_or_default();
        frame(0x90, &[before, policy].concat())
    });
    s.closed_with(line, CloseCode::BadFrame);
}

/// An iPhone is asked to show a text of two bytes that this has had its way with.
fn text_refused(
    s: &mut Scene,
    what: &'static str,
    change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    let (phone, line) = s.settled();
    let command = s.thinks_of(phone, |_stage| {
        Request::Apple(AppleRequest::DeviceLock { message: Some("hi".to_string()) })
    });
    s.hands_out_in_bytes(line, (command, what), change);
    s.is_answered(line, command, Answered::FormatError);
    let again = s.asks(line, phone, Ask::Lock);
    s.is_answered(line, again, Answered::Acknowledged);
}
