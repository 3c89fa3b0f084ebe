//! Who asks, as far as the token says.

use uuid::Uuid;

use crate::rbac::scope::Scopes;

/// The client of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The application that sent the request.
    pub(crate) application: ApplicationRef,
    /// The person signed in to it; `None` if the application acts for itself.
    pub(crate) user: Option<UserRef>,
    /// What the application may ask for.
    pub(crate) scopes: Scopes,
}

/// An application, as audit entries name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApplicationRef {
    /// Its client id.
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

/// A person, as audit entries name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserRef {
    /// The object id.
    pub(crate) id: Uuid,
    /// The user principal name.
    pub(crate) upn: String,
    /// The name on display.
    pub(crate) name: String,
}
