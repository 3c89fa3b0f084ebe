//! The kinds of trouble a drawn world may have.

use core::time::Duration;

use muster_protocol::seed::Stream;

use super::{pick, seconds};
use crate::fault::{Condition, Fault, Handshake, Moment, Trigger};
use crate::link::Way;
use crate::plan::UserDoes;

/// One thing that happens to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Fault(Fault, Trigger),
    User(UserDoes),
}

/// Draws one of a kind.
pub(super) type Kind = fn(&mut Stream) -> Trouble;

/// Draws one of a kind that strikes the server.
type ServerKind = fn(&mut Stream) -> (Fault, Trigger);

/// Everything that can go wrong with one device.
pub(super) const KINDS: [Kind; 26] = [
    |_| now(Fault::Cut),
    |draws| now(Fault::BlackHole { lasts: seconds(draws, 1, 200) }),
    |draws| now(Fault::OneWay { way: pick(draws, &Way::BOTH), lasts: seconds(draws, 1, 200) }),
    |draws| now(Fault::Offline { lasts: seconds(draws, 1, 1_200) }),
    |draws| {
        let lasts = seconds(draws, 10, 600);
        now(Fault::Loss { hits: 1 + low(draws, 8), of: 10, lasts })
    },
    |draws| {
        let (delay, jitter) = (millis(draws, 3_000), millis(draws, 5_000));
        now(Fault::Latency { delay, jitter, lasts: seconds(draws, 10, 600) })
    },
    |_| now(Fault::Duplicate),
    |_| now(Fault::Overlap),
    |draws| {
        let stage = pick(draws, &[Handshake::Asked, Handshake::Answered]);
        now(Fault::HandshakeLost { stage })
    },
    |_| Trouble::Fault(Fault::Cut, Trigger::After(Moment::Answering)),
    |_| Trouble::Fault(Fault::Cut, Trigger::After(Moment::Committed)),
    |draws| {
        let odds = Trigger::Odds { moment: Moment::Answering, hits: 1, of: 2 + low(draws, 10) };
        Trouble::Fault(Fault::Cut, odds)
    },
    |_| now(Fault::RepeatAnswer),
    |_| now(Fault::Contradict),
    |_| now(Fault::OldAttempt),
    |_| now(Fault::StrayAnswer),
    |_| now(Fault::ForeignAnswer),
    |_| now(Fault::AgentCrash),
    |_| Trouble::Fault(Fault::AgentCrash, Trigger::After(Moment::Executed)),
    |draws| {
        let moment = pick(draws, &CRASH_POINTS);
        let trigger = Trigger::Nth { moment, nth: 1 + low(draws, 6) };
        Trouble::Fault(Fault::AgentCrash, trigger)
    },
    |draws| {
        let (delay, lasts) = (seconds(draws, 1, 20), seconds(draws, 10, 600));
        now(Fault::Slow { delay, lasts })
    },
    |draws| now(Fault::DeviceClock { ahead: seconds(draws, 1, 86_400) }),
    |draws| rarely(draws, now(Fault::Clone)),
    |draws| rarely(draws, now(Fault::TokenRefused)),
    |draws| Trouble::User(pick(draws, &UserDoes::ALL)),
    |draws| {
        let does = pick(draws, &UserDoes::ALL);
        let moment = pick(draws, &[Moment::CommandArrives, Moment::Executed, Moment::Answered]);
        let when = [Trigger::After(moment), Trigger::When(Condition::Lost)];
        Trouble::Fault(Fault::User { does }, pick(draws, &when))
    },
];

/// Everything that can go wrong with the server: in one of so many worlds, up to so often.
pub(super) const SERVER_KINDS: [(u64, u64, ServerKind); 6] = [
    (2, 6, |draws| (Fault::ServerCrash { lasts: seconds(draws, 1, 300) }, Trigger::AtOnce)),
    (3, 6, |draws| {
        let moment = pick(draws, &[Moment::Committing, Moment::Committed]);
        let trigger = Trigger::Nth { moment, nth: 1 + low(draws, 12) };
        (Fault::ServerCrash { lasts: seconds(draws, 1, 60) }, trigger)
    }),
    (3, 4, |draws| (Fault::ServiceDown { lasts: seconds(draws, 1, 600) }, Trigger::AtOnce)),
    (3, 4, |draws| (Fault::DiskFull { lasts: seconds(draws, 1, 120) }, Trigger::AtOnce)),
    (4, 4, |draws| (Fault::ServerBusy { lasts: seconds(draws, 1, 120) }, Trigger::AtOnce)),
    (6, 3, |draws| (Fault::ServerClock { ahead: seconds(draws, 1, 7_200) }, Trigger::AtOnce)),
];

/// Where an agent can die.
const CRASH_POINTS: [Moment; 6] = [
    Moment::Output,
    Moment::Persisting,
    Moment::Persisted,
    Moment::Executed,
    Moment::Answering,
    Moment::Answered,
];

const fn now(fault: Fault) -> Trouble {
    Trouble::Fault(fault, Trigger::AtOnce)
}

/// What ends a device, or doubles it, would hide the rest if it were common.
fn rarely(draws: &mut Stream, trouble: Trouble) -> Trouble {
    if draws.chance(1, 8) { trouble } else { now(Fault::Cut) }
}

fn low(draws: &mut Stream, bound: u64) -> u32 {
    u32::try_from(draws.below(bound)).unwrap_or(0)
}

pub(super) fn millis(draws: &mut Stream, most: u64) -> Duration {
    Duration::from_millis(draws.below(most + 1))
}
