//! A vendor's activation service that does what a test tells it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use muster_server::VendorAccess;
use muster_transport::{RunCa, mutual_https_server_config};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The code that opens every lock.
pub(crate) const CODE: &str = "000H4-0R40M-30F2-0918-5HR3-8F17";

/// One service on one folder.
pub(crate) struct Vendor {
    desk: Arc<Desk>,
    _counter: Counter,
}

/// What a vendor of one folder answers over HTTPS, to customers with a certificate.
pub(crate) struct Counter {
    handle: Handle<SocketAddr>,
    /// Ends with its owner.
    _serving: JoinSet<std::io::Result<()>>,
}

/// How the service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Truthful,
    /// It has made no such device.
    Ignorant,
    /// 503 to the first call, then as it should.
    BusyOnce,
}

struct Desk {
    manner: Manner,
    heard: Mutex<Vec<(String, String)>>,
    /// Answers that may be given.
    answers: Semaphore,
}

impl Vendor {
    /// Starts a service that answers at once.
    pub(crate) fn open(folder: &Path, manner: Manner) -> Self {
        Self::holding(folder, manner, Semaphore::MAX_PERMITS)
    }

    /// Starts a service that acts on every call but gives only so many answers.
    pub(crate) fn holding(folder: &Path, manner: Manner, answers: usize) -> Self {
        let answers = Semaphore::new(answers);
        let desk = Arc::new(Desk { manner, heard: Mutex::default(), answers });
        let routes = Router::new()
            .route("/deviceservicesworkers/escrowKeyUnlock", post(answer))
            .with_state(desk.clone());
        Self { desk, _counter: Counter::open(folder, routes) }
    }

    /// What it was asked, as query and form.
    pub(crate) fn heard(&self) -> Vec<(String, String)> {
        self.desk.heard.lock().unwrap().clone()
    }
}

impl Counter {
    pub(crate) fn open(folder: &Path, routes: Router) -> Self {
        let ca = RunCa::open_or_create(folder).unwrap();
        let file = |name| folder.join(name);
        let (certificate, key) = (file("push-certificate.pem"), file("push-key.pem"));
        ca.keep_client("a customer", &certificate, &key).unwrap();
        let identity = ca.issue_server().unwrap();
        let tls = mutual_https_server_config(&identity, ca.certificate_der()).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        fs::write(file("endpoint.json"), format!("{{\"address\":\"{address}\"}}")).unwrap();
        let handle = Handle::new();
        let tls = RustlsConfig::from_config(Arc::new(tls));
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap().handle(handle.clone());
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(routes.into_make_service()));
        Self { handle, _serving: serving }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// The folder of the vendor of a run.
pub(crate) fn folder(run: &Path) -> PathBuf {
    run.join("vendor")
}

/// How a server of the run reaches its vendor.
pub(crate) fn access(run: &Path) -> VendorAccess {
    VendorAccess::in_folder(folder(run))
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> impl IntoResponse {
    let form = String::from_utf8(form.to_vec()).unwrap();
    let first = {
        let mut heard = desk.heard.lock().unwrap();
        heard.push((query.unwrap(), form.clone()));
        heard.len() == 1
    };
    desk.answers.acquire().await.unwrap().forget();
    match desk.manner {
        Manner::BusyOnce if first => told(StatusCode::SERVICE_UNAVAILABLE, "later"),
        Manner::Ignorant => told(StatusCode::NOT_FOUND, "unknown device"),
        Manner::Truthful | Manner::BusyOnce if form.contains(CODE) => told(StatusCode::OK, ""),
        Manner::Truthful | Manner::BusyOnce => told(StatusCode::NOT_FOUND, "escrow key mismatch"),
    }
}

fn told(status: StatusCode, message: &str) -> (StatusCode, String) {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>code</key><integer>{}</integer>\
         <key>message</key><string>{message}</string></dict></plist>",
        status.as_u16()
    );
    (status, body)
}
