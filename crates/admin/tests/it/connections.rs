//! What clients that keep their connections rely on.

use std::fmt::Write as _;

use muster_admin::AdminOptions;
use muster_protocol::Mode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{Client, Fake, TOKEN, id, record};

/// Sends each head, then a body, and reads all answers of the one connection.
async fn one_after_the_other(stream: &mut TcpStream, heads: &[String], body: &[u8]) -> String {
    let mut answers = String::new();
    for head in heads {
        let length = body.len();
        let head = format!("{head}host: a\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        // The refusal is ready before the body is there.
        for part in body.chunks(4 * 1024) {
            tokio::task::yield_now().await;
            stream.write_all(part).await.expect("written");
        }
        let mut answer = [0; 4 * 1024];
        let length = stream.read(&mut answer).await.expect("read");
        writeln!(answers, "{}", String::from_utf8_lossy(&answer[..length])).expect("a text");
    }
    answers
}

#[tokio::test]
async fn a_connection_outlives_refusals_whose_bodies_nobody_read() {
    let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let router = Client::new(&fake, AdminOptions::default()).router();
    let token = format!("authorization: Bearer {TOKEN}\r\n");
    let devices = "/v1.0/deviceManagement/managedDevices";
    let heads = [
        format!("POST {devices}/{}/wipe HTTP/1.1\r\n", id(1)),
        format!("PATCH {devices}/{} HTTP/1.1\r\n{token}", id(2)),
        format!("PUT {devices} HTTP/1.1\r\n{token}"),
        format!("GET {devices} HTTP/1.1\r\n{token}"),
        format!("POST {devices}/{}/wipe HTTP/1.1\r\n{token}", id(1)),
    ];
    let body = vec![b' '; 60 * 1024];
    let answers = tokio::select! {
        answers = one_after_the_other(&mut stream, &heads, &body) => answers,
        served = axum::serve(listener, router).into_future() => panic!("{served:?}"),
    };
    let codes: Vec<&str> = answers
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 "))
        .map(|it| &it[..3])
        .collect();
    assert_eq!(codes, ["401", "404", "405", "200", "204"], "{answers}");
}
