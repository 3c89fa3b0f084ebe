//! What a role of Intune can allow.

/// One thing a role may allow. Delegated requests need it beside the scope of their token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RoleAction {
    Wipe,
    Retire,
    ResetPasscode,
    RemoteLock,
    RebootNow,
    ShutDown,
    SyncDevice,
    BypassActivationLock,
    LocateDevice,
    EnableLostMode,
    DisableLostMode,
    PlayLostModeSound,
    SetDeviceName,
    ManageSharedDeviceUsers,
    SendCustomNotifications,
    ReadDevices,
    UpdateDevices,
    DeleteDevices,
    ReadAudit,
    ReadOrganization,
    ReadRoles,
    CreateRoles,
    UpdateRoles,
    DeleteRoles,
    AssignRoles,
    ReadConfigurations,
    CreateConfigurations,
    UpdateConfigurations,
    DeleteConfigurations,
    AssignConfigurations,
    ReadCompliance,
    CreateCompliance,
    UpdateCompliance,
    DeleteCompliance,
    AssignCompliance,
    ReadAccessPolicies,
    CreateAccessPolicies,
    UpdateAccessPolicies,
    DeleteAccessPolicies,
    DecideApprovals,
}

/// What stands before every action.
const PREFIX: &str = "Microsoft.Intune_";

/// What a role action acts on.
const REMOTE_TASKS: &str = "RemoteTasks";
const DEVICES: &str = "ManagedDevices";
const ROLES: &str = "Roles";
const CONFIGURATIONS: &str = "DeviceConfigurations";
/// Spelled as the service spells it.
const COMPLIANCE: &str = "DeviceCompliancePolices";
const APPROVAL: &str = "MultiAdminApproval";

impl RoleAction {
    /// Every action this API asks for.
    pub(crate) const ALL: [Self; 40] = [
        Self::Wipe,
        Self::Retire,
        Self::ResetPasscode,
        Self::RemoteLock,
        Self::RebootNow,
        Self::ShutDown,
        Self::SyncDevice,
        Self::BypassActivationLock,
        Self::LocateDevice,
        Self::EnableLostMode,
        Self::DisableLostMode,
        Self::PlayLostModeSound,
        Self::SetDeviceName,
        Self::ManageSharedDeviceUsers,
        Self::SendCustomNotifications,
        Self::ReadDevices,
        Self::UpdateDevices,
        Self::DeleteDevices,
        Self::ReadAudit,
        Self::ReadOrganization,
        Self::ReadRoles,
        Self::CreateRoles,
        Self::UpdateRoles,
        Self::DeleteRoles,
        Self::AssignRoles,
        Self::ReadConfigurations,
        Self::CreateConfigurations,
        Self::UpdateConfigurations,
        Self::DeleteConfigurations,
        Self::AssignConfigurations,
        Self::ReadCompliance,
        Self::CreateCompliance,
        Self::UpdateCompliance,
        Self::DeleteCompliance,
        Self::AssignCompliance,
        Self::ReadAccessPolicies,
        Self::CreateAccessPolicies,
        Self::UpdateAccessPolicies,
        Self::DeleteAccessPolicies,
        Self::DecideApprovals,
    ];

    /// As role definitions write it, for example `Microsoft.Intune_RemoteTasks_Wipe`.
    pub(crate) fn name(self) -> String {
        let (resource, operation) = self.parts();
        format!("{PREFIX}{resource}_{operation}")
    }

