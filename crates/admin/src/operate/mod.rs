//! `/_muster/*`: what operates the server itself, for whoever holds the token of the data folder.
//!
//! Nothing of this is Graph's. No token that was signed for a program or a person opens it.

mod error;
pub(crate) mod faults;
mod health;
pub(crate) mod lag;
mod rule_file;
mod state;
mod state_file;

pub(crate) use error::OperateError;

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use serde_json::json;

use crate::backend::Backend;
use crate::http::call::{Call, Reply};
use crate::http::errors::ApiError;
use crate::http::router::Api;
use crate::operation::openapi::openapi_document;
use crate::operation::path::Verbs;
use crate::operation::table::Verb;
use crate::resources::audit_entry::Author;

/// A path below `/_muster`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatePath {
    Health,
    State,
    Reset,
    Faults,
    OpenApi,
    /// Nothing is called so.
    Unknown,
}

impl OperatePath {
    /// Reads a path; `None` if it is not below `/_muster`.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        if segments.next() != Some("_muster") {
            return None;
        }
        let named = match (segments.next(), segments.next()) {
            (Some("health"), None) => Self::Health,
            (Some("state"), None) => Self::State,
            (Some("reset"), None) => Self::Reset,
            (Some("faults"), None) => Self::Faults,
            (Some("openapi.json"), None) => Self::OpenApi,
            (_, _) => Self::Unknown,
        };
        Some(named)
    }

    const fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Health | Self::OpenApi => &[Verb::Get],
            Self::State => &[Verb::Get, Verb::Post],
            Self::Reset => &[Verb::Post],
            Self::Faults => &[Verb::Get, Verb::Post, Verb::Delete],
            Self::Unknown => &[],
        }
    }

    /// The verb of a request, if this path has it.
    fn asked(self, method: &Method) -> Result<Verb, ApiError> {
        if self == Self::Unknown {
            return Err(OperateError::Unknown.into());
        }
        let verbs = self.verbs();
        let asked = verbs.iter().copied().find(|verb| verb.name() == method.as_str());
        asked.ok_or_else(|| ApiError::Verb { allowed: Verbs::of(verbs) })
    }
}

/// Answers a request about the server itself.
pub(crate) async fn serve<B: Backend>(
    api: &Api<B>,
    path: OperatePath,
    request: Request,
) -> Response {
    let call = api.begin(api.origins.own(), request.headers());
    match answer(api, &call, path, request).await {
        Ok(reply) => call.reply(reply),
        Err(error) => api.refuse(&call, None, &error),
    }
}

async fn answer<B: Backend>(
    api: &Api<B>,
    call: &Call,
    path: OperatePath,
    request: Request,
) -> Result<Reply, ApiError> {
    let verb = path.asked(request.method())?;
    let holder = match path {
        OperatePath::OpenApi => return Ok(Reply::Json(openapi_document().to_string())),
        OperatePath::Health if !Api::<B>::shows_token(&request) => {
            return Ok(Reply::Json(json!({ "status": "ok" }).to_string()));
        }
        OperatePath::Health
        | OperatePath::State
        | OperatePath::Reset
        | OperatePath::Faults
        | OperatePath::Unknown => api.holds_folder(call, &request)?,
    };
    let author = Author { principal: &holder, request_id: call.request_id };
    match (path, verb) {
        (OperatePath::State, Verb::Post) => state::import(api, author, request).await,
        (OperatePath::State, _) => state::export(api, call, request.uri()).await,
        (OperatePath::Reset, _) => state::reset(api, author).await,
        (OperatePath::Faults, Verb::Post) => {
            api.faults.replace(rule_file::read(request).await?);
            Ok(Reply::Json(api.faults.told().to_string()))
        }
        (OperatePath::Faults, Verb::Delete) => {
            api.faults.clear();
            Ok(Reply::Done)
        }
        (OperatePath::Faults, _) => Ok(Reply::Json(api.faults.told().to_string())),
        (OperatePath::Health | OperatePath::OpenApi | OperatePath::Unknown, _) => {
            health::told(api).await
        }
    }
}
