//! From a request to its answer.
//!
//! One handler with a parser of its own takes every path, because Graph's paths have no letter
//! case and two forms of keys. What is wrong with a request is told in the order 401, 404 of the
//! path, 405, 403 of the scope, 403 of the role, 404 of the device, 400 of query and body, 400
//! of the kind of device, then 429, then what the server refuses.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use muster_protocol::Timestamp;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::backend::Backend;
use crate::devices::update::recall;
use crate::http::batch;
use crate::http::body::BATCH_BYTES_MAX;
use crate::http::books::Books;
use crate::http::call::{Call, Failure};
use crate::http::context::{BACKEND_WITHIN, Context, read};
use crate::http::errors::ApiError;
use crate::http::options::{AdminOptions, Strictness};
use crate::http::origin::{Origin, Origins};
use crate::http::unread::Unread;
use crate::identity::authenticate::Identity;
use crate::identity::login::{self, LoginPath};
use crate::identity::principal::Principal;
use crate::identity::tenant::Tenant;
use crate::odata::token::QueryRules;
use crate::operate::faults::{Faults, Struck, When};
use crate::operate::lag::Sight;
use crate::operate::{self, OperateError, OperatePath};
use crate::operation::path::{Place, Route};
use crate::operation::table::{OperationId, Verb};
use crate::rbac::book::RoleTable;
use crate::rbac::role::RoleAction;
use crate::rbac::view::View;
use crate::resources::exports::{ExportPath, download};

/// What every request is answered from.
pub(crate) struct Api<B> {
    pub(crate) backend: B,
    identity: Identity,
    pub(crate) origins: Origins,
    strictness: Strictness,
    rules: QueryRules,
    books: Books,
    pub(crate) faults: Faults,
    pub(crate) begun: Timestamp,
    /// Requests share it; whoever puts all records in the place of others has it alone.
    memory: RwLock<Memory>,
}

/// Whether memory holds what it should of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Blank,
    Recalled,
}

/// A request that may be carried out.
pub(crate) struct Admitted {
    principal: Principal,
    pub(crate) route: Route,
    /// The roles it was admitted by.
    table: Arc<RoleTable>,
}

/// A request whose sender is known.
struct Identified {
    principal: Principal,
    route: Route,
}

/// A request that may not, with what it was about if that could be read.
struct Refused {
    route: Option<Route>,
    error: Box<ApiError>,
}

/// The API over a backend, for whomever `identity` knows; links in its answers begin with one of
/// `origins`.
///
/// It answers every path itself, with Graph's error envelope where it serves nothing.
pub fn router<B: Backend>(
    backend: B,
    identity: Identity,
    origins: Origins,
    options: AdminOptions,
) -> Router {
    let rules = QueryRules::new(identity.secret(), options.filters);
    let api = Api {
        begun: backend.now(),
        faults: Faults::default(),
        backend,
        identity,
        origins,
        strictness: options.strictness,
        rules,
        books: Books::new(options.throttling),
        memory: RwLock::new(Memory::Blank),
    };
    Router::new()
        .fallback(serve::<B>)
        .layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
        .with_state(Arc::new(api))
}

async fn serve<B: Backend>(State(api): State<Arc<Api<B>>>, mut request: Request) -> Response {
    if let Some(path) = LoginPath::parse(request.uri().path()) {
        let now = api.backend.wall(api.backend.now());
        return login::serve(&api.identity, &api.origins, now, path, request).await;
    }
    if let Some(path) = ExportPath::parse(request.uri().path()) {
        return fetch(&api, &path, &request);
    }
    let body = Unread::keep(&mut request);
    let response = match OperatePath::parse(request.uri().path()) {
        Some(path) => operate::serve(&api, path, request).await,
        None => respond(&api, request).await,
    };
    body.discard().await;
    response
}

/// Hands out an archive.
fn fetch<B: Backend>(api: &Api<B>, path: &ExportPath, request: &Request) -> Response {
    let call = api.begin(api.origins.own(), request.headers());
    download(&api.books.exports, path, request, call.begun)
        .unwrap_or_else(|error| api.refuse(&call, None, &error))
}

async fn respond<B: Backend>(api: &Api<B>, request: Request) -> Response {
    let origin = api.origins.asked(request.uri(), request.headers());
    let call = api.begin(origin, request.headers());
    match api.serve_alone(&call, request).await {
        Ok(response) => response,
        Err(refused) => api.refuse(&call, refused.route.as_ref(), &refused.error),
    }
}

