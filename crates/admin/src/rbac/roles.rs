//! Whether the roles of a person allow what they ask for.

use uuid::Uuid;

use crate::identity::principal::Principal;
use crate::identity::tenant::{DirectoryRole, Tenant};
use crate::rbac::builtin::BuiltIn;
use crate::rbac::role::{RoleAction, RoleActions};

/// Every role of the tenant with who holds it, as it stands at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Roles {
    grants: Vec<Grant>,
    administrators: Vec<Uuid>,
}

/// What one assignment gives to some users.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// Object ids of users, members of groups included.
    pub(crate) users: Vec<Uuid>,
    /// What they may do.
    pub(crate) actions: RoleActions,
}

/// No role of the person allows it: 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no role of the signed-in user allows {}", action.name())]
pub(crate) struct RoleRefusal {
    /// What would have been needed.
    pub(crate) action: RoleAction,
}

impl Roles {
    /// The roles of a tenant with these assignments.
    pub(crate) fn new(tenant: &Tenant, grants: Vec<Grant>) -> Self {
        let administers = |role: DirectoryRole| match role {
            DirectoryRole::GlobalAdministrator | DirectoryRole::IntuneAdministrator => true,
        };
        let holders =
            tenant.users.iter().filter(|user| user.directory_role.is_some_and(administers));
        Self { grants, administrators: holders.map(|user| user.id).collect() }
    }

    /// Whether somebody may do something.
    ///
    /// An application that acts for itself has no roles: the scopes of its token decide alone.
    ///
    /// # Errors
    /// [`RoleRefusal`] if a person is signed in and none of their roles allows it.
    pub(crate) fn allow(&self, who: &Principal, action: RoleAction) -> Result<(), RoleRefusal> {
        let Some(user) = &who.user else {
            return Ok(());
        };
        let held = self.held_by(user.id);
        let seen = !action.needs_devices() || held.has(RoleAction::ReadDevices);
        if held.has(action) && seen { Ok(()) } else { Err(RoleRefusal { action }) }
    }

    /// All that the roles of a user allow.
    pub(crate) fn held_by(&self, user: Uuid) -> RoleActions {
        if self.administrators.contains(&user) {
            return RoleActions::every();
        }
        let held = self.grants.iter().filter(|grant| grant.users.contains(&user));
        held.fold(RoleActions::default(), |all, grant| all.or(grant.actions))
    }
}

/// One assignment of a fresh tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeededAssignment {
    /// The id of the assignment.
    pub(crate) id: Uuid,
    /// The role it gives.
    pub(crate) role: BuiltIn,
    /// The user who gets it, by the part of the name before the `@`.
    pub(crate) holder: &'static str,
}

impl SeededAssignment {
    /// The object ids of its holders.
    pub(crate) fn users(&self, tenant: &Tenant) -> Vec<Uuid> {
        tenant.user_named(&tenant.upn(self.holder)).map(|user| user.id).into_iter().collect()
    }
}
