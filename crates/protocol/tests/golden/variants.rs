//! Every variant of every enum on the wire has a sample. A new variant does not compile here
//! until it is listed, and then fails until a sample is appended.

use std::collections::BTreeSet;

use muster_protocol::command::PasswordScope;
use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{
    ActivationLockPolicy, AndroidRequest, Answer, AppleRequest, LockMessage, Mode, OperatingSystem,
    Outcome, PushService, QueryValue, Request,
};

use crate::samples::{self, Sampled};

/// One function per enum that names a variant, and one that names them all.
macro_rules! variants {
    ($($function:ident($type:ident): $($variant:ident $(($($any:tt)*))? $({$($dots:tt)*})?),+;)*) => {
        $(fn $function(value: &$type) -> String {
            let name = match value {
                $($type::$variant $(($($any)*))? $({$($dots)*})? => stringify!($variant),)+
            };
            format!("{}::{name}", stringify!($type))
        })*

        fn every_variant() -> BTreeSet<String> {
            let mut names = BTreeSet::new();
            $($(names.insert(format!("{}::{}", stringify!($type), stringify!($variant)));)+)*
            names
        }
    };
}

variants! {
    operating_system(OperatingSystem): Ios, IpadOs, Android;
    mode(Mode): AppleDevice, AppleDeviceSupervised, AppleAutomatedDevice, AppleUser,
        AndroidDeviceAdministrator, AndroidPersonallyOwnedWorkProfile,
        AndroidCorporateOwnedWorkProfile, AndroidFullyManaged, AndroidDedicated,
        AospUserAssociated, AospUserless, AppleAccountDrivenDevice, AppleAccountDrivenUser,
        AppleSharedIpad;
    presence(Presence): Set, NotSet;
    switch(Switch): On, Off;
    token(ResetPasswordToken): None, Pending, Active;
    platform_status(PlatformStatus): Apple { .. }, Android { .. };
    activation_lock(ActivationLockPolicy): Allowed, Disallowed;
    to_server(ToServer): Hello(_), TokenUpdate(_), StatusReport(_), Idle, CommandResult(_),
        PushUpdate(_);
    to_device(ToDevice): Welcome(_), TokenUpdateAck { .. }, Command(_), Empty, PolicyUpdate(_);
    request(Request): Apple(_), Android(_);
    apple_request(AppleRequest): EraseDevice { .. }, ClearPasscode { .. }, DeviceLock { .. },
        DisableActivationLock { .. }, SecurityInfo, RemoveProfile { .. }, DeviceInformation { .. },
        RestartDevice, ShutDownDevice, EnableLostMode { .. }, DisableLostMode, DeviceLocation,
        PlayLostModeSound, ActivationLockBypassCode, ClearActivationLockBypassCode,
        Settings { .. }, InstallProfile { .. }, ProfileList, DeviceConfigured,
        InstalledApplicationList, RequestUnlockToken, CertificateList,
        InstallApplication { .. }, ClearRestrictionsPassword, ReturnToService { .. },
        SetDeviceName { .. }, LogOutUser, DeleteUser { .. };
    android_request(AndroidRequest): Wipe { .. }, ResetPassword { .. }, Lock, RequestDeviceInfo,
        RelinquishOwnership, Reboot, StartLostMode { .. }, StopLostMode, ClearAppData { .. },
        LocateDevice, PlayLostModeSound { .. }, SetDeviceName { .. };
    push_service(PushService): Apns, Fcm;
    scope(PasswordScope): Device, Profile;
    outcome(Outcome): Acknowledged(_), Error(_), NotSupported(_), CommandFormatError, NotNow;
    answer(Answer): Done, TemporaryPasscode(_), Locked(_), Status(_), DeviceInformation(_),
        ActivationLockBypassCode(_), Location(_), Profiles(_), Applications(_), Settings(_),
        UnlockToken(_), Certificates(_), ClearedApplications(_);
    query_value(QueryValue): Flag(_), Text(_), MdmOptions { .. }, Percent(_);
    lock_message(LockMessage): Success, NoPasscodeSet;
}

#[test]
fn every_variant_on_the_wire_has_a_sample() {
    let mut seen = Vec::new();
    for sample in samples::all() {
        match &sample.message {
            Sampled::EnrolRequest(message) => {
                seen.push(operating_system(&message.facts.operating_system));
                seen.push(mode(&message.facts.mode));
            }
            Sampled::EnrolReply(_) => {}
            Sampled::ToServer(message) => from_device(message, &mut seen),
            Sampled::ToDevice(message) => from_server(message, &mut seen),
        }
    }
    let seen: BTreeSet<String> = seen.into_iter().collect();
    let missing: Vec<_> = every_variant().difference(&seen).cloned().collect();
    assert!(missing.is_empty(), "append samples for {missing:?}");
}

fn from_device(message: &ToServer, seen: &mut Vec<String>) {
    seen.push(to_server(message));
    match message {
        ToServer::Hello(hello) => status(&hello.status, seen),
        ToServer::StatusReport(report) => status(report, seen),
        ToServer::TokenUpdate(_) | ToServer::Idle => {}
        ToServer::PushUpdate(update) => {
            seen.extend(update.target.iter().map(|target| push_service(&target.service)));
        }
        ToServer::CommandResult(result) => {
            seen.push(outcome(&result.outcome));
            if let Outcome::Acknowledged(given) = &result.outcome {
                seen.push(answer(given));
                match given {
                    Answer::Status(report) => status(report, seen),
                    Answer::Locked(message) => seen.push(lock_message(message)),
                    Answer::DeviceInformation(responses) => {
                        seen.extend(responses.iter().map(|response| query_value(&response.value)));
                    }
                    Answer::Done
                    | Answer::TemporaryPasscode(_)
                    | Answer::ActivationLockBypassCode(_)
                    | Answer::Location(_)
                    | Answer::Profiles(_)
                    | Answer::Applications(_)
                    | Answer::Settings(_)
                    | Answer::UnlockToken(_)
                    | Answer::Certificates(_)
                    | Answer::ClearedApplications(_) => {}
                }
            }
        }
    }
}

fn from_server(message: &ToDevice, seen: &mut Vec<String>) {
    seen.push(to_device(message));
    match message {
        ToDevice::Welcome(welcome) => seen.push(activation_lock(&welcome.policy.activation_lock)),
        ToDevice::PolicyUpdate(policy) => seen.push(activation_lock(&policy.activation_lock)),
        ToDevice::TokenUpdateAck { .. } | ToDevice::Empty => {}
        ToDevice::Command(command) => {
            let Some(asked) = &command.request else {
                return;
            };
            seen.push(request(asked));
            match asked {
                Request::Apple(asked) => seen.push(apple_request(asked)),
                Request::Android(asked) => {
                    seen.push(android_request(asked));
                    if let AndroidRequest::ResetPassword { scope: whose } = asked {
                        seen.push(scope(whose));
                    }
                }
            }
        }
    }
}

fn status(status: &DeviceStatus, seen: &mut Vec<String>) {
    seen.push(presence(&status.passcode));
    seen.push(platform_status(&status.platform));
    match &status.platform {
        PlatformStatus::Apple { find_my, activation_lock } => {
            seen.push(switch(find_my));
            seen.push(switch(activation_lock));
        }
        PlatformStatus::Android { work_profile_password, reset_password_token } => {
            seen.push(presence(work_profile_password));
            seen.push(token(reset_password_token));
        }
    }
}