impl<B: Backend> Api<B> {
    /// Gives a request its ids.
    pub(crate) fn begin(&self, origin: &Origin, headers: &HeaderMap) -> Call {
        Call::begin(&self.backend, (origin, self.strictness), headers)
    }

    /// Answers a request that came alone.
    async fn serve_alone(&self, call: &Call, request: Request) -> Result<Response, Refused> {
        let identified = self.identify(call, &request)?;
        let struck = self.suffer(&identified).await?;
        let about = |error| Refused::about(&identified.route, error);
        let _memory = self.recalled().await.map_err(about)?;
        let admitted = self.admit(identified).await?;
        if admitted.route.operation.id != OperationId::Batch {
            return self.answer(call, &admitted, &struck, request).await;
        }
        let answered = batch::answer(self, call, &admitted, request).await;
        let answered = struck.refused(When::After).and(answered);
        let reply = answered.map_err(|error| Refused::about(&admitted.route, error))?;
        Ok(call.reply(reply))
    }

    /// Answers a request of a batch.
    pub(crate) async fn serve_one(&self, call: &Call, request: Request) -> Response {
        match self.serve_within(call, request).await {
            Ok(response) => response,
            Err(refused) => self.refuse(call, refused.route.as_ref(), &refused.error),
        }
    }

    async fn serve_within(&self, call: &Call, request: Request) -> Result<Response, Refused> {
        let identified = self.identify(call, &request)?;
        let struck = self.suffer(&identified).await?;
        let admitted = self.admit(identified).await?;
        self.answer(call, &admitted, &struck, request).await
    }

    /// Lets a request have the faults somebody asked for.
    async fn suffer(&self, identified: &Identified) -> Result<Struck, Refused> {
        let struck = self.faults.strike(&identified.route);
        if !struck.latency.is_zero() {
            sleep(struck.latency).await;
        }
        let refused = struck.refused(When::Before);
        refused.map_err(|error| Refused::about(&identified.route, error))?;
        Ok(struck)
    }

