//! From a request to its answer.
//!
//! One handler with a parser of its own takes every path, because Graph's paths have no letter
//! case and two forms of keys. What is wrong with a request is told in the order 401, 404 of the
//! path, 405, 404 of the device, 400 of query and body, then what the server refuses.

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use muster_control::{Action, ActionKind, DeviceRecord, Lifecycle, RECOVER_PASSCODE};
use muster_protocol::status::Switch;
use muster_protocol::{CommandId, DeviceId};
use serde_json::Value;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use crate::backend::{Backend, BackendError};
use crate::devices::actions::read_action;
use crate::devices::listed::{activation_lock, is_deleted};
use crate::devices::managed_device::{Look, Shape, managed_device};
use crate::devices::page::{PAGE_DEVICES_MAX, Page, context};
use crate::http::call::{Call, Reply};
use crate::http::errors::ApiError;
use crate::http::origin::Origin;
use crate::identity::auth::AdminToken;
use crate::odata::query::{Count, ListOptions, device_options, list_options, no_options};
use crate::operation::path::{Route, Target, Version};

/// Longest body of a request, in bytes. Bodies here are small objects.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the server behind the API may take for one question.
const BACKEND_WITHIN: Duration = Duration::from_secs(20);

/// What every request is answered from.
struct Api<B> {
    backend: B,
    auth: AdminToken,
    origin: Origin,
}

/// The API over a backend, for whoever holds `auth`; links in its answers begin with `origin`.
///
/// It answers every path itself, with Graph's error envelope where it serves nothing.
pub fn router<B: Backend>(backend: B, auth: AdminToken, origin: Origin) -> Router {
    let api = Api { backend, auth, origin };
    Router::new()
        .fallback(serve::<B>)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(api))
}

async fn serve<B: Backend>(State(api): State<Arc<Api<B>>>, request: Request) -> Response {
    let call = Call::begin(&api.backend, request.headers());
    let route = match api.admit(&request) {
        Ok(route) => route,
        Err(error) => {
            log_refusal(&call, None, &error);
            return call.refuse(&api.origin, None, &error);
        }
    };
    match api.answer(&call, route, request).await {
        Ok(reply) => call.reply(reply),
        Err(error) => {
            log_refusal(&call, Some(route), &error);
            call.refuse(&api.origin, Some(route), &error)
        }
    }
}

fn log_refusal(call: &Call, route: Option<Route>, error: &ApiError) {
    let (request_id, operation) = (call.request_id, route.map(|route| route.operation()));
    if error.status().is_server_error() {
        let cause = core::error::Error::source(error);
        warn!(%request_id, operation, %error, cause, "admin request not served");
    } else {
        debug!(%request_id, operation, %error, "admin request refused");
    }
}

impl<B: Backend> Api<B> {
    /// Lets a request in and finds what it is about.
    fn admit(&self, request: &Request) -> Result<Route, ApiError> {
        self.auth.check(request.headers())?;
        let route = Route::parse(request.uri().path())?;
        route.asked(request.method()).map_err(|allowed| ApiError::Verb { allowed })
    }

    async fn answer(&self, call: &Call, route: Route, request: Request) -> Result<Reply, ApiError> {
        match route.target {
            Target::Devices => self.list(route.version, request).await,
            Target::Device(device) => self.show(route.version, device, request).await,
            Target::Action(device, kind) => self.act(call, device, kind, request).await,
            Target::RecoverPasscode(device) => {
                self.managed(device).await?;
                Err(ApiError::Capability(RECOVER_PASSCODE))
            }
        }
    }

