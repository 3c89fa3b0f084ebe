//! One call to the activation service.

use std::time::Duration;

use muster_control::{VendorCall, VendorOutcome};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;

use crate::vendor_access::{AccessError, VendorAccess};

/// How long one call may take.
const CALL_WITHIN: Duration = Duration::from_secs(10);

/// Longest answer that is read, in bytes: a property list of three keys.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// How this customer calls itself.
const ORGANISATION: &str = "muster";

/// What the service says of a device it has never made.
const UNKNOWN_DEVICE: &str = "unknown device";

/// The service, as one reading of its folder describes it.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    http: Client,
    unlock: String,
}

/// A call that got no answer to act on. It carries no code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the activation service cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the activation service answered {0}")]
    Status(StatusCode),
}

/// What the property list of an answer says.
#[derive(Deserialize)]
struct Answer {
    message: String,
}

impl Service {
    /// The service as its folder describes it now; reads files.
    ///
    /// # Errors
    /// [`AccessError`] if the folder lacks something.
    pub(super) fn of(access: &VendorAccess) -> Result<Self, AccessError> {
        let (http, address) = access.client(CALL_WITHIN)?;
        let unlock = format!("https://{address}/deviceservicesworkers/escrowKeyUnlock");
        Ok(Self { http, unlock })
    }

    /// Has the lock of a device removed.
    ///
    /// Cancel safe: yes; whether the lock is off is then unknown, and asking again is harmless.
    ///
    /// # Errors
    /// [`CallError`]: nothing is known of the lock, and the call should be made again.
    ///
    /// Source: Apple, "Creating and using bypass codes".
    pub(crate) async fn unlock(&self, call: &VendorCall) -> Result<VendorOutcome, CallError> {
        let which = [("serial", call.serial.as_str()), ("productType", &call.product_type)];
        let guid = call.id.to_string();
        let code: &str = call.escrow_key.expose();
        let proof = [("escrowKey", code), ("orgName", ORGANISATION), ("guid", guid.as_str())];
        let request = self.http.post(&self.unlock).query(&which).form(&proof);
        // The address names the device; it is in the span already.
        let sent = request.send().await.map_err(reqwest::Error::without_url);
        let answer = sent.map_err(CallError::Unreachable)?;
        match answer.status() {
            StatusCode::OK => Ok(VendorOutcome::Unlocked),
            StatusCode::NOT_FOUND => Ok(match message(answer).await?.as_deref() {
                Some(UNKNOWN_DEVICE) => VendorOutcome::UnknownDevice,
                Some(_) | None => VendorOutcome::KeyMismatch,
            }),
            other => Err(CallError::Status(other)),
        }
    }
}

/// The message of an answer, if it is one of the service's.
async fn message(mut answer: Response) -> Result<Option<String>, CallError> {
    let mut body = Vec::new();
    let read = async |answer: &mut Response| {
        answer.chunk().await.map_err(|error| CallError::Unreachable(error.without_url()))
    };
    while let Some(chunk) = read(&mut answer).await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(plist::from_bytes::<Answer>(&body).ok().map(|answer| answer.message))
}
