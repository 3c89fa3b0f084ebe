//! The control of a run over HTTP: what the keys of the live view do, for programs, and where there
//! is no terminal.
//!
//! ```text
//! GET  /           <-- Page: for people; asks for the rest
//! GET  /v1/run     <-- Snapshot <-- the collector
//! POST /v1/run/... --> Control  --> the pacer, through the same Controls as the keys
//! ```
//!
//! It listens on loopback only, by names of loopback only, and heeds whoever shows the token of the
//! run. What is asked and
//! answered: docs/load.md.

mod body;
mod desk;
mod host;
mod page;
mod problem;
mod route;
mod shown;
mod token;
mod wish;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use self::desk::Desk;
use self::page::Page;
use self::token::Token;
use super::control::Controls;
use super::live::Sight;
use crate::cli::LoadArgs;
use crate::exit::usage_error;
use crate::talk::say;

/// How many may ask at once: a program or two, and somebody who looks.
const CLIENTS_MAX: usize = 8;

/// How long a client may take to send the head of its request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long answers that are under way may take once the run is over.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How long to wait after somebody could not be accepted: what was in the way, such as no descriptor
/// being left, does not go in an instant.
const NEXT_TRY_AFTER: Duration = Duration::from_millis(100);

/// The control of a run. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct ControlFace {
    tasks: TaskTracker,
    stop: DropGuard,
}

/// Opens the control of a run, if that is wanted, and says where it is.
///
/// # Errors
/// If its address may not or cannot be bound, or its token cannot be left where it is wanted.
pub(crate) async fn open(
    args: &LoadArgs,
    controls: Controls,
    sight: Sight,
) -> anyhow::Result<Option<ControlFace>> {
    let Some(address) = args.control else { return Ok(None) };
    if !address.ip().is_loopback() {
        return Err(usage_error(format!(
            "--control {address} is not a loopback address: a run is changed from its own machine"
        )));
    }
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.with_context(|| format!("failed to listen on {address} for control"))?;
    let address = listener.local_addr().context("failed to learn where control is")?;
    let token = Token::random().context("failed to draw the token of the run's control")?;
    let file = args.control_token_file.as_deref();
    if let Some(file) = file {
        token.write(file).with_context(|| format!("failed to write {}", file.display()))?;
    }
    say(&invitation(address, &token, file));
    let server = if args.target.is_elsewhere() { Server::Elsewhere } else { Server::Own };
    let desk = Desk { address, token, page: Page::whole(), controls, sight, server };
    Ok(Some(ControlFace::start(listener, desk)))
}

/// Where the run is for programs and for people, and its token unless that was left in a file.
///
/// Behind a `#` the token stays in the browser: no request holds that part of an address.
fn invitation(address: SocketAddr, token: &Token, file: Option<&Path>) -> String {
    let (programs, people) = (format!("http://{address}/v1/run"), format!("http://{address}/"));
    match file.map(Path::display) {
        Some(file) => format!(
            "control on {programs}, token in {file}\ndashboard on {people}, token in {file}"
        ),
        None => {
            let token = token.text();
            format!("control on {programs}, token {token}\ndashboard on {people}#token={token}")
        }
    }
}

/// Whose server it is that the run puts under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    /// The run's own, to stop and to kill.
    Own,
    /// Somebody else's.
    Elsewhere,
}

impl ControlFace {
    fn start(listener: TcpListener, desk: Desk) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let accepting = accept(listener, Arc::new(desk), tasks.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(accepting));
        Self { tasks, stop: stop.drop_guard() }
    }

    /// Takes no more requests, and lets the answers that are under way leave.
    pub(crate) async fn close(self) {
        drop(self.stop);
        self.tasks.close();
        if timeout(CLOSE_WITHIN, self.tasks.wait()).await.is_err() {
            debug!(open = self.tasks.len(), "somebody has not taken their answer");
        }
    }
}

/// Serves until it is dropped.
async fn accept(listener: TcpListener, desk: Arc<Desk>, tasks: TaskTracker) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let Ok((client, _address)) = listener.accept().await else {
            warn!("somebody who wanted to control the run was not accepted");
            sleep(NEXT_TRY_AFTER).await;
            continue;
        };
        let serving = serve(client, Arc::clone(&desk));
        tasks.spawn(async move {
            serving.await;
            drop(place);
        });
    }
}

/// Answers one request: nobody keeps a place without asking.
async fn serve(client: TcpStream, desk: Arc<Desk>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    http.max_buf_size(HEAD_BYTES_MAX).keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(client), answer).await {
        debug!(%error, "somebody who controlled the run went");
    }
}

#[cfg(test)]
mod tests;
