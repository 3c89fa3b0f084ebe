//! The roles Intune brings along, and who holds them in a fresh tenant.

use uuid::{Uuid, uuid};

use crate::rbac::role::{RoleAction, RoleActions};
use crate::rbac::roles::SeededAssignment;

/// A role nobody can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    ApplicationManager,
    EndpointSecurityManager,
    HelpDeskOperator,
    IntuneRoleAdministrator,
    PolicyAndProfileManager,
    ReadOnlyOperator,
    SchoolAdministrator,
}

const READ_POLICIES: [RoleAction; 2] = [RoleAction::ReadConfigurations, RoleAction::ReadCompliance];

const WRITE_CONFIGURATIONS: [RoleAction; 4] = [
    RoleAction::CreateConfigurations,
    RoleAction::UpdateConfigurations,
    RoleAction::DeleteConfigurations,
    RoleAction::AssignConfigurations,
];

const WRITE_COMPLIANCE: [RoleAction; 4] = [
    RoleAction::CreateCompliance,
    RoleAction::UpdateCompliance,
    RoleAction::DeleteCompliance,
    RoleAction::AssignCompliance,
];

/// What both the help desk and a school may ask of a device.
const HELPING: [RoleAction; 13] = [
    RoleAction::Wipe,
    RoleAction::Retire,
    RoleAction::ResetPasscode,
    RoleAction::RemoteLock,
    RoleAction::RebootNow,
    RoleAction::SyncDevice,
    RoleAction::LocateDevice,
    RoleAction::EnableLostMode,
    RoleAction::DisableLostMode,
    RoleAction::PlayLostModeSound,
    RoleAction::SetDeviceName,
    RoleAction::ManageSharedDeviceUsers,
    RoleAction::SendCustomNotifications,
];

impl BuiltIn {
    /// Every built-in role.
    pub(crate) const ALL: [Self; 7] = [
        Self::ApplicationManager,
        Self::EndpointSecurityManager,
        Self::HelpDeskOperator,
        Self::IntuneRoleAdministrator,
        Self::PolicyAndProfileManager,
        Self::ReadOnlyOperator,
        Self::SchoolAdministrator,
    ];

    /// The id of the role definition, the same in every tenant of the service.
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::ApplicationManager => uuid!("c1d9fcbb-cba5-40b0-bf6b-527006585f4b"),
            Self::EndpointSecurityManager => uuid!("c56d53a2-73d0-4502-b6bd-4a9d3dba28d5"),
            Self::HelpDeskOperator => uuid!("9e0cc482-82df-4ab2-a24c-0c23a3f52e1e"),
            Self::IntuneRoleAdministrator => uuid!("fb2603eb-3c87-4be3-8b5b-d58a5b4a0bc0"),
            Self::PolicyAndProfileManager => uuid!("0bd113fe-6be5-400c-a28f-ae5553f9c0be"),
            Self::ReadOnlyOperator => uuid!("fa1d7878-e8cb-41a1-8254-0142355c9f84"),
            Self::SchoolAdministrator => uuid!("2f9f4f7e-2d13-427b-adf2-361a1eef7ae8"),
        }
    }

    /// The name on display.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ApplicationManager => "Application Manager",
            Self::EndpointSecurityManager => "Endpoint Security Manager",
            Self::HelpDeskOperator => "Help Desk Operator",
            Self::IntuneRoleAdministrator => "Intune Role Administrator",
            Self::PolicyAndProfileManager => "Policy and Profile manager",
            Self::ReadOnlyOperator => "Read Only Operator",
            Self::SchoolAdministrator => "School Administrator",
        }
    }

    /// What the role is for.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::ApplicationManager => "Manages applications and sees devices.",
            Self::EndpointSecurityManager => "Manages compliance and may lock and restart devices.",
            Self::HelpDeskOperator => "Helps people with their devices.",
            Self::IntuneRoleAdministrator => "Manages roles and who holds them.",
            Self::PolicyAndProfileManager => "Manages configurations and compliance policies.",
            Self::ReadOnlyOperator => "Sees everything and changes nothing.",
            Self::SchoolAdministrator => "Manages devices and settings of a school.",
        }
    }

    /// What the role allows, of what this API asks for.
    ///
    /// Source: Microsoft Intune, permissions of the built-in roles; sources/reset-passcode.md
    /// (the help desk resets passcodes). No built-in role bypasses an Activation Lock.
    pub(crate) fn actions(self) -> RoleActions {
        let own: &[RoleAction] = match self {
            Self::ApplicationManager => &[RoleAction::ReadDevices, RoleAction::ReadConfigurations],
            Self::EndpointSecurityManager => &[
                RoleAction::RemoteLock,
                RoleAction::RebootNow,
                RoleAction::ShutDown,
                RoleAction::SyncDevice,
                RoleAction::ReadDevices,
                RoleAction::UpdateDevices,
                RoleAction::DeleteDevices,
                RoleAction::ReadAudit,
                RoleAction::ReadRoles,
            ],
            Self::HelpDeskOperator => &[
                RoleAction::ShutDown,
                RoleAction::ReadDevices,
                RoleAction::UpdateDevices,
                RoleAction::ReadAudit,
                RoleAction::ReadRoles,
            ],
            Self::IntuneRoleAdministrator => &[
                RoleAction::ReadRoles,
                RoleAction::CreateRoles,
                RoleAction::UpdateRoles,
                RoleAction::DeleteRoles,
                RoleAction::AssignRoles,
            ],
            Self::PolicyAndProfileManager => &[RoleAction::ReadAudit],
            Self::ReadOnlyOperator => {
                &[RoleAction::ReadDevices, RoleAction::ReadAudit, RoleAction::ReadRoles]
            }
            Self::SchoolAdministrator => &[
                RoleAction::ReadDevices,
                RoleAction::UpdateDevices,
                RoleAction::DeleteDevices,
                RoleAction::ReadAudit,
                RoleAction::ReadConfigurations,
            ],
        };
        let every = [&[RoleAction::ReadOrganization], own].concat();
        every.into_iter().chain(self.bundles().concat()).collect()
    }

    /// What it shares with other roles.
    const fn bundles(self) -> &'static [&'static [RoleAction]] {
        match self {
            Self::ApplicationManager | Self::IntuneRoleAdministrator => &[],
            Self::EndpointSecurityManager => &[&READ_POLICIES, &WRITE_COMPLIANCE],
            Self::HelpDeskOperator => &[&READ_POLICIES, &HELPING],
            Self::PolicyAndProfileManager => {
                &[&READ_POLICIES, &WRITE_CONFIGURATIONS, &WRITE_COMPLIANCE]
            }
            Self::ReadOnlyOperator => &[&READ_POLICIES],
            Self::SchoolAdministrator => &[&HELPING, &WRITE_CONFIGURATIONS],
        }
    }
}

