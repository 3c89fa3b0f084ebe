//! Devices that are woken, as far as a device sees it (docs/protocol/push.md).

use alloc::string::String;

use muster_protocol::management::ToServer;
use muster_protocol::{PushService, PushTarget, PushUpdate};

use crate::case::{Case, case};
use crate::hook::Errand;
use crate::requirement::Profile;
use crate::scene::Scene;
use crate::script::{Line, Phone, Power};

pub(crate) const CASES: &[Case] = &[
    case(
        "MDM-PUSH-001",
        "where a device can be woken is stored before its Idle is answered",
        &["REQ-PUSH-002"],
        |s| {
            let (phone, _line) = woken(s);
            is_reachable(s, phone, Reach::Yes);
        },
    )
    .of(Profile::Push),
    case("MDM-PUSH-002", "where a device can be woken outlives a kill", &["REQ-PUSH-002"], |s| {
        let (phone, _line) = woken(s);
        s.target(Power::Kill);
        s.target(Power::Start);
        is_reachable(s, phone, Reach::Yes);
    })
    .of(Profile::Push),
    case(
        "MDM-PUSH-003",
        "a woken device is handed nothing after Empty until its next Idle",
        &["REQ-PUSH-008"],
        |s| {
            let (phone, line) = woken(s);
            let command = s.enqueues(phone, Errand::RemoteLock);
            s.hears_nothing_more(line, phone);
            s.idles(line);
            s.hears_command(line, command, 1);
        },
    )
    .of(Profile::Push),
    case(
        "MDM-PUSH-004",
        "a command for a woken device that has left comes on its next connection",
        &["REQ-QUEUE-001", "REQ-PUSH-002"],
        |s| {
            let (phone, line) = woken(s);
            s.leaves(line);
            let command = s.enqueues(phone, Errand::RemoteLock);
            let line = s.takes(phone, command, 1);
            s.acknowledges(line, command);
            s.hears_nothing_more(line, phone);
            s.leaves(line);
        },
    )
    .of(Profile::Push),
    case(
        "MDM-PUSH-005",
        "a device that says it cannot be woken is not woken",
        &["REQ-PUSH-002"],
        |s| {
            let (phone, line) = woken(s);
            s.says(line, |_stage| ToServer::PushUpdate(PushUpdate { target: None }));
            s.idles(line);
            s.hears_empty(line);
            is_reachable(s, phone, Reach::No);
        },
    )
    .of(Profile::Push),
    case(
        "MDM-PUSH-006",
        "the newest target counts, however often it is said",
        &["REQ-PUSH-002"],
        |s| {
            let (phone, line) = woken(s);
            for magic in ["one", "two", "two", "three"] {
                says_where(s, line, magic);
            }
            s.idles(line);
            s.hears_empty(line);
            is_reachable(s, phone, Reach::Yes);
        },
    )
    .of(Profile::Push),
    case(
        "MDM-PUSH-007",
        "a new life cannot be woken where the former could",
        &["REQ-ENROL-013", "REQ-PUSH-002"],
        |s| {
            let (phone, _line) = woken(s);
            let reborn = s.reborn(phone);
            s.enrols(reborn);
            let _line = s.ready(reborn);
            is_reachable(s, reborn, Reach::No);
        },
    )
    .of(Profile::Push),
];

/// A device that has said where it can be woken, and waits.
fn woken(s: &mut Scene) -> (Phone, Line) {
    let phone = s.enrolled();
    let line = s.welcomed(phone);
    says_where(s, line, "the word of its server");
    s.idles(line);
    s.hears_empty(line);
    (phone, line)
}

fn says_where(s: &mut Scene, line: Line, magic: &'static str) {
    s.says(line, move |stage| {
        let drawn = stage.seed.child("push", 0).stream().next_u64();
        let target = PushTarget {
            service: PushService::Apns,
            topic: String::from("com.apple.mgmt.External.conformance"),
            token: alloc::format!("{drawn:064x}"),
            magic: magic.replace(' ', "-"),
        };
        ToServer::PushUpdate(PushUpdate { target: Some(target) })
    });
}

/// Whether a device can be woken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Yes,
    No,
}

fn is_reachable(s: &mut Scene, phone: Phone, wanted: Reach) {
    let expected = match wanted {
        Reach::Yes => "the device can be woken",
        Reach::No => "the device cannot be woken",
    };
    s.is_known(phone, expected, move |found| Some(found.can_be_woken? == (wanted == Reach::Yes)));
}