    /// The action of this name; actions have no letter case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let start = name.get(..PREFIX.len())?;
        let (resource, operation) = name.get(PREFIX.len()..)?.split_once('_')?;
        let fits = |action: &Self| {
            let parts = action.parts();
            parts.0.eq_ignore_ascii_case(resource) && parts.1.eq_ignore_ascii_case(operation)
        };
        start.eq_ignore_ascii_case(PREFIX).then(|| Self::ALL.into_iter().find(fits))?
    }

    /// Resource and operation.
    ///
    /// Source: the resource operations of Intune, as role definitions in public repositories
    /// repeat them.
    pub(crate) const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Wipe => (REMOTE_TASKS, "Wipe"),
            Self::Retire => (REMOTE_TASKS, "Retire"),
            Self::ResetPasscode => (REMOTE_TASKS, "ResetPasscode"),
            Self::RemoteLock => (REMOTE_TASKS, "RemoteLock"),
            Self::RebootNow => (REMOTE_TASKS, "RebootNow"),
            Self::ShutDown => (REMOTE_TASKS, "ShutDown"),
            Self::SyncDevice => (REMOTE_TASKS, "SyncDevice"),
            Self::BypassActivationLock => (REMOTE_TASKS, "BypassActivationLock"),
            Self::LocateDevice => (REMOTE_TASKS, "LocateDevice"),
            Self::EnableLostMode => (REMOTE_TASKS, "EnableLostMode"),
            Self::DisableLostMode => (REMOTE_TASKS, "DisableLostMode"),
            Self::PlayLostModeSound => (REMOTE_TASKS, "PlayLostModeSound"),
            Self::SetDeviceName => (REMOTE_TASKS, "SetDeviceName"),
            Self::ManageSharedDeviceUsers => (REMOTE_TASKS, "ManageSharedDeviceUsers"),
            Self::SendCustomNotifications => (REMOTE_TASKS, "CustomNotification"),
            Self::ReadDevices => (DEVICES, "Read"),
            Self::UpdateDevices => (DEVICES, "Update"),
            Self::DeleteDevices => (DEVICES, "Delete"),
            Self::ReadAudit => ("Audit", "Read"),
            Self::ReadOrganization => ("Organization", "Read"),
            Self::ReadRoles => (ROLES, "Read"),
            Self::CreateRoles => (ROLES, "Create"),
            Self::UpdateRoles => (ROLES, "Update"),
            Self::DeleteRoles => (ROLES, "Delete"),
            Self::AssignRoles => (ROLES, "Assign"),
            Self::ReadConfigurations => (CONFIGURATIONS, "Read"),
            Self::CreateConfigurations => (CONFIGURATIONS, "Create"),
            Self::UpdateConfigurations => (CONFIGURATIONS, "Update"),
            Self::DeleteConfigurations => (CONFIGURATIONS, "Delete"),
            Self::AssignConfigurations => (CONFIGURATIONS, "Assign"),
            Self::ReadCompliance => (COMPLIANCE, "Read"),
            Self::CreateCompliance => (COMPLIANCE, "Create"),
            Self::UpdateCompliance => (COMPLIANCE, "Update"),
            Self::DeleteCompliance => (COMPLIANCE, "Delete"),
            Self::AssignCompliance => (COMPLIANCE, "Assign"),
            Self::ReadAccessPolicies => (APPROVAL, "ReadAccessPolicy"),
            Self::CreateAccessPolicies => (APPROVAL, "CreateAccessPolicy"),
            Self::UpdateAccessPolicies => (APPROVAL, "UpdateAccessPolicy"),
            Self::DeleteAccessPolicies => (APPROVAL, "DeleteAccessPolicy"),
            Self::DecideApprovals => (APPROVAL, "ApprovalForMultiAdminApproval"),
        }
    }

    /// Whether it is of no use without the right to see devices.
    ///
    /// Source: sources/reset-passcode.md names a device that is selected first; Intune, custom
    /// roles: remote tasks go with the permission to read managed devices.
    pub(crate) fn needs_devices(self) -> bool {
        let resource = self.parts().0;
        self != Self::ReadDevices && (resource == REMOTE_TASKS || resource == DEVICES)
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// A set of role actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleActions(u64);

impl RoleActions {
    /// Every action there is.
    pub(crate) fn every() -> Self {
        RoleAction::ALL.into_iter().collect()
    }

    pub(crate) const fn has(self, action: RoleAction) -> bool {
        self.0 & action.bit() != 0
    }

    /// What is in either set.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set only.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The actions, in a fixed order.
    pub(crate) fn iter(self) -> impl Iterator<Item = RoleAction> {
        RoleAction::ALL.into_iter().filter(move |action| self.has(*action))
    }
}

impl FromIterator<RoleAction> for RoleActions {
    fn from_iter<I: IntoIterator<Item = RoleAction>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |bits, action| bits | action.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_by_its_name_in_any_letter_case() {
        for action in RoleAction::ALL {
            assert_eq!(RoleAction::named(&action.name()), Some(action));
            assert_eq!(RoleAction::named(&action.name().to_uppercase()), Some(action));
        }
        for unknown in ["", "Microsoft.Intune_", "Microsoft.Intune_Wipe", "RemoteTasks_Wipe", "é"]
        {
            assert_eq!(RoleAction::named(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        for action in RoleAction::ALL {
            let one: RoleActions = [action].into_iter().collect();
            assert_eq!(one.iter().collect::<Vec<_>>(), [action]);
            assert!(!RoleActions::every().without(one).has(action));
        }
    }
}
