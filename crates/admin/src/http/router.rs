//! From a request to its answer.
//!
//! One handler with a parser of its own takes every path, because Graph's paths have no letter
//! case and two forms of keys. What is wrong with a request is told in the order 401, 404 of the
//! path, 405, 403 of the scope, 403 of the role, 404 of the device, 400 of query and body, then
//! 429, then what the server refuses.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::OnceCell;
use tracing::{debug, warn};

use crate::backend::Backend;
use crate::devices::labels::DeviceLabels;
use crate::devices::update::recall;
use crate::http::batch;
use crate::http::body::BATCH_BYTES_MAX;
use crate::http::call::{Call, Failure};
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::http::options::{AdminOptions, Strictness};
use crate::http::origin::Origin;
use crate::http::repeat::Repeats;
use crate::http::throttle::Throttle;
use crate::identity::authenticate::Identity;
use crate::identity::login::{self, LoginPath};
use crate::identity::principal::Principal;
use crate::odata::token::QueryRules;
use crate::operation::path::{Place, Route};
use crate::operation::table::OperationId;
use crate::rbac::book::{RoleBook, RoleTable};

/// What every request is answered from.
pub(crate) struct Api<B> {
    backend: B,
    identity: Identity,
    roles: RoleBook,
    pub(crate) origin: Origin,
    strictness: Strictness,
    throttle: Throttle,
    repeats: Repeats,
    rules: QueryRules,
    labels: DeviceLabels,
    /// Set once the labels of earlier are read.
    recalled: OnceCell<()>,
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

/// The API over a backend, for whomever `identity` knows; links in its answers begin with `origin`.
///
/// It answers every path itself, with Graph's error envelope where it serves nothing.
pub fn router<B: Backend>(
    backend: B,
    identity: Identity,
    origin: Origin,
    options: AdminOptions,
) -> Router {
    let rules = QueryRules::new(identity.secret(), options.filters);
    let api = Api {
        roles: RoleBook::default(),
        backend,
        identity,
        origin,
        strictness: options.strictness,
        throttle: Throttle::new(options.throttling),
        repeats: Repeats::default(),
        rules,
        labels: DeviceLabels::default(),
        recalled: OnceCell::new(),
    };
    Router::new()
        .fallback(serve::<B>)
        .layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
        .with_state(Arc::new(api))
}

async fn serve<B: Backend>(State(api): State<Arc<Api<B>>>, request: Request) -> Response {
    if let Some(path) = LoginPath::parse(request.uri().path()) {
        let now = api.backend.wall(api.backend.now());
        return login::serve(&api.identity, &api.origin, now, path, request).await;
    }
    let call = api.begin(request.headers());
    let admitted = match api.admit(api.identify(&call, &request)).await {
        Ok(admitted) => admitted,
        Err(refused) => return api.refuse(&call, refused.route.as_ref(), &refused.error),
    };
    if admitted.route.operation.id != OperationId::Batch {
        return api.answer(&call, &admitted, request).await;
    }
    match batch::answer(&api, &admitted, request).await {
        Ok(reply) => call.reply(reply),
        Err(error) => api.refuse(&call, Some(&admitted.route), &error),
    }
}

impl<B: Backend> Api<B> {
    /// Gives a request its ids.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Call {
        Call::begin(&self.backend, headers)
    }

    /// Answers a request that is no batch.
    pub(crate) async fn serve_one(&self, call: &Call, request: Request) -> Response {
        match self.admit(self.identify(call, &request)).await {
            Ok(admitted) => self.answer(call, &admitted, request).await,
            Err(refused) => self.refuse(call, refused.route.as_ref(), &refused.error),
        }
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
    async fn admit(&self, asked: Result<Identified, Refused>) -> Result<Admitted, Refused> {
        let Identified { principal, route } = asked?;
        match self.permit(&principal, &route).await {
            Ok(table) => Ok(Admitted { principal, route, table }),
            Err(error) => Err(Refused { route: Some(route), error: Box::new(error) }),
        }
    }

    /// Whether somebody may ask for something: first the scopes, then the roles.
    async fn permit(
        &self,
        principal: &Principal,
        route: &Route,
    ) -> Result<Arc<RoleTable>, ApiError> {
        principal.may(route.operation.permission)?;
        let table = read(self.roles.table(&self.backend, self.identity.tenant())).await?;
        if let Some(action) = route.operation.role_action {
            table.roles.allow(principal, action)?;
        }
        Ok(table)
    }

    async fn answer(&self, call: &Call, admitted: &Admitted, request: Request) -> Response {
        let context = self.context(call, admitted);
        let recalling = || recall(&self.backend, &self.labels);
        if let Err(error) = self.recalled.get_or_try_init(recalling).await {
            return self.refuse(call, Some(&admitted.route), &error);
        }
        match context.perform(request).await {
            Ok(reply) => call.reply(reply),
            Err(error) => self.refuse(call, Some(&admitted.route), &error),
        }
    }

    fn context<'a>(&'a self, call: &'a Call, admitted: &'a Admitted) -> Context<'a, B> {
        Context {
            backend: &self.backend,
            origin: &self.origin,
            tenant: self.identity.tenant(),
            principal: &admitted.principal,
            call,
            route: &admitted.route,
            version: admitted.route.version,
            throttle: &self.throttle,
            repeats: &self.repeats,
            rules: &self.rules,
            labels: &self.labels,
            roles: &admitted.table.roles,
            role_book: &self.roles,
        }
    }

    /// Answers a request that failed.
    pub(crate) fn refuse(&self, call: &Call, route: Option<&Route>, error: &ApiError) -> Response {
        log_refusal(call, route, error);
        let (origin, strictness) = (&self.origin, self.strictness);
        call.refuse(&Failure { error, route, origin, strictness })
    }
}

fn log_refusal(call: &Call, route: Option<&Route>, error: &ApiError) {
    let (request_id, operation) = (call.request_id, route.map(Route::name));
    if error.status().is_server_error() {
        let cause = core::error::Error::source(error);
        warn!(%request_id, operation, %error, cause, "admin request not served");
    } else {
        debug!(%request_id, operation, %error, "admin request refused");
    }
}
