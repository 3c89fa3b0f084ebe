use std::net::{IpAddr, Ipv4Addr};
use std::sync::Weak;
use std::sync::mpsc::Receiver;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::body::BODY_BYTES_MAX;
use super::*;
use crate::load::control::{Control, Injection};
use crate::load::snapshot::Snapshot;

const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A control, and everything around it.
struct Tried {
    face: ControlFace,
    address: SocketAddr,
    token: String,
    heard: Receiver<Control>,
    show: watch::Sender<Snapshot>,
}

/// What came back.
struct Told {
    status: u16,
    head: String,
    body: String,
}

impl Tried {
    async fn new() -> Self {
        let ((controls, heard), (show, shown)) =
            (Controls::new(), watch::channel(Snapshot::default()));
        let token = Token::random().unwrap();
        let text = token.text().to_owned();
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let sight = Sight { shown, fleet: Weak::new() };
        let (page, server) = (Page::whole(), Server::Own);
        let face =
            ControlFace::start(listener, Desk { address, token, page, controls, sight, server });
        Self { face, address, token: text, heard, show }
    }

    /// Asks as whoever has the token.
    async fn ask(&self, line: &str, body: &str) -> Told {
        let authorization = format!("Authorization: Bearer {}\r\n", self.token);
        ask(self.address, line, &authorization, body).await
    }
}

async fn ask(address: SocketAddr, line: &str, headers: &str, body: &str) -> Told {
    ask_by(&address.to_string(), address, (line, headers, body)).await
}

/// Asks an address for what is there by another name.
async fn ask_by(
    host: &str,
    address: SocketAddr,
    (line, headers, body): (&str, &str, &str),
) -> Told {
    let mut client = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n");
    let request = format!("{head}{headers}\r\n{body}");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Told { status, head: head.to_lowercase(), body: body.to_owned() }
}

