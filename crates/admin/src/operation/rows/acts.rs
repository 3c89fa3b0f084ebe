//! Actions on devices.

use muster_control::ActionKind;

use super::LATER;
use crate::operation::table::OperationId::RecoverPasscode;
use crate::operation::table::Verb::Post;
use crate::operation::table::{Operation, OperationId, Parity, post, unserved};
use crate::rbac::role::RoleAction::{
    self, BypassActivationLock, DisableLostMode, EnableLostMode, LocateDevice,
    ManageSharedDeviceUsers, PlayLostModeSound, RebootNow, RemoteLock, ResetPasscode, Retire,
    SetDeviceName, ShutDown, SyncDevice, Wipe,
};
use crate::rbac::scope::Permission::PrivilegedOperations;

const WINDOWS: &str = "this is for Windows, and the devices here are phones and tablets";
const MAC: &str = "this is for macOS, and the devices here are phones and tablets";
const CHROME: &str = "this is for ChromeOS, and the devices here are phones and tablets";
const REMOTE_HELP: &str = "TeamViewer is not simulated: no device here can share its screen";
const CELLULAR: &str = "no simulated device takes an eSIM after it was made; put it in its facts";
const APPS: &str = "apps are not simulated, and neither are their licences, logs and notices";
const COMPLIANCE: &str = "compliance is derived from the policy of the device and cannot be set";

/// A remote action: the rows of these differ in three things only.
const fn act(kind: ActionKind, path: &'static str, role: RoleAction) -> Operation {
    post(OperationId::Act(kind), path).asks(PrivilegedOperations, role)
}

const fn ruled_out(path: &'static str, why: &'static str) -> Operation {
    let parity = Parity::Static;
    Operation { parity, ..post(OperationId::RuledOut(why), path) }.needs(PrivilegedOperations)
}

const fn recover_passcode(path: &'static str) -> Operation {
    let parity = Parity::Static;
    Operation { parity, ..post(RecoverPasscode, path) }.needs(PrivilegedOperations)
}

/// An action that is not served.
const fn unserved_act(path: &'static str, why: &'static str) -> Operation {
    unserved(Post, path, why).needs(PrivilegedOperations)
}

pub(super) const ROWS: &[Operation] = &[
    act(ActionKind::Wipe, device!("wipe"), Wipe),
    act(ActionKind::Retire, device!("retire"), Retire),
    act(ActionKind::ResetPasscode, device!("resetPasscode"), ResetPasscode),
    act(ActionKind::RemoteLock, device!("remoteLock"), RemoteLock),
    act(ActionKind::BypassActivationLock, device!("bypassActivationLock"), BypassActivationLock),
    act(ActionKind::RebootNow, device!("rebootNow"), RebootNow),
    act(ActionKind::ShutDown, device!("shutDown"), ShutDown),
    act(ActionKind::SyncDevice, device!("syncDevice"), SyncDevice),
    act(ActionKind::LocateDevice, device!("locateDevice"), LocateDevice),
    act(ActionKind::EnableLostMode, device!("enableLostMode"), EnableLostMode).beta(),
    act(ActionKind::DisableLostMode, device!("disableLostMode"), DisableLostMode),
    act(ActionKind::PlayLostModeSound, device!("playLostModeSound"), PlayLostModeSound).beta(),
    post(OperationId::Act(ActionKind::DeviceConfigured), device!("deviceConfigured"))
        .needs(PrivilegedOperations),
    recover_passcode(device!("recoverPasscode")),
    ruled_out(device!("cleanWindowsDevice"), WINDOWS),
    ruled_out(device!("updateWindowsDeviceAccount"), WINDOWS),
    ruled_out(device!("windowsDefenderScan"), WINDOWS),
    ruled_out(device!("windowsDefenderUpdateSignatures"), WINDOWS),
    ruled_out(device!("rotateBitLockerKeys"), WINDOWS).beta(),
    ruled_out(device!("rotateLocalAdminPassword"), WINDOWS).beta(),
    ruled_out(device!("triggerConfigurationManagerAction"), WINDOWS).beta(),
    ruled_out(device!("initiateMobileDeviceManagementKeyRecovery"), WINDOWS).beta(),
    ruled_out(device!("initiateOnDemandProactiveRemediation"), WINDOWS).beta(),
    ruled_out(device!("removeDeviceFirmwareConfigurationInterfaceManagement"), WINDOWS).beta(),
    ruled_out(device!("pauseConfigurationRefresh"), WINDOWS).beta(),
    ruled_out(device!("enrollNowAction"), WINDOWS).beta(),
    ruled_out(device!("rotateFileVaultKey"), MAC).beta(),
    ruled_out(device!("deprovision"), CHROME).beta(),
    ruled_out(device!("disable"), CHROME).beta(),
    ruled_out(device!("reenable"), CHROME).beta(),
    unserved_act(device!("requestRemoteAssistance"), REMOTE_HELP),
    act(
        ActionKind::LogoutSharedAppleDeviceActiveUser,
        device!("logoutSharedAppleDeviceActiveUser"),
        ManageSharedDeviceUsers,
    ),
    act(
        ActionKind::DeleteUserFromSharedAppleDevice,
        device!("deleteUserFromSharedAppleDevice"),
        ManageSharedDeviceUsers,
    ),
    act(ActionKind::SetDeviceName, device!("setDeviceName"), SetDeviceName).beta(),
    unserved_act(device!("activateDeviceEsim"), CELLULAR).beta(),
    unserved_act(device!("revokeAppleVppLicenses"), APPS).beta(),
    unserved_act(device!("sendCustomNotificationToCompanyPortal"), APPS).beta(),
    unserved_act(device!("createDeviceLogCollectionRequest"), APPS).beta(),
    unserved_act(device!("changeAssignments"), LATER).beta(),
    unserved_act(device!("overrideComplianceState"), COMPLIANCE).beta(),
    // --- many devices ---
    post(OperationId::ActOnMany, management!("managedDevices/executeAction"))
        .needs(PrivilegedOperations)
        .beta(),
    unserved(Post, management!("managedDevices/moveDevicesToOU"), CHROME)
        .needs(PrivilegedOperations)
        .beta(),
];
