//! How the server is.

use serde_json::json;

use crate::backend::{Backend, Vitals};
use crate::http::call::Reply;
use crate::http::context::read;
use crate::http::errors::ApiError;
use crate::http::router::Api;

/// What only the holder of the data folder is told.
///
/// # Errors
/// [`ApiError`] if the records cannot be read: then the server is not well.
pub(super) async fn told<B: Backend>(api: &Api<B>) -> Result<Reply, ApiError> {
    let Vitals { devices, enrolled, connected, waiting, accepted, ended } =
        read(api.backend.vitals()).await?;
    let uptime = api.backend.now().since(api.begun);
    let told = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeSeconds": uptime.as_secs(),
        "devices": { "known": devices, "enrolled": enrolled, "connected": connected },
        "commands": { "accepted": accepted, "ended": ended, "waiting": waiting },
        "store": "ok",
        "faults": api.faults.len(),
    });
    Ok(Reply::Json(told.to_string()))
}
