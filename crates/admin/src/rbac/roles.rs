//! Whether the roles of a person allow what they ask for.

use uuid::Uuid;

use crate::identity::principal::Principal;
use crate::identity::tenant::{DirectoryRole, Tenant};
use crate::rbac::builtin::BuiltIn;
use crate::rbac::reach::Reach;
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
    /// On which devices.
    pub(crate) reach: Reach,
}

/// No role of the person allows it: 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RoleRefusal {
    /// None allows it at all.
    #[error("no role of the signed-in user allows {}", .0.name())]
    Nowhere(RoleAction),
    /// Some do, but their scopes end before this.
    #[error("this is outside the scope in which the signed-in user's roles allow {}", .0.name())]
    NotThere(RoleAction),
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
        if held.has(action) && seen { Ok(()) } else { Err(RoleRefusal::Nowhere(action)) }
    }

    /// The devices on which somebody may do something.
    ///
    /// No role limits an application that acts for itself.
    pub(crate) fn reach(&self, who: &Principal, action: RoleAction) -> Reach {
        let Some(user) = &who.user else {
            return Reach::All;
        };
        if self.administrators.contains(&user.id) {
            return Reach::All;
        }
        let allowing = self.grants_of(user.id).filter(|grant| grant.actions.has(action));
        allowing.fold(Reach::default(), |all, grant| all.or(&grant.reach))
    }

    /// All that the roles of a user allow.
    pub(crate) fn held_by(&self, user: Uuid) -> RoleActions {
        if self.administrators.contains(&user) {
            return RoleActions::every();
        }
        self.grants_of(user).fold(RoleActions::default(), |all, grant| all.or(grant.actions))
    }

    fn grants_of(&self, user: Uuid) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| grant.users.contains(&user))
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
