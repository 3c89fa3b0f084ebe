//! What a device does after each way a connection can end (docs/protocol/close-codes.md).

use muster_protocol::CloseCode;

use crate::case::{Case, agent_case};
use crate::scene::Scene;

/// A code nobody has defined.
const NEW: u32 = 0x77;

/// A device that was told this while it enrolled asks no more.
macro_rules! asks_no_more {
    ($id:literal, $code:ident) => {
        agent_case(
            $id,
            concat!("a device that was told ", stringify!($code), " does not ask to enrol again"),
            &["REQ-CLOSE-003"],
            |s| {
                let phone = s.summons();
                s.is_turned_away(phone, CloseCode::$code);
                s.nobody_comes();
            },
        )
    };
}

/// A device that was told this in a session stays away.
macro_rules! stays_away {
    ($id:literal, $code:ident) => {
        agent_case(
            $id,
            concat!("a device that was told ", stringify!($code), " does not come back by itself"),
            &["REQ-CLOSE-003"],
            |s| {
                let (_phone, line) = s.settled();
                s.closes(line, CloseCode::$code);
                s.nobody_comes();
            },
        )
    };
}

/// A device that was told this in a session comes back.
macro_rules! comes_back {
    ($id:literal, $code:ident) => {
        agent_case(
            $id,
            concat!("a device that was told ", stringify!($code), " comes back and is served"),
            &["REQ-SESSION-019"],
            |s| {
                let (phone, line) = s.settled();
                s.closes(line, CloseCode::$code);
                s.is_served(phone);
            },
        )
    };
}

pub(crate) const CASES: &[Case] = &[
    asks_no_more!("MDM-ENROL-121", TokenUnknown),
    asks_no_more!("MDM-ENROL-122", TokenExpired),
    asks_no_more!("MDM-ENROL-123", TokenUsed),
    asks_no_more!("MDM-ENROL-124", BadCsr),
    asks_no_more!("MDM-ENROL-125", BadFacts),
    asks_no_more!("MDM-ENROL-126", FieldTooLarge),
    asks_no_more!("MDM-ENROL-127", UnsupportedVersion),
    agent_case(
        "MDM-ENROL-128",
        "a device that was told FleetFull asks again later",
        &["REQ-ENROL-010"],
        |s| {
            let phone = s.summons();
            s.is_turned_away(phone, CloseCode::FleetFull);
            s.settles(phone);
        },
    ),
    stays_away!("MDM-SESSION-121", Replaced),
    stays_away!("MDM-SESSION-122", FrameTooLarge),
    stays_away!("MDM-SESSION-123", BadFrame),
    stays_away!("MDM-SESSION-124", WrongState),
    stays_away!("MDM-SESSION-125", UnsupportedVersion),
    stays_away!("MDM-SESSION-126", UnexpectedStream),
    stays_away!("MDM-SESSION-127", FieldTooLarge),
    stays_away!("MDM-SESSION-128", CertificateRequired),
    stays_away!("MDM-SESSION-129", NotADeviceCertificate),
    stays_away!("MDM-SESSION-130", WrongDevice),
    comes_back!("MDM-SESSION-131", Done),
    comes_back!("MDM-SESSION-132", RetryLater),
    comes_back!("MDM-SESSION-133", GreetingTimeout),
    comes_back!("MDM-SESSION-134", InternalError),
    agent_case(
        "MDM-SESSION-135",
        "a device takes a code nobody has defined for InternalError, and comes back",
        &["REQ-CLOSE-004"],
        |s| {
            let (phone, line) = s.settled();
            s.closes_with_code(line, NEW);
            s.is_served(phone);
        },
    ),
    agent_case(
        "MDM-SESSION-136",
        "a device that asks to enrol takes a code nobody has defined for InternalError",
        &["REQ-CLOSE-004", "REQ-ENROL-010"],
        |s| {
            let phone = s.summons();
            let line = s.comes_to_enrol(phone);
            s.asks_to_enrol(line, phone);
            s.closes_with_code(line, NEW);
            s.settles(phone);
        },
    ),
    agent_case(
        "MDM-SESSION-137",
        "a device whose stream is given up comes back",
        &["REQ-CLOSE-006"],
        |s| {
            let (phone, line) = s.settled();
            s.resets_its_stream(line);
            s.is_served(phone);
        },
    ),
    agent_case(
        "MDM-SESSION-138",
        "a device that is sent away again and again comes after random delays that grow",
        &["REQ-SESSION-019"],
        delays,
    ),
];

fn delays(s: &mut Scene) {
    let phone = s.summons();
    s.gets_enrolled(phone);
    let first = s.comes_for_management(phone);
    s.says_hello(first, phone);
    s.closes(first, CloseCode::RetryLater);
    for _ in 0..11 {
        let line = s.comes_for_management(phone);
        s.says_hello(line, phone);
        s.closes(line, CloseCode::RetryLater);
    }
    s.takes_minutes();
    s.has_come_with_growing_delays(first);
}
