//! What is written down of an action.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use muster_protocol::Mode;
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{Fake, TOKEN, id, record};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no poison").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn an_action_leaves_one_line_with_who_and_what_and_never_the_token() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let path = format!("/v1.0/deviceManagement/managedDevices/{}/wipe", id(1));
    let accepted = fake.send("POST", &path, "").await;
    fake.send("POST", &path, "{").await;
    let wrong = Request::post(&path).header("authorization", format!("Bearer {TOKEN}0"));
    fake.call(wrong.body(Body::empty()).unwrap()).await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
