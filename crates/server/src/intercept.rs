//! A proxy for scripts whose hosts are written into them: it leads the hosts of Microsoft Graph and
//! of its sign-in to the admin face of this server, and refuses every other.
//!
//! It never opens a connection to anything but the admin face.
//!
//! Source: RFC 9110, section 9.3.6 (CONNECT).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use muster_admin::MICROSOFT_HOSTS;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

/// The only port of them.
const HTTPS: u16 = 443;

/// How many clients may use the proxy at once.
const CLIENTS_MAX: usize = 256;

/// How long a client may take to say where it wants to go.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long to wait after somebody could not be accepted: what was in the way, such as no descriptor
/// being left, does not go in an instant.
const NEXT_TRY_AFTER: Duration = Duration::from_millis(100);

/// Why a client is not led anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("this proxy only takes CONNECT; use https:// addresses")]
    NotConnect,
    #[error("this proxy leads to {} and nowhere else", MICROSOFT_HOSTS.join(" and "))]
    Elsewhere,
}

/// Who ends what the proxy has begun, and when.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// The proxy, bound and ready to serve.
#[derive(Debug)]
pub(crate) struct Interceptor {
    listener: TcpListener,
    admin: SocketAddr,
}

impl Interceptor {
    /// Binds the proxy in front of the admin face at `admin`.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub(crate) async fn bind(address: SocketAddr, admin: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, admin })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until told to stop; what is open then is cut.
    pub(crate) async fn run(self, work: Work) {
        let Work { stop, tasks } = &work;
        let room = Arc::new(Semaphore::new(CLIENTS_MAX));
        loop {
            let place = tokio::select! {
                () = stop.cancelled() => return,
                place = room.clone().acquire_owned() => place,
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let (Ok(place), Ok((client, _address))) = (place, accepted) else {
                warn!("a client of the proxy was not accepted");
                sleep(NEXT_TRY_AFTER).await;
                continue;
            };
            let serving = serve(client, self.admin, Arc::new(place), work.clone());
            tasks.spawn(stop.clone().run_until_cancelled_owned(serving));
        }
    }
}

/// Serves one client. Its place is kept as long as a tunnel of it stands.
async fn serve(client: TcpStream, admin: SocketAddr, place: Arc<OwnedSemaphorePermit>, work: Work) {
    let answer = service_fn(move |request| {
        let (place, work) = (place.clone(), work.clone());
        async move { Ok::<_, Infallible>(lead(request, admin, place, &work)) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let served = http.serve_connection(TokioIo::new(client), answer).with_upgrades().await;
    if let Err(error) = served {
        debug!(%error, "a client of the proxy went");
    }
}

fn lead(
    request: Request<Incoming>,
    admin: SocketAddr,
    place: Arc<OwnedSemaphorePermit>,
    work: &Work,
) -> Response<Full<Bytes>> {
    match allowed(request.method(), request.uri()) {
        Ok(()) => {
            let tunnel = async move {
                if let Err(error) = tunnel(request, admin).await {
                    debug!(%error, "a tunnel ended");
                }
                drop(place);
            };
            work.tasks.spawn(work.stop.clone().run_until_cancelled_owned(tunnel));
            Response::new(Full::default())
        }
        Err(refusal) => {
            let mut response = Response::new(Full::from(format!("{refusal}\n")));
            *response.status_mut() = StatusCode::FORBIDDEN;
            response
        }
    }
}

fn allowed(method: &Method, target: &Uri) -> Result<(), Refusal> {
    if method != Method::CONNECT {
        return Err(Refusal::NotConnect);
    }
    let authority = target.authority().ok_or(Refusal::Elsewhere)?;
    let known = MICROSOFT_HOSTS.iter().any(|host| authority.host().eq_ignore_ascii_case(host));
    let port = authority.port_u16() == Some(HTTPS);
    if known && port { Ok(()) } else { Err(Refusal::Elsewhere) }
}

async fn tunnel(request: Request<Incoming>, admin: SocketAddr) -> io::Result<()> {
    let upgraded = hyper::upgrade::on(request).await.map_err(io::Error::other)?;
    let mut server = TcpStream::connect(admin).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut TokioIo::new(upgraded), &mut server).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hosts_of_graph_and_its_sign_in_are_led_anywhere() {
        let asked = |method: &Method, target: &str| allowed(method, &target.parse().unwrap());
        for target in ["graph.microsoft.com:443", "LOGIN.microsoftonline.com:443"] {
            assert_eq!(asked(&Method::CONNECT, target), Ok(()), "{target}");
        }
        for target in [
            "graph.microsoft.com:80",
            "graph.microsoft.com",
            "127.0.0.1:443",
            "graph.microsoft.com.example:443",
            "user@graph.microsoft.com.example:443",
        ] {
            assert_eq!(asked(&Method::CONNECT, target), Err(Refusal::Elsewhere), "{target}");
        }
        for method in [Method::GET, Method::POST] {
            assert_eq!(asked(&method, "http://graph.microsoft.com/"), Err(Refusal::NotConnect));
        }
    }
}
