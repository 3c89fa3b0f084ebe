//! An identity for tests. Its keys are made once for each process.

use std::sync::LazyLock;

use crate::identity::auth::AdminToken;
use crate::identity::authenticate::Identity;
use crate::identity::credentials::Credentials;
use crate::identity::key::SigningKey;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

pub(super) fn key() -> &'static SigningKey {
    &KEY
}

pub(super) fn other_key() -> &'static SigningKey {
    &OTHER
}

pub(super) fn admin_token() -> AdminToken {
    AdminToken::from_text(&"ab".repeat(32)).unwrap()
}

pub(super) fn identity() -> Identity {
    Identity::open(admin_token(), key().clone(), Credentials::WellKnown)
}
