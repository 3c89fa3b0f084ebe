//! All the API can do: one row for each verb on each path.
//!
//! Dispatch, the header `Allow`, the checks of scopes and roles, the OpenAPI document and the
//! parity page are all made from these rows, so that none of them can say what the others do not.

use muster_control::{ActionKind, RECOVER_PASSCODE};

use crate::rbac::resource::RoleOperation;
use crate::rbac::role::RoleAction::{
    self, AssignCompliance, AssignConfigurations, AssignRoles, BypassActivationLock,
    CreateCompliance, CreateConfigurations, CreateRoles, DecideApprovals, DeleteCompliance,
    DeleteConfigurations, DeleteDevices, DeleteRoles, DisableLostMode, EnableLostMode,
    LocateDevice, PlayLostModeSound, ReadAccessPolicies, ReadAudit, ReadCompliance,
    ReadConfigurations, ReadDevices, ReadRoles, RebootNow, RemoteLock, ResetPasscode, Retire,
    ShutDown, SyncDevice, UpdateCompliance, UpdateConfigurations, UpdateDevices, UpdateRoles, Wipe,
};
use crate::rbac::scope::Permission::{
    self, AppsRead, ConfigurationRead, ConfigurationReadWrite, ManagedDevicesRead,
    ManagedDevicesReadWrite, PrivilegedOperations, RbacRead, RbacReadWrite,
};

use OperationId::{Batch, CountDevices, ListDevices, RecoverPasscode, ShowDevice, UpdateDevice};
use Verb::{Delete, Get, Patch, Post, Put};

/// What a path does under a verb.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) id: OperationId,
    pub(crate) verb: Verb,
    /// Below the version. `{name}` stands for a key, which a request may also write `('key')`, or
    /// for the argument of a function.
    pub(crate) path: &'static str,
    pub(crate) versions: Versions,
    pub(crate) permission: Permission,
    /// What a role has to allow a signed-in user.
    pub(crate) role_action: Option<RoleAction>,
    pub(crate) parity: Parity,
}

/// Which code answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationId {
    /// `$batch`
    Batch,
    /// `managedDevices` and `users/{id}/managedDevices`
    ListDevices,
    /// `managedDevices/$count`
    CountDevices,
    /// `managedDevices/{id}`
    ShowDevice,
    /// What administrators write on a device.
    UpdateDevice,
    /// Something with roles.
    Roles(RoleOperation),
    /// An action on one device; the deletion of a device is one too.
    Act(ActionKind),
    /// `managedDevices/executeAction`
    ActOnMany,
    /// An action that no phone and no tablet can do, and why: 400 for every device.
    RuledOut(&'static str),
    /// An action of the service for which there are no devices any more.
    RecoverPasscode,
    /// Nothing: see [`Parity::NotServed`].
    NotServed,
}

/// The verbs this API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

/// The versions that have an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    Both,
    BetaOnly,
}

/// How much of the real operation is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parity {
    /// Served, and it does what it says.
    Behaves,
    /// Served, and always says the same.
    Static,
    /// 501, with what to do instead.
    NotServed(&'static str),
}

impl Verb {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it may change something: such requests have a limit of their own.
    pub(crate) const fn writes(self) -> bool {
        match self {
            Self::Get => false,
            Self::Post | Self::Patch | Self::Put | Self::Delete => true,
        }
    }
}

impl Operation {
    /// What the parity page says of an operation that is served.
    pub(crate) const fn note(&self) -> &'static str {
        match self.id {
            OperationId::Act(ActionKind::DeviceConfigured) => {
                "muster's own: lets a device that waits in Setup Assistant go on"
            }
            OperationId::RuledOut(why) => why,
            RecoverPasscode => RECOVER_PASSCODE.reason,
            Batch
            | ListDevices
            | CountDevices
            | ShowDevice
            | OperationId::Roles(_)
            | OperationId::Act(_)
            | OperationId::NotServed => "",
            UpdateDevice => {
                "`managedDeviceName`, `notes` and the owner; the rest is read-only: 400"
            }
            OperationId::ActOnMany => "up to 100 devices; the roles needed are those of the action",
        }
    }

    const fn new(verb: Verb, id: OperationId, path: &'static str) -> Self {
        Self {
            id,
            verb,
            path,
            versions: Versions::Both,
            permission: Permission::None,
            role_action: None,
            parity: Parity::Behaves,
        }
    }

    const fn beta(self) -> Self {
        Self { versions: Versions::BetaOnly, ..self }
    }

    const fn needs(self, permission: Permission) -> Self {
        Self { permission, ..self }
    }

    const fn asks(self, permission: Permission, action: RoleAction) -> Self {
        Self { permission, role_action: Some(action), ..self }
    }
}

