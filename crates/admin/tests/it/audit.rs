//! What is written down of an action.

use std::cell::RefCell;
use std::io;

use axum::body::Body;
use axum::http::Request;
use muster_protocol::Mode;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{Fake, TOKEN, id, record};

thread_local! {
    /// What this thread has written down since it began to listen.
    static HEARD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes down what the thread says whose test listens. It is there for the whole process: beside
/// a subscriber of one thread, a line that another thread says first is lost to all of them.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| {
            if let Some(heard) = heard {
                heard.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

fn listen() {
    HEARD.set(Some(Vec::new()));
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(|| Log)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
    tracing::callsite::rebuild_interest_cache();
}

#[tokio::test]
async fn an_action_leaves_one_line_with_who_and_what_and_never_the_token() {
    listen();
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let path = format!("/v1.0/deviceManagement/managedDevices/{}/wipe", id(1));
    let accepted = fake.send("POST", &path, "").await;
    fake.send("POST", &path, "{").await;
    let wrong = Request::post(&path).header("authorization", format!("Bearer {TOKEN}0"));
    fake.call(wrong.body(Body::empty()).unwrap()).await;

    let text = String::from_utf8(HEARD.take().unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(" INFO ")).collect();
    let [line] = lines.as_slice() else { panic!("not one line: {text}") };
    let device = id(1).to_string();
    for part in [
        "admin action accepted",
        "action=\"wipe\"",
        &device,
        accepted.header("x-muster-command-id"),
        accepted.header("request-id"),
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    assert!(!text.contains(TOKEN));
}
