//! Unlocks a device with its bypass code.
//!
//! The lock takes the hash, the unlock takes the code itself.
//!
//! Source: Apple, "Creating and using bypass codes"; the fields as two open MDM servers send them.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use muster_device::activation::Unlocking;
use muster_protocol::SerialNumber;
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::body::{BodyError, read_form};
use crate::desk::Desk;
use crate::router::{Counter, TEXT_CHARS_MAX, Unavailable, serial};

/// The version every answer names.
const ANSWER_VERSION: &str = "1.0";

/// What the URL says.
#[derive(Debug, Deserialize)]
struct Which {
    serial: Option<String>,
    #[serde(rename = "productType")]
    product_type: Option<String>,
    imei: Option<String>,
    imei2: Option<String>,
    meid: Option<String>,
}

/// What the form says. No `Debug`: it carries a bypass code.
#[derive(Deserialize)]
struct Proof {
    #[serde(rename = "escrowKey")]
    escrow_key: Option<String>,
    #[serde(rename = "orgName")]
    org_name: Option<String>,
    guid: Option<String>,
}

/// A request that says all it has to. No `Debug`: it carries a bypass code.
struct Claim {
    serial: Option<SerialNumber>,
    escrow_key: String,
    guid: String,
}

/// What the customer hears, as a property list.
#[derive(Debug, Serialize)]
struct Answer {
    version: &'static str,
    code: u16,
    message: &'static str,
}

/// Why a device is not unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnlockError {
    /// A field that has to be there.
    Missing(&'static str),
    /// A field above [`TEXT_CHARS_MAX`], or encoded wrongly.
    Malformed,
    Body(BodyError),
    KeyMismatch,
    UnknownDevice,
    Unavailable,
}

pub(crate) async fn answer<D: Desk>(
    State(counter): State<Arc<Counter<D>>>,
    request: Request,
) -> Response {
    match unlock(&counter, request).await {
        Ok(()) => property_list(StatusCode::OK, "the device is unlocked"),
        Err(error) => property_list(error.status(), error.message()),
    }
}

async fn unlock<D: Desk>(counter: &Counter<D>, request: Request) -> Result<(), UnlockError> {
    let Claim { serial, escrow_key, guid } = claim(request).await?;
    let serial = serial.ok_or(UnlockError::UnknownDevice)?;
    let asked = counter.ask(async |desk| desk.escrow_key_unlock(&serial, &escrow_key).await);
    let unlocking = asked.await.map_err(|Unavailable| UnlockError::Unavailable)?;
    // Quoted, because the customer chose it.
    info!(%serial, ?guid, ?unlocking, "bypass code tried");
    match unlocking {
        Unlocking::Unlocked => Ok(()),
        Unlocking::KeyMismatch => Err(UnlockError::KeyMismatch),
        Unlocking::UnknownDevice => Err(UnlockError::UnknownDevice),
    }
}

async fn claim(request: Request) -> Result<Claim, UnlockError> {
    let which = which(request.uri())?;
    let proof: Proof = read_form(request).await.map_err(UnlockError::Body)?;
    let escrow_key = required(proof.escrow_key, "escrowKey is missing")?;
    required(proof.org_name, "orgName is missing")?;
    let guid = required(proof.guid, "guid is missing")?;
    Ok(Claim { serial: which, escrow_key, guid })
}

/// The device in the URL; what else is said of it is only checked.
fn which(uri: &Uri) -> Result<Option<SerialNumber>, UnlockError> {
    let read = Query::<Which>::try_from_uri(uri);
    let Query(which) = read.map_err(|_rejection| UnlockError::Malformed)?;
    let number = required(which.serial, "serial is missing")?;
    required(which.product_type, "productType is missing")?;
    for optional in [which.imei, which.imei2, which.meid].into_iter().flatten() {
        bounded(optional)?;
    }
    Ok(serial(&number))
}

fn required(field: Option<String>, missing: &'static str) -> Result<String, UnlockError> {
    let text = field.filter(|text| !text.is_empty()).ok_or(UnlockError::Missing(missing))?;
    bounded(text)
}

fn bounded(text: String) -> Result<String, UnlockError> {
    if text.len() <= TEXT_CHARS_MAX { Ok(text) } else { Err(UnlockError::Malformed) }
}

fn property_list(status: StatusCode, message: &'static str) -> Response {
    let answer = Answer { version: ANSWER_VERSION, code: status.as_u16(), message };
    let mut body = Vec::new();
    match plist::to_writer_xml(&mut body, &answer) {
        Ok(()) => (status, [(CONTENT_TYPE, "application/xml")], body).into_response(),
        Err(_cause) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl UnlockError {
    const fn status(self) -> StatusCode {
        match self {
            Self::Missing(_) | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Body(error) => error.status(),
            Self::KeyMismatch | Self::UnknownDevice => StatusCode::NOT_FOUND,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Missing(text) => text,
            Self::Malformed => "the request cannot be read",
            Self::Body(error) => error.text(),
            Self::KeyMismatch => "escrow key mismatch",
            Self::UnknownDevice => "unknown device",
            Self::Unavailable => "the service cannot answer now",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_url_has_to_name_device_and_product_type() {
        let read = |uri: &str| which(&uri.parse().expect(uri));
        assert_eq!(read("/x?serial=F17G0000A1&productType=iPhone15,2"), Ok(serial("F17G0000A1")));
        assert_eq!(read("/x?serial=lower&productType=iPhone15,2"), Ok(None));
        assert_eq!(read("/x?serial=A"), Err(UnlockError::Missing("productType is missing")));
        assert_eq!(read("/x?productType=A"), Err(UnlockError::Missing("serial is missing")));
        assert_eq!(read("/x"), Err(UnlockError::Missing("serial is missing")));
        let long = format!("/x?serial={}&productType=A", "A".repeat(TEXT_CHARS_MAX + 1));
        assert_eq!(read(&long), Err(UnlockError::Malformed));
        assert_eq!(read("/x?serial=A&serial=B&productType=A"), Err(UnlockError::Malformed));
    }

    proptest! {
        #[test]
        fn no_query_breaks_the_reader(query in "[ -~&&[^#<>\"`{}| ]]{0,128}") {
            if let Ok(uri) = format!("/x?{query}").parse::<Uri>() {
                let _read = which(&uri);
            }
        }
    }
}
