//! The tour as a table: who, what is done, what has to come of it.
//!
//! Expected outcomes restate the rows of `fixtures/behaviour/`; the demo fails on any other.

use muster_device::UserAction;
use muster_protocol::Mode;

use super::cast::{Role, android, apple, iphone};
use super::outcome::{Expect, Truth};

/// One device and what happens to it.
#[derive(Debug)]
pub(crate) struct Case {
    /// What the case shows.
    pub(crate) name: &'static str,
    /// Who plays.
    pub(crate) role: Role,
    /// What happens, in order.
    pub(crate) script: Vec<Step>,
}

/// One step of a case. Those that expect something make a row of the tour.
#[derive(Debug)]
pub(crate) enum Step {
    /// An administrator asks for an action; the row is what comes of it.
    Ask(&'static str, Expect),
    /// An administrator asks; the row is that it waits.
    AskAndLeave(&'static str),
    /// The action asked for last comes to its end.
    Await(&'static str, Expect),
    /// The user does something; the row is what can be seen then.
    See(&'static str, UserAction, Truth),
    /// The user does something.
    Do(UserAction),
    /// The connection goes.
    Offline,
    /// The connection comes back.
    Online,
    /// The administrator copies the bypass code.
    CopyBypassCode,
    /// Somebody types at Setup Assistant with the user name left blank.
    TypeAtSetup(Code, Truth),
}

/// What is typed as the password at Setup Assistant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code {
    /// The code the administrator copied.
    Copied,
    /// Another code of the right form.
    Wrong,
}

const fn case(name: &'static str, role: Role, script: Vec<Step>) -> Case {
    Case { name, role, script }
}

const fn done(truth: Truth) -> Expect {
    Expect::Ends("done", truth)
}

/// Every case of the tour.
pub(crate) fn cases() -> Vec<Case> {
    [
        wipes(),
        cleared_passcodes(),
        device_passcodes(),
        work_profiles(),
        activation_locks(),
        others(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn wipes() -> Vec<Case> {
    use Step::Ask;
    let byod = android("Pixel 8", Mode::AndroidPersonallyOwnedWorkProfile, 14);
    vec![
        case("wipe an iPhone", iphone(), vec![Ask("wipe", done(Truth::EnrolledAnew))]),
        case(
            "wipe fully managed",
            android("Pixel 8", Mode::AndroidFullyManaged, 14),
            vec![Ask("wipe", done(Truth::EnrolledAnew))],
        ),
        case("wipe refused: personally owned", byod, vec![Ask("wipe", Expect::Refused)]),
    ]
}

fn cleared_passcodes() -> Vec<Case> {
    use Step::{Ask, Do};
    vec![
        case("clear passcode", iphone(), vec![Ask("resetPasscode", done(Truth::PasscodeRemoved))]),
        case(
            "clear passcode refused: User Enrollment",
            apple("iPhone14,5", Mode::AppleUser),
            vec![Ask("resetPasscode", Expect::Refused)],
        ),
        case(
            "wrong unlock token: only a wipe helps",
            iphone(),
            vec![
                Do(UserAction::RestoreFromBackup),
                Ask("resetPasscode", Expect::Ends("failed", Truth::PasscodeKept)),
                Ask("wipe", done(Truth::EnrolledAnew)),
                Ask("resetPasscode", done(Truth::PasscodeRemoved)),
            ],
        ),
    ]
}

fn device_passcodes() -> Vec<Case> {
    use Step::Ask;
    let reset = || vec![Ask("resetPasscode", done(Truth::TemporaryPasscodeOpens))];
    let administrator = |version| android("Galaxy S7", Mode::AndroidDeviceAdministrator, version);
    let aosp = || android("RealWear Navigator", Mode::AospUserAssociated, 12);
    vec![
        case("device passcode: Android 6 administrator", administrator(6), reset()),
        case(
            "device passcode refused: Android 7 administrator",
            administrator(7),
            vec![Ask("resetPasscode", Expect::Refused)],
        ),
        case(
            "device passcode: dedicated",
            android("Zebra TC52", Mode::AndroidDedicated, 13),
            reset(),
        ),
        case("device passcode: AOSP", aosp(), reset()),
        case(
            "device passcode: AOSP without a policy",
            aosp().without_policy(),
            vec![Ask("resetPasscode", Expect::Ends("failed", Truth::PasscodeKept))],
        ),
    ]
}

fn work_profiles() -> Vec<Case> {
    use Step::Ask;
    let byod = |version| {
        android("Pixel 8", Mode::AndroidPersonallyOwnedWorkProfile, version).with_work_password()
    };
    vec![
        case(
            "work profile: token active",
            byod(14),
            vec![Ask("resetPasscode", done(Truth::TemporaryPasscodeOpens))],
        ),
        case(
            "work profile: prompt never accepted",
            byod(14).ignoring_prompts(),
            vec![Ask("resetPasscode", Expect::Ends("notSupported", Truth::Nothing))],
        ),
        case(
            "work profile: no password policy",
            byod(14).without_policy(),
            vec![Ask("resetPasscode", Expect::Ends("failed", Truth::Nothing))],
        ),
        case(
            "work profile refused: Android 7",
            byod(7),
            vec![Ask("resetPasscode", Expect::Refused)],
        ),
        case(
            "work profile: corporate owned",
            android("Galaxy A54", Mode::AndroidCorporateOwnedWorkProfile, 13).with_work_password(),
            vec![Ask("resetPasscode", done(Truth::TemporaryPasscodeOpens))],
        ),
    ]
}

fn activation_locks() -> Vec<Case> {
    use Step::{Ask, CopyBypassCode, See, TypeAtSetup};
    let find_my = UserAction::StartFindMy;
    vec![
        case(
            "Activation Lock off, then Find My again",
            iphone().with_find_my(),
            vec![
                Ask("bypassActivationLock", done(Truth::LockOff)),
                See("user starts Find My", find_my, Truth::LockOn),
            ],
        ),
        case(
            "Activation Lock refused: unsupervised",
            apple("iPhone14,5", Mode::AppleDevice).with_find_my(),
            vec![Ask("bypassActivationLock", Expect::Refused)],
        ),
        case(
            "wiped and locked at Setup Assistant",
            apple("iPad14,1", Mode::AppleAutomatedDevice).with_find_my(),
            vec![
                CopyBypassCode,
                Ask("wipe", done(Truth::AsksForOwner)),
                TypeAtSetup(Code::Wrong, Truth::AsksForOwner),
                TypeAtSetup(Code::Copied, Truth::EnrolledAnew),
            ],
        ),
    ]
}

fn others() -> Vec<Case> {
    use Step::{Ask, AskAndLeave, Await, Do, Offline, Online};
    let aosp = || android("RealWear Navigator", Mode::AospUserless, 12);
    vec![
        case("remote lock: AOSP", aosp(), vec![Ask("remoteLock", done(Truth::Nothing))]),
        case(
            "remote lock: AOSP without a policy",
            aosp().without_policy(),
            vec![Ask("remoteLock", Expect::Ends("failed", Truth::Nothing))],
        ),
        case("sync", iphone(), vec![Ask("syncDevice", done(Truth::Nothing))]),
        case(
            "offline when asked, then online",
            android("Pixel 7", Mode::AndroidFullyManaged, 13),
            vec![
                Offline,
                AskAndLeave("syncDevice"),
                Online,
                Await("syncDevice", done(Truth::Nothing)),
            ],
        ),
        case(
            "NotNow while locked",
            iphone().locked(),
            vec![
                AskAndLeave("syncDevice"),
                Ask("remoteLock", done(Truth::Nothing)),
                Do(UserAction::Unlock),
                Await("syncDevice", done(Truth::Nothing)),
            ],
        ),
        case("retire", iphone(), vec![Ask("retire", done(Truth::LeftManagement))]),
    ]
}
