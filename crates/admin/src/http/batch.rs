//! `$batch`: up to twenty requests in one.
//!
//! Each is answered as if it had come alone, with the token of the batch, in the order of the
//! batch unless it depends on a later one. Nothing is done before all of the batch was read.
//!
//! Source: Microsoft Graph, "Combine multiple requests in one HTTP call using JSON batching".

use std::collections::{BTreeMap, BTreeSet};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::backend::Backend;
use crate::http::body::{object, read_batch};
use crate::http::call::{Call, Reply};
use crate::http::errors::ApiError;
use crate::http::router::{Admitted, Api};
use crate::operation::path::Version;

/// Requests of a batch, at most.
///
/// Source: Microsoft Graph, JSON batching: 20 requests.
pub(crate) const REQUESTS_MAX: usize = 20;

/// Longest id of a request that is repeated, in bytes.
const ID_BYTES_MAX: usize = 128;

/// The host every script for Graph has written down; it stands for this server.
const GRAPH: &str = "https://graph.microsoft.com";

/// Headers of the batch itself, which its requests cannot have their own of.
const OUTER: [HeaderName; 4] = [AUTHORIZATION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING];

/// A batch that is no good, or a request of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("the batch has to have a member requests, a list of 1 to {REQUESTS_MAX} requests")]
    Count,
    #[error("request {place} of the batch has no {member} that can be used")]
    Member { place: usize, member: &'static str },
    #[error("the id '{0}' stands in the batch twice")]
    Twice(String),
    #[error("request '{id}' depends on '{on}', which the batch does not have")]
    NoSuchRequest { id: String, on: String },
    #[error("request '{0}' depends on itself, by way of others or at once")]
    Circle(String),
    #[error("the url of the request leads to another server")]
    Elsewhere,
    #[error("a request with a body needs a Content-Type header")]
    NoContentType,
    #[error("a batch cannot hold a batch")]
    Nested,
    #[error("the request '{0}', on which this one depends, has failed")]
    Dependency(String),
}

impl BatchError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Dependency(_) => StatusCode::FAILED_DEPENDENCY,
            Self::Count
            | Self::Member { .. }
            | Self::Twice(_)
            | Self::NoSuchRequest { .. }
            | Self::Circle(_)
            | Self::Elsewhere
            | Self::NoContentType
            | Self::Nested => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Dependency(_) => "FailedDependency",
            Self::Count
            | Self::Member { .. }
            | Self::Twice(_)
            | Self::NoSuchRequest { .. }
            | Self::Circle(_)
            | Self::Elsewhere
            | Self::NoContentType
            | Self::Nested => "BadRequest",
        }
    }
}

/// One request of a batch.
struct Item {
    id: String,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Value>,
    depends_on: Vec<String>,
}

/// Answers a batch: 200 with an answer to each of its requests.
///
/// # Errors
/// [`ApiError`] if the batch itself is no good; nothing was done then.
pub(crate) async fn answer<B: Backend>(
    api: &Api<B>,
    call: &Call,
    admitted: &Admitted,
    request: Request,
) -> Result<Reply, ApiError> {
    let token = request.headers().get(AUTHORIZATION).cloned();
    let version = admitted.route.version;
    let body = object(&read_batch(request).await?)?;
    let items = items(&body)?;
    let mut answered: BTreeMap<&str, StatusCode> = BTreeMap::new();
    let mut responses = Vec::new();
    for item in in_order(&items)? {
        let failed = item
            .depends_on
            .iter()
            .find(|on| answered.get(on.as_str()).is_none_or(|status| status.as_u16() >= 400));
        let response = match failed {
            Some(on) => {
                let call = api.begin(&call.origin, &item.headers);
                api.refuse(&call, None, &BatchError::Dependency(on.clone()).into())
            }
            None => {
                let call = api.begin(&call.origin, &item.headers);
                answer_one(api, &call, (version, item), token.as_ref()).await
            }
        };
        answered.insert(&item.id, response.status());
        responses.push(shown(&item.id, response).await);
    }
    let mut batch = Map::new();
    batch.insert("responses".to_owned(), responses.into());
    Ok(Reply::Found(batch.into()))
}

async fn answer_one<B: Backend>(
    api: &Api<B>,
    call: &Call,
    (version, item): (Version, &Item),
    token: Option<&HeaderValue>,
) -> Response {
    match request(api, version, item, token) {
        Ok(request) => api.serve_one(call, request).await,
        Err(error) => api.refuse(call, None, &error.into()),
    }
}

/// The request as it would have come alone.
fn request<B: Backend>(
    api: &Api<B>,
    version: Version,
    item: &Item,
    token: Option<&HeaderValue>,
) -> Result<Request, BatchError> {
    if item.body.is_some() && !item.headers.contains_key(CONTENT_TYPE) {
        return Err(BatchError::NoContentType);
    }
    let body = item.body.as_ref().map(Value::to_string).unwrap_or_default();
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = item.method.clone();
    let target = local(api, version, &item.url).ok_or(BatchError::Elsewhere)?;
    *request.uri_mut() = target.parse().map_err(|_cause| BatchError::Elsewhere)?;
    *request.headers_mut() = item.headers.clone();
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, token.clone());
    }
    Ok(request)
}

