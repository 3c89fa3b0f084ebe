//! What a server asks a device for (docs/protocol/messages.md).

use muster_protocol::{AndroidRequest, AppleRequest, Mode, Request};

use crate::case::{Case, case};
use crate::hook::{Errand, Refusal, Stand};
use crate::requirement::Profile;
use crate::scene::{Scene, Secrets};
use crate::script::Phone;

/// What ends the management of an Apple device.
const MANAGEMENT_PROFILE: &str = "com.muster.mdm";

pub(crate) const CASES: &[Case] = &[
    case("MDM-COMMAND-001", "an iPhone is locked with DeviceLock", &["REQ-QUEUE-015"], |s| {
        is_asked(s, Scene::iphone, Errand::RemoteLock, |request| {
            matches!(request, Request::Apple(AppleRequest::DeviceLock { .. }))
        });
    })
    .of(Profile::Ios),
    case("MDM-COMMAND-002", "an iPhone reports for SecurityInfo", &["REQ-QUEUE-015"], |s| {
        is_asked(s, Scene::iphone, Errand::SyncDevice, |request| {
            matches!(request, Request::Apple(AppleRequest::SecurityInfo))
        });
    })
    .of(Profile::Ios),
    case("MDM-COMMAND-003", "an iPhone is wiped with EraseDevice", &["REQ-QUEUE-015"], |s| {
        is_asked(s, Scene::iphone, Errand::Wipe, |request| {
            matches!(request, Request::Apple(AppleRequest::EraseDevice { .. }))
        });
    })
    .of(Profile::Ios),
    case(
        "MDM-COMMAND-004",
        "an iPhone is retired with the removal of its management profile",
        &["REQ-QUEUE-015"],
        |s| {
            is_asked(s, Scene::iphone, Errand::Retire, |request| {
                matches!(
                    request,
                    Request::Apple(AppleRequest::RemoveProfile { identifier })
                        if identifier == MANAGEMENT_PROFILE
                )
            });
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-COMMAND-005",
        "an unlock token comes back byte for byte",
        &["REQ-SESSION-024", "REQ-QUEUE-015"],
        |s| {
            let phone = s.iphone();
            s.enrols(phone);
            let line = s.ready(phone);
            s.hands_over(line, phone, Secrets::UNLOCK);
            s.hears_the_acknowledgement(line, phone);
            let command = s.enqueues(phone, Errand::ResetPasscode);
            s.hears_command(line, command, 1);
            s.is_asked(command, "ClearPasscode with the token it handed over", |request| {
                matches!(
                    request,
                    Request::Apple(AppleRequest::ClearPasscode { unlock_token })
                        if Some(unlock_token.expose().as_slice()) == Secrets::UNLOCK.unlock_token
                )
            });
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-COMMAND-006",
        "a bypass code comes back letter for letter",
        &["REQ-SESSION-024", "REQ-QUEUE-015"],
        |s| {
            let phone = s.iphone();
            s.enrols(phone);
            let line = s.ready(phone);
            s.hands_over(line, phone, Secrets::BYPASS);
            s.hears_the_acknowledgement(line, phone);
            let command = s.enqueues(phone, Errand::BypassActivationLock);
            s.hears_command(line, command, 1);
            s.is_asked(command, "DisableActivationLock with the code it handed over", |request| {
                matches!(
                    request,
                    Request::Apple(AppleRequest::DisableActivationLock { bypass_code })
                        if Some(bypass_code.expose().as_str()) == Secrets::BYPASS.bypass_code
                )
            });
        },
    )
    .of(Profile::Ios),
    case(
        "MDM-COMMAND-007",
        "a secret that nobody handed over is not made up",
        &["REQ-SESSION-024"],
        |s| {
            let phone = s.iphone();
            s.enrols(phone);
            let line = s.ready(phone);
            let command = s.enqueues(phone, Errand::ResetPasscode);
            s.comes_to(command, Stand::Failed);
            s.hears_nothing_more(line, phone);
        },
    )
    .of(Profile::Ios),
    case("MDM-COMMAND-008", "an Android is locked with LOCK", &["REQ-QUEUE-015"], |s| {
        is_asked(s, Scene::android, Errand::RemoteLock, |request| {
            matches!(request, Request::Android(AndroidRequest::Lock))
        });
    })
    .of(Profile::Android),
    case(
        "MDM-COMMAND-009",
        "an Android reports for REQUEST_DEVICE_INFO",
        &["REQ-QUEUE-015"],
        |s| {
            is_asked(s, Scene::android, Errand::SyncDevice, |request| {
                matches!(request, Request::Android(AndroidRequest::RequestDeviceInfo))
            });
        },
    )
    .of(Profile::Android),
    case("MDM-COMMAND-010", "an Android is wiped with WIPE", &["REQ-QUEUE-015"], |s| {
        is_asked(s, Scene::android, Errand::Wipe, |request| {
            matches!(request, Request::Android(AndroidRequest::Wipe { .. }))
        });
    })
    .of(Profile::Android),
    case(
        "MDM-COMMAND-011",
        "a dedicated Android gets another passcode for the whole device",
        &["REQ-QUEUE-015"],
        |s| resets(s, Mode::AndroidDedicated, muster_protocol::command::PasswordScope::Device),
    )
    .of(Profile::Android),
    case(
        "MDM-COMMAND-012",
        "an Android with a work profile gets another password for that",
        &["REQ-QUEUE-015"],
        |s| {
            let scope = muster_protocol::command::PasswordScope::Profile;
            resets(s, Mode::AndroidPersonallyOwnedWorkProfile, scope);
        },
    )
    .of(Profile::Android),
    case(
        "MDM-COMMAND-013",
        "an Android with a work profile is retired with RELINQUISH_OWNERSHIP",
        &["REQ-QUEUE-015"],
        |s| {
            let phone = s.phone_of(Mode::AndroidPersonallyOwnedWorkProfile);
            is_asked_of(s, phone, Errand::Retire, |request| {
                matches!(request, Request::Android(AndroidRequest::RelinquishOwnership))
            });
        },
    )
    .of(Profile::Android),
    case(
        "MDM-COMMAND-014",
        "an Android has no Activation Lock to remove",
        &["REQ-QUEUE-015"],
        |s| {
            let phone = s.android();
            s.enrols(phone);
            let line = s.ready(phone);
            s.is_refused(phone, Errand::BypassActivationLock, &[Refusal::NotAvailable]);
            s.hears_nothing_more(line, phone);
        },
    )
    .of(Profile::Android),
    case("MDM-COMMAND-015", "a device nobody knows gets no command", &["REQ-SECURITY-003"], |s| {
        let phone = s.phone();
        s.is_refused(phone, Errand::SyncDevice, &[Refusal::UnknownDevice, Refusal::NotEnrolled]);
    }),
];

fn is_asked(
    s: &mut Scene,
    phone: fn(&mut Scene) -> Phone,
    errand: Errand,
    is_it: fn(&Request) -> bool,
) {
    let phone = phone(s);
    is_asked_of(s, phone, errand, is_it);
}

/// The device is asked for this, and its answer is taken.
fn is_asked_of(s: &mut Scene, phone: Phone, errand: Errand, is_it: fn(&Request) -> bool) {
    s.enrols(phone);
    let command = s.enqueues(phone, errand);
    let line = s.takes(phone, command, 1);
    s.is_asked(command, "the request of its own platform", is_it);
    s.acknowledges(line, command);
    s.comes_to(command, Stand::Done);
}

fn resets(s: &mut Scene, mode: Mode, wanted: muster_protocol::command::PasswordScope) {
    let phone = s.phone_of(mode);
    s.enrols(phone);
    let command = s.enqueues(phone, Errand::ResetPasscode);
    let line = s.takes(phone, command, 1);
    s.is_asked(command, "RESET_PASSWORD of the right scope", move |request| {
        matches!(request, Request::Android(AndroidRequest::ResetPassword { scope }) if *scope == wanted)
    });
    s.acknowledges(line, command);
    s.comes_to(command, Stand::Done);
}
