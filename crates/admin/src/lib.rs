//! The Microsoft-Graph-compatible admin API.
//!
//! [`router`] answers the device management of Microsoft Graph, as `/v1.0` and as `/beta`: what
//! `operation` lists. It opens no socket; the server serves it. What stands behind it is a
//! [`Backend`], so nothing here knows rows or frames.

mod backend;
mod devices;
mod http;
mod identity;
mod odata;
mod operate;
mod operation;
mod rbac;
mod resources;

pub use backend::{
    Backend, BackendError, Document, DocumentKind, DocumentPage, Submission, SubmitError, Vitals,
};
pub use devices::action_result::{action_name, action_state, latest_commands, shown_passcode};
pub use devices::actions::parse_action;
pub use devices::listed::{is_deleted, is_listed};
pub use devices::managed_device::shown_bypass_code;
pub use devices::page::PAGE_DEVICES_MAX;
pub use http::body::{BODY_BYTES_MAX, BodyError};
pub use http::errors::refusal_status;
pub use http::options::{AdminOptions, Strictness, Throttling};
pub use http::origin::{MICROSOFT_HOSTS, Microsoft, Origin, Origins, ParseOriginError};
pub use http::router::router;
pub use identity::auth::{AdminToken, ParseTokenError};
pub use identity::{
    ClientCertificateError, ClientSignIn, Credentials, Identity, IdentityError, SignIns,
    SigningKey, SigningKeyError, UserSignIn,
};
pub use odata::strict::Filters;
pub use operation::openapi::openapi_document;
pub use operation::parity::parity_page;
pub use resources::audit::{Purged, purge_audit_log};
pub use resources::policies::effect::{AssignedPolicies, Noted};