    async fn list(&self, version: Version, request: Request) -> Result<Reply, ApiError> {
        let options = list_options(request.uri())?;
        let found = match options.activation_lock {
            Some(lock) => self.locked(&options, lock).await?,
            None if options.limit() == 0 => Vec::new(),
            None => read(self.backend.devices(options.after, options.limit())).await?,
        };
        let total = match (options.count, options.activation_lock) {
            (Count::Told, Some(lock)) => Some(self.count_locked(lock).await?),
            (Count::Told, None) => Some(read(self.backend.enrolled()).await?),
            (Count::Untold, _) => None,
        };
        let page = Page { version, options: &options, found: &found, total };
        Ok(Reply::Found(page.render(&self.backend, &self.origin)))
    }

    /// The devices of a page whose Activation Lock stands like `lock`.
    async fn locked(
        &self,
        options: &ListOptions,
        lock: Switch,
    ) -> Result<Vec<DeviceRecord>, ApiError> {
        let (mut found, mut after) = (Vec::new(), options.after);
        while found.len() < options.limit() {
            let batch = read(self.backend.devices(after, PAGE_DEVICES_MAX)).await?;
            let Some(last) = batch.last() else {
                break;
            };
            after = Some(last.id);
            let fitting = batch.into_iter().filter(|record| activation_lock(record) == Some(lock));
            found.extend(fitting.take(options.limit() - found.len()));
        }
        Ok(found)
    }

    /// How many devices have their Activation Lock like `lock`; it looks at all of them.
    async fn count_locked(&self, lock: Switch) -> Result<u64, ApiError> {
        let (mut count, mut after) = (0, None);
        loop {
            let batch = read(self.backend.devices(after, PAGE_DEVICES_MAX)).await?;
            let Some(last) = batch.last() else {
                return Ok(count);
            };
            after = Some(last.id);
            let fitting = batch.iter().filter(|record| activation_lock(record) == Some(lock));
            count += fitting.map(|_record| 1).sum::<u64>();
        }
    }

    async fn show(
        &self,
        version: Version,
        device: DeviceId,
        request: Request,
    ) -> Result<Reply, ApiError> {
        let record = self.record(device).await?;
        let select = device_options(request.uri())?;
        let look = Look { version, shape: Shape::Single, select: &select };
        let mut shown = managed_device(&self.backend, &record, look);
        let context = format!("{}/$entity", context(&self.origin, version));
        shown.insert("@odata.context".to_owned(), context.into());
        Ok(Reply::Found(Value::Object(shown)))
    }

    async fn act(
        &self,
        call: &Call,
        device: DeviceId,
        kind: ActionKind,
        request: Request,
    ) -> Result<Reply, ApiError> {
        self.managed(device).await?;
        no_options(request.uri())?;
        let action = read_action(kind, request).await?;
        let command = self.submit(device, action).await?;
        info!(
            action = kind.graph_name(),
            device_id = %device,
            command_id = %command,
            request_id = %call.request_id,
            "admin action accepted"
        );
        Ok(Reply::Accepted(command))
    }

    async fn record(&self, device: DeviceId) -> Result<DeviceRecord, ApiError> {
        let record = read(self.backend.device(device)).await?;
        record.filter(|record| !is_deleted(record)).ok_or(ApiError::UnknownDevice)
    }

    /// The record of a device that can be asked for something.
    async fn managed(&self, device: DeviceId) -> Result<DeviceRecord, ApiError> {
        let record = self.record(device).await?;
        match record.lifecycle {
            Lifecycle::Enrolled => Ok(record),
            Lifecycle::Unenrolled { .. } => Err(ApiError::NotEnrolled),
        }
    }

    async fn submit(&self, device: DeviceId, action: Action) -> Result<CommandId, ApiError> {
        let submitted = timeout(BACKEND_WITHIN, self.backend.submit(device, action)).await;
        Ok(submitted.map_err(|_elapsed| ApiError::SubmitDeadline)??)
    }
}

async fn read<T>(question: impl Future<Output = Result<T, BackendError>>) -> Result<T, ApiError> {
    let answer = timeout(BACKEND_WITHIN, question).await;
    Ok(answer.map_err(|_elapsed| ApiError::ReadDeadline)??)
}
