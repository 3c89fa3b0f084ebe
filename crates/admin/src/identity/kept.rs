//! The signing key at rest.

use serde::{Deserialize, Serialize};

use crate::backend::{Backend, BackendError, Document, DocumentKind};
use crate::identity::auth::AdminToken;
use crate::identity::authenticate::Identity;
use crate::identity::credentials::Credentials;
use crate::identity::key::{SigningKey, SigningKeyError};

/// The name of the document that holds the key.
const KEY_ID: &str = "signing-key";

/// Why a server has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The key cannot be read from, or written to, the records.
    #[error("failed to keep the signing key")]
    Records(#[from] BackendError),
    /// What is kept is no key, or no key can be made.
    #[error("failed to load the signing key")]
    Key(#[from] SigningKeyError),
    /// What is kept is no JSON.
    #[error("failed to read the document of the signing key")]
    Document(#[from] serde_json::Error),
}

/// What stands in the document.
#[derive(Serialize, Deserialize)]
struct KeptKey {
    pem: String,
}

impl Identity {
    /// Loads the key of this server, or makes one and keeps it, so that tokens outlive a restart.
    ///
    /// # Errors
    /// [`IdentityError`] if the key can neither be read nor made and kept.
    ///
    /// Cancel safe: yes; a key that was not kept is made anew.
    pub async fn load<B: Backend>(
        backend: &B,
        admin: AdminToken,
        credentials: Credentials,
    ) -> Result<Self, IdentityError> {
        let kept = backend.document(DocumentKind::Identity, KEY_ID).await?;
        let key = match kept.and_then(|document| document.body) {
            Some(body) => SigningKey::from_pem(&serde_json::from_str::<KeptKey>(&body)?.pem)?,
            None => made(backend).await?,
        };
        Ok(Self::open(admin, key, credentials))
    }
}

async fn made<B: Backend>(backend: &B) -> Result<SigningKey, IdentityError> {
    let key = SigningKey::generate()?;
    let body = serde_json::to_string(&KeptKey { pem: key.to_pem().to_owned() })?;
    let document =
        Document { kind: DocumentKind::Identity, id: KEY_ID.to_owned(), body: Some(body) };
    backend.keep(vec![document]).await?;
    Ok(key)
}