#[tokio::test]
async fn a_wish_over_http_is_the_wish_of_a_key() {
    let tried = Tried::new().await;
    for (path, body, control) in [
        ("pause", "", Control::Pause),
        ("resume", "{}", Control::Resume),
        ("pace", r#"{"factor": 0.5}"#, Control::Pace(50)),
        ("inject", r#"{"fault": "kill"}"#, Control::Inject(Injection::Kill)),
        ("stop", "", Control::Stop),
    ] {
        let told = tried.ask(&format!("POST /v1/run/{path}"), body).await;
        assert_eq!((told.status, told.body.as_str()), (202, ""), "{path}");
        assert_eq!(tried.heard.try_recv(), Ok(control));
    }
}

#[tokio::test]
async fn a_look_tells_the_last_numbers() {
    let tried = Tried::new().await;
    tried.show.send_modify(|now| now.phase = "main".to_owned());
    let told = tried.ask("GET /v1/run", "").await;
    assert_eq!(told.status, 200);
    assert!(told.head.contains("content-type: application/json"), "{}", told.head);
    let now: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((&now["phase"], &now["clock"]), (&"main".into(), &"plays".into()));
}

#[tokio::test]
async fn whoever_has_no_token_learns_nothing_and_changes_nothing() {
    let tried = Tried::new().await;
    let other = format!("Authorization: Bearer {}\r\n", "0".repeat(tried.token.len()));
    for headers in ["", other.as_str()] {
        for line in ["GET /v1/run", "POST /v1/run/stop", "GET /nothing"] {
            let told = ask(tried.address, line, headers, "").await;
            assert_eq!(told.status, 401, "{line}");
            assert!(told.head.contains("www-authenticate: bearer"), "{}", told.head);
        }
    }
    assert!(tried.heard.try_recv().is_err());
}

#[tokio::test]
async fn the_page_is_there_for_everybody_and_for_itself() {
    let tried = Tried::new().await;
    let told = ask(tried.address, "GET /", "", "").await;
    assert_eq!(told.status, 200);
    for header in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(told.head.contains(header), "{header} is not in {}", told.head);
    }
    assert!(told.body.starts_with("<!doctype html>") && told.body.ends_with("</html>\n"));
    assert!(!told.body.contains(&tried.token));
    assert_eq!(ask(tried.address, "HEAD /", "", "").await.body, "");
}

#[tokio::test]
async fn a_page_of_another_site_whose_name_leads_here_learns_nothing() {
    let tried = Tried::new().await;
    let port = tried.address.port();
    let authorization = format!("Authorization: Bearer {}\r\n", tried.token);
    for host in [format!("evil.example:{port}"), "127.0.0.1:1".to_owned(), String::new()] {
        for line in ["GET /", "GET /v1/run", "POST /v1/run/stop"] {
            let told = ask_by(&host, tried.address, (line, &authorization, "")).await;
            assert_eq!(told.status, 421, "{host}: {line}");
            assert!(told.body.contains(&format!("localhost:{port}")), "{}", told.body);
        }
    }
    let localhost = format!("localhost:{port}");
    let told = ask_by(&localhost, tried.address, ("GET /v1/run", &authorization, "")).await;
    assert_eq!(told.status, 200);
    assert!(tried.heard.try_recv().is_err());
}

#[test]
fn the_token_is_said_with_both_addresses_or_where_it_was_left() {
    let token = Token::random().unwrap();
    let (address, text) = (SocketAddr::from(([127, 0, 0, 1], 7600)), token.text());
    assert_eq!(
        invitation(address, &token, None),
        format!(
            "control on http://127.0.0.1:7600/v1/run, token {text}\n\
             dashboard on http://127.0.0.1:7600/#token={text}"
        )
    );
    let left = invitation(address, &token, Some(Path::new("run/token")));
    assert!(!left.contains(text));
    assert!(left.ends_with("dashboard on http://127.0.0.1:7600/, token in run/token"), "{left}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_its_reason() {
    let tried = Tried::new().await;
    let long = " ".repeat(BODY_BYTES_MAX + 1);
    for (line, body, status, part) in [
        ("GET /nothing", "", 404, "GET /v1/run and POST"),
        ("POST /", "", 405, "GET, HEAD only"),
        ("POST /v1/run", "", 405, "GET, HEAD only"),
        ("GET /v1/run/stop", "", 405, "POST only"),
        ("POST /v1/run/pause", long.as_str(), 413, "longer than 4096 bytes"),
        ("POST /v1/run/pace", "{\"factor\": 99}", 400, "from 0.1 to 10"),
        ("POST /v1/run/pace", "{\"fctor\": 9}", 400, "unknown field `fctor`"),
    ] {
        let told = tried.ask(line, body).await;
        assert_eq!(told.status, status, "{line}: {}", told.body);
        assert!(told.head.contains("content-type: application/problem+json"), "{}", told.head);
        let problem: Value = serde_json::from_str(&told.body).unwrap();
        assert_eq!(problem["status"], status, "{line}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{line}: {problem}");
    }
    assert!(tried.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_wish_for_a_plan_that_is_over_is_refused() {
    let tried = Tried::new().await;
    let Tried { face, address, token, heard, show } = tried;
    drop(heard);
    let authorization = format!("Authorization: Bearer {token}\r\n");
    let told = ask(address, "POST /v1/run/pause", &authorization, "").await;
    assert_eq!(told.status, 409, "{}", told.body);
    assert!(told.body.contains("the plan of the run is over"), "{}", told.body);
    drop((face, show));
}

#[tokio::test]
async fn a_control_that_is_closed_is_gone() {
    let Tried { face, address, .. } = Tried::new().await;
    face.close().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn more_who_ask_than_there_is_room_for_wait_their_turn() {
    let tried = Tried::new().await;
    let mut all = tokio::task::JoinSet::new();
    for _one in 0..3 * CLIENTS_MAX {
        let address = tried.address;
        all.spawn(async move { ask(address, "GET /v1/run", "", "").await.status });
    }
    while let Some(status) = all.join_next().await {
        assert_eq!(status.unwrap(), 401);
    }
}
