//! Whom a device trusts (docs/protocol/certificates.md).

use core::time::Duration;

use muster_protocol::CloseCode;

use crate::case::{Case, agent_case};
use crate::scene::Scene;
use crate::script::{Guise, Paper};

const TRUST: &[&str] = &["REQ-CERT-001", "REQ-SECURITY-007"];

pub(crate) const CASES: &[Case] = &[
    agent_case("MDM-SECURITY-101", "a device tells a server of another CA nothing", TRUST, |s| {
        distrusts(s, Guise::OfAnotherCa)
    }),
    agent_case(
        "MDM-SECURITY-102",
        "a device tells a server of a CA that only has the right name nothing",
        TRUST,
        |s| distrusts(s, Guise::OfAnImpostor),
    ),
    agent_case(
        "MDM-SECURITY-103",
        "a device tells a server whose certificate has ended nothing",
        TRUST,
        |s| distrusts(s, Guise::Expired),
    ),
    agent_case(
        "MDM-SECURITY-104",
        "a device tells a server whose certificate has not begun nothing",
        TRUST,
        |s| distrusts(s, Guise::NotYetValid),
    ),
    agent_case(
        "MDM-SECURITY-105",
        "a device tells a server whose certificate is for clients nothing",
        TRUST,
        |s| distrusts(s, Guise::ForClients),
    ),
    agent_case(
        "MDM-SECURITY-106",
        "a device tells a server whose certificate is for another host nothing",
        TRUST,
        |s| distrusts(s, Guise::OfAnotherName),
    ),
    agent_case(
        "MDM-SECURITY-107",
        "an enrolled device looks at the server's certificate each time it comes",
        TRUST,
        |s| {
            let (_phone, line) = s.settled();
            s.listens(Guise::OfAnotherCa);
            s.closes(line, CloseCode::RetryLater);
            s.turns_back();
        },
    ),
    agent_case(
        "MDM-SECURITY-108",
        "a device that TLS keeps refusing stays away after five attempts at most",
        &["REQ-CERT-015"],
        |s| {
            let phone = s.summons();
            let line = s.comes_to_enrol(phone);
            s.asks_to_enrol(line, phone);
            s.certifies(phone, Paper::Right);
            s.listens(Guise::TrustingNobody);
            s.replies(line, phone);
            s.is_refused_at_most(5, Duration::from_secs(60 * 60));
        },
    ),
];

fn distrusts(s: &mut Scene, guise: Guise) {
    s.listens(guise);
    s.summons();
    s.turns_back();
}
