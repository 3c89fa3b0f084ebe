//! What clients and people show to be let in.

use core::fmt;
use core::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::identity::auth::AdminToken;
use crate::identity::tenant::{Application, User};

/// Which secrets a server knows.
///
/// It prints which of the two it is and nothing else.
#[derive(Clone)]
pub enum Credentials {
    /// Those of the documentation, the same everywhere; people sign in by name alone. For
    /// servers that nobody but this machine can reach.
    WellKnown,
    /// Secrets of one data folder, drawn from its token; people have passwords drawn from it.
    OfFolder(AdminToken),
}

/// What stands before the bytes a secret is drawn from, one for each use.
const CLIENT_LABEL: &[u8] = b"muster client secret 1\0";
const PASSWORD_LABEL: &[u8] = b"muster user password 1\0";

impl Credentials {
    /// The secret of an application, for whoever may read the data folder.
    pub(crate) fn secret_of(&self, application: &Application) -> String {
        match self {
            Self::WellKnown => {
                format!("muster-{}-developer-secret", application.name.to_lowercase())
            }
            Self::OfFolder(token) => token.derived(CLIENT_LABEL, application.id),
        }
    }

    /// The password of a person; `None` where people have none.
    pub(crate) fn password_of(&self, user: &User) -> Option<String> {
        match self {
            Self::WellKnown => None,
            Self::OfFolder(token) => Some(token.derived(PASSWORD_LABEL, user.id)),
        }
    }

    /// Whether a client secret is the right one.
    pub(crate) fn is_secret(&self, application: &Application, presented: &str) -> bool {
        same(&self.secret_of(application), presented)
    }

    /// Whether somebody may sign in with this password.
    pub(crate) fn is_password(&self, user: &User, presented: &str) -> bool {
        self.password_of(user).is_none_or(|password| same(&password, presented))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WellKnown => "WellKnown",
            Self::OfFolder(_) => "OfFolder(..)",
        })
    }
}

impl AdminToken {
    /// A secret that follows from the token and from which the token does not follow.
    fn derived(&self, label: &[u8], of: Uuid) -> String {
        let digest = Sha256::new().chain_update(label).chain_update(self.bytes());
        hexadecimal(&digest.chain_update(of.as_bytes()).finalize())
    }
}

/// Compares without telling by its duration where two texts differ, or how long the right one is.
fn same(right: &str, presented: &str) -> bool {
    digest(right.as_bytes()).ct_eq(&digest(presented.as_bytes())).into()
}

/// SHA-256 of some bytes. Good for secrets of high entropy only.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::seed::{AUTOMATION_ID, REPORTING_ID};
    use crate::identity::tenant::Tenant;

    fn folder(digit: &str) -> Credentials {
        Credentials::OfFolder(AdminToken::from_text(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn the_secrets_of_a_folder_differ_from_each_other_and_from_those_of_another() {
        let tenant = Tenant::seeded();
        let [one, two] = [AUTOMATION_ID, REPORTING_ID].map(|id| tenant.application(id).unwrap());
        let (here, there) = (folder("a"), folder("b"));
        assert!(here.is_secret(one, &here.secret_of(one)));
        assert!(!here.is_secret(two, &here.secret_of(one)));
        assert!(!there.is_secret(one, &here.secret_of(one)));
        assert!(!here.is_secret(one, &Credentials::WellKnown.secret_of(one)));
        assert!(!here.is_secret(one, ""));
    }

    #[test]
    fn people_need_a_password_unless_the_credentials_are_well_known() {
        let tenant = Tenant::seeded();
        let (ada, ben) = (&tenant.users[10], &tenant.users[11]);
        assert!(Credentials::WellKnown.is_password(ada, ""));
        let here = folder("a");
        let password = here.password_of(ada).unwrap();
        assert!(here.is_password(ada, &password) && !here.is_password(ben, &password));
        assert!(!here.is_password(ada, ""));
    }

    #[test]
    fn credentials_do_not_print_what_they_are_drawn_from() {
        assert_eq!(format!("{:?}", folder("a")), "OfFolder(..)");
    }
}
