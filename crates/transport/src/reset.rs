//! The key behind stateless resets.
//!
//! A server that was killed leaves devices behind that believe in their connections. It answers
//! their next packet with a stateless reset (RFC 9000, section 10.3), which a device only believes
//! if the token in it is the one it was given: the key has to survive the restart.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use quinn::EndpointConfig;

use crate::digest::{random, sha256};

/// Least time between two resets: a thousand devices learn within half a second that their server
/// is another process. The library's default of 20 ms would take longer than their idle timeout
/// for ten thousand.
const RESET_INTERVAL_MIN: Duration = Duration::from_micros(500);

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Makes the tokens of stateless resets; the same key makes the same tokens.
#[derive(Clone)]
pub struct ResetKey([u8; KEY_BYTES]);

impl ResetKey {
    /// A key that is gone with the process.
    #[must_use]
    pub fn random() -> Self {
        Self(random())
    }

    /// A key that `secret` always gives, and that does not give `secret` away.
    pub(crate) fn derived(secret: &[u8]) -> Self {
        let mut labelled = b"muster stateless reset key\0".to_vec();
        labelled.extend_from_slice(secret);
        Self(sha256(&labelled))
    }

    /// Endpoint settings that reset connections with this key.
    pub(crate) fn endpoint_config(&self) -> EndpointConfig {
        let mut config = EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &self.0)));
        config.min_reset_interval(RESET_INTERVAL_MIN);
        config
    }
}

impl fmt::Debug for ResetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetKey(..)")
    }
}
