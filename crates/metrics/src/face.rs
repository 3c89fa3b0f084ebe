//! Serves the page over HTTP, to whoever is on this machine.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};

use crate::page::{Source, page};

/// Where the page is.
const PATH: &str = "/metrics";

/// What the page is.
///
/// Source: OpenMetrics 1.0, "Content-Type".
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// How many may read at once: a scraper or two, and somebody who looks.
const CLIENTS_MAX: usize = 8;

/// How long a client may take to ask, and may keep its connection without asking again: longer than
/// the usual distance between two scrapes.
const HEAD_WITHIN: Duration = Duration::from_secs(90);

/// How long to wait after somebody could not be accepted: what was in the way, such as no descriptor
/// being left, does not go in an instant.
const NEXT_TRY_AFTER: Duration = Duration::from_millis(100);

/// Who may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Whoever is on this machine: other addresses are not bound.
    LoopbackOnly,
    /// Whoever reaches the address.
    Anywhere,
}

/// Why the page is not served.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// An address that other machines could reach.
    #[error(
        "{0} is not a loopback address; `muster server` and `muster fleet` show metrics there with --allow-non-loopback"
    )]
    Exposed(SocketAddr),
    /// The socket.
    #[error("failed to listen on {address} for metrics; is somebody else listening there?")]
    Listen {
        /// The wanted address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The served page. Dropping it ends it.
#[derive(Debug)]
pub struct MetricsFace {
    address: SocketAddr,
    _stop: DropGuard,
}

/// What all connections share.
#[derive(Clone, Debug)]
struct Desk {
    sources: Arc<[Box<dyn Source>]>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl MetricsFace {
    /// Serves what `sources` count at `http://ADDRESS/metrics`; port 0 picks a free one.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`MetricsError`] if the address may not or cannot be bound.
    pub async fn start(
        address: SocketAddr,
        reach: Reach,
        sources: Vec<Box<dyn Source>>,
    ) -> Result<Self, MetricsError> {
        if reach == Reach::LoopbackOnly && !address.ip().is_loopback() {
            return Err(MetricsError::Exposed(address));
        }
        let listen = |source| MetricsError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let desk = Desk { sources: sources.into(), tasks: tasks.clone(), stop: stop.clone() };
        tasks.spawn(stop.clone().run_until_cancelled_owned(accept(listener, desk)));
        info!(%address, "metrics are served");
        Ok(Self { address, _stop: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves until it is dropped.
async fn accept(listener: TcpListener, desk: Desk) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let Ok((client, _address)) = listener.accept().await else {
            warn!("a reader of metrics was not accepted");
            sleep(NEXT_TRY_AFTER).await;
            continue;
        };
        let (tasks, stop) = (desk.tasks.clone(), desk.stop.clone());
        let serving = serve(client, desk.clone());
        tasks.spawn(stop.run_until_cancelled_owned(async move {
            serving.await;
            drop(place);
        }));
    }
}

async fn serve(client: TcpStream, desk: Desk) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let sources = desk.sources.clone();
        async move { Ok::<_, Infallible>(answer(&request, sources).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    if let Err(error) = http.serve_connection(TokioIo::new(client), answer).await {
        debug!(%error, "a reader of metrics went");
    }
}

async fn answer(
    request: &Request<Incoming>,
    sources: Arc<[Box<dyn Source>]>,
) -> Response<Full<Bytes>> {
    if request.uri().path() != PATH {
        return told(StatusCode::NOT_FOUND, "metrics are at /metrics\n");
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut refused = told(StatusCode::METHOD_NOT_ALLOWED, "metrics can be read only\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    // Sources look at every device: not where devices are served.
    match spawn_blocking(move || page(&sources)).await {
        Ok(text) => {
            let mut page = Response::new(Full::from(text));
            page.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
            page
        }
        Err(cause) => {
            error!(error = %cause, "metrics could not be read");
            told(StatusCode::INTERNAL_SERVER_ERROR, "metrics could not be read\n")
        }
    }
}

fn told(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::process::ProcessSource;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    async fn face() -> MetricsFace {
        MetricsFace::start(ANY, Reach::LoopbackOnly, vec![Box::new(ProcessSource)]).await.unwrap()
    }

    async fn ask(address: SocketAddr, head: &str) -> String {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!("{head} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_page_is_served_as_open_metrics() {
        let face = face().await;
        let answer = ask(face.address(), "GET /metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0"));
        assert!(answer.ends_with("# EOF\n"), "{answer}");
    }

    #[tokio::test]
    async fn nothing_else_is_served_and_nothing_is_taken() {
        let face = face().await;
        for (head, status) in
            [("GET /", "404"), ("GET /metrics/x", "404"), ("POST /metrics", "405")]
        {
            let answer = ask(face.address(), head).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
        }
    }

    #[tokio::test]
    async fn an_address_that_others_reach_is_bound_only_if_that_is_wanted() {
        let everywhere = "0.0.0.0:0".parse().unwrap();
        let refused = MetricsFace::start(everywhere, Reach::LoopbackOnly, Vec::new()).await;
        assert!(matches!(refused, Err(MetricsError::Exposed(_))), "{refused:?}");
        assert!(MetricsFace::start(everywhere, Reach::Anywhere, Vec::new()).await.is_ok());
    }

    #[tokio::test]
    async fn more_readers_than_there_is_room_for_wait_their_turn() {
        let face = face().await;
        let mut readers = tokio::task::JoinSet::new();
        for _reader in 0..3 * CLIENTS_MAX {
            readers.spawn(ask(face.address(), "GET /metrics"));
        }
        while let Some(answer) = readers.join_next().await {
            assert!(answer.unwrap().ends_with("# EOF\n"));
        }
    }

    #[tokio::test]
    async fn a_dropped_face_is_gone() {
        let face = face().await;
        let address = face.address();
        let mut idle = TcpStream::connect(address).await.unwrap();
        assert!(ask(address, "GET /metrics").await.ends_with("# EOF\n"));
        drop(face);
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
    }
}
