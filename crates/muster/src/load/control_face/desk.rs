//! Where requests are answered.

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::page::Page;
use super::problem::Problem;
use super::route::Route;
use super::shown::Shown;
use super::token::Token;
use super::wish::Verb;
use super::{Server, body, host};
use crate::load::control::Controls;
use crate::load::live::Sight;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AS_IT_IS_NOW: HeaderValue = HeaderValue::from_static("no-store");

/// What all requests share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) address: SocketAddr,
    pub(super) token: Token,
    pub(super) page: Page,
    pub(super) controls: Controls,
    pub(super) sight: Sight,
    pub(super) server: Server,
}

impl Desk {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.heed(request).await.unwrap_or_else(|problem| problem.response())
    }

    async fn heed(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Problem> {
        let (head, body) = request.into_parts();
        let port = self.address.port();
        if !host::is_ours(&head.headers, port) {
            return Err(Problem::OtherHost { port });
        }
        let route = Route::of(&head.method, head.uri.path());
        if !matches!(route, Ok(Route::Page)) && !self.token.is_shown(&head.headers) {
            return Err(Problem::NoToken);
        }
        match route? {
            Route::Page => Ok(self.page.response()),
            Route::Look => Ok(self.look()),
            Route::Wish(verb) => self.wish(verb, &body::read(body).await?),
        }
    }

    fn look(&self) -> Response<Full<Bytes>> {
        let fleet = self.sight.progress();
        let shown = serde_json::to_vec(&Shown::of(&self.sight.shown.borrow(), fleet));
        let mut response = Response::new(Full::from(shown.expect("numbers and words are JSON")));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.headers_mut().insert(CACHE_CONTROL, AS_IT_IS_NOW);
        response
    }

    /// Leaves a wish. The pacer heeds it with its next look; the next numbers show it.
    fn wish(&self, verb: Verb, body: &[u8]) -> Result<Response<Full<Bytes>>, Problem> {
        let control = verb.wish(body, self.server)?;
        self.controls.leave(control)?;
        Ok(empty(StatusCode::ACCEPTED))
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