/// Who holds what in a fresh tenant: one person for each built-in role.
pub(crate) const SEEDED_ASSIGNMENTS: [SeededAssignment; 7] = [
    seeded(0, BuiltIn::HelpDeskOperator, "helpdesk"),
    seeded(1, BuiltIn::SchoolAdministrator, "school.admin"),
    seeded(2, BuiltIn::EndpointSecurityManager, "security.manager"),
    seeded(3, BuiltIn::ReadOnlyOperator, "read.only"),
    seeded(4, BuiltIn::PolicyAndProfileManager, "policy.manager"),
    seeded(5, BuiltIn::ApplicationManager, "app.manager"),
    seeded(6, BuiltIn::IntuneRoleAdministrator, "role.admin"),
];

const ASSIGNMENTS_BASE: u128 = 0x6d75_7374_6572_4005_8000_0000_0000_0000;

const fn seeded(place: u128, role: BuiltIn, holder: &'static str) -> SeededAssignment {
    SeededAssignment { id: Uuid::from_u128(ASSIGNMENTS_BASE + place), role, holder }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell of the table of roles: `y` where the role allows the action of the column.
    ///
    /// Source: Microsoft Intune, permissions of the built-in roles (2026).
    const MATRIX: [(BuiltIn, &str); 7] = [
        //                                   W R P L B S Y A G E D N M U  r u d a
        (BuiltIn::ApplicationManager, "-------------- y---"),
        (BuiltIn::EndpointSecurityManager, "---yyyy------- yyyy"),
        (BuiltIn::HelpDeskOperator, "yyyyyyy-yyyyyy yy-y"),
        (BuiltIn::IntuneRoleAdministrator, "-------------- ----"),
        (BuiltIn::PolicyAndProfileManager, "-------------- ---y"),
        (BuiltIn::ReadOnlyOperator, "-------------- y--y"),
        (BuiltIn::SchoolAdministrator, "yyyyy-y-yyyyyy yyyy"),
    ];

    const COLUMNS: [RoleAction; 18] = [
        RoleAction::Wipe,
        RoleAction::Retire,
        RoleAction::ResetPasscode,
        RoleAction::RemoteLock,
        RoleAction::RebootNow,
        RoleAction::ShutDown,
        RoleAction::SyncDevice,
        RoleAction::BypassActivationLock,
        RoleAction::LocateDevice,
        RoleAction::EnableLostMode,
        RoleAction::DisableLostMode,
        RoleAction::PlayLostModeSound,
        RoleAction::SetDeviceName,
        RoleAction::ManageSharedDeviceUsers,
        RoleAction::ReadDevices,
        RoleAction::UpdateDevices,
        RoleAction::DeleteDevices,
        RoleAction::ReadAudit,
    ];

    #[test]
    fn each_built_in_role_allows_what_its_row_says() {
        for (role, row) in MATRIX {
            let cells = row.chars().filter(|cell| *cell != ' ');
            for (action, cell) in COLUMNS.into_iter().zip(cells) {
                assert_eq!(role.actions().has(action), cell == 'y', "{} {action:?}", role.name());
            }
        }
    }

    #[test]
    fn no_built_in_role_bypasses_an_activation_lock_or_decides_approvals() {
        for role in BuiltIn::ALL {
            assert!(!role.actions().has(RoleAction::BypassActivationLock));
            assert!(!role.actions().has(RoleAction::DecideApprovals));
        }
    }

    #[test]
    fn every_built_in_role_has_a_holder() {
        for role in BuiltIn::ALL {
            assert!(SEEDED_ASSIGNMENTS.iter().any(|seeded| seeded.role == role));
        }
    }
}
