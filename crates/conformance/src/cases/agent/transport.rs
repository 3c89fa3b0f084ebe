//! How a device connects (docs/protocol/transport.md).

use core::time::Duration;

use muster_protocol::CloseCode;

use crate::case::{Case, agent_case};
use crate::scene::{Answered, Ask};
use crate::script::{Ending, Guise};

/// Longer than a device may take to send a PING, and the suite as a server to be impatient.
const QUIET: Duration = Duration::from_secs(5 * 60);

/// Shortly before the idle timeout of the protocol.
const ALMOST_IDLE: Duration = Duration::from_secs(140);

pub(crate) const CASES: &[Case] = &[
    agent_case(
        "MDM-TRANSPORT-101",
        "a device offers one protocol, X25519 and AES-128 with its first words",
        &["REQ-TRANSPORT-002", "REQ-TRANSPORT-003", "REQ-TRANSPORT-004"],
        |s| {
            let phone = s.summons();
            let line = s.gets_enrolled(phone);
            let managed = s.comes_for_management(phone);
            for line in [line, managed] {
                s.has_come(line, "a share of X25519, so that nothing is asked twice", |it| {
                    it.greetings == 1 && it.offers_x25519
                });
                s.has_come(line, "TLS_AES_128_GCM_SHA256 among its suites", |it| it.offers_aes_128);
            }
        },
    ),
    agent_case(
        "MDM-TRANSPORT-102",
        "a device does not speak a draft of QUIC",
        &["REQ-TRANSPORT-001"],
        |s| {
            s.listens(Guise::OfADraft);
            s.summons();
            s.nobody_comes();
            // They stay away from the draft, not from everything. The first may have given up.
            s.is_gone();
            s.listens(Guise::Own);
            let other = s.summons();
            s.comes_to_enrol(other);
        },
    ),
    agent_case(
        "MDM-TRANSPORT-103",
        "a device says nothing before its handshake is over, even if it could",
        &["REQ-TRANSPORT-006"],
        |s| {
            s.listens(Guise::WithTickets);
            let (phone, line) = s.settled();
            s.closes(line, CloseCode::RetryLater);
            let again = s.is_served(phone);
            for line in [line, again] {
                s.has_come(line, "nothing in early data", |it| !it.spoke_early);
            }
        },
    ),
    agent_case(
        "MDM-TRANSPORT-104",
        "a device opens one stream and says everything on it",
        &["REQ-TRANSPORT-007"],
        |s| {
            let (phone, line) = s.settled();
            for _ in 0..3 {
                let command = s.asks(line, phone, Ask::Report);
                s.is_answered_with(line, command, "any outcome", |_outcome| true);
            }
            s.still_stands(line);
        },
    ),
    agent_case(
        "MDM-TRANSPORT-105",
        "a device takes a frame in many pieces, and two frames in one",
        &["REQ-TRANSPORT-010"],
        |s| {
            let (phone, line) = s.settled();
            let pieces = s.thinks_of_lock(phone);
            s.hands_out_in_pieces(line, pieces, 1);
            s.is_answered(line, pieces, Answered::Acknowledged);
            let both = [s.thinks_of_lock(phone), s.thinks_of_lock(phone)];
            s.hands_out_together(line, both);
            for command in both {
                s.is_answered(line, command, Answered::Acknowledged);
            }
        },
    ),
    agent_case(
        "MDM-TRANSPORT-106",
        "a device that stays connected pings within a minute of silence",
        &["REQ-TRANSPORT-013"],
        |s| {
            s.listens(Guise::Impatient);
            let (phone, line) = s.settled();
            s.waits(QUIET);
            s.still_stands(line);
            let command = s.asks(line, phone, Ask::Lock);
            s.is_answered(line, command, Answered::Acknowledged);
        },
    ),
    agent_case(
        "MDM-TRANSPORT-107",
        "a device announces an idle timeout of 150 seconds",
        &["REQ-TRANSPORT-012"],
        |s| {
            let (_phone, line) = s.settled();
            s.is_gone();
            s.waits(ALMOST_IDLE);
            s.still_stands(line);
            s.ends_as(line, Ending::TimedOut, Duration::from_secs(25));
        },
    ),
    agent_case(
        "MDM-TRANSPORT-108",
        "a device takes a stateless reset for a lost connection, and comes back",
        &["REQ-TRANSPORT-022", "REQ-CLOSE-006"],
        |s| {
            let (phone, _line) = s.settled();
            s.is_gone();
            s.listens(Guise::Own);
            // Its next PING is answered with the reset.
            s.waits(Duration::from_secs(61));
            s.is_served(phone);
        },
    ),
    agent_case(
        "MDM-TRANSPORT-109",
        "a device gives up a handshake that is not complete after ten seconds, and tries again",
        &["REQ-TRANSPORT-016"],
        |s| {
            s.listens(Guise::Silent);
            s.summons();
            s.has_knocked(1, Duration::from_secs(15));
            s.waits(Duration::from_secs(15));
            s.has_knocked(2, Duration::from_secs(1));
        },
    ),
];
