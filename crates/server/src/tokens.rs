//! Enrolment tokens: made here, kept as hashes, judged by the core.

use std::num::ParseIntError;
use std::time::Duration;

use muster_control::{EnrolmentProfile, EnrolmentTokenRecord, TokenUse};
use muster_protocol::Policy;
use muster_protocol::secret::EnrolmentToken;
use muster_store::{CommitError, OpenError, Store, TokenWrite, Transaction};
use muster_transport::{Skew, sha256};

use crate::chance::random_text;
use crate::clock::{Clock, unix_us};
use crate::data_dir::{DataDir, DataDirError};

/// The key of the run's start in the store.
const META_EPOCH: &str = "run_epoch_unix_us";

/// How often a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// By one device.
    OneTime,
    /// By any number until it expires.
    Reusable,
}

/// The token that is wanted.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// What devices that use it are asked.
    pub profile: EnrolmentProfile,
    /// How often it may be used.
    pub kind: TokenKind,
    /// How long it is valid.
    pub lifetime: Duration,
}

/// A token that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The system has no randomness to give.
    #[error("failed to draw random bytes")]
    Random(#[from] getrandom::Error),
    /// The data folder has never been used by a server.
    #[error("no server has used this data folder yet; start `muster server` first")]
    NoRun,
    /// The store holds something else where the start of its run should stand.
    #[error("the store does not say when its run began")]
    Epoch {
        /// Why.
        #[source]
        source: ParseIntError,
    },
    /// The store cannot be opened.
    #[error("failed to open the store")]
    Open(#[from] OpenError),
    /// The store cannot be read.
    #[error("failed to read the store")]
    Load(#[from] muster_store::LoadError),
    /// The token was not stored.
    #[error("failed to store the token")]
    Commit(#[from] CommitError),
    /// The data folder cannot be used.
    #[error("failed to use the data folder")]
    DataDir(#[from] DataDirError),
}

/// Makes a token and returns its text, which is shown once and kept nowhere by the store.
///
/// # Errors
/// [`TokenError`].
pub(crate) async fn issue_token(
    store: &Store,
    clock: &Clock,
    request: TokenRequest,
) -> Result<EnrolmentToken, TokenError> {
    let text = random_text()?;
    let record = EnrolmentTokenRecord {
        hash: sha256(text.as_bytes()),
        profile: request.profile,
        expires_at: clock.now().after(request.lifetime),
        uses: match request.kind {
            TokenKind::OneTime => TokenUse::OneTime,
            TokenKind::Reusable => TokenUse::Reusable,
        },
    };
    let tokens = vec![TokenWrite { expected: None, record }];
    store.commit(Transaction { tokens, ..Transaction::default() }).await?;
    Ok(EnrolmentToken::new(text))
}

/// Makes a token for the server of a data folder, which may be running at the same time.
///
/// # Errors
/// [`TokenError`]; [`TokenError::NoRun`] if no server has used the folder yet.
pub async fn issue_folder_token(
    data: &DataDir,
    request: TokenRequest,
) -> Result<EnrolmentToken, TokenError> {
    if !data.database().exists() {
        return Err(TokenError::NoRun);
    }
    let store = Store::sqlite(&data.database())?;
    let clock = stored_clock(&store, &Skew::default()).await?.ok_or(TokenError::NoRun)?;
    let token = issue_token(&store, &clock, request).await;
    store.close().await;
    token
}

/// The two profiles every server has: all policies, and none.
#[must_use]
pub fn profiles() -> [EnrolmentProfile; 2] {
    [
        EnrolmentProfile { name: "default".to_owned(), policy: Policy::FULL },
        EnrolmentProfile { name: "no-policy".to_owned(), policy: Policy::NONE },
    ]
}

/// The profile with this name.
#[must_use]
pub fn profile_named(name: &str) -> Option<EnrolmentProfile> {
    profiles().into_iter().find(|profile| profile.name == name)
}

/// The clock of the run a store belongs to, if a run has begun.
pub(crate) async fn stored_clock(store: &Store, skew: &Skew) -> Result<Option<Clock>, TokenError> {
    let Some(epoch) = store.meta(META_EPOCH).await? else {
        return Ok(None);
    };
    let epoch = epoch.parse().map_err(|source| TokenError::Epoch { source })?;
    Ok(Some(Clock::since_epoch(epoch, skew.clone())))
}

/// The clock of the run a store belongs to; the first start begins the run.
pub(crate) async fn run_clock(store: &Store, skew: &Skew) -> Result<Clock, TokenError> {
    if let Some(clock) = stored_clock(store, skew).await? {
        return Ok(clock);
    }
    let epoch = unix_us(skew);
    store.set_meta(META_EPOCH, &epoch.to_string()).await?;
    Ok(Clock::since_epoch(epoch, skew.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_whose_start_does_not_read_is_not_begun_anew() {
        let store = Store::memory();
        run_clock(&store, &Skew::default()).await.unwrap();
        let began = store.meta(META_EPOCH).await.unwrap();
        run_clock(&store, &Skew::default()).await.unwrap();
        assert_eq!(store.meta(META_EPOCH).await.unwrap(), began);
        store.set_meta(META_EPOCH, "yesterday").await.unwrap();
        let refused = run_clock(&store, &Skew::default()).await;
        assert!(matches!(refused, Err(TokenError::Epoch { .. })), "{refused:?}");
        assert_eq!(store.meta(META_EPOCH).await.unwrap().as_deref(), Some("yesterday"));
    }
}