    /// Memory, once it holds what was written before this server began.
    async fn recalled(&self) -> Result<RwLockReadGuard<'_, Memory>, ApiError> {
        let memory = self.memory.read().await;
        if *memory == Memory::Recalled {
            return Ok(memory);
        }
        drop(memory);
        let mut memory = self.memory.write().await;
        if *memory == Memory::Blank {
            recall(&self.backend, &self.books.labels).await?;
            *memory = Memory::Recalled;
        }
        Ok(memory.downgrade())
    }

    /// Keeps all requests out, once those under way have ended.
    ///
    /// # Errors
    /// [`OperateError::Busy`] if they do not end in time.
    pub(crate) async fn alone(&self) -> Result<RwLockWriteGuard<'_, Memory>, ApiError> {
        let alone = timeout(BACKEND_WITHIN, self.memory.write()).await;
        Ok(alone.map_err(|_elapsed| OperateError::Busy)?)
    }

    /// Forgets what is in memory of the records.
    pub(crate) fn forget(&self, memory: &mut Memory) {
        self.books.forget_records();
        *memory = Memory::Blank;
    }

    /// Forgets what clients did: requests that were counted or may come again, open sign-ins.
    pub(crate) fn forget_clients(&self) {
        self.books.forget_clients();
        self.identity.forget();
    }

    /// Whether a request shows a token, good or not.
    pub(crate) fn shows_token(request: &Request) -> bool {
        request.headers().contains_key(AUTHORIZATION)
    }

    /// Lets nobody on but the holder of the data folder.
    ///
    /// # Errors
    /// [`ApiError`] for everybody else.
    pub(crate) fn holds_folder(
        &self,
        call: &Call,
        request: &Request,
    ) -> Result<Principal, ApiError> {
        self.identity.holds_folder(request.headers(), call.begun)
    }

    /// The tenant of this server.
    pub(crate) const fn tenant(&self) -> &Arc<Tenant> {
        self.identity.tenant()
    }

    /// Finds who sent a request and what it is about.
    fn identify(&self, call: &Call, request: &Request) -> Result<Identified, Refused> {
        let unknown = |error| Refused { route: None, error: Box::new(error) };
        let principal = self.identity.authenticate(request.headers(), call.begun);
        let principal = principal.map_err(|error| unknown(error.into()))?;
        let place = Place::find(request.uri().path()).map_err(|error| unknown(error.into()))?;
        let route = place.asked(request.method());
        let route = route.map_err(|allowed| unknown(ApiError::Verb { allowed }))?;
        Ok(Identified { principal, route })
    }

    /// Lets a request in.
    async fn admit(&self, identified: Identified) -> Result<Admitted, Refused> {
        let Identified { principal, route } = identified;
        match self.permit(&principal, &route).await {
            Ok(table) => Ok(Admitted { principal, route, table }),
            Err(error) => Err(Refused::about(&route, error)),
        }
    }

    /// Whether somebody may ask for something: first the scopes, then the roles.
    async fn permit(
        &self,
        principal: &Principal,
        route: &Route,
    ) -> Result<Arc<RoleTable>, ApiError> {
        principal.may(route.operation.permission)?;
        let table = read(self.books.roles.table(&self.backend, self.identity.tenant())).await?;
        if let Some(action) = route.operation.role_action {
            table.roles.allow(principal, action)?;
        }
        Ok(table)
    }

    async fn answer(
        &self,
        call: &Call,
        admitted: &Admitted,
        struck: &Struck,
        request: Request,
    ) -> Result<Response, Refused> {
        let shortened = struck.rows_max.map(|rows_max| self.rules.shortened(rows_max));
        let view = self.view(admitted, struck);
        let context = self.context(call, admitted, &view);
        let context = match &shortened {
            Some(rules) => Context { rules, ..context },
            None => context,
        };
        let answered = context.perform(request).await;
        let reply = struck.refused(When::After).and(answered);
        Ok(call.reply(reply.map_err(|error| Refused::about(&admitted.route, error))?))
    }

    /// What of the server is there for whoever sent a request.
    fn view(&self, admitted: &Admitted, struck: &Struck) -> View<B> {
        let reach = admitted.table.roles.reach(&admitted.principal, RoleAction::ReadDevices);
        let tenant = Arc::clone(self.identity.tenant());
        let sight = self.sight(admitted.route.operation.verb, struck);
        View { whole: self.backend.clone(), reach: Arc::new(reach), tenant, sight }
    }

    /// What a request sees of writes that somebody wanted to be seen late.
    fn sight(&self, verb: Verb, struck: &Struck) -> Sight {
        let (lagging, now) = (self.faults.lagging(), self.backend.now());
        match (verb.writes(), struck.lag) {
            (false, _) => lagging.at(now),
            (true, None) => Sight::Present,
            (true, Some(by)) => Sight::delaying(lagging, self.books.labels.snapshot(), (now, by)),
        }
    }

    fn context<'a>(
        &'a self,
        call: &'a Call,
        admitted: &'a Admitted,
        view: &'a View<B>,
    ) -> Context<'a, View<B>> {
        Context {
            backend: view,
            reach: &view.reach,
            sight: &view.sight,
            origin: &call.origin,
            tenant: self.identity.tenant(),
            principal: &admitted.principal,
            call,
            route: &admitted.route,
            version: admitted.route.version,
            rules: &self.rules,
            roles: &admitted.table.roles,
            books: &self.books,
        }
    }

    /// Answers a request that failed.
    pub(crate) fn refuse(&self, call: &Call, route: Option<&Route>, error: &ApiError) -> Response {
        log_refusal(call, route, error);
        call.refuse(&Failure { error, route })
    }
}

impl Refused {
    fn about(route: &Route, error: ApiError) -> Self {
        Self { route: Some(route.clone()), error: Box::new(error) }
    }
}

fn log_refusal(call: &Call, route: Option<&Route>, error: &ApiError) {
    let (request_id, operation) = (call.request_id, route.map(Route::name));
    // What is not served, or fails because it was asked to, is nothing a person has to look after.
    let is_expected =
        error.status() == StatusCode::NOT_IMPLEMENTED || matches!(error, ApiError::Injected(_));
    if error.status().is_server_error() && !is_expected {
        let cause = core::error::Error::source(error);
        warn!(%request_id, operation, %error, cause, "admin request not served");
    } else {
        debug!(%request_id, operation, %error, "admin request refused");
    }
}
