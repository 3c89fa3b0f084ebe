//! Who asks.

mod asked_scopes;
mod assertion;
mod attempts;
pub(crate) mod auth;
mod auth_code;
pub(crate) mod authenticate;
mod authorize;
mod certificate;
mod credentials;
mod device_code;
mod discovery;
mod form;
mod grants;
mod kept;
mod key;
pub(crate) mod login;
mod owner;
mod page;
pub(crate) mod principal;
mod refusal;
pub(crate) mod seed;
mod sign_ins;
pub(crate) mod tenant;
#[cfg(test)]
mod testing;
mod token;

pub use authenticate::Identity;
pub use certificate::ClientCertificateError;
pub use credentials::Credentials;
pub use kept::IdentityError;
pub use key::{SigningKey, SigningKeyError};
pub use sign_ins::{ClientSignIn, SignIns, UserSignIn};
