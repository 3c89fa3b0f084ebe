//! The body of a request: how it is read, and how much of it.

use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use tokio::time::timeout;

use super::problem::Problem;

/// Longest body of a request, in bytes: a wish is a small object.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024;

/// How long a client may take to send it.
pub(super) const BODY_WITHIN: Duration = Duration::from_secs(5);

/// Reads a body.
///
/// # Errors
/// [`Problem`] if it is too long, late, or breaks off.
pub(super) async fn read<B>(body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = timeout(BODY_WITHIN, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    match whole.map_err(|_elapsed| Problem::BodyLate)? {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::BodyTooLong),
        Err(_broken) => Err(Problem::BodyBrokeOff),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let of = |length: usize| read(Full::new(Bytes::from(vec![b' '; length])));
        assert_eq!(of(BODY_BYTES_MAX).await.unwrap().len(), BODY_BYTES_MAX);
        assert!(matches!(of(BODY_BYTES_MAX + 1).await, Err(Problem::BodyTooLong)));
    }
}
