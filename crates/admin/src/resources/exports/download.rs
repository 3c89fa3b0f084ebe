//! Fetching the archive of an export job: whoever has the link may, as with the service's own.

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use crate::http::errors::ApiError;
use crate::operation::path::Verbs;
use crate::operation::table::Verb;
use crate::resources::exports::shelf::Exports;

/// Where an archive stands: its job and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExportPath {
    job: String,
    secret: String,
}

impl ExportPath {
    /// Reads a path; `None` if it is none of an archive.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (job, secret) = path.strip_prefix("/_muster/exports/")?.split_once('/')?;
        Some(Self { job: job.to_owned(), secret: secret.to_owned() })
    }
}

/// The archive, as a file to be kept.
///
/// # Errors
/// [`ApiError`] if the link is wrong or too old, or the verb is not GET.
pub(crate) fn download(
    exports: &Exports,
    path: &ExportPath,
    request: &Request,
    now: Timestamp,
) -> Result<Response, ApiError> {
    if request.method() != Method::GET {
        return Err(ApiError::Verb { allowed: Verbs::of(&[Verb::Get]) });
    }
    let found = exports.archive(&path.job, &path.secret, now);
    let (name, bytes) = found.ok_or(ApiError::Unknown("export"))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(named) = HeaderValue::try_from(format!("attachment; filename=\"{name}.zip\"")) {
        headers.insert(CONTENT_DISPOSITION, named);
    }
    Ok((headers, bytes.as_ref().clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_job_and_what_opens_it() {
        let found = ExportPath::parse("/_muster/exports/Devices_1/abc").unwrap();
        assert_eq!((found.job.as_str(), found.secret.as_str()), ("Devices_1", "abc"));
        for path in ["/_muster/exports", "/_muster/exports/x", "/_muster/health", "/v1.0/me"] {
            assert_eq!(ExportPath::parse(path), None, "{path}");
        }
    }
}
