//! Actions on devices.

use muster_control::ActionKind;

use crate::devices::service_act::ServiceAct;
use crate::operation::table::OperationId::RecoverPasscode;
use crate::operation::table::Verb::Post;
use crate::operation::table::{Operation, OperationId, Parity, post, unserved};
use crate::rbac::role::RoleAction::{
    self, BypassActivationLock, DisableLostMode, EnableLostMode, LocateDevice,
    ManageSharedDeviceUsers, PlayLostModeSound, RebootNow, RemoteLock, ResetPasscode, Retire,
    SendCustomNotifications, SetDeviceName, ShutDown, SyncDevice, UpdateDevices, Wipe,
};
use crate::rbac::scope::Permission::PrivilegedOperations;

const WINDOWS: &str = "this is for Windows, and the devices here are phones and tablets";
const MAC: &str = "this is for macOS, and the devices here are phones and tablets";
const CHROME: &str = "this is for ChromeOS, and the devices here are phones and tablets";
const REMOTE_HELP: &str =
    "the tenant has no TeamViewer connector, without which no session can begin";
const CELLULAR: &str = "no simulated device takes an eSIM after it was made; put it in its facts";
const APPS: &str = "a device here has no apps, and its policies are taken off by assignment";

/// A remote action: the rows of these differ in three things only.
const fn act(kind: ActionKind, path: &'static str, role: RoleAction) -> Operation {
    post(OperationId::Act(kind), path).asks(PrivilegedOperations, role)
}

const fn ruled_out(path: &'static str, why: &'static str) -> Operation {
    let parity = Parity::Static;
    Operation { parity, ..post(OperationId::RuledOut(why), path) }.needs(PrivilegedOperations)
}

const fn ruled_out_for_many(path: &'static str, why: &'static str) -> Operation {
    let id = OperationId::RuledOutForMany(why);
    Operation { parity: Parity::Static, ..post(id, path) }.needs(PrivilegedOperations)
}

/// What the service does by itself is in beta only.
const fn act_here(kind: ServiceAct, path: &'static str, role: RoleAction) -> Operation {
    post(OperationId::ActHere(kind), path).asks(PrivilegedOperations, role).beta()
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
    ruled_out(device!("requestRemoteAssistance"), REMOTE_HELP),
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
    act_here(ServiceAct::RevokeLicences, device!("revokeAppleVppLicenses"), UpdateDevices),
    act_here(
        ServiceAct::Notify,
        device!("sendCustomNotificationToCompanyPortal"),
        SendCustomNotifications,
    ),
    ruled_out(device!("createDeviceLogCollectionRequest"), WINDOWS).beta(),
    unserved_act(device!("changeAssignments"), APPS).beta(),
    act_here(ServiceAct::OverrideCompliance, device!("overrideComplianceState"), UpdateDevices),
    // --- many devices ---
    post(OperationId::ActOnMany, management!("managedDevices/executeAction"))
        .needs(PrivilegedOperations)
        .beta(),
    ruled_out_for_many(management!("managedDevices/moveDevicesToOU"), CHROME).beta(),
];