/// Path and query of a url of ours; relative ones have the version of the batch.
fn local<B>(api: &Api<B>, version: Version, url: &str) -> Option<String> {
    let Some((scheme, _)) = url.split_once("://").filter(|(scheme, _)| !scheme.contains('/'))
    else {
        return Some(format!("/{version}/{}", spaceless(url.trim_start_matches('/'))));
    };
    let after = scheme.len() + "://".len();
    let end = url[after..].find(['/', '?']).map_or(url.len(), |at| after + at);
    let (origin, rest) = url.split_at(end);
    let ours = origin.eq_ignore_ascii_case(GRAPH) || api.origins.has(origin);
    (ours && rest.starts_with('/')).then(|| spaceless(rest))
}

/// A url as it may stand in a request line: some clients leave spaces in their filters.
fn spaceless(url: &str) -> String {
    url.replace(' ', "%20")
}

/// An answer, as it stands among those of the batch.
async fn shown(id: &str, response: Response) -> Value {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), Value::from(value)))
    });
    let mut shown = Map::new();
    shown.insert("id".to_owned(), id.into());
    shown.insert("status".to_owned(), parts.status.as_u16().into());
    shown.insert("headers".to_owned(), headers.collect::<Map<_, _>>().into());
    // Answers are made here, in memory, and no longer than a page.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if !body.is_empty() {
        shown.insert("body".to_owned(), parsed(&body));
    }
    shown.into()
}

/// JSON as it is, anything else as text.
fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn items(batch: &Map<String, Value>) -> Result<Vec<Item>, BatchError> {
    let requests = batch.get("requests").and_then(Value::as_array).ok_or(BatchError::Count)?;
    if !(1..=REQUESTS_MAX).contains(&requests.len()) {
        return Err(BatchError::Count);
    }
    let items: Result<Vec<Item>, BatchError> =
        requests.iter().zip(1..).map(|(request, place)| item(request, place)).collect();
    let items = items?;
    let mut ids = BTreeSet::new();
    match items.iter().find(|item| !ids.insert(item.id.as_str())) {
        Some(twice) => Err(BatchError::Twice(twice.id.clone())),
        None => Ok(items),
    }
}

fn item(request: &Value, place: usize) -> Result<Item, BatchError> {
    let missing = |member| BatchError::Member { place, member };
    let text = |member: &'static str| {
        request.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
    };
    let id = text("id").filter(|id| id.len() <= ID_BYTES_MAX).ok_or_else(|| missing("id"))?;
    let method = text("method").ok_or_else(|| missing("method"))?.to_ascii_uppercase();
    let method = method.parse().map_err(|_cause| missing("method"))?;
    Ok(Item {
        id: id.to_owned(),
        method,
        url: text("url").ok_or_else(|| missing("url"))?.to_owned(),
        headers: headers(request.get("headers")).ok_or_else(|| missing("headers"))?,
        body: request.get("body").filter(|body| !body.is_null()).cloned(),
        depends_on: depends_on(request).ok_or_else(|| missing("dependsOn"))?,
    })
}

fn headers(members: Option<&Value>) -> Option<HeaderMap> {
    let members = match members {
        None | Some(Value::Null) => return Some(HeaderMap::new()),
        Some(members) => members.as_object()?,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in members {
        let name: HeaderName = name.parse().ok()?;
        if !OUTER.contains(&name) {
            headers.insert(name, HeaderValue::from_str(value.as_str()?).ok()?);
        }
    }
    Some(headers)
}

/// The Python SDK spells the member in its own way.
fn depends_on(request: &Value) -> Option<Vec<String>> {
    let members = ["dependsOn", "depends_on"].into_iter().filter_map(|name| request.get(name));
    let lists = members.filter(|member| !member.is_null()).map(Value::as_array);
    let mut all = Vec::new();
    for list in lists {
        for on in list? {
            all.push(on.as_str()?.to_owned());
        }
    }
    Some(all)
}

/// The requests so that none comes before one it depends on, and otherwise as they were sent.
fn in_order(items: &[Item]) -> Result<Vec<&Item>, BatchError> {
    let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    for item in items {
        if let Some(on) = item.depends_on.iter().find(|on| !ids.contains(on.as_str())) {
            return Err(BatchError::NoSuchRequest { id: item.id.clone(), on: on.clone() });
        }
    }
    let mut waiting: Vec<&Item> = items.iter().collect();
    let (mut ordered, mut done) = (Vec::new(), BTreeSet::new());
    while let Some(first) = waiting.first() {
        let ready = |item: &&Item| item.depends_on.iter().all(|on| done.contains(on.as_str()));
        let Some(next) = waiting.iter().position(ready) else {
            return Err(BatchError::Circle(first.id.clone()));
        };
        let item = waiting.remove(next);
        done.insert(item.id.as_str());
        ordered.push(item);
    }
    Ok(ordered)
}
