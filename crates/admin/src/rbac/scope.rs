//! Scopes: what an application may ask for, whoever sits in front of it.

use core::fmt;

use crate::identity::principal::Principal;

/// A permission of Microsoft Graph that this API gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    ManagedDevicesRead,
    ManagedDevicesReadWrite,
    PrivilegedOperations,
    AppsRead,
    AppsReadWrite,
    RbacRead,
    RbacReadWrite,
    ConfigurationRead,
    ConfigurationReadWrite,
}

impl Scope {
    /// Every scope.
    pub(crate) const ALL: [Self; 9] = [
        Self::ManagedDevicesRead,
        Self::ManagedDevicesReadWrite,
        Self::PrivilegedOperations,
        Self::AppsRead,
        Self::AppsReadWrite,
        Self::RbacRead,
        Self::RbacReadWrite,
        Self::ConfigurationRead,
        Self::ConfigurationReadWrite,
    ];

    /// As tokens and error messages write it.
    ///
    /// Source: Microsoft Graph permissions reference, device management.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ManagedDevicesRead => "DeviceManagementManagedDevices.Read.All",
            Self::ManagedDevicesReadWrite => "DeviceManagementManagedDevices.ReadWrite.All",
            Self::PrivilegedOperations => "DeviceManagementManagedDevices.PrivilegedOperations.All",
            Self::AppsRead => "DeviceManagementApps.Read.All",
            Self::AppsReadWrite => "DeviceManagementApps.ReadWrite.All",
            Self::RbacRead => "DeviceManagementRBAC.Read.All",
            Self::RbacReadWrite => "DeviceManagementRBAC.ReadWrite.All",
            Self::ConfigurationRead => "DeviceManagementConfiguration.Read.All",
            Self::ConfigurationReadWrite => "DeviceManagementConfiguration.ReadWrite.All",
        }
    }

    /// The scope of this name; scopes have no letter case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name().eq_ignore_ascii_case(name))
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scopes(u16);

impl Scopes {
    /// Every scope there is.
    pub(crate) fn every() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub(crate) const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes in both sets.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either set.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names of the scopes, in a fixed order.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope)).map(Scope::name)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// What an operation needs of a token. Each may be had by any one of [`Permission::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// A token, whatever its scopes.
    None,
    ManagedDevicesRead,
    ManagedDevicesReadWrite,
    PrivilegedOperations,
    AppsRead,
    RbacRead,
    RbacReadWrite,
    ConfigurationRead,
    ConfigurationReadWrite,
}

impl Permission {
    /// The scopes any one of which is enough, the least first; empty if none is needed.
    ///
    /// Source: Microsoft Graph, the tables of permissions of each operation.
    pub(crate) const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::None => &[],
            Self::ManagedDevicesRead => {
                &[Scope::ManagedDevicesRead, Scope::ManagedDevicesReadWrite]
            }
            Self::ManagedDevicesReadWrite => &[Scope::ManagedDevicesReadWrite],
            Self::PrivilegedOperations => &[Scope::PrivilegedOperations],
            Self::AppsRead => &[Scope::AppsRead, Scope::AppsReadWrite],
            Self::RbacRead => &[Scope::RbacRead, Scope::RbacReadWrite],
            Self::RbacReadWrite => &[Scope::RbacReadWrite],
            Self::ConfigurationRead => &[Scope::ConfigurationRead, Scope::ConfigurationReadWrite],
            Self::ConfigurationReadWrite => &[Scope::ConfigurationReadWrite],
        }
    }
}

/// A token without the scope: 403. Its text is the message of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeRefusal {
    /// What would have been needed.
    pub(crate) permission: Permission,
}

impl core::error::Error for ScopeRefusal {}

impl fmt::Display for ScopeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Application is not authorized to perform this operation. \
             Application must have one of the following scopes: ",
        )?;
        for (place, scope) in self.permission.scopes().iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}", scope.name())?;
        }
        Ok(())
    }
}

impl Principal {
    /// Whether the token carries a scope for this.
    ///
    /// # Errors
    /// [`ScopeRefusal`] if it carries none of them.
    pub(crate) fn may(&self, permission: Permission) -> Result<(), ScopeRefusal> {
        let enough = permission.scopes();
        if enough.is_empty() || enough.iter().any(|scope| self.scopes.has(*scope)) {
            Ok(())
        } else {
            Err(ScopeRefusal { permission })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_every_scope_that_would_do() {
        let refusal = ScopeRefusal { permission: Permission::ManagedDevicesRead };
        assert_eq!(
            refusal.to_string(),
            "Application is not authorized to perform this operation. Application must have one \
             of the following scopes: DeviceManagementManagedDevices.Read.All, \
             DeviceManagementManagedDevices.ReadWrite.All"
        );
    }

    #[test]
    fn a_scope_is_found_by_its_name_in_any_letter_case() {
        for scope in Scope::ALL {
            assert_eq!(Scope::named(&scope.name().to_lowercase()), Some(scope));
        }
        assert_eq!(Scope::named("User.Read"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        for scope in Scope::ALL {
            let one: Scopes = [scope].into_iter().collect();
            let held: Vec<Scope> = Scope::ALL.into_iter().filter(|held| one.has(*held)).collect();
            assert_eq!(held, [scope]);
        }
        assert_eq!(Scopes::every().names().count(), Scope::ALL.len());
    }
}