const fn get(id: OperationId, path: &'static str) -> Operation {
    Operation::new(Get, id, path)
}

const fn post(id: OperationId, path: &'static str) -> Operation {
    Operation::new(Post, id, path)
}

/// A remote action: the rows of these differ in three things only.
const fn act(kind: ActionKind, path: &'static str, role: RoleAction) -> Operation {
    post(OperationId::Act(kind), path).asks(PrivilegedOperations, role)
}

/// Something with roles: what it asks of a role follows from what it does.
const fn roles(verb: Verb, operation: RoleOperation, path: &'static str) -> Operation {
    let row = Operation::new(verb, OperationId::Roles(operation), path);
    match operation {
        RoleOperation::ListDefinitions
        | RoleOperation::ShowDefinition
        | RoleOperation::ListAssignments
        | RoleOperation::ListAssignmentsOf
        | RoleOperation::ShowAssignment
        | RoleOperation::EffectivePermissions => row.asks(RbacRead, ReadRoles),
        RoleOperation::ListOperations | RoleOperation::ShowOperation => {
            Operation { parity: Parity::Static, ..row }.asks(RbacRead, ReadRoles)
        }
        RoleOperation::CreateDefinition => row.asks(RbacReadWrite, CreateRoles),
        RoleOperation::UpdateDefinition => row.asks(RbacReadWrite, UpdateRoles),
        RoleOperation::DeleteDefinition => row.asks(RbacReadWrite, DeleteRoles),
        RoleOperation::CreateAssignment
        | RoleOperation::UpdateAssignment
        | RoleOperation::DeleteAssignment => row.asks(RbacReadWrite, AssignRoles),
    }
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

const fn unserved(verb: Verb, path: &'static str, why: &'static str) -> Operation {
    let parity = Parity::NotServed(why);
    Operation { parity, ..Operation::new(verb, OperationId::NotServed, path) }
}

/// A path below `deviceManagement`.
macro_rules! management {
    ($rest:literal) => {
        concat!("deviceManagement/", $rest)
    };
}

/// A path below one device.
macro_rules! device {
    ($rest:literal) => {
        concat!("deviceManagement/managedDevices/{managedDeviceId}/", $rest)
    };
}

const WINDOWS: &str = "this is for Windows, and the devices here are phones and tablets";
const MAC: &str = "this is for macOS, and the devices here are phones and tablets";
const REMOTE_HELP: &str = "TeamViewer is not simulated: no device here can share its screen";
const SHARED_IPAD: &str =
    "no simulated iPad keeps several users; wipe it, or read x-muster-mode to find shared ones";
const CELLULAR: &str = "no simulated device takes an eSIM after it was made; put it in its facts";
const APPS: &str = "apps are not simulated, and neither are their licences, logs and notices";
const CATEGORIES: &str = "device categories are not simulated; keep the group in notes";
const DIRECTORY: &str = "a device knows no more of its user than userId and userPrincipalName";
const NAME: &str =
    "the devices here keep the name they were made with; managedDeviceName can be set";
const CHROME: &str = "this is for ChromeOS, and the devices here are phones and tablets";
const COMPLIANCE: &str = "compliance is derived from the policy of the device and cannot be set";
const ME: &str = "ask for users/{id}/managedDevices: id and name are in the token";
const LATER: &str = "muster does not serve this resource in this version";
const EXPORTS: &str = "there are no export jobs; page through managedDevices with $select instead";

/// Every operation, in the order of the parity page.
///
/// Source: Microsoft Graph v1.0 and beta, device management.
pub(crate) const OPERATIONS: &[Operation] = &[
    post(Batch, "$batch"),
    // --- devices ---
    get(ListDevices, management!("managedDevices")).asks(ManagedDevicesRead, ReadDevices),
    get(CountDevices, management!("managedDevices/$count")).asks(ManagedDevicesRead, ReadDevices),
    get(ShowDevice, management!("managedDevices/{managedDeviceId}"))
        .asks(ManagedDevicesRead, ReadDevices),
    Operation::new(Patch, UpdateDevice, management!("managedDevices/{managedDeviceId}"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    Operation::new(
        Delete,
        OperationId::Act(ActionKind::Delete),
        management!("managedDevices/{managedDeviceId}"),
    )
    .asks(ManagedDevicesReadWrite, DeleteDevices),
    get(ListDevices, "users/{userId}/managedDevices").asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, "me/managedDevices", ME).asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, management!("managedDeviceOverview"), LATER)
        .asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, device!("deviceCompliancePolicyStates"), LATER)
        .asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, device!("deviceConfigurationStates"), LATER)
        .asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, device!("users"), DIRECTORY).asks(ManagedDevicesRead, ReadDevices),
    unserved(Get, device!("deviceCategory"), CATEGORIES).asks(ManagedDevicesRead, ReadDevices),
    unserved(Put, device!("deviceCategory/$ref"), CATEGORIES).needs(ManagedDevicesReadWrite),
    // --- actions on one device ---
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
    unserved_act(device!("logoutSharedAppleDeviceActiveUser"), SHARED_IPAD),
    unserved_act(device!("deleteUserFromSharedAppleDevice"), SHARED_IPAD),
    unserved_act(device!("setDeviceName"), NAME).beta(),
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
    unserved(Get, management!("remoteActionAudits"), LATER).needs(ManagedDevicesRead).beta(),
    // --- audit ---
    unserved(Get, management!("auditEvents"), LATER).asks(AppsRead, ReadAudit),
    unserved(Get, management!("auditEvents/getAuditCategories()"), LATER).asks(AppsRead, ReadAudit),
    unserved(Get, management!("auditEvents/getAuditActivityTypes(category='{category}')"), LATER)
        .asks(AppsRead, ReadAudit),
    unserved(Get, management!("auditEvents/{auditEventId}"), LATER).asks(AppsRead, ReadAudit),
    // --- roles ---
    roles(Get, RoleOperation::ListDefinitions, management!("roleDefinitions")),
    roles(Post, RoleOperation::CreateDefinition, management!("roleDefinitions")),
    roles(Get, RoleOperation::ShowDefinition, management!("roleDefinitions/{roleDefinitionId}")),
    roles(
        Patch,
        RoleOperation::UpdateDefinition,
        management!("roleDefinitions/{roleDefinitionId}"),
    ),
    roles(
        Delete,
        RoleOperation::DeleteDefinition,
        management!("roleDefinitions/{roleDefinitionId}"),
    ),
    roles(Get, RoleOperation::ListAssignments, management!("roleAssignments")),
    roles(Post, RoleOperation::CreateAssignment, management!("roleAssignments")),
    roles(Get, RoleOperation::ShowAssignment, management!("roleAssignments/{roleAssignmentId}")),
    roles(
        Patch,
        RoleOperation::UpdateAssignment,
        management!("roleAssignments/{roleAssignmentId}"),
    ),
    roles(
        Delete,
        RoleOperation::DeleteAssignment,
        management!("roleAssignments/{roleAssignmentId}"),
    ),
    roles(
        Get,
        RoleOperation::ListAssignmentsOf,
        management!("roleDefinitions/{roleDefinitionId}/roleAssignments"),
    ),
    roles(Get, RoleOperation::ListOperations, management!("resourceOperations")),
    roles(
        Get,
        RoleOperation::ShowOperation,
        management!("resourceOperations/{resourceOperationId}"),
    ),
    Operation::new(
        Get,
        OperationId::Roles(RoleOperation::EffectivePermissions),
        management!("getEffectivePermissions(scope='{scope}')"),
    )
    .needs(RbacRead),
    // --- compliance policies ---
    unserved(Get, management!("deviceCompliancePolicies"), LATER)
        .asks(ConfigurationRead, ReadCompliance),
    unserved(Post, management!("deviceCompliancePolicies"), LATER)
        .asks(ConfigurationReadWrite, CreateCompliance),
    unserved(Get, management!("deviceCompliancePolicies/{deviceCompliancePolicyId}"), LATER)
        .asks(ConfigurationRead, ReadCompliance),
    unserved(Patch, management!("deviceCompliancePolicies/{deviceCompliancePolicyId}"), LATER)
        .asks(ConfigurationReadWrite, UpdateCompliance),
    unserved(Delete, management!("deviceCompliancePolicies/{deviceCompliancePolicyId}"), LATER)
        .asks(ConfigurationReadWrite, DeleteCompliance),
    unserved(
        Post,
        management!("deviceCompliancePolicies/{deviceCompliancePolicyId}/assign"),
        LATER,
    )
    .asks(ConfigurationReadWrite, AssignCompliance),
    unserved(
        Get,
        management!("deviceCompliancePolicies/{deviceCompliancePolicyId}/assignments"),
        LATER,
    )
    .asks(ConfigurationRead, ReadCompliance),
    unserved(
        Get,
        management!("deviceCompliancePolicies/{deviceCompliancePolicyId}/deviceStatuses"),
        LATER,
    )
    .asks(ConfigurationRead, ReadCompliance),
    unserved(
        Get,
        management!("deviceCompliancePolicies/{deviceCompliancePolicyId}/scheduledActionsForRule"),
        LATER,
    )
    .asks(ConfigurationRead, ReadCompliance),
    unserved(
        Post,
        management!("deviceCompliancePolicies/{deviceCompliancePolicyId}/scheduleActionsForRules"),
        LATER,
    )
    .asks(ConfigurationReadWrite, UpdateCompliance),
    // --- configurations ---
    unserved(Get, management!("deviceConfigurations"), LATER)
        .asks(ConfigurationRead, ReadConfigurations),
    unserved(Post, management!("deviceConfigurations"), LATER)
        .asks(ConfigurationReadWrite, CreateConfigurations),
    unserved(Get, management!("deviceConfigurations/{deviceConfigurationId}"), LATER)
        .asks(ConfigurationRead, ReadConfigurations),
    unserved(Patch, management!("deviceConfigurations/{deviceConfigurationId}"), LATER)
        .asks(ConfigurationReadWrite, UpdateConfigurations),
    unserved(Delete, management!("deviceConfigurations/{deviceConfigurationId}"), LATER)
        .asks(ConfigurationReadWrite, DeleteConfigurations),
    unserved(Post, management!("deviceConfigurations/{deviceConfigurationId}/assign"), LATER)
        .asks(ConfigurationReadWrite, AssignConfigurations),
    unserved(Get, management!("deviceConfigurations/{deviceConfigurationId}/assignments"), LATER)
        .asks(ConfigurationRead, ReadConfigurations),
    unserved(
        Get,
        management!("deviceConfigurations/{deviceConfigurationId}/deviceStatuses"),
        LATER,
    )
    .asks(ConfigurationRead, ReadConfigurations),
    // --- approvals ---
    unserved(Get, management!("operationApprovalRequests"), LATER)
        .asks(ConfigurationRead, ReadAccessPolicies)
        .beta(),
    unserved(Get, management!("operationApprovalRequests/{operationApprovalRequestId}"), LATER)
        .asks(ConfigurationRead, ReadAccessPolicies)
        .beta(),
    unserved(
        Post,
        management!("operationApprovalRequests/{operationApprovalRequestId}/approve"),
        LATER,
    )
    .asks(ConfigurationReadWrite, DecideApprovals)
    .beta(),
    unserved(
        Post,
        management!("operationApprovalRequests/{operationApprovalRequestId}/reject"),
        LATER,
    )
    .asks(ConfigurationReadWrite, DecideApprovals)
    .beta(),
    unserved(Post, management!("operationApprovalRequests/cancelMyRequest"), LATER)
        .needs(ConfigurationReadWrite)
        .beta(),
    // --- reports ---
    unserved(Get, management!("reports/exportJobs"), EXPORTS).needs(ManagedDevicesRead),
    unserved(Post, management!("reports/exportJobs"), EXPORTS).needs(ManagedDevicesRead),
    unserved(Get, management!("reports/exportJobs/{deviceManagementExportJobId}"), EXPORTS)
        .needs(ManagedDevicesRead),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_verb_stands_twice_on_a_path() {
        let mut seen = BTreeSet::new();
        for row in OPERATIONS {
            assert!(seen.insert((row.path, row.verb)), "{} {}", row.verb.name(), row.path);
        }
    }

    #[test]
    fn what_nothing_answers_says_so() {
        for row in OPERATIONS {
            let unanswered = row.id == OperationId::NotServed;
            let said = matches!(row.parity, Parity::NotServed(_));
            assert_eq!(unanswered, said, "{} {}", row.verb.name(), row.path);
        }
    }

    #[test]
    fn only_what_is_about_nobody_in_particular_needs_no_permission() {
        let free = OPERATIONS.iter().filter(|row| row.permission == Permission::None);
        assert_eq!(free.map(|row| row.path).collect::<Vec<_>>(), ["$batch"]);
    }
}
