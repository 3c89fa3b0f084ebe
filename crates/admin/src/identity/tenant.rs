//! The one tenant of this server: its people and its applications.

use uuid::Uuid;

use crate::identity::principal::{ApplicationRef, UserRef};
use crate::identity::seed;
use crate::rbac::scope::Scopes;

/// A tenant of the directory, as every server has it from the start.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    /// The tenant id, the same in every run: scripts have it written down.
    pub(crate) id: Uuid,
    /// The name on display.
    pub(crate) name: &'static str,
    /// What follows the `@` of its users.
    pub(crate) domain: &'static str,
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    pub(crate) applications: Vec<Application>,
}

/// A person of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The object id.
    pub(crate) id: Uuid,
    /// The user principal name.
    pub(crate) upn: String,
    /// The name on display.
    pub(crate) name: &'static str,
    /// A role of the directory, which stands above those of Intune.
    pub(crate) directory_role: Option<DirectoryRole>,
    /// Whether devices may be theirs.
    pub(crate) devices: Devices,
}

/// Whether somebody is the primary user of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Devices {
    /// An ordinary user.
    Owned,
    /// An account for administration only.
    NoneOwned,
}

/// A role of the directory that Intune takes for all of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryRole {
    GlobalAdministrator,
    IntuneAdministrator,
}

/// Some people of the tenant under one name.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The object id.
    pub(crate) id: Uuid,
    /// The object ids of its users.
    pub(crate) members: Vec<Uuid>,
}

/// A program that may ask for tokens.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// The client id.
    pub(crate) id: Uuid,
    /// The object id of its service principal.
    pub(crate) object_id: Uuid,
    pub(crate) name: &'static str,
    pub(crate) kind: ClientKind,
    /// What it may be given, for itself or for a person.
    pub(crate) scopes: Scopes,
}

/// How a client shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// It has a secret and may act for itself.
    Confidential,
    /// It has none; a person has to sign in.
    Public,
}

impl Tenant {
    /// The tenant of every server.
    pub(crate) fn seeded() -> Self {
        seed::tenant()
    }

    /// The user principal name of somebody of this tenant.
    pub(crate) fn upn(&self, name: &str) -> String {
        format!("{name}@{}", self.domain)
    }

    /// The user with this object id.
    pub(crate) fn user(&self, id: Uuid) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user with this user principal name, which has no letter case.
    pub(crate) fn user_named(&self, upn: &str) -> Option<&User> {
        self.users.iter().find(|user| user.upn.eq_ignore_ascii_case(upn))
    }

    /// The group with this object id.
    pub(crate) fn group(&self, id: Uuid) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The application with this client id.
    pub(crate) fn application(&self, id: Uuid) -> Option<&Application> {
        self.applications.iter().find(|application| application.id == id)
    }

    /// Whether a segment of a path means this tenant.
    pub(crate) fn is_called(&self, segment: &str) -> bool {
        segment.eq_ignore_ascii_case(self.domain)
            || segment.parse().is_ok_and(|id: Uuid| id == self.id)
    }
}

impl User {
    /// How audit entries name the person.
    pub(crate) fn reference(&self) -> UserRef {
        UserRef { id: self.id, upn: self.upn.clone(), name: self.name.to_owned() }
    }
}

impl Application {
    /// How audit entries name the application.
    pub(crate) fn reference(&self) -> ApplicationRef {
        ApplicationRef { id: self.id, name: self.name.to_owned() }
    }
}
