//! The truth about a device's lock.
//!
//! Source: Apple Business API, "Get Activation Lock status of a device".

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use muster_device::activation::LockStatus;
use serde_json::json;

use crate::desk::Desk;
use crate::router::{Counter, serial};

pub(crate) async fn answer<D: Desk>(
    State(counter): State<Arc<Counter<D>>>,
    Path(number): Path<String>,
) -> Response {
    let Some(serial) = serial(&number) else {
        return refusal();
    };
    match counter.desk().status(&serial) {
        Some(status) => found(serial.as_str(), status),
        None => refusal(),
    }
}

fn found(serial: &str, status: LockStatus) -> Response {
    let LockStatus { is_locked, lock_type } = status;
    let attributes = json!({ "isLocked": is_locked, "lockType": lock_type.word() });
    Json(json!({ "data": { "id": serial, "attributes": attributes } })).into_response()
}

fn refusal() -> Response {
    let status = StatusCode::NOT_FOUND;
    let error = json!({ "status": status.as_str(), "code": "NOT_FOUND" });
    (status, Json(json!({ "errors": [error] }))).into_response()
}
