//! Who can sign in to a fresh tenant and with what, for the person who started the server.

use core::fmt;

use serde::Serialize;
use uuid::Uuid;

use crate::identity::authenticate::Identity;
use crate::identity::tenant::{Application, ClientKind, Devices, DirectoryRole, User};
use crate::rbac::builtin::SEEDED_ASSIGNMENTS;

/// The applications and administrators of the tenant with their secrets.
///
/// It prints its tenant only.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIns {
    /// The tenant id.
    pub tenant_id: Uuid,
    /// What follows the `@` of its users.
    pub domain: &'static str,
    /// The programs that may ask for tokens.
    pub applications: Vec<ClientSignIn>,
    /// The people who administer.
    pub users: Vec<UserSignIn>,
}

/// How a program gets in.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSignIn {
    /// The name on display.
    pub name: &'static str,
    /// The client id.
    pub client_id: Uuid,
    /// The client secret; `None` for a program that people sign in to.
    pub client_secret: Option<String>,
}

/// How an administrator gets in.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserSignIn {
    /// The user principal name.
    pub username: String,
    /// The password; `None` where any will do.
    pub password: Option<String>,
    /// The role at the start; `None` for nobody's.
    pub role: Option<&'static str>,
}

/// Leaves out the secrets.
impl fmt::Debug for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIns").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

impl Identity {
    /// Who can sign in, and with what. For whoever may read the data folder.
    #[must_use]
    pub fn sign_ins(&self) -> SignIns {
        let tenant = self.tenant();
        let administrators = tenant.users.iter().filter(|user| user.devices == Devices::NoneOwned);
        SignIns {
            tenant_id: tenant.id,
            domain: tenant.domain,
            applications: tenant.applications.iter().map(|one| self.client_sign_in(one)).collect(),
            users: administrators.map(|user| self.user_sign_in(user)).collect(),
        }
    }

    fn client_sign_in(&self, application: &Application) -> ClientSignIn {
        let client_secret = match application.kind {
            ClientKind::Confidential => Some(self.credentials.secret_of(application)),
            ClientKind::Public => None,
        };
        ClientSignIn { name: application.name, client_id: application.id, client_secret }
    }

    fn user_sign_in(&self, user: &User) -> UserSignIn {
        UserSignIn {
            username: user.upn.clone(),
            password: self.credentials.password_of(user),
            role: role_at_start(user),
        }
    }
}

fn role_at_start(user: &User) -> Option<&'static str> {
    match user.directory_role {
        Some(DirectoryRole::GlobalAdministrator) => Some("Global Administrator"),
        Some(DirectoryRole::IntuneAdministrator) => Some("Intune Administrator"),
        None => {
            let (name, _domain) = user.upn.split_once('@')?;
            let seeded = SEEDED_ASSIGNMENTS.iter().find(|seeded| seeded.holder == name)?;
            Some(seeded.role.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::auth::AdminToken;
    use crate::identity::credentials::Credentials;
    use crate::identity::key::SigningKey;

    fn token() -> AdminToken {
        AdminToken::from_text(&"0a".repeat(32)).unwrap()
    }

    #[test]
    fn on_loopback_the_secrets_are_those_of_the_documentation() {
        let known = Identity::new(token()).sign_ins();
        let secrets: Vec<_> = known.applications.iter().map(|one| &one.client_secret).collect();
        assert_eq!(secrets[0].as_deref(), Some("muster-automation-developer-secret"));
        assert_eq!(secrets.iter().filter(|secret| secret.is_none()).count(), 1, "the Console");
        assert!(known.users.iter().all(|user| user.password.is_none()));
    }

    #[test]
    fn everybody_with_a_role_is_named_with_it() {
        let known = Identity::new(token()).sign_ins();
        let role = |name: &str| {
            known.users.iter().find(|user| user.username.starts_with(name)).unwrap().role
        };
        assert_eq!(role("global.admin@"), Some("Global Administrator"));
        assert_eq!(role("helpdesk@"), Some("Help Desk Operator"));
        assert_eq!(role("no.role@"), None);
    }

    #[test]
    fn elsewhere_they_are_the_folder_s_own_and_nothing_prints_them() {
        let key = SigningKey::generate().unwrap();
        let known = Identity::open(token(), key, Credentials::OfFolder(token())).sign_ins();
        let secret = known.applications[0].client_secret.clone().unwrap();
        let password = known.users[0].password.clone().unwrap();
        assert_eq!((secret.len(), password.len()), (64, 64));
        let printed = format!("{known:?}");
        assert!(!printed.contains(&secret) && !printed.contains(&password), "{printed}");
    }
}
